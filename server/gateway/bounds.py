"""What the gateway takes on: how large, how slow, and how many at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from server.gateway.errors import Fault, FaultKind, Refused

RETRY_AFTER_SECONDS = 1
_OVERLOADED = "there is more to do than can be done now; nothing was done"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of the gateway. The operator sets some; these are the settings' defaults."""

    body_bytes: int = 1 << 20
    """The largest body, as sent and again when unpacked."""
    requests: int = 512
    """Requests that are under way at once; more are refused."""
    connections: int = 10_000
    """Open connections; more are closed at once."""
    body_seconds: float = 10.0
    """How long a body may take to come, after its head."""
    untaken_bytes: int = 128 << 20
    """Of all answers that their callers do not take, together; beyond it the longest wait is ended."""

    @property
    def body_size(self) -> str:
        """The largest body, for a person."""
        mebibytes, rest = divmod(self.body_bytes, 1 << 20)
        return f"{self.body_bytes} bytes" if rest else f"{mebibytes} MiB"


USUAL = Bounds()


class Places:
    """The requests under way. `most` None: any number."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._taken = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Take a place for as long as this lasts. Raises Refused where there is none."""
        if self._most is not None and self._taken >= self._most:
            kind = FaultKind.UNAVAILABLE
            raise Refused(Fault(kind, _OVERLOADED, reason="OVERLOADED", retry_after=RETRY_AFTER_SECONDS))
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
