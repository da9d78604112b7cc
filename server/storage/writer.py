"""Group commit: concurrent callers' units of work share one durable commit.

One thread takes what waits, runs each unit inside one database transaction, commits, and only then answers all. A unit
that raises is undone alone; where the database refuses a row that some unit left, all run again, each behind a
savepoint of its own. Where the database itself fails, all of it is undone and, where another attempt may succeed at
once (a deadlock, a connection that was lost before the commit), run again from the start; else all that shared the
transaction are answered by StorageUnavailable. None of it remains then, unless the connection was lost during the
commit, when nobody can tell.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeAlias, TypeVar

import structlog

from server.domain.errors import StorageUnavailable
from server.storage.commits import Commits
from server.storage.engines import FAILURES, Engine
from server.storage.engines.kinds import error_text
from server.storage.joint_commit import OWN_FAULTS, JointCommit, SharedFault
from server.storage.vitals import Vitals

T = TypeVar("T")
Outcome: TypeAlias = tuple[Any, BaseException | None]

MAX_UNITS_PER_COMMIT = 256
MAX_ATTEMPTS = 4
PAUSE_SECONDS = 0.02

log = structlog.get_logger()


class Unit:
    """Some work, the tenant that it is for (None: it changes what no tenant's work reads), and what came of it.

    One lock that opens when it is done: a Future, which lets anybody wait in any way, costs a tenth of a write.
    """

    __slots__ = ("_done", "failure", "result", "run", "tenant_id")

    def __init__(self, run: Callable[[], Any], tenant_id: int | None = None) -> None:
        self.run = run
        self.tenant_id = tenant_id
        self.result: Any = None
        self.failure: BaseException | None = None
        self._done = threading.Lock()
        self._done.acquire()

    def end(self, outcome: Outcome) -> None:
        """Say what came of it, and let who waits go on."""
        self.result, self.failure = outcome
        self._done.release()

    def wait(self) -> Any:
        """Wait for the one that runs it; answer or raise what came of it."""
        self._done.acquire()
        if self.failure is not None:
            raise self.failure
        return self.result


class Posted(Unit):
    """Work that nobody waits for: its failure is only logged."""

    __slots__ = ()

    def end(self, outcome: Outcome) -> None:
        """Log a failure."""
        if outcome[1] is not None:
            log.warning("a write that nobody waits for failed", error=error_text(outcome[1]))


class Writer:
    """The one thread of this process that writes. `close` finishes what was accepted.

    `together` is entered around the units that share a commit, and left before it.
    """

    def __init__(
        self,
        database: Engine,
        commits: Commits,
        together: Callable[[], AbstractContextManager[JointCommit]],
        vitals: Vitals,
    ) -> None:
        self._database = database
        self._commits = commits
        self._together = together
        self._vitals = vitals
        self._units: queue.SimpleQueue[Unit | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="consent-writer", daemon=True)
        self._thread.start()

    def submit(self, run: Callable[[], T], tenant_id: int | None = None) -> T:
        """Run it in a transaction, alone among the writers of the tenant; answer its result once that is durable.

        It may run several times, each but the last undone as a whole.
        """
        unit = Unit(run, tenant_id)
        with self._closing:
            if self._closed:
                raise StorageUnavailable
            self._units.put(unit)
        result: T = unit.wait()
        return result

    def post(self, run: Callable[[], object]) -> None:
        """Run it in some later transaction; nobody waits for it, and its failure is only logged."""
        with self._closing:
            if not self._closed:
                self._units.put(Posted(run))

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

    def _take(self) -> list[Unit] | None:
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

    def _commit(self, units: list[Unit]) -> None:
        began = time.perf_counter()
        try:
            outcomes = self._attempt_patiently(units)
        except Exception as error:
            cause = error.__context__ and error_text(error.__context__)
            log.error("commit failed", units=len(units), error=self._vitals.failed(error), cause=cause)
            for unit in units:
                unit.end((None, StorageUnavailable()))
            return
        self._commits.count()
        self._vitals.committed(len(units), time.perf_counter() - began)
        for unit, outcome in zip(units, outcomes, strict=True):
            unit.end(outcome)
        self._database.ring()

    def _attempt_patiently(self, units: list[Unit]) -> list[Outcome]:
        """Run and commit all units, again where that may succeed."""
        apart = False
        for attempt in range(1, MAX_ATTEMPTS):
            try:
                return self._attempt(units, apart=apart)
            except SharedFault:
                apart = True
                continue
            except Exception as error:
                if not self._database.may_run_again(error):
                    raise
                log.warning("a commit is attempted again", attempt=attempt, error=self._vitals.failed(error))
            # Whoever was in the way takes the locks that were let go only once it has woken.
            time.sleep(PAUSE_SECONDS * 2**attempt)
        return self._attempt(units, apart=apart)

    def _attempt(self, units: list[Unit], *, apart: bool) -> list[Outcome]:
        tenant_ids = {unit.tenant_id for unit in units if unit.tenant_id is not None}
        with self._database.writing(tenant_ids), self._together() as joint:
            return [_try(joint, unit, apart=apart) for unit in units]


def _try(joint: JointCommit, unit: Unit, *, apart: bool) -> Outcome:
    """Run one unit; `apart`, all that it does is done by the database before the next one begins."""
    if apart or unit.tenant_id is None:
        joint.secure()
    try:
        result = unit.run()
        if apart:
            joint.secure()
    except SharedFault:
        raise
    except FAILURES as error:
        if not isinstance(error, OWN_FAULTS):
            raise
        failure: BaseException = error
    except BaseException as error:  # not even an exit may end the thread that all writers wait for
        failure = error
    else:
        joint.keep()
        return result, None
    joint.undo()
    return None, failure
