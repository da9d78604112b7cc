"""An open loop: calls come at their own rate, whatever becomes of those before, as from many independent callers.

What a server's limits of streams and windows hold back is not sent: such a caller turns away, and is counted. So does
every real client, which waits for a stream of its connection; here it waits no time, so that nothing piles up.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tests.bench.connections import connect
from tests.bench.http2 import Ended, Http2
from tests.bench.loads import GRPC_OK, UNREADABLE, LoadFailed
from tests.bench.pinned import Pinned

LOST = -2
"""The status of a call whose stream or connection was reset."""
_RESET, _SETTINGS, _GOAWAY, _ACK = 3, 4, 7, 1
_MAX_STREAMS = 3
_CHUNK = 1 << 18
_TICK_SECONDS = 0.001
_MAX_QUEUED = 1 << 16
"""Bytes that wait for a socket; behind more a caller turns away."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Calls of one method at a rate (calls a second), over so many connections, for so many seconds."""

    port: int
    path: str
    messages: Sequence[bytes]
    rate: float
    connections: int
    seconds: float
    headers: tuple[tuple[str, str], ...] = ()
    drain_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Flowed:
    """What became of the calls of a flow. Latencies are in seconds, from the moment a call was due to be sent."""

    seconds: float
    arrived: int
    held_back: int
    statuses: dict[int, int]
    accepted: tuple[float, ...]
    """How long those that were answered took, each hundredth: from the fastest to the slowest, 101 of them."""
    refused: tuple[float, ...]
    lost_connections: int
    unanswered: int
    answered: int
    """How many were answered with OK while calls came."""
    drain: float
    """Seconds from the last call to the last answer."""

    @property
    def goodput(self) -> float:
        """Calls a second that were answered with OK while calls came."""
        return self.answered / self.seconds


