"""Group commit: concurrent callers' units of work share one durable commit.

One thread takes what waits, runs each unit behind a savepoint of its own inside one database transaction, commits, and
only then answers all. A unit that raises is rolled back alone. Where the database itself fails, all that shared the
transaction are answered by StorageUnavailable, and none of it remains.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

import structlog
from peewee import Database, DatabaseError, IntegrityError, InterfaceError, SqliteDatabase

from server.domain.errors import StorageUnavailable

T = TypeVar("T")

MAX_UNITS_PER_COMMIT = 256

log = structlog.get_logger()


class Writer:
    """The one thread of this process that writes. `close` finishes what was accepted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._units: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._commits = 0
        self._committed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="consent-writer", daemon=True)
        self._thread.start()

    def submit(self, unit: Callable[[], T]) -> T:
        """Run `unit` in a transaction and return its result once that is durable."""
        future: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise StorageUnavailable
            self._units.put((unit, future))
        return future.result()

    def post(self, unit: Callable[[], object]) -> None:
        """Run `unit` in some later transaction; nobody waits for it, and its failure is only logged."""
        with self._closing:
            if not self._closed:
                future: Future[object] = Future()
                future.add_done_callback(_log_failure)
                self._units.put((unit, future))

    def await_commit(self, seen: int, timeout_seconds: float) -> int:
        """Wait for a commit after the `seen`-th, at most so long; answer how many there were."""
        with self._committed:
            if self._commits == seen:
                self._committed.wait(timeout_seconds)
            return self._commits

    def close(self) -> None:
        """Accept nothing more, finish what was accepted, and end the thread."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._units.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (units := self._take()) is not None:
            self._commit(units)
        self._database.close()

    def _take(self) -> list[tuple[Callable[[], Any], Future[Any]]] | None:
        """Wait for a unit, then take what else is there; None once closed."""
        first = self._units.get()
        if first is None:
            return None
        units = [first]
        while len(units) < MAX_UNITS_PER_COMMIT and not self._units.empty():
            unit = self._units.get()
            if unit is None:
                self._units.put(None)
                break
            units.append(unit)
        return units

    def _commit(self, units: list[tuple[Callable[[], Any], Future[Any]]]) -> None:
        outcomes: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            with immediate(self._database):
                for unit, future in units:
                    outcomes.append((future, *self._attempt(unit)))
        except Exception as error:
            log.error("commit failed", units=len(units), error=repr(error), cause=repr(error.__context__))
            for _, future in units:
                future.set_exception(StorageUnavailable())
            return
        with self._committed:
            self._commits += 1
            self._committed.notify_all()
        for future, result, failure in outcomes:
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)

    def _attempt(self, unit: Callable[[], Any]) -> tuple[Any, BaseException | None]:
        self._database.execute_sql("SAVEPOINT unit")
        try:
            result = unit()
        except (DatabaseError, InterfaceError) as error:
            if not isinstance(error, IntegrityError):
                raise
            failure: BaseException = error
        except BaseException as error:  # not even an exit may end the thread that all writers wait for
            failure = error
        else:
            self._database.execute_sql("RELEASE SAVEPOINT unit")
            return result, None
        self._database.execute_sql("ROLLBACK TO SAVEPOINT unit")
        self._database.execute_sql("RELEASE SAVEPOINT unit")
        return None, failure


def _log_failure(future: Future[object]) -> None:
    failure = future.exception()
    if failure is not None:
        log.warning("a write that nobody waits for failed", error=repr(failure))


@contextmanager
def immediate(database: Database) -> Iterator[None]:
    """A transaction that holds the write lock from its first statement.

    SQLite refuses to turn a reading transaction into a writing one while another writes; one begun as a writer waits.
    """
    with database.atomic("IMMEDIATE") if isinstance(database, SqliteDatabase) else database.atomic():
        yield
