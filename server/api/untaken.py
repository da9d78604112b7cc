"""Answers that were sent and are not on their way yet, since their callers do not take them.

gRPC keeps an answer until its caller's windows let it out. Who reads nothing could have as many kept as there are
streams, each as large as a page of the ledger: of all answers together no more is kept than the process takes on.
"""

from __future__ import annotations

import threading
from typing import Protocol

import structlog

from server.telemetry import Sparing

SMALL_BYTES = 4096
"""Up to here an answer is not counted: most are, and to count them would cost more than they do."""

log = structlog.get_logger()


class Sent(Protocol):
    """A call whose answer was sent."""

    def drop(self) -> None:
        """End the call, with what is kept of it."""


class Untaken:
    """The answers of one process, those sent first before the others; `most_bytes` of all together."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._guard = threading.Lock()
        self._sizes: dict[Sent, int] = {}
        self._sum = 0
        self._sparing = Sparing(1)

    @property
    def bytes(self) -> int:
        """How many wait, of all answers that are counted."""
        return self._sum

    def add(self, call: Sent, size: int) -> None:
        """Count an answer that is about to be sent. Where it is one too many, calls that wait longest are ended."""
        dropped = False
        with self._guard:
            self._sizes[call] = size
            self._sum += size
            while self._sum > self._most and len(self._sizes) > 1:
                oldest = next(iter(self._sizes))
                # First, so that what is counted is never less than what is kept.
                oldest.drop()
                self._sum -= self._sizes.pop(oldest)
                dropped = True
        if dropped and self._sparing.allows():
            log.warning("callers do not take their answers; calls that waited longest were ended")

    def discard(self, call: Sent) -> None:
        """Count an answer no more: it was taken, or its call is over."""
        with self._guard:
            self._sum -= self._sizes.pop(call, 0)
