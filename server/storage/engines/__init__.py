"""The databases that the storage works on: SQLite in a file, PostgreSQL on a server.

An engine is a peewee Database that also says how it reads one committed state (`snapshot`), how it writes for some
tenants (`writing`), which failures let a write run again (`may_run_again`), and how it is migrated (`migrating`).
"""

from __future__ import annotations

from typing import TypeAlias

from server.storage.engines.failures import FAILURES
from server.storage.engines.postgres import PostgresServer, open_postgres
from server.storage.engines.sqlite import SqliteFile, open_sqlite
from server.storage.engines.urls import DatabaseUnusable, describe, is_postgres, masked, postgres_address, sqlite_path

__all__ = [
    "FAILURES",
    "DatabaseUnusable",
    "Engine",
    "PostgresServer",
    "SqliteFile",
    "describe",
    "is_postgres",
    "masked",
    "open_engine",
    "open_postgres",
    "open_sqlite",
    "postgres_address",
    "sqlite_path",
]

Engine: TypeAlias = SqliteFile | PostgresServer


def open_engine(url: str) -> Engine:
    """Open the database that a URL names. Raises DatabaseUnusable.

    An SQLite file is made where it is not. A PostgreSQL server need not answer yet.
    """
    return open_postgres(postgres_address(url)) if is_postgres(url) else open_sqlite(sqlite_path(url))
