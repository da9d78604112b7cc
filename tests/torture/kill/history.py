"""What the callers of one service told and asked, with when each began and ended, by one clock that never runs back."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Told:
    """A yes or a no. `name` is what its event in the ledger is known by; `answered` is None where nobody heard."""

    name: str
    address: str
    yes: bool
    began: float
    answered: float | None = None
    revision: int = 0
    """The revision of its event; 0 where the answer told none."""
    applied: bool = True


@dataclass(frozen=True, slots=True)
class Looked:
    """A check that was answered."""

    sender: str
    purpose: str
    address: str
    began: float
    ended: float
    allowed: bool
    revision: int


@dataclass
class History:
    """Everything that the callers did. Any thread adds to it and any may wait for more."""

    told: list[Told] = field(default_factory=list)
    looked: list[Looked] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    """Failures that are no clear word of a service that is away."""
    failed_calls: int = 0
    last_answer: float = 0.0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _answered: int = 0

    def begin(self, name: str, address: str, yes: bool) -> Told:
        """Note that something is about to be told."""
        told = Told(name, address, yes, time.monotonic())
        with self._changed:
            self.told.append(told)
        return told

    def answer(self, told: Told, revision: int, applied: bool) -> None:
        """Note that it was acknowledged."""
        with self._changed:
            told.revision, told.applied = revision, applied
            self.last_answer = told.answered = time.monotonic()
            self._answered += 1
            self._changed.notify_all()

    def look(self, looked: Looked) -> None:
        """Note an answered check."""
        with self._changed:
            self.looked.append(looked)

    def fail(self) -> None:
        """Note that a call heard that the service is away."""
        with self._changed:
            self.failed_calls += 1

    def surprise(self, what: str) -> None:
        """Note a failure that nobody should see; whoever waits is woken."""
        with self._changed:
            self.surprises.append(what)
            self._changed.notify_all()

    @property
    def answered(self) -> int:
        """How many statements were acknowledged."""
        return self._answered

    def await_answers(self, count: int, seconds: float) -> bool:
        """Wait until so many more statements were acknowledged; answer False where they were not in time."""
        with self._changed:
            wanted = self._answered + count
            return self._changed.wait_for(lambda: self._answered >= wanted, seconds)
