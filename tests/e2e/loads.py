"""Writers and watchers that go on while the server is killed: what they did, and waiting until they did enough."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from server.client import (
    Actor,
    ConsentClient,
    ConsentEvent,
    Evidence,
    EvidenceMethod,
    Retries,
    Statement,
    Watch,
    opt_out,
    sms,
)
from server.demo import API_KEY, BRAND

PATIENT = Retries(attempts=10_000, longest_wait=0.2)
"""A program that does not give up while the server is away."""


def patient_client(target: str) -> ConsentClient:
    """A client whose calls last over a restart of the server."""
    return ConsentClient(target, api_key=API_KEY, timeout=60, retries=PATIENT)


def no_of(number: int, text: str = "") -> Statement:
    """The no of the person with this number, who was shown `text`."""
    evidence = Evidence(EvidenceMethod.WEB_FORM, url="https://brand.example/leave", text_shown=text)
    return opt_out(BRAND, sms(f"+1650{number:07}"), "*", actor=Actor.RECIPIENT, evidence=evidence)


@dataclass
class Tally:
    """What happened so far, in order; any thread adds to it and any waits for it."""

    seen: list[int] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _failure: BaseException | None = None

    def add(self, revision: int) -> None:
        with self._changed:
            self.seen.append(revision)
            self._changed.notify_all()

    def fail(self, failure: BaseException) -> None:
        """Nothing more will happen."""
        with self._changed:
            self._failure = failure
            self._changed.notify_all()

    def wait_until(self, enough: Callable[[list[int]], bool]) -> None:
        """Return once what was seen is enough. Raises what the thread that adds to it died of."""
        with self._changed:
            self._changed.wait_for(lambda: self._failure is not None or enough(self.seen))
            if self._failure is not None:
                raise AssertionError("no more is seen") from self._failure

    def wait_for_more(self, count: int) -> None:
        """Return once so many more were added."""
        wanted = len(self.seen) + count
        self.wait_until(lambda seen: len(seen) >= wanted)

    def wait_for(self, revision: int) -> None:
        """Return once this revision was added."""
        self.wait_until(lambda seen: bool(seen) and seen[-1] >= revision)


class Writers:
    """Threads that record one no a person, until they are told to stop. Each no is told until it is acknowledged."""

    def __init__(self, client: ConsentClient, count: int) -> None:
        self._client = client
        self._numbers = itertools.count(2_530_000)
        self._over = threading.Event()
        self.acknowledged = Tally()
        self._threads = [threading.Thread(target=self._write) for _ in range(count)]

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Return once the last write was acknowledged."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _write(self) -> None:
        try:
            while not self._over.is_set():
                recorded = self._client.record(no_of(next(self._numbers)))
                assert (recorded.applied, recorded.unchanged) == (True, False)
                self.acknowledged.add(recorded.revision)
        except BaseException as failure:
            self.acknowledged.fail(failure)
            raise


class Watcher:
    """A thread that iterates over a watch. It calls `pause` after each event, and keeps the event's hash."""

    def __init__(self, watch: Watch, pause: Callable[[], object] = lambda: None) -> None:
        self.watch = watch
        self._pause = pause
        self.hashes: list[bytes] = []
        self.revisions = Tally()
        self._thread = threading.Thread(target=self._follow)

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the watch."""
        self.watch.close()
        self._thread.join()

    def _follow(self) -> None:
        try:
            for event in self.watch:
                self._keep(event)
                self._pause()
        except BaseException as failure:
            self.revisions.fail(failure)
            raise

    def _keep(self, event: ConsentEvent) -> None:
        self.hashes.append(event.hash)
        self.revisions.add(event.revision)
