"""A lane: threads for one kind of call, and a room in which more of them wait for a thread.

As long as there is room, calls are answered in the order in which they came. Those that come while the room is full are
put off: they get their turn when it is empty, and are refused once they have waited for PATIENCE_SECONDS, but of those
no more in a second than take a small part of its time. So whoever is let in is answered soon, however many there are,
a burst is answered to its end, and to say no never takes the place of answering. Who is told no at once comes again at
once; whose calls are put off is slowed down, since a connection carries so many calls at a time.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, TypeAlias

from server.api.arrivals import Arrival, Stage
from server.api.untaken import Untaken
from server.domain.errors import ConsentError, Overloaded

PATIENCE_SECONDS = 1.0
RETRY_AFTER_SECONDS = 1
Refuse: TypeAlias = Callable[[Arrival, ConsentError], object]

_SUBMITTED: Future[Any] = Future()
_SUBMITTED.set_result(None)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a lane is made of: its threads, and how many calls may wait for them before others are put off."""

    name: str
    threads: int
    room: int
    capped: bool = True
    """Whether its calls count among those of the process, and may take so long only."""


class Lane(ThreadPoolExecutor):
    """The threads and the room. It is an executor because grpcio takes nothing else.

    Its threads and its queue are its own: those of an executor cost each call as much as finding a consent does.
    """

    def __init__(
        self, plan: Plan, is_full: Callable[[Lane], bool], refuse: Refuse, untaken: Untaken | None = None
    ) -> None:
        super().__init__(1)
        self.plan = plan
        self.open: dict[Arrival, None] = {}
        """The calls that have come and not ended. It is copied and counted by other threads."""
        self.answered = 0
        self._is_full = is_full
        self._refuse = refuse
        self._untaken = untaken
        self._room: deque[Arrival] = deque()
        self._put_off: deque[Arrival] = deque()
        self._tickets: SimpleQueue[bool] = SimpleQueue()
        self._begun = False

    def submit(self, run: Callable[..., Any], /, *call: Any, **_: Any) -> Future[Any]:
        """Take a call from grpcio, in its thread for events."""
        arrival = Arrival(run, *call)
        if self._is_full(self):
            self._refuse(arrival, Overloaded(RETRY_AFTER_SECONDS))
        else:
            self.open[arrival] = None
            arrival.receive(self._enter, self._leave)
        return _SUBMITTED

    def stop(self) -> None:
        """Let the threads end when nothing waits any more."""
        for _ in range(self.plan.threads):
            self._tickets.put(False)

    def _enter(self, arrival: Arrival) -> None:
        arrival.stage = Stage.WAITING
        (self._room if len(self._room) < self.plan.room else self._put_off).append(arrival)
        self._tickets.put(True)
        if not self._begun:
            self._begun = True
            for number in range(self.plan.threads):
                name = f"consent-{self.plan.name}-{number}"
                threading.Thread(target=self._work, name=name, daemon=True).start()

    def _leave(self, arrival: Arrival) -> None:
        self.open.pop(arrival, None)

    def _work(self) -> None:
        while self._tickets.get():
            arrival = self._next()
            if arrival is None:
                continue
            try:
                if arrival.is_awaited:
                    arrival.answer(self._untaken)
            finally:
                self._leave(arrival)
                # Threads may count over one another: it is a measure, no account.
                self.answered += 1

    def _next(self) -> Arrival | None:
        try:
            return self._room.popleft()
        except IndexError:
            return self._next_put_off()

    def _next_put_off(self) -> Arrival | None:
        with suppress(IndexError):
            late = self._put_off.popleft()
            if not self._refuse_stale(late):
                return late
        return None

    @property
    def has_put_off(self) -> bool:
        """Whether more came than there was room for, and some of them wait still."""
        return bool(self._put_off)

    def refuse_stale(self, most: int) -> int:
        """Refuse calls that were put off and have waited long enough, the oldest first. Answers how many."""
        for refused in range(most):
            try:
                oldest = self._put_off.popleft()
            except IndexError:
                return refused
            if not self._refuse_stale(oldest):
                self._put_off.appendleft(oldest)
                return refused
        return most

    def _refuse_stale(self, arrival: Arrival) -> bool:
        if time.monotonic() - arrival.since < PATIENCE_SECONDS:
            return False
        self._leave(arrival)
        self._refuse(arrival, Overloaded(RETRY_AFTER_SECONDS))
        return True
