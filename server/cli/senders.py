"""`consent sender`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from server.cli.output import Facts, minute, print_json, print_table, stamp, word
from server.cli.session import SOURCE, database_option, every_page, json_option, session, tenant_option
from server.cli.words import Words
from server.domain.model import Reach, Sender, SenderKind
from server.usecases.pages import MAX_PAGE_SIZE
from server.usecases.senders import SenderDraft, change_sender, create_sender, list_senders

_country = click.option(
    "--country",
    metavar="CC",
    help="The country by which this sender's phone numbers without + and a country code are read, such as US; "
    "without it the tenant's is used.",
)
_reach = click.option(
    "--reach",
    type=Words(Reach),
    help="What a STOP or START heard here covers: this sender alone, or the whole tenant. "
    "At first it is sender for the vendors' kinds and tenant for other.",
)
_id = click.option("--id", "sender_id", required=True, metavar="ID", help="The sender's id, as its callers write it.")


@click.group(
    epilog="""\b
    Examples:
      consent sender create --tenant acme --kind client --id relay_developer
      consent sender create --tenant acme --kind other --id acme-brand --reach tenant --country US
      consent sender update --tenant acme --id relay_developer --double-opt-in
    """
)
def sender() -> None:
    """Register who sends messages.

    A sender must be registered before anything is asked or told about it.
    """


@sender.command()
@tenant_option
@click.option(
    "--kind",
    required=True,
    type=Words(SenderKind),
    help="What it is in its callers' API: a department (myKaarma), a client (Relay), a messaging-profile (Telnyx), "
    "or other: a plain number or brand.",
)
@click.option(
    "--id",
    "sender_id",
    required=True,
    metavar="ID",
    help="The id, as its callers write it: once in a tenant, over all kinds. A department's is a UUID.",
)
@click.option("--double-opt-in", is_flag=True, help="Every purpose then needs the recipient's express yes.")
@_country
@_reach
@database_option
@json_option
def create(
    tenant: str,
    kind: SenderKind,
    sender_id: str,
    double_opt_in: bool,
    country: str | None,
    reach: Reach | None,
    database: str,
    as_json: bool,
) -> None:
    """Register a sender."""
    draft = SenderDraft(sender_id, kind, double_opt_in, country or "", reach)
    with session(database) as opened:
        place = opened.tenant(tenant)
        made = place.write(lambda tx: create_sender(tx, place.principal, draft, SOURCE))
    _print(made, as_json)


@sender.command("list")
@tenant_option
@database_option
@json_option
def list_all(tenant: str, database: str, as_json: bool) -> None:
    """List a tenant's senders by id."""
    with session(database) as opened:
        place = opened.tenant(tenant)
        found = place.read(
            lambda snapshot: list(
                every_page(
                    lambda token: list_senders(snapshot, place.principal, place.tokens, MAX_PAGE_SIZE, token),
                )
            )
        )
    if as_json:
        print_json([_facts(sender) for sender in found])
    else:
        _print_senders(found)


@sender.command()
@tenant_option
@_id
@click.option(
    "--double-opt-in/--no-double-opt-in", default=None, help="Whether every purpose needs the recipient's express yes."
)
@_country
@_reach
@database_option
@json_option
def update(
    tenant: str,
    sender_id: str,
    double_opt_in: bool | None,
    country: str | None,
    reach: Reach | None,
    database: str,
    as_json: bool,
) -> None:
    """Change a sender's settings.

    What is not named stays as it is. --country "" takes the country away.
    """
    given = {"double_opt_in": double_opt_in, "country": country, "reach": reach}
    mask = frozenset(name for name, value in given.items() if value is not None)
    if not mask:
        raise click.UsageError("Name a change: --double-opt-in, --no-double-opt-in, --country or --reach.")
    # The kind of a draft is not looked at when a known sender is changed.
    changes = SenderDraft(sender_id, SenderKind.OTHER, bool(double_opt_in), country or "", reach)
    with session(database) as opened:
        place = opened.tenant(tenant)
        changed = place.write(lambda tx: change_sender(tx, place.principal, sender_id, changes, mask, SOURCE))
    _print(changed, as_json)


def _print(sender: Sender, as_json: bool) -> None:
    if as_json:
        print_json(_facts(sender))
    else:
        _print_senders([sender])


def _facts(sender: Sender) -> Facts:
    return {
        "id": sender.id,
        "kind": word(sender.kind),
        "double_opt_in": sender.double_opt_in,
        "country": sender.country,
        "reach": word(sender.reach),
        "create_time": stamp(sender.create_time),
        "update_time": stamp(sender.update_time),
    }


def _print_senders(senders: Sequence[Sender]) -> None:
    rows = [
        (
            sender.id,
            word(sender.kind),
            word(sender.reach),
            "yes" if sender.double_opt_in else "no",
            sender.country or "-",
            minute(sender.update_time),
        )
        for sender in senders
    ]
    titles = ("ID", "KIND", "REACH", "DOUBLE OPT-IN", "COUNTRY", "CHANGED (UTC)")
    print_table(titles, rows, "the tenant has no senders; register one: consent sender create --help")
