"""`consent tenant`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from server.cli.output import Facts, minute, print_json, print_table, stamp
from server.cli.session import database_option, json_option, session
from server.domain.model import Tenant
from server.usecases.tenants import create_tenant


@click.group(
    epilog="""\b
    Examples:
      consent tenant create acme --country US
      consent tenant list --json
    """
)
def tenant() -> None:
    """Make and list tenants.

    Each is a world of its own: senders, contacts, credentials and consents belong to one, and nothing is seen across.
    """


@tenant.command()
@click.argument("name")
@click.option(
    "--country",
    default="",
    metavar="CC",
    help="The country by which phone numbers without + and a country code are read, such as US.",
)
@database_option
@json_option
def create(name: str, country: str, database: str, as_json: bool) -> None:
    """Make the tenant NAME.

    A name has at most 63 lower-case letters, digits, - and _. The tenant starts with the purposes marketing,
    informational and transactional.
    """
    with session(database) as opened:
        made = create_tenant(opened.storage, name, country)
    if as_json:
        print_json(_facts(made))
    else:
        _print_tenants([made])


@tenant.command("list")
@database_option
@json_option
def list_tenants(database: str, as_json: bool) -> None:
    """List all tenants by name.

    The number is what the log says of a tenant.
    """
    with session(database) as opened:
        found = opened.storage.tenants()
    if as_json:
        print_json([_facts(tenant) for tenant in found])
    else:
        _print_tenants(found)


def _facts(tenant: Tenant) -> Facts:
    return {
        "name": tenant.name,
        "number": tenant.id,
        "country": tenant.country,
        "create_time": stamp(tenant.create_time),
    }


def _print_tenants(tenants: Sequence[Tenant]) -> None:
    rows = [(tenant.name, tenant.country or "-", minute(tenant.create_time), str(tenant.id)) for tenant in tenants]
    print_table(
        ("NAME", "COUNTRY", "MADE (UTC)", "NUMBER"), rows, "there are no tenants; make one: consent tenant create NAME"
    )
