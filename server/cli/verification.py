"""`consent verify`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import click
from rich.text import Text

from server.cli.output import Facts, Meter, meter, note, print_json, print_text
from server.cli.session import Session, database_option, json_option, session
from server.domain.model import Tenant
from server.domain.service_key import ServiceKeys
from server.storage.backup import CopyUnsound
from server.storage.database import open_storage
from server.usecases.tenants import find_tenant, operator
from server.usecases.verification import VerifyProgress, verify_ledger

EXIT_NOT_INTACT = 1


@click.command(
    epilog="""\b
    Examples:
      consent verify
      consent verify --tenant acme --json
    """
)
@click.option("--tenant", metavar="NAME", help="The tenant whose ledger is verified. Without it: every tenant's.")
@database_option
@json_option
@click.pass_context
def verify(context: click.Context, tenant: str | None, database: str, as_json: bool) -> None:
    """Prove that no event was altered, left out or added.

    Every event of the ledger is held against its hash, its payload's digest and the event before it, the last one
    against the tenant's head, and the consent records against a replay; in an SQLite file also every page, and each
    index against its table. It reads everything, so it takes a while; the database can be served meanwhile.

    Exit code 0: intact; 1: not, and the first bad event is named; 2: the database cannot be used.
    """
    with session(database) as opened:
        damage = opened.storage.damage()
        tenants = [find_tenant(opened.storage, tenant)] if tenant is not None else opened.storage.tenants()
        ends = [(each, _verify(opened, each)) for each in tenants]
    if as_json:
        print_json([_facts(each, end) for each, end in ends])
    elif ends:
        print_text(*(_line(each, end) for each, end in ends))
    else:
        note("there are no tenants, so there is nothing to verify")
    if damage:
        note(f"the database file is damaged, checks of it cannot be trusted: restore a backup ({damage})")
    intact = damage is None and all(end.complete for _, end in ends)
    context.exit(0 if intact else EXIT_NOT_INTACT)


def _verify(opened: Session, tenant: Tenant) -> VerifyProgress:
    """Verify the whole ledger of a tenant; answer the last that was told."""
    progress = VerifyProgress(0, 0, tenant.head_revision)
    with meter(tenant.head_revision) as bar:
        for progress in verify_ledger(lambda: opened.storage.read(tenant.id), operator(tenant.id), 0, 0):
            bar.advance(progress.verified_revision, f"{tenant.name}: {progress.verified_count:,} events")
    return progress


def verify_file(database: str, keys: ServiceKeys, bar: Meter) -> Sequence[tuple[Tenant, VerifyProgress]]:
    """Verify every ledger of a database that is at head; answer the last that was told of each. `bar` has 100 parts."""
    storage = open_storage(database, keys)
    try:
        tenants = storage.tenants()
        total = sum(tenant.head_revision for tenant in tenants) or 1
        ends, done = [], 0
        for tenant in tenants:
            end = VerifyProgress(0, 0, tenant.head_revision)
            for end in verify_ledger(partial(storage.read, tenant.id), operator(tenant.id), 0, 0):
                part = 100 * (done + end.verified_revision) // total
                bar.advance(part, f"verifying {tenant.name}: {end.verified_count:,} events")
            ends.append((tenant, end))
            done += tenant.head_revision
        return ends
    finally:
        storage.close()


def hold_intact(database: str, keys: ServiceKeys, bar: Meter) -> None:
    """Verify every ledger of a database that is at head. Raises CopyUnsound for the first that is not intact."""
    for tenant, end in verify_file(database, keys, bar):
        if not end.complete:
            where = f"event {end.failure.revision}: " if end.failure and end.failure.revision else ""
            reason = end.failure.description if end.failure else "it has no end"
            raise CopyUnsound(f"the ledger of {tenant.name} is not intact: {where}{reason}")


def _facts(tenant: Tenant, end: VerifyProgress) -> Facts:
    failure = {"revision": end.failure.revision, "description": end.failure.description} if end.failure else None
    return {
        "tenant": tenant.name,
        "intact": end.complete,
        "verified_count": end.verified_count,
        "head_revision": end.head_revision,
        "failure": failure,
    }


def _line(tenant: Tenant, end: VerifyProgress) -> Text:
    if end.failure is None:
        count = f"{end.verified_count:,} {'event' if end.verified_count == 1 else 'events'}"
        return Text.assemble(f"{tenant.name}: ", ("intact", "bold green"), f", {count}")
    where = f"event {end.failure.revision}: " if end.failure.revision else ""
    return Text.assemble(f"{tenant.name}: ", ("NOT INTACT", "bold red"), f": {where}{end.failure.description}")