class OpenHttp2(Http2):
    """A connection that heeds the server's limit of streams, and lives with calls that are reset."""

    def __init__(self, path: str, authority: str, headers: Sequence[tuple[str, str]]) -> None:
        super().__init__(path, authority, headers)
        self.most = 1 << 30
        self.lost: list[Ended] = []

    @property
    def has_room(self) -> bool:
        """Whether one more call may begin."""
        return not self.leaving and len(self._calls) < self.most and len(self.out) < _MAX_QUEUED

    def feed(self, data: bytes) -> list[Ended]:
        """Take what was received; answer the calls that ended by it, the reset ones too."""
        ended = super().feed(data)
        ended += self.lost
        self.lost = []
        return ended

    def give_up(self) -> list[Ended]:
        """The calls that are under way, as lost."""
        lost: list[Ended] = [(index, began, LOST, None) for index, began in self._calls.values()]
        self._calls.clear()
        return lost

    def _control(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == _RESET:
            # After the trailers a server may say that it needs no more of the message.
            if stream in self._calls:
                index, began = self._calls.pop(stream)
                self.lost.append((index, began, LOST, None))
            return
        if kind == _GOAWAY:
            self.leaving = True
            return
        if kind == _SETTINGS and not flags & _ACK:
            self.most = dict(struct.iter_unpack(">HI", payload)).get(_MAX_STREAMS, self.most)
        super()._control(kind, flags, stream, payload)


class _Run:
    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._epoll = select.epoll(flow.connections)
        self._by_descriptor: dict[int, tuple[socket.socket, OpenHttp2]] = {}
        self._free: deque[OpenHttp2] = deque()
        self._dirty: dict[OpenHttp2, int] = {}
        self._descriptors: dict[OpenHttp2, int] = {}
        self._blocked: set[int] = set()
        self._arrived = self._held = self._lost_connections = 0
        self._statuses: Counter[int] = Counter()
        self._accepted, self._refused = array("d"), array("d")
        for _ in range(flow.connections):
            self._connect()

    def drive(self) -> Flowed:
        """Offer the flow, then wait for what is under way."""
        flow, began = self._flow, time.perf_counter()
        until = began + flow.seconds
        while (now := time.perf_counter()) < until:
            self._offer(int((now - began) * flow.rate), now)
            self._pump(_TICK_SECONDS)
        over, answered = time.perf_counter(), self._statuses[GRPC_OK]
        last = over + flow.drain_seconds
        while self._under_way() and time.perf_counter() < last:
            self._pump(0.05)
        return Flowed(
            over - began,
            self._arrived,
            self._held,
            dict(self._statuses),
            _hundredths(self._accepted),
            _hundredths(self._refused),
            self._lost_connections,
            self._under_way(),
            answered,
            time.perf_counter() - over,
        )

    def close(self) -> None:
        """Close the connections."""
        self._epoll.close()
        for sock, _ in self._by_descriptor.values():
            sock.close()

    def _under_way(self) -> int:
        return sum(wire.under_way for _, wire in self._by_descriptor.values())

    def _offer(self, due: int, now: float) -> None:
        """Begin the calls that are due by now; those for which there is no room turn away."""
        free, messages = self._free, self._flow.messages
        while self._arrived < due:
            if not free:
                self._held += due - self._arrived
                self._arrived = due
                break
            wire = free[0]
            if not wire.has_room:
                free.popleft()
                continue
            index = self._arrived % len(messages)
            wire.begin(index, messages[index], now, False)
            free.rotate(-1)
            self._dirty[wire] = 1
            self._arrived += 1
        for wire in self._dirty:
            descriptor = self._descriptors.get(wire)
            if descriptor is not None and descriptor not in self._blocked:
                self._flush(descriptor)
        self._dirty.clear()

    def _pump(self, seconds: float) -> None:
        for descriptor, event in self._epoll.poll(seconds):
            if event & select.EPOLLOUT:
                self._flush(descriptor)
            if event & ~select.EPOLLOUT:
                self._receive(descriptor)

    def _receive(self, descriptor: int) -> None:
        sock, wire = self._by_descriptor[descriptor]
        was_full = not wire.has_room
        try:
            data = sock.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        now = time.perf_counter()
        ended = wire.feed(data) if data else wire.give_up()
        for _, began, status, _ in ended:
            self._statuses[status] += 1
            if status == GRPC_OK:
                self._accepted.append(now - began)
            elif status not in (LOST, UNREADABLE):
                self._refused.append(now - began)
        if not data or (wire.leaving and not wire.under_way):
            self._lost_connections += not data
            self._replace(descriptor)
            return
        if wire.out:
            self._flush(descriptor)
        if was_full and wire.has_room and wire not in self._free:
            self._free.append(wire)

    def _replace(self, descriptor: int) -> None:
        sock, wire = self._by_descriptor.pop(descriptor)
        self._epoll.unregister(descriptor)
        self._blocked.discard(descriptor)
        self._descriptors.pop(wire)
        with suppress(ValueError):
            self._free.remove(wire)
        sock.close()
        self._connect()

    def _connect(self) -> None:
        flow = self._flow
        wire = OpenHttp2(flow.path, f"127.0.0.1:{flow.port}", flow.headers)
        sock = connect(flow.port, wire)
        descriptor = sock.fileno()
        self._by_descriptor[descriptor] = (sock, wire)
        self._descriptors[wire] = descriptor
        self._epoll.register(descriptor, select.EPOLLIN)
        self._flush(descriptor)
        self._free.append(wire)

    def _flush(self, descriptor: int) -> None:
        """Send what is queued; wait for room where there is none."""
        sock, wire = self._by_descriptor[descriptor]
        with suppress(BlockingIOError, ConnectionError):
            sent = sock.send(wire.out)
            del wire.out[:sent]
        if bool(wire.out) != (descriptor in self._blocked):
            self._blocked ^= {descriptor}
            self._epoll.modify(descriptor, select.EPOLLIN | (select.EPOLLOUT if wire.out else 0))
        if wire.has_room and wire not in self._free:
            self._free.append(wire)


def _hundredths(latencies: array[float]) -> tuple[float, ...]:
    ordered = sorted(latencies)
    if not ordered:
        return ()
    return tuple(ordered[min(len(ordered) - 1, len(ordered) * place // 100)] for place in range(101))


def flood(flow: Flow) -> Flowed:
    """Offer a flow from this process. Raises LoadFailed."""
    try:
        run = _Run(flow)
    except OSError as error:
        raise LoadFailed(f"the server takes no connection: {error}") from error
    try:
        return run.drive()
    finally:
        run.close()


def _flooder() -> Callable[[Flow], Flowed]:
    return flood


def flooder(cores: frozenset[int]) -> Pinned[Flow, Flowed]:
    """A generator in a process of its own."""
    return Pinned(cores, _flooder)
