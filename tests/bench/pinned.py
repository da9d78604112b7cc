"""A process on cores of its own that does one kind of work whenever it is told to."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Generic, TypeVar

from tests.bench.loads import LoadFailed

_END_SECONDS = 10.0
_spawn = multiprocessing.get_context("spawn")

Order = TypeVar("Order")
Answer = TypeVar("Answer")


def _work(orders: Connection, cores: frozenset[int], make: Callable[..., Callable[[Any], Any]], given: Any) -> None:
    """Follow one order after another until the other end is closed."""
    os.sched_setaffinity(0, cores)
    with suppress(BrokenPipeError, KeyboardInterrupt):
        try:
            work = make(*given)
            while True:
                orders.send(work(orders.recv()))
        except EOFError:
            return
        except LoadFailed as error:
            orders.send(error)
        except Exception as error:
            orders.send(LoadFailed(repr(error)))


class Pinned(Generic[Order, Answer]):
    """Does what `make(*given)` answers, in a process that was pinned before. It ends with this one."""

    def __init__(self, cores: frozenset[int], make: Callable[..., Callable[[Order], Answer]], *given: object) -> None:
        self._orders, theirs = _spawn.Pipe()
        self._process = _spawn.Process(target=_work, args=(theirs, cores, make, given), daemon=True)
        self._process.start()
        theirs.close()

    def begin(self, order: Order) -> None:
        """Start some work; `end` waits for it."""
        self._orders.send(order)

    def end(self) -> Answer:
        """What came of the work that was begun. Raises LoadFailed."""
        try:
            told = self._orders.recv()
        except (EOFError, OSError) as error:
            raise LoadFailed("a process of the benchmark died") from error
        if isinstance(told, LoadFailed):
            raise told
        answer: Answer = told
        return answer

    def run(self, order: Order) -> Answer:
        """Do some work to its end. Raises LoadFailed."""
        self.begin(order)
        return self.end()

    def __enter__(self) -> Pinned[Order, Answer]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._orders.close()
        self._process.join(_END_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
