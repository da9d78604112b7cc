"""Copying an SQLite file while it is served, and looking at what stands in a copy.

A copy is one committed state, whatever is written meanwhile, in one file that needs no log beside it. It is read as it
lies, at whatever schema version it has: a service is backed up before a newer program migrates it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from server.storage.engines import DatabaseUnusable

# Some megabytes: often enough for a progress bar, seldom enough to cost nothing.
PAGES_A_STEP = 1000
_BUSY_SECONDS = 10.0
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
_HEADS = "SELECT id, name, head_revision, head_hash FROM tenants ORDER BY name"
_EVENTS = "SELECT count(*), coalesce(max(revision), 0) FROM consent_events WHERE tenant_id = ?"
_HASH = "SELECT hash FROM consent_events WHERE tenant_id = ? AND revision = ?"


class CopyUnsound(Exception):
    """What stands in a copy is not a whole service; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Head:
    """A tenant and where its ledger ends."""

    tenant_id: int
    name: str
    revision: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Contents:
    """What stands in a file: its schema version, the ids of the service keys that it needs, the ledgers, the rows."""

    schema_version: int
    key_ids: tuple[str, ...]
    heads: tuple[Head, ...]
    sizes: Mapping[str, int]


def copy_file(source: Path, draft: Path, advance: Callable[[int, int], None]) -> Contents:
    """Copy the database `source` over the empty file `draft`; answer what it holds.

    `advance` hears how many pages of how many are copied. Writers of the source go on meanwhile; its log is not emptied
    before the end. Raises DatabaseUnusable.
    """
    with _told(source), _opened(source) as connection:
        # While this transaction lasts, the pages read are those of one commit; without it each commit would let the
        # copy begin anew.
        connection.execute("BEGIN")
        contents = _contents(connection, source)
        with closing(sqlite3.connect(draft)) as target:

            def step(_status: int, remaining: int, total: int) -> None:
                advance(total - remaining, total)

            connection.backup(target, pages=PAGES_A_STEP, progress=step)
    return contents


def settle(file: Path) -> None:
    """Make a copy one file, that needs no log and can be read where nothing may be written. Raises DatabaseUnusable."""
    with _told(file), _opened(file) as connection:
        connection.execute("PRAGMA journal_mode = delete").fetchone()


def examine(file: Path) -> Contents:
    """Look through a whole file and answer what it holds.

    Raises DatabaseUnusable where it is no database of this service, CopyUnsound where something in it is damaged or
    the end of a ledger is not the one that its tenant keeps.
    """
    with _told(file), _opened(file) as connection:
        connection.execute("BEGIN")
        try:
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                raise CopyUnsound(f"a page is damaged: {' '.join(str(found).split())}")
            contents = _contents(connection, file)
            for head in contents.heads:
                _check_head(connection, head)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CORRUPT:
                raise CopyUnsound(f"a page is damaged: {error}") from error
            raise
    return contents


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    """Connect to a file that must be there, to read."""
    connection = sqlite3.connect(
        f"file:{quote(str(file))}?mode=rw", uri=True, timeout=_BUSY_SECONDS, isolation_level=None
    )
    with closing(connection):
        yield connection


@contextmanager
def _told(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            raise DatabaseUnusable(f"{file} is no SQLite database") from error
        raise DatabaseUnusable(f"{file} cannot be read or copied: {error}") from error
    except OSError as error:
        raise DatabaseUnusable(f"{file} cannot be read or copied: {error.strerror}") from error


def _contents(connection: sqlite3.Connection, file: Path) -> Contents:
    tables = [str(name) for (name,) in connection.execute(_TABLES)]
    if not {"tenants", "consent_events", "schema_migrations", "service_keys"} <= set(tables):
        raise DatabaseUnusable(f"{file} is no database of this service: it has not its tables")
    (version,) = connection.execute("SELECT coalesce(max(version), 0) FROM schema_migrations").fetchone()
    keys = connection.execute("SELECT key_id FROM service_keys ORDER BY key_id")
    return Contents(
        int(version),
        tuple(str(key_id) for (key_id,) in keys),
        tuple(Head(*row) for row in connection.execute(_HEADS)),
        {table: _count(connection, table) for table in tables},
    )


def _count(connection: sqlite3.Connection, table: str) -> int:
    (count,) = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()  # noqa: S608 - a name it gave itself
    return int(count)


def _check_head(connection: sqlite3.Connection, head: Head) -> None:
    """Hold the end of a ledger to what its tenant keeps of it. Raises CopyUnsound."""
    count, last = connection.execute(_EVENTS, (head.tenant_id,)).fetchone()
    if (count, last) != (head.revision, head.revision):
        raise CopyUnsound(f"the ledger of {head.name} has {count} events up to {last}, not {head.revision}")
    found = connection.execute(_HASH, (head.tenant_id, head.revision)).fetchone()
    if head.revision and bytes(found[0]) != head.hash:
        raise CopyUnsound(f"the last event of {head.name} is not the one that the tenant keeps of its head")
