"""One of the serving processes that are to be there: who serves, who comes up to take over, and who leaves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import structlog

from server.child import Child

START_SECONDS = 60.0
STEADY_SECONDS = 10.0
"""Who dies sooner after it answered, or does not come up, may do so again: others then start after a pause."""
LONGEST_PAUSE = 30.0

log = structlog.get_logger()


def pause_after(failures: int) -> float:
    """Seconds to wait after so many early deaths in a row: none after the first, then half a second, doubled."""
    return 0.0 if failures < 2 else min(LONGEST_PAUSE, 2.0 ** (failures - 3))


class Slot:
    """A place that one process holds at a time.

    `begin` starts a process for it; `install` is called once that answers, before the process that it replaces is asked
    to leave, for which it has `leave_seconds`.
    """

    def __init__(
        self, name: str, begin: Callable[[], Child], install: Callable[[], object], leave_seconds: float
    ) -> None:
        self.name = name
        self._begin = begin
        self._install = install
        self._leave_seconds = leave_seconds
        self.serving: Child | None = None
        self.coming: Child | None = None
        self.leaving: list[Child] = []
        self.failed = False
        """Whether the last process that was started did not come up."""
        self.deaths = 0
        """How often the process that served died."""
        self._failures = 0
        self._due = 0.0

    @property
    def children(self) -> Iterator[Child]:
        """Every process of this place."""
        yield from (child for child in (self.serving, self.coming) if child is not None)
        yield from self.leaving

    @property
    def waits(self) -> float | None:
        """Seconds until something is to be done though nothing happened."""
        now = time.monotonic()
        moments = [START_SECONDS - self.coming.age] if self.coming else []
        moments += [self._leave_seconds - child.age for child in self.leaving]
        if self.serving is None and self.coming is None:
            moments.append(self._due - now)
        return max(0.0, min(moments)) if moments else None

    def start(self) -> None:
        """Start a process, unless one is coming up. It takes the place as soon as it answers."""
        if self.coming is None:
            self.failed = False
            self.coming = self._begin()

    def tend(self) -> None:
        """Deal with what happened to the processes, and start one where none serves and the pause is over."""
        self._see_leaving()
        self._see_serving()
        self._see_coming()
        if self.serving is None and self.coming is None and time.monotonic() >= self._due:
            self.start()

    def abandon(self) -> None:
        """End the process that comes up: nobody has called it yet."""
        if self.coming is not None:
            self.coming.kill()
            self.coming.close()
            self.coming = None

    def _see_leaving(self) -> None:
        for child in list(self.leaving):
            if not child.ended and child.age > self._leave_seconds:
                log.error("a process did not leave in time and was killed", process=self.name, pid=child.pid)
                child.kill()
            if child.ended:
                log.info("a process that was replaced has left", **child.how)
                self.leaving.remove(child)
                child.close()

    def _see_serving(self) -> None:
        child = self.serving
        if child is None or not child.ended:
            return
        self.deaths += 1
        self._failures = self._failures + 1 if child.age < STEADY_SECONDS else 0
        self._plan("a serving process died; another takes its place", child)
        self.serving = None

    def _see_coming(self) -> None:
        child = self.coming
        if child is None:
            return
        if child.answers():
            self._install()
            log.info("a process serves", process=self.name, pid=child.pid)
            if self.serving is not None:
                self.serving.retire()
                self.leaving.append(self.serving)
            self.serving, self.coming = child, None
        elif child.ended or child.age > START_SECONDS:
            child.kill()
            self.failed = True
            self.coming = None
            self._failures += self.serving is None
            stays = "the old one stays" if self.serving else "it is tried again"
            self._plan(f"a process did not come up; {stays}", child)

    def _plan(self, said: str, child: Child) -> None:
        """Tell of an end, and when the next may start."""
        pause = pause_after(self._failures)
        self._due = time.monotonic() + pause
        log.error(said, **child.how, **({"pause_seconds": pause} if pause else {}))
        child.close()
