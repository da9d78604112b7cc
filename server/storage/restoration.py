"""Putting a copy of an SQLite file in the place of the database, and beginning new epochs after a restore.

What was restored has lost what was written since it was copied, and its ledgers go on otherwise than before. In a new
epoch the tokens that watchers have from before are refused, so that none of them passes over what is new.
"""

from __future__ import annotations

import fcntl
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from peewee import PeeweeException

from server.domain.model import Tenant
from server.storage import rows
from server.storage.engines import DatabaseUnusable, open_engine
from server.storage.tables import TenantRow

# Where SQLite's locks lie in a file (sqlite3's os.h): a connection in WAL mode holds one of these while it is open.
_LOCKS_AT, _LOCKS = 0x40000002, 510
_LOGS = ("-wal", "-journal")
_INDEX = "-shm"


def new_epoch_id() -> str:
    """A name that no epoch has had."""
    return secrets.token_hex(8)


def begin_epoch(url: str) -> Sequence[Tenant]:
    """Begin a new epoch of every tenant's ledger; answer the tenants as they are then, by name.

    The database must be ready. Raises DatabaseUnusable.
    """
    database = open_engine(url)
    try:
        ids = [int(number) for (number,) in TenantRow.select(TenantRow.id).tuples().execute(database)]
        with database.writing(ids):
            for number in ids:
                TenantRow.update(epoch=new_epoch_id()).where(TenantRow.id == number).execute(database)
        found = TenantRow.select().order_by(TenantRow.name).tuples().execute(database)
        return [rows.tenant(row) for row in found]
    except PeeweeException as error:
        first = next(iter(str(error).splitlines()), "") or repr(error)
        raise DatabaseUnusable(f"no new epoch was begun in {database.name}: {first}") from error
    finally:
        database.close_all()


def is_empty(path: Path) -> bool:
    """Whether nothing would be lost with the file at a path: there is none, or one without a tenant."""
    if not path.exists():
        return not any(path.with_name(path.name + ending).exists() for ending in _LOGS)
    try:
        with closing(sqlite3.connect(path)) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'tenants'").fetchone():
                return not connection.execute("SELECT 1 FROM sqlite_master").fetchone()
            return not connection.execute("SELECT 1 FROM tenants").fetchone()
    except sqlite3.Error:
        return False


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Hold the file at a path, where there is one, while no other process has it open.

    Raises DatabaseUnusable where one has.
    """
    try:
        file = path.open("r+b")
    except FileNotFoundError:
        yield
        return
    except OSError as error:
        raise DatabaseUnusable(f"{path} cannot be opened: {error.strerror}") from error
    with file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCKS, _LOCKS_AT)
        except OSError as error:
            raise DatabaseUnusable(
                f"{path} is in use: stop `consent serve` and whatever else works on it, then restore again"
            ) from error
        yield


def set_aside(path: Path, ending: str) -> Path | None:
    """Give the file at a path, and its log, another name; answer the file's, None where there was neither.

    A log that was left alone would be taken for the log of the file that comes in its place.
    """
    aside = path.with_name(f"{path.name}.{ending}")
    found = [name for name in ("", *_LOGS) if path.with_name(path.name + name).exists()]
    for name in found:
        path.with_name(path.name + name).rename(aside.with_name(aside.name + name))
    path.with_name(path.name + _INDEX).unlink(missing_ok=True)
    return aside if found else None
