"""What goes on while a service is struck: the callers, a watcher that lasts, and watchers that resume from a token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.e2e.loads import Watcher, patient_client
from tests.e2e.process import Served
from tests.torture.kill.crowd import Crowd
from tests.torture.kill.history import History

Seen = list[tuple[int, bytes]]
"""Revisions with their hashes."""


class Scene:
    """Entered while the service serves for the first time; it lasts over all the times that it serves."""

    def __init__(self, served: Served, seed: int) -> None:
        self.over = False
        self.resumed_saw: Seen = []
        self._crowd = Crowd(served.grpc, served.http, seed)
        self._client = patient_client(served.grpc)
        self._lasting = Watcher(self._client.watch(after_revision=0))
        self._again: Watcher | None = None
        self._token, self._after = "", 0
        self._stack = ExitStack()

    @property
    def history(self) -> History:
        """What the callers did."""
        return self._crowd.history

    @property
    def lasting_saw(self) -> Seen:
        """What the watcher saw that lasts."""
        return list(zip(self._lasting.revisions.seen, self._lasting.hashes, strict=True))

    def __enter__(self) -> Scene:
        for each in (self._client, self._lasting, self._crowd):
            self._stack.enter_context(each)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def resumed(self, served: Served) -> Iterator[None]:
        """A program that watches this time, from where the last one was."""
        with patient_client(served.grpc) as client:
            watch = client.watch(after_revision=self._after, resume_token=self._token)
            with Watcher(watch) as again:
                self._again = again
                yield
        self._token, self._after = again.watch.resume_token, again.watch.revision
        self.resumed_saw += zip(again.revisions.seen, again.hashes, strict=True)

    def finish(self) -> None:
        """Let all callers come to their end while the service serves, and the watchers to the ledger's."""
        self._crowd.stop()
        head = next(iter(self._client.history(newest_first=True))).revision
        for watcher in (self._lasting, self._again):
            if watcher is not None and watcher.watch.revision < head:
                watcher.revisions.wait_for(head)
        self._lasting.stop()
        self.over = True
