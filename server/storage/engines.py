"""Database URLs, and opening what they name.

`sqlite:///relative.db`, `sqlite:////absolute.db` or a plain file path name an SQLite file.
"""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from peewee import OperationalError, SqliteDatabase

BUSY_TIMEOUT_SECONDS = 10


class DatabaseUnusable(Exception):
    """The database cannot be used; the message says which and why."""


class SqliteFile(SqliteDatabase):
    """An SQLite file in WAL mode where each commit is on the disk before it is answered.

    Each thread has its own connection; `close_all` closes those of all threads.
    """

    def __init__(self, path: Path) -> None:
        self._connections: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        super().__init__(
            str(path),
            pragmas={
                "journal_mode": "wal",
                "synchronous": "full",
                "busy_timeout": BUSY_TIMEOUT_SECONDS * 1000,
                "cache_size": -64_000,
                "mmap_size": 1 << 30,
            },
            timeout=BUSY_TIMEOUT_SECONDS,
            check_same_thread=False,
        )

    def _connect(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = super()._connect()  # type: ignore[misc]
        with self._guard:
            self._connections.append(connection)
        return connection

    def _close(self, connection: sqlite3.Connection) -> None:
        with self._guard:
            self._connections.remove(connection)
        super()._close(connection)  # type: ignore[misc]

    def close_all(self) -> None:
        """Close the connections of every thread; none of them may be at work."""
        with self._guard:
            connections, self._connections = self._connections, []
        for connection in connections:
            connection.close()


def sqlite_path(url: str) -> Path:
    """The file that a URL names. Raises DatabaseUnusable for a URL of another engine, or none."""
    scheme, separator, rest = url.partition("://")
    path = rest.removeprefix("/") if separator else url
    if separator and scheme != "sqlite":
        raise DatabaseUnusable(f"database URLs begin with sqlite:///, not {scheme}://")
    if not path or ":memory:" in path:
        raise DatabaseUnusable("the database must be a file: sqlite:///consent.db")
    return Path(path)


def open_sqlite(path: Path) -> SqliteFile:
    """Open an SQLite file for reading and writing, making it where it is not. Raises DatabaseUnusable."""
    database = SqliteFile(path)
    try:
        with database.connection_context(), database.atomic("IMMEDIATE"):
            pass
    except OperationalError as error:
        raise DatabaseUnusable(f"the database {path} cannot be opened for writing: {error}") from error
    except Exception as error:
        raise DatabaseUnusable(f"{path} is no SQLite database: {error}") from error
    return database
