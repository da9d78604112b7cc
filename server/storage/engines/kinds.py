"""What kind of failure a database's error is, in a few words that are counted, and what of it a log may say.

A server's message may quote the values of a row (`Key (address)=(…) already exists`), which no log may hold: only its
first line is told, in which PostgreSQL and SQLite name things, not values.
"""

from __future__ import annotations

import sqlite3

import psycopg

from server.storage.engines.failures import OutcomeUnknown, is_conflict, is_lost, origin
from server.storage.engines.pool import PoolFull

OTHER = "other"
_SQLITE = {
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "busy",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_IOERR: "io",
    sqlite3.SQLITE_CORRUPT: "corrupt",
    sqlite3.SQLITE_NOTADB: "corrupt",
    sqlite3.SQLITE_CANTOPEN: "missing",
}
_POSTGRES: tuple[tuple[type[BaseException], str], ...] = (
    (PoolFull, "pool_full"),
    (psycopg.errors.ConnectionTimeout, "connection"),
    (psycopg.errors.LockNotAvailable, "busy"),
    (psycopg.errors.QueryCanceled, "timeout"),
    (psycopg.errors.DiskFull, "full"),
    (psycopg.errors.ReadOnlySqlTransaction, "read_only"),
    (psycopg.errors.IoError, "io"),
    (psycopg.errors.DataCorrupted, "corrupt"),
    (psycopg.errors.IndexCorrupted, "corrupt"),
)
KINDS = tuple(sorted({*_SQLITE.values(), *(kind for _, kind in _POSTGRES), "conflict", "outcome_unknown", OTHER}))


def kind_of(error: BaseException) -> str:
    """One of KINDS."""
    cause = origin(error)
    if isinstance(error, OutcomeUnknown):
        return "outcome_unknown"
    if isinstance(cause, sqlite3.Error):
        # The lower byte is the error, the others say more closely which.
        return _SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF, OTHER)
    for kind, name in _POSTGRES:
        if isinstance(cause, kind):
            return name
    if is_conflict(error):
        return "conflict"
    return "connection" if isinstance(cause, psycopg.Error) and is_lost(error) else OTHER


def error_text(error: BaseException) -> str:
    """The error for the log."""
    cause = origin(error)
    # What a server says of data that it does not take is the data.
    first = "" if isinstance(cause, psycopg.DataError) else next(iter(str(cause).splitlines()), "")
    return f"{type(cause).__name__}: {first}" if first else type(cause).__name__
