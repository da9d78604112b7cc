"""Database URLs, and opening what they name.

`sqlite:///relative.db`, `sqlite:////absolute.db` or a plain file path name an SQLite file.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

from peewee import OperationalError, SqliteDatabase

BUSY_TIMEOUT_SECONDS = 5
_RETRY_SECONDS = 0.02


class DatabaseUnusable(Exception):
    """The database cannot be used; the message says which and why."""


class SqliteFile(SqliteDatabase):
    """An SQLite file in WAL mode where each commit is on the disk before it is answered.

    What is deleted or replaced is overwritten with zeros (secure_delete); older copies of its pages live on in the
    write-ahead log until `truncate_log`.

    Each thread has its own connection; `close_all` closes those of all threads. Every transaction is refused
    (OperationalError) while the path no longer names the file that was opened: what was moved or replaced would take
    writes that nobody finds again, and threads would read different files.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: tuple[int, int] | None = None
        self._connections: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        super().__init__(
            str(path),
            pragmas={
                "journal_mode": "wal",
                "synchronous": "full",
                "secure_delete": "on",
                "busy_timeout": BUSY_TIMEOUT_SECONDS * 1000,
                "cache_size": -64_000,
            },
            timeout=BUSY_TIMEOUT_SECONDS,
            check_same_thread=False,
        )

    def begin(self, lock_type: str | None = None) -> None:
        """Begin a transaction. Raises OperationalError where the file is not in its place."""
        self.check_place()
        super().begin(lock_type)

    def _connect(self) -> sqlite3.Connection:
        self.check_place()
        connection = self._connect_patiently()
        with self._guard:
            self._connections.append(connection)
            self._opened = self._opened or self._identity()
        return connection

    def _connect_patiently(self) -> sqlite3.Connection:
        """Connect, waiting for others: the switch to WAL is refused at once while anybody else opens a new file."""
        patience = time.monotonic() + BUSY_TIMEOUT_SECONDS
        while True:
            try:
                connection: sqlite3.Connection = super()._connect()  # type: ignore[misc]
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= patience:
                    raise
                time.sleep(_RETRY_SECONDS)
            else:
                return connection

    def check_place(self) -> None:
        """Raise OperationalError where the path names another file than was opened, or none."""
        if self._opened is not None and self._identity() != self._opened:
            raise OperationalError(f"{self._path} is not the file that was opened: it was moved or replaced")

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._path)  # noqa: PTH116 - a third of the price, at every transaction
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _close(self, connection: sqlite3.Connection) -> None:
        with self._guard:
            self._connections.remove(connection)
        super()._close(connection)  # type: ignore[misc]

    def truncate_log(self, timeout_seconds: float) -> bool:
        """Move the write-ahead log into the database and empty it; answer False where readers stood in the way.

        Writers wait meanwhile, so the timeout must be short.
        """
        self.check_place()
        with closing(sqlite3.connect(self._path, timeout=timeout_seconds, isolation_level=None)) as connection:
            connection.execute("PRAGMA secure_delete = on")
            (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

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
        with database.connection_context(), database.atomic("IMMEDIATE") as trial:
            # BEGIN IMMEDIATE alone passes on a file that cannot be written; a write that is taken back does not.
            (version,) = database.execute_sql("PRAGMA user_version").fetchone()
            database.execute_sql(f"PRAGMA user_version = {int(version)}")
            trial.rollback()
    except OperationalError as error:
        raise DatabaseUnusable(f"the database {path} cannot be opened for writing: {error}") from error
    except Exception as error:
        raise DatabaseUnusable(f"{path} is no SQLite database: {error}") from error
    return database
