"""What a generator is asked to send, and what it saw: plain values that travel between processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GRPC_OK = 0
HTTP_OK = 200
UNREADABLE = -1


class LoadFailed(Exception):
    """A run that measured nothing: a call that was refused, an answer that is wrong, a server that went silent."""


@dataclass(frozen=True, slots=True)
class Load:
    """Calls in a closed loop: `concurrency` of them under way at any time, over `connections` connections.

    `path` names the gRPC method; an empty one means HTTP/1.1, where each message is a whole request and a connection
    carries one call at a time. The first `warm_seconds` are not measured. With `calls` the run ends after so many,
    else after `seconds`, or with the last
    message. Messages go out in order, over and over where they `repeat`. `owners` are processes whose
    children share the port: each of their serving ones gets an equal share of the connections. `watched` are
    processes whose CPU time is told.
    """

    port: int
    path: str
    messages: Sequence[bytes]
    concurrency: int
    connections: int
    seconds: float
    warm_seconds: float = 0.5
    calls: int | None = None
    repeat: bool = True
    headers: tuple[tuple[str, str], ...] = ()
    sample_every: int = 500
    shares: int = 1
    owner: int = 0
    watched: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. Latencies are in seconds, from the first byte queued to the last byte read; `samples` are answers."""

    calls: int
    seconds: float
    sent: int
    p50: float
    p99: float
    generator_cpu: float
    server_cpu: float
    samples: tuple[tuple[int, bytes], ...]

    @property
    def rate(self) -> float:
        """Calls a second."""
        return self.calls / self.seconds

    @property
    def server_cpu_a_call(self) -> float:
        """CPU seconds of the watched processes a call."""
        return self.server_cpu / self.calls
