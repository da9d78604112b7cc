"""SQLite in a file."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from peewee import OperationalError, SqliteDatabase, __exception_wrapper__  # type: ignore[attr-defined]

from server.storage.engines.urls import DatabaseUnusable

BUSY_TIMEOUT_SECONDS = 5
# For each thread. The system keeps the file in memory too; this is for the pages that nearly every question needs.
CACHE_KIB = 8_000
_RETRY_SECONDS = 0.02


class SqliteFile(SqliteDatabase):
    """An SQLite file in WAL mode where each commit is on the disk before it is answered.

    What is deleted or replaced is overwritten with zeros (secure_delete); older copies of its pages live on in the
    write-ahead log until `truncate_log`.

    Each thread has its own connection; `close_all` closes those of all threads. Every transaction is refused
    (OperationalError) while the path no longer names the file that was opened: what was moved or replaced would take
    writes that nobody finds again, and threads would read different files.
    """

    dialect = "sqlite"
    _state: Any
    # Any command may bring it to head: nobody else serves a file while it is opened for the first time.
    migrates_itself = True
    pool_use = None

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = str(path)
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
                "cache_size": -CACHE_KIB,
            },
            timeout=BUSY_TIMEOUT_SECONDS,
            check_same_thread=False,
        )

    def execute_sql(self, sql: str, params: Sequence[object] | None = None) -> sqlite3.Cursor:
        """Run a statement. What peewee does here besides would be a tenth of a write's price."""
        with __exception_wrapper__:
            cursor: sqlite3.Cursor = self.connection().execute(sql, params or ())
        return cursor

    def execute_many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Run a statement once for each row of parameters."""
        with __exception_wrapper__:
            self.connection().executemany(sql, rows)

    def look(self, sql: str, params: Sequence[object]) -> list[Any]:
        """Run a statement by itself, where the file is in its place, and answer its rows.

        In one piece, since every call of a function that it takes to begin costs as much as a page of the database.
        """
        self.check_place()
        try:
            rows: list[Any] = (self._state.conn or self.connection()).execute(sql, params).fetchall()
        except sqlite3.Error:
            with __exception_wrapper__:
                raise
        return rows

    def begin(self, lock_type: str | None = None) -> None:
        """Begin a transaction. Raises OperationalError where the file is not in its place."""
        self.check_place()
        super().begin(lock_type)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one committed state."""
        with self.atomic("DEFERRED"):
            yield

    @contextmanager
    def writing(self, tenant_ids: Collection[int]) -> Iterator[None]:  # noqa: ARG002
        """Write in a transaction that holds the write lock, for all tenants, from its first statement.

        SQLite refuses to turn a reading transaction into a writing one while another writes; one begun as a writer
        waits.
        """
        with self.atomic("IMMEDIATE"):
            yield

    @contextmanager
    def migrating(self) -> Iterator[None]:
        """Change the schema, alone."""
        with self.atomic("IMMEDIATE"):
            yield

    def roll_back_to(self, savepoint: str) -> None:
        """Undo what was done since a savepoint."""
        self.execute_sql(f"ROLLBACK TO SAVEPOINT {savepoint}")

    def may_run_again(self, error: BaseException) -> bool:  # noqa: ARG002
        """Whether a write that failed left nothing and may succeed at once: never here."""
        return False

    def passing_locked(self, query: Any) -> Any:
        """A query that passes over rows which others hold: nobody holds rows here."""
        return query

    def ring(self) -> None:
        """Tell other processes of a commit: they poll."""

    def listen(self, heard: Callable[[], object]) -> None:
        """Hear of other processes' commits: they cannot tell."""

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

    def damage(self) -> str | None:
        """What SQLite finds wrong with the pages and indexes of the file, in a line; None where nothing is."""
        (found,) = self.execute_sql("PRAGMA integrity_check(1)").fetchone()
        return None if found == "ok" else " ".join(str(found).split())

    def look_afresh(self) -> None:
        """Raise where the file holds no database any more: a connection that is open may know it from memory only."""
        self.check_place()
        # Never opened but through SQLite: any other descriptor that is closed would take this process's locks along.
        where = f"file:{quote(self.name)}?mode=rw"
        with (
            __exception_wrapper__,
            closing(sqlite3.connect(where, uri=True, timeout=BUSY_TIMEOUT_SECONDS)) as connection,
        ):
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self.name)  # noqa: PTH116 - a third of the price, at every transaction
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

    def interrupt(self) -> None:
        """Let the statements that are running in any thread fail at once (OperationalError)."""
        with self._guard:
            for connection in self._connections:
                connection.interrupt()

    def close_all(self, *, idle: bool = True) -> None:
        """Close the connections of every thread; none where any of them is at work: that would end the process."""
        if not idle:
            return
        with self._guard:
            connections, self._connections = self._connections, []
        for connection in connections:
            connection.close()


def open_sqlite(path: Path) -> SqliteFile:
    """Open an SQLite file for reading and writing, making it, for its user alone, where it is not.

    Raises DatabaseUnusable.
    """
    with suppress(OSError):  # it is there already, or SQLite says what is wrong
        # SQLite would make a file that everybody may read; its log and index take their rights from it.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
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
