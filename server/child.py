"""One serving process, as its parent knows it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection

from server.processes import HELD, RETIRE

_spawn = multiprocessing.get_context("spawn")


class Child:
    """A process that was started and says once that it answers. Its end, and its word, can be waited for.

    What it says later goes to `follow`, which is given the connection as soon as the process answers.
    """

    def __init__(
        self,
        name: str,
        target: Callable[..., None],
        arguments: tuple[object, ...],
        follow: Callable[[Connection], object] | None = None,
    ) -> None:
        self.name = name
        self._follow = follow
        self._ready: Connection
        self._ready, tell = _spawn.Pipe(duplex=False)
        self._process = _spawn.Process(target=target, args=(*arguments, tell), name=name)
        # What grpc itself logs is how its callers' connections went, in a form of its own and in the callers' bytes. It
        # reads this when it is imported, and the first import of the process may do that.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
        with _signals_held(), tell:
            self._process.start()
        self._moment = time.monotonic()
        self._is_awaited = True
        self._is_followed = False

    @property
    def pid(self) -> int | None:
        """Its process id."""
        return self._process.pid

    @property
    def told_by(self) -> list[Connection | int]:
        """What becomes ready when the process has ended, or says that it answers."""
        return [self._process.sentinel, *([self._ready] if self._is_awaited else [])]

    @property
    def age(self) -> float:
        """Seconds since it was started; once it answers, since then; once it was asked to leave, since that."""
        return time.monotonic() - self._moment

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return not self._process.is_alive()

    @property
    def how(self) -> dict[str, object]:
        """Who it was and how it ended, for the log."""
        code = self._process.exitcode
        if code is not None and code < 0:
            name = next((known.name for known in signal.Signals if known == -code), str(-code))
            return {"process": self.name, "pid": self.pid, "signal": name}
        return {"process": self.name, "pid": self.pid, "exit_code": code}

    def answers(self) -> bool:
        """Whether it has just said that it answers; asked until it did."""
        if not self._is_awaited or not self._ready.poll():
            return False
        self._is_awaited = False
        try:
            self._ready.recv()
        except EOFError:
            return False
        self._moment = time.monotonic()
        if self._follow is not None:
            self._is_followed = True
            self._follow(self._ready)
        return True

    def retire(self) -> None:
        """Ask it to leave so that no caller notices."""
        self._ask(RETIRE)

    def terminate(self) -> None:
        """Ask it to finish the calls under way, and end."""
        self._ask(signal.SIGTERM)

    def kill(self) -> None:
        """End it, and wait until it has."""
        self._process.kill()
        self._process.join()

    def close(self) -> None:
        """Let go of a process that has ended."""
        if not self._is_followed:
            self._ready.close()
        self._process.close()

    def _ask(self, number: signal.Signals) -> None:
        self._moment = time.monotonic()
        if self._process.pid is not None and not self.ended:
            os.kill(self._process.pid, number)


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Let a process begin with its signals blocked, until it knows them: a group's signal would end it in a bad way."""
    usual = signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
    try:
        # It is started with the first child, unblocks some signals here as it is, and must not end by any of them.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, usual)
