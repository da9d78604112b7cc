"""`consent copy`."""

from __future__ import annotations

import os

import click

from server.cli.output import Facts, Meter, meter, note, print_json, print_line, print_table
from server.cli.session import Refused, bring_to_head, json_option, told
from server.domain.model import Tenant
from server.storage.database import wall_clock
from server.storage.engines import describe
from server.storage.transfer import Transfer, TransferRefused, check_ends, transferring
from server.telemetry import configure_logging
from server.usecases.tenants import operator
from server.usecases.verification import VerifyProgress, verify_ledger


@click.command(
    epilog="""\b
    Examples:
      consent migrate up --database postgresql://consent@db.internal/consent
      consent copy --from sqlite:///consent.db --to postgresql://consent@db.internal/consent
    """
)
@click.option("--from", "source", required=True, metavar="URL", help="The SQLite file: sqlite:///consent.db or a path.")
@click.option("--to", "target", required=True, metavar="URL", help="The database: postgresql://USER@HOST/NAME.")
@json_option
def copy(source: str, target: str, as_json: bool) -> None:
    """Move a service from SQLite to PostgreSQL.

    Everything is copied: tenants, ledgers, consents, contacts, credentials, answers, with the same ids, revisions and
    hashes. The target must be empty and made ready by `consent migrate up`, under the same service key.

    Stop `consent serve` on the source first: what is written to it after the beginning is not in the copy. Where that
    has happened, the copy is refused.

    The target is filled in one transaction and verified before it is committed: the rows are counted, every ledger is
    held against its hashes, its head and its consents. What fails or is interrupted leaves it empty; repeat it then.
    The source stays as it is, but that it is brought to the newest schema as by any command.

    Exit code 0: copied and verified; 1: refused, nothing was copied; 2: a database cannot be used.
    """
    with told():
        configure_logging("console", "warning")
        check_ends(source, target)
        keys, applied = bring_to_head(source)
        if applied:
            note(f"{describe(source)} is now at schema version {applied[-1].version}")
        try:
            with transferring(source, target, keys, wall_clock()) as transfer:
                _move(transfer)
        except TransferRefused as error:
            raise Refused(str(error)) from error
        ends = describe(source), describe(target)
    if as_json:
        print_json(_facts(transfer, *ends))
    else:
        _print(transfer, *ends)
    _remind_of_the_key(ends[0])


def _move(transfer: Transfer) -> None:
    """Copy and verify. Raises TransferRefused."""
    rows = sum(transfer.sizes.values())
    with meter(rows + sum(tenant.head_revision for tenant in transfer.tenants)) as bar:
        before = _Sum()

        def advance(table: str, count: int) -> None:
            bar.advance(before.with_current(table, count), f"copying {table}: {count:,} rows")

        transfer.copy(advance)
        bar.advance(rows, "counting rows")
        transfer.compare()
        done = rows
        for tenant in transfer.tenants:
            _verify(transfer, tenant, done, bar)
            done += tenant.head_revision
        bar.advance(done, "committing")


class _Sum:
    """How many rows were copied, over all tables, told table by table."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def with_current(self, table: str, count: int) -> int:
        self._counts[table] = count
        return sum(self._counts.values())


def _verify(transfer: Transfer, tenant: Tenant, done: int, bar: Meter) -> None:
    end = VerifyProgress(0, 0, tenant.head_revision)
    for end in verify_ledger(lambda: transfer.open_snapshot(tenant), operator(tenant.id), 0, 0):
        bar.advance(done + end.verified_revision, f"verifying {tenant.name}: {end.verified_count:,} events")
    if end.complete:
        return
    failure = end.failure
    where = f"event {failure.revision}: " if failure and failure.revision else ""
    raise TransferRefused(
        f"the ledger of {tenant.name} is not intact: {where}{failure.description if failure else 'it has no end'}. "
        "Nothing was copied; `consent verify` says whether it is so in the source"
    )


def _facts(transfer: Transfer, source: str, target: str) -> Facts:
    return {
        "from": source,
        "to": target,
        "tenants": [
            {
                "tenant": tenant.name,
                "head_revision": tenant.head_revision,
                "head_hash": tenant.head_hash.hex(),
                "intact": True,
            }
            for tenant in transfer.tenants
        ],
        "row_count": sum(transfer.sizes.values()),
        "tables": dict(transfer.sizes),
    }


def _print(transfer: Transfer, source: str, target: str) -> None:
    print_table(("TABLE", "ROWS"), [(table, f"{size:,}") for table, size in transfer.sizes.items()], "")
    for tenant in transfer.tenants:
        print_line(f"{tenant.name}: intact, at revision {tenant.head_revision:,}")
    print_line(f"copied {source} to {target}: {sum(transfer.sizes.values()):,} rows, verified")


def _remind_of_the_key(source: str) -> None:
    """Say where the key of the copy is; never the key."""
    if os.environ.get("CONSENT_SERVICE_KEY"):
        note("Serve the copy with the same CONSENT_SERVICE_KEY.")
    else:
        note(f"Serve the copy with the same service key: set CONSENT_SERVICE_KEY to what is in {source}.key")
