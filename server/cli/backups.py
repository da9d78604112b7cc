"""`consent backup`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from server.cli.output import Facts, Meter, meter, note, print_json, print_line
from server.cli.session import Refused, Unusable, database_option, json_option, told
from server.cli.targets import whole_files
from server.cli.verification import hold_intact
from server.domain.service_key import ServiceKeys
from server.settings import find_service_keys, key_file_of
from server.storage.backup import Contents, CopyUnsound, copy_file, examine, settle
from server.storage.engines import DatabaseUnusable, is_postgres, sqlite_path
from server.storage.migrations import HEAD
from server.telemetry import configure_logging

FOR_POSTGRES = (
    "this copies SQLite files. PostgreSQL has its own tools: pg_dump --format=custom --file=consent.dump, or base "
    "backups with the write-ahead log. Keep CONSENT_SERVICE_KEY apart from them, and after a restore run: "
    "consent new-epoch, then consent verify"
)


@click.command(
    epilog="""\b
    Examples:
      consent backup /backup/consent-2026-11-22.db
      consent backup /backup/latest.db --force --verify --json
      consent backup /backup/latest.db --force --key-to /safe/consent.key
    """
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace files that are there already.")
@click.option(
    "--verify", "whole", is_flag=True, help="Verify every ledger in the copy from its first event to its head."
)
@click.option(
    "--key-to",
    metavar="KEYFILE",
    type=click.Path(path_type=Path),
    help="Write the service key too, into a file of its own. Whoever has both has everything: keep them apart.",
)
@database_option
@json_option
def backup(file: Path, force: bool, whole: bool, key_to: Path | None, database: str, as_json: bool) -> None:
    """Copy the database while it is served.

    FILE gets the database as it is at the beginning of the copy: whatever was acknowledged before is in it. It appears
    under its name when it is whole, on the disk, and was looked through: no page is damaged, and every ledger ends with
    the event that its tenant keeps of its head. Only this user can read it. It has everything but the service key,
    without which every credential and the noes of forgotten people in it are lost: back the key up once, elsewhere;
    the id of the key is told. A database is copied as it is, of whatever schema version.

    This is for SQLite. PostgreSQL is backed up by its own tools, such as pg_dump.

    Exit code 0: copied; 1: the copy is not sound and was thrown away; 2: a setting, a file or the database cannot be
    used.
    """
    with told():
        configure_logging("console", "warning")
        if is_postgres(database):
            raise DatabaseUnusable(FOR_POSTGRES)
        source = sqlite_path(database)
        if not source.is_file():
            raise DatabaseUnusable(f"there is no database {source} to back up")
        keys = find_service_keys(database, os.environ.get("CONSENT_SERVICE_KEY"))
        if keys is None and (whole or key_to):
            raise Unusable(
                f"the service key is not here: restore {key_file_of(str(source))} or set CONSENT_SERVICE_KEY"
            )
        files = [file, *([key_to] if key_to else [])]
        _refuse_the_service_s_own(source, files)
        try:
            contents = _back_up(source, files, force, keys, whole)
        except CopyUnsound as error:
            raise Refused(
                f"the copy is not sound: {error}. Nothing was kept; `consent verify` says whether it is so in {source}"
            ) from error
    if as_json:
        print_json(_facts(file, contents, whole))
    else:
        _print(file, contents, whole)
    _remind_of_the_key(source, contents, keys, key_to)


def _refuse_the_service_s_own(source: Path, files: list[Path]) -> None:
    """Refuse to write over the database, its log or its key, whatever is forced."""
    own = {source.resolve().with_name(source.resolve().name + ending) for ending in ("", "-wal", "-shm", "-journal")}
    own.add(key_file_of(str(source)).resolve())
    for path in files:
        if path.resolve() in own:
            raise Unusable(f"{path} belongs to the database itself: write to another file")


def _back_up(source: Path, files: list[Path], force: bool, keys: ServiceKeys | None, whole: bool) -> Contents:
    """Copy, look through the copy, and give it its name. Raises CopyUnsound."""
    with whole_files(files, force=force, private=True) as targets, meter(100) as bar:
        draft = Path(targets[0].name)

        def advance(done: int, total: int) -> None:
            bar.advance(100 * done // max(total, 1), f"copying {done:,} of {total:,} pages")

        contents = copy_file(source, draft, advance)
        bar.advance(100, "looking through the copy")
        if examine(draft) != contents:
            raise CopyUnsound("it does not hold what the database held")
        if whole and keys is not None:
            _verify(draft, contents, keys, bar)
        settle(draft)
        for target in targets[1:]:
            target.write((",".join(key.encode() for key in keys.all) + "\n").encode() if keys else b"")
    return contents


def _verify(draft: Path, contents: Contents, keys: ServiceKeys, bar: Meter) -> None:
    if contents.schema_version != HEAD:
        raise Unusable(
            f"--verify needs the schema version {HEAD}, and the database has {contents.schema_version}: "
            "leave --verify away, or run `consent migrate up` first"
        )
    hold_intact(str(draft), keys, bar)


def _facts(file: Path, contents: Contents, whole: bool) -> Facts:
    return {
        "file": str(file),
        "size_bytes": file.stat().st_size,
        "schema_version": contents.schema_version,
        "service_key_ids": contents.key_ids,
        "tenants": [
            {"tenant": head.name, "head_revision": head.revision, "head_hash": head.hash.hex()}
            for head in contents.heads
        ],
        "row_count": sum(contents.sizes.values()),
        "verified": whole,
    }


def _print(file: Path, contents: Contents, whole: bool) -> None:
    for head in contents.heads:
        print_line(f"{head.name}: up to revision {head.revision:,}{', intact' if whole else ''}")
    rows = sum(contents.sizes.values())
    print_line(f"{file}: {file.stat().st_size:,} bytes, {rows:,} rows, schema version {contents.schema_version}")


def _remind_of_the_key(source: Path, contents: Contents, keys: ServiceKeys | None, key_to: Path | None) -> None:
    """Say which key the copy needs and where that is; never the key."""
    needed = " and ".join(contents.key_ids) or "none yet"
    place = "CONSENT_SERVICE_KEY" if os.environ.get("CONSENT_SERVICE_KEY") else str(key_file_of(str(source)))
    if key_to is not None:
        note(f"It needs the service key {needed}, which is in {key_to}: keep the two apart.")
    elif keys is None:
        note(
            f"WARNING: it needs the service key {needed}, and {place} is not there. "
            "Find it: without it no credential works."
        )
    else:
        note(f"It needs the service key {needed}, which is not in it: {place}. Keep a copy of that elsewhere.")
    missing = set(contents.key_ids) - {key.id for key in keys.all} if keys else set()
    if missing:
        note(f"WARNING: {place} does not hold the service key {' and '.join(sorted(missing))}.")
