"""SQLite in a file."""

from __future__ import annotations

import ctypes
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import structlog
from peewee import OperationalError, SqliteDatabase, __exception_wrapper__  # type: ignore[attr-defined]

from server.storage.engines.urls import DatabaseUnusable
from server.storage.engines.wal import Identity, WriteAheadLog, identity

BUSY_TIMEOUT_SECONDS = 5
# For each thread. The system keeps the file in memory too; this is for the pages that nearly every question needs.
CACHE_KIB = 8_000
_RETRY_SECONDS = 0.02
_NOWHERE: Identity = (-1, -1)

log = structlog.get_logger()


class SqliteFile(SqliteDatabase):
    """An SQLite file in WAL mode where each commit is on the disk before it is answered.

    What is deleted or replaced is overwritten with zeros (secure_delete); older copies of its pages live on in the
    write-ahead log until `truncate_log`.

    Each thread has its own connection; `close_all` closes those of all threads. Every transaction is refused
    (OperationalError) while the path no longer names the file that was opened: what was moved or replaced would take
    writes that nobody finds again, and threads would read different files.

    The same goes for the write-ahead log and its index, which are looked at with the write lock held before each write,
    at each new connection and by `look_afresh`. Once one of them was found gone, everything is refused for good: what
    the log held is put back in its place, for the processes that come after this one.
    """

    dialect = "sqlite"
    _state: Any
    # Any command may bring it to head: nobody else serves a file while it is opened for the first time.
    migrates_itself = True
    pool_use = None

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = str(path)
        self._opened: Identity | None = None
        self._log = WriteAheadLog(path)
        self._lost: str | None = None
        self._saved = False
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
        """Begin a transaction. Raises OperationalError where the file, or a writer's log, is not in its place."""
        self.check_place()
        super().begin(lock_type)
        if lock_type == "IMMEDIATE":
            try:
                self._check_log(self.connection())
            except OperationalError:
                self.rollback()
                raise

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
        with self._guard:
            self._hold_log()
        if not self._connections:
            self._log.await_others()
        connection = self._connect_patiently()
        try:
            with self._guard:
                self._join(connection)
                self._connections.append(connection)
                self._opened = self._opened or identity(self.name)
        except BaseException:
            connection.close()
            raise
        return connection

    def _join(self, connection: sqlite3.Connection) -> None:
        """Have a new connection open the log, and see that it is the one that the others of this process have open."""
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        connection.execute("PRAGMA user_version").fetchone()
        if self._connections or mode != "wal":
            self._hold_log()
            return
        try:
            self._log.remember()
            # Where the index of others tells of what stands in an empty log, they have another open.
            empty = self._log.is_empty and connection.execute("PRAGMA wal_checkpoint").fetchone()[1] > 0
            if empty and self._log.is_empty:  # still: others may have written meanwhile
                raise OperationalError("its write-ahead log was deleted or cut while others work with it: restart them")
        except BaseException:
            self._log.forget()
            raise

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
        if self._opened is not None and identity(self.name) != self._opened:
            raise OperationalError(
                self._lost or f"{self._path} is not the file that was opened: it was moved or replaced"
            )

    def _hold_log(self) -> None:
        """Raise OperationalError where the log or its index is not the one that is open; refuse all from then on."""
        missing = self._log.missing()
        if missing is None:
            return
        # Where the whole folder is away, it may come back as it was.
        self.check_place()
        self._lost = (
            f"{missing} was deleted, moved or replaced while the database was open: restart the service, "
            "and whatever else works on this database"
        )
        self._opened = _NOWHERE
        raise OperationalError(self._lost)

    def _check_log(self, connection: sqlite3.Connection) -> None:
        """Raise OperationalError where the log is lost, and save what it holds, through a connection of this thread."""
        try:
            if self._lost is None:
                self._hold_log()
        finally:
            if self._lost is not None and not self._saved:
                self._save_log(connection)
        self.check_place()

    def _save_log(self, connection: sqlite3.Connection) -> None:
        """Put what the lost log holds back in its place while nobody writes; whoever fails is tried again."""
        begun = connection.in_transaction
        try:
            if not begun:
                connection.execute("BEGIN IMMEDIATE")
            if self._saved:  # by another thread meanwhile
                return
            told = self._log.save()
        except (OSError, sqlite3.Error) as error:
            log.error(
                "the write-ahead log is lost and could not be saved yet: do not end the service", error=str(error)
            )
        else:
            self._saved = True
            log.error("the write-ahead log is lost: restart the service", reason=self._lost, saved=told)
        finally:
            if not begun and connection.in_transaction:
                connection.execute("ROLLBACK")

    def damage(self) -> str | None:
        """What SQLite finds wrong with the pages and indexes of the file, in a line; None where nothing is."""
        (found,) = self.execute_sql("PRAGMA integrity_check(1)").fetchone()
        return None if found == "ok" else " ".join(str(found).split())

    def look_afresh(self) -> None:
        """Raise where the file holds no database any more: a connection that is open may know it from memory only."""
        if self._state.conn is not None:
            self._check_log(self._state.conn)
        self.check_place()
        # Never opened but through SQLite: any other descriptor that is closed would take this process's locks along.
        where = f"file:{quote(self.name)}?mode=rw"
        with (
            __exception_wrapper__,
            closing(sqlite3.connect(where, uri=True, timeout=BUSY_TIMEOUT_SECONDS)) as connection,
        ):
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()

    def _close(self, connection: sqlite3.Connection) -> None:
        with self._guard:
            self._end([connection])

    def truncate_log(self, timeout_seconds: float) -> bool:
        """Move the write-ahead log into the database and empty it; answer False where readers stood in the way.

        Writers wait meanwhile, so the timeout must be short.
        """
        self.check_place()
        with self._guard:
            self._hold_log()
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
            self._end(list(self._connections))

    def _end(self, connections: list[sqlite3.Connection]) -> None:
        """Close some connections that nobody uses; none once the log is lost.

        The last one to be closed would move what it knows of the log into the database and delete whatever log has
        come in its place, with all that others have written there.
        """
        if connections:
            with suppress(OperationalError):
                self._check_log(connections[0])
        for connection in connections:
            self._connections.remove(connection)
            if self._lost is None:
                connection.close()
            else:
                # Not even the end of the interpreter closes what it believes is in use.
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
        if not self._connections and self._lost is None:
            self._log.forget()


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
