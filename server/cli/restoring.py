"""`consent restore` and `consent new-epoch`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from server.cli.output import Facts, meter, minute, note, print_json, print_line
from server.cli.session import Refused, Unusable, bring_to_head, database_option, json_option, told
from server.cli.targets import whole_files
from server.cli.verification import hold_intact
from server.domain.model import Tenant
from server.domain.service_key import ServiceKeys
from server.settings import find_service_keys, key_file_of
from server.storage.backup import Contents, CopyUnsound, copy_file, examine, settle
from server.storage.database import wall_clock
from server.storage.engines import DatabaseUnusable, describe, is_postgres, sqlite_path
from server.storage.preparation import prepare
from server.storage.restoration import begin_epoch, claimed, is_empty, set_aside
from server.telemetry import configure_logging

_FOR_POSTGRES = (
    "this puts back what `consent backup` made of an SQLite file. On PostgreSQL restore with its own tools, such as "
    "pg_restore, while nobody serves the database; then run: consent migrate up, consent new-epoch, consent verify"
)
_LOST = (
    "What was recorded after the backup is lost. Before anybody sends: import the noes that your providers and "
    "systems have heard since, with `consent import`; and look at what was said since by hand."
)


@click.command(
    epilog="""\b
    Examples:
      consent restore /backup/consent-2026-11-22.db
      consent restore /backup/consent-2026-11-22.db --force --database /var/lib/consent/consent.db
    """
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--force", is_flag=True, help="Replace a database that holds something; it is kept beside, under another name."
)
@click.option(
    "--quick", is_flag=True, help="Do not verify every event; damage and cut ledgers are looked for all the same."
)
@database_option
@json_option
def restore(file: Path, force: bool, quick: bool, database: str, as_json: bool) -> None:
    """Put a backup in the place of the database.

    FILE is what `consent backup` made. Stop `consent serve` first, and put the service key where it belongs: without
    the key that the backup needs nothing is restored. The backup is copied beside the database, brought to the newest
    schema and verified, and takes its place only when all of it is good; FILE stays as it is.

    A new epoch of every ledger begins: watchers that go on from a token of before are answered OUT_OF_RANGE and begin
    anew, so that none misses what is different now. What was acknowledged after the backup is lost, noes too.

    This is for SQLite. After a restore of a PostgreSQL database by its own tools run `consent new-epoch`.

    Exit code 0: restored; 1: the backup is not sound; 2: a setting, a file or the database cannot be used.
    """
    with told():
        configure_logging("console", "warning")
        if is_postgres(database):
            raise DatabaseUnusable(_FOR_POSTGRES)
        place = sqlite_path(database).resolve()
        if place.exists() and file.samefile(place):
            raise Unusable(f"{file} is the database itself")
        with _sound(file):
            contents = examine(file)
            keys = _keys_for(contents, database)
            # Before the claim: whoever closes a file lets go of all locks that its process has on it.
            if not (force or is_empty(place)):
                raise Unusable(
                    f"{place} holds something: restore to another --database, or replace it by --force "
                    "(it is kept beside, under another name)"
                )
            with claimed(place):
                tenants, aside = _restore(file, place, keys, quick)
    _tell(file, database, tenants, aside, as_json)


@contextmanager
def _sound(file: Path) -> Iterator[None]:
    try:
        yield
    except CopyUnsound as error:
        raise Refused(f"{file} is not sound: {error}. Nothing was restored") from error


def _keys_for(contents: Contents, database: str) -> ServiceKeys:
    """The keys that the backup needs, which must be there. Raises Unusable."""
    keys = find_service_keys(database, os.environ.get("CONSENT_SERVICE_KEY"))
    missing = set(contents.key_ids) - {key.id for key in keys.all} if keys else set(contents.key_ids)
    if keys is None or missing:
        raise Unusable(
            f"the backup needs the service key {' and '.join(sorted(missing)) or 'it was made under'}, which is not "
            f"here: put it into {key_file_of(database)} (readable by its owner only), or set "
            "CONSENT_SERVICE_KEY. Without it no credential works and forgotten people's noes are lost"
        )
    return keys


def _restore(file: Path, place: Path, keys: ServiceKeys, quick: bool) -> tuple[Sequence[Tenant], Path | None]:
    """Make the copy good, and give it the database's place; answer its tenants, and where the old database is now."""
    with meter(100) as bar, whole_files([place], force=True, private=True) as targets:
        draft = Path(targets[0].name)
        copy_file(file, draft, lambda done, total: bar.advance(100 * done // max(total, 1), f"copying {total:,} pages"))
        prepare(str(draft), keys, wall_clock())
        if not quick:
            hold_intact(str(draft), keys, bar)
        tenants = begin_epoch(str(draft))
        settle(draft)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        aside = set_aside(place, f"replaced-{stamp}")
    return tenants, aside


def _tell(file: Path, database: str, tenants: Sequence[Tenant], aside: Path | None, as_json: bool) -> None:
    if as_json:
        print_json({**_facts(tenants), "file": str(file), "replaced": str(aside) if aside else None})
    else:
        _print(tenants)
        print_line(f"restored {file} to {describe(database)}")
    if aside:
        note(f"What was there before is {aside} now.")
    note(_LOST)


@click.command(
    "new-epoch",
    epilog="""\b
    Examples:
      consent new-epoch --database postgresql://consent@db.internal/consent
      consent new-epoch --database /var/lib/consent/consent.db --json
    """,
)
@database_option
@json_option
def new_epoch(database: str, as_json: bool) -> None:
    """Begin a new epoch of every ledger, after a restore.

    Run it whenever a database was put back to an earlier state by other means than `consent restore`: by pg_restore,
    by point-in-time recovery, by a snapshot of a disk or of a machine. Watchers that go on from a token of before are
    answered OUT_OF_RANGE then, and begin anew; else they would pass over what was written since under numbers that
    they have seen. Nothing else changes. Running it once too often does no harm.

    Exit code 0: done; 2: a setting or the database cannot be used.
    """
    with told():
        configure_logging("console", "warning")
        bring_to_head(database)
        tenants = begin_epoch(database)
    if as_json:
        print_json(_facts(tenants))
    else:
        _print(tenants)
    note(_LOST)


def _facts(tenants: Sequence[Tenant]) -> Facts:
    return {
        "tenants": [
            {
                "tenant": tenant.name,
                "head_revision": tenant.head_revision,
                "head_hash": tenant.head_hash.hex(),
                "epoch": tenant.epoch,
            }
            for tenant in tenants
        ]
    }


def _print(tenants: Sequence[Tenant]) -> None:
    for tenant in tenants:
        last = f", last written {minute(tenant.head_time)} UTC" if tenant.head_time else ""
        print_line(f"{tenant.name}: up to revision {tenant.head_revision:,}{last}; epoch {tenant.epoch}")
