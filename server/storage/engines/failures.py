"""What failures of a database mean; of PostgreSQL's: whether the connection is gone, and whether to run it again."""

from __future__ import annotations

import sqlite3

import psycopg
from peewee import DatabaseError, PeeweeException

from server.storage.engines.pool import PoolFull

FAILURES = (PeeweeException, sqlite3.Error, psycopg.Error)
"""What a database says when it fails. peewee translates what statements raise, and not what reading their rows does."""

# Another transaction was preferred; this one was undone as a whole.
_CONFLICTS = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
# The server ended the connection, or is starting or stopping.
_GONE = (
    psycopg.errors.AdminShutdown,
    psycopg.errors.CrashShutdown,
    psycopg.errors.CannotConnectNow,
    psycopg.errors.IdleInTransactionSessionTimeout,
)
# There was no connection, and to ask again at once would only wait as long again.
_NEVER_THERE = (PoolFull, psycopg.errors.ConnectionTimeout)


class OutcomeUnknown(DatabaseError):
    """The connection was lost while a commit was under way: it may have happened or not."""


def origin(error: BaseException) -> BaseException:
    """What psycopg said, within what peewee made of it."""
    found = getattr(error, "orig", None)
    return found if isinstance(found, BaseException) else error


def is_lost(error: BaseException) -> bool:
    """Whether the connection that said so is of no use any more."""
    cause = origin(error)
    if isinstance(cause, _GONE):
        return True
    if isinstance(cause, _NEVER_THERE):
        return False
    if isinstance(cause, psycopg.OperationalError):
        return cause.sqlstate is None or cause.sqlstate.startswith("08")
    return isinstance(cause, psycopg.InterfaceError)


def is_conflict(error: BaseException) -> bool:
    """Whether the transaction was undone in favour of another."""
    return isinstance(origin(error), _CONFLICTS)
