"""The load generator: one thread in a process of its own, which tells what it costs."""

from __future__ import annotations

import os
import select
import socket
import time
from array import array
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.bench.connections import Wire, open_connection, open_connections, poller
from tests.bench.loads import GRPC_OK, Load, LoadFailed, Measured
from tests.bench.pinned import Pinned

_SILENCE_SECONDS = 60.0
_CHUNK = 1 << 18
_MAX_SAMPLES = 200
_LEAST_CALLS = 10
_TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pids: tuple[int, ...]) -> float:
    """The CPU time that processes have used so far, to a hundredth of a second each."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICK


class Run:
    """One load, driven to its end."""

    def __init__(self, load: Load, connections: list[tuple[socket.socket, Wire]]) -> None:
        self._load = load
        self._by_descriptor = {sock.fileno(): (sock, wire) for sock, wire in connections}
        self._epoll = poller(connections)
        self._blocked: set[int] = set()
        self._sent = 0
        self._open = 0
        self._latencies = array("d")
        self._samples: list[tuple[int, bytes]] = []
        self._failures: Counter[int] = Counter()
        self._measuring = False
        self._least = 0
        self._over = False
        self._limit = load.calls if load.calls is not None else (None if load.repeat else len(load.messages))

    def drive(self) -> Measured:
        """Warm up, measure, finish what is under way. Raises LoadFailed."""
        load = self._load
        began = time.perf_counter()
        warm_until = began + load.warm_seconds
        wires = [wire for _, wire in self._by_descriptor.values()]
        for place in range(load.concurrency):
            self._begin(wires[place % len(wires)], began)
        for descriptor in self._by_descriptor:
            self._flush(descriptor)
        self._pump(warm_until)
        self._measuring, self._least = True, _LEAST_CALLS
        own, theirs, from_moment = time.process_time(), cpu_seconds(load.watched), time.perf_counter()
        self._pump(from_moment + load.seconds)
        until_moment = time.perf_counter()
        own, theirs = time.process_time() - own, cpu_seconds(load.watched) - theirs
        self._measuring, self._over = False, True
        self._pump(float("inf"))
        return self._told(until_moment - from_moment, own, theirs)

    def close(self) -> None:
        """Close the connections."""
        self._epoll.close()
        for sock, _ in self._by_descriptor.values():
            sock.close()

    def _pump(self, until: float) -> None:
        """Handle what happens until a moment, or until nothing is under way; some calls at least where it measures."""
        while self._open and (time.perf_counter() < until or len(self._latencies) < self._least):
            happened = self._epoll.poll(_SILENCE_SECONDS)
            if not happened:
                raise LoadFailed(f"{self._open} calls got no answer within {_SILENCE_SECONDS:.0f} s")
            for descriptor, event in happened:
                if event & select.EPOLLOUT:
                    self._flush(descriptor)
                if event & ~select.EPOLLOUT:
                    self._receive(descriptor)

    def _receive(self, descriptor: int) -> None:
        sock, wire = self._by_descriptor[descriptor]
        data = sock.recv(_CHUNK)
        if not data:
            raise LoadFailed("the server closed a connection")
        now = time.perf_counter()
        for index, began, status, body in wire.feed(data):
            self._open -= 1
            if status != GRPC_OK:
                self._failures[status] += 1
                self._over = True
            if self._measuring:
                self._latencies.append(now - began)
            if body is not None and len(self._samples) < _MAX_SAMPLES:
                self._samples.append((index, body))
            self._begin(wire, now)
        if wire.leaving and not wire.under_way:
            descriptor = self._replace(descriptor)
        if wire.out:
            self._flush(descriptor)

    def _replace(self, descriptor: int) -> int:
        """Connect anew, as the server asked, and go on with as many calls as the connection had."""
        sock, _ = self._by_descriptor.pop(descriptor)
        self._epoll.unregister(descriptor)
        self._blocked.discard(descriptor)
        sock.close()
        sock, wire = open_connection(self._load)
        descriptor = sock.fileno()
        self._by_descriptor[descriptor] = (sock, wire)
        self._epoll.register(descriptor, select.EPOLLIN)
        for _ in range(self._load.concurrency // self._load.connections):
            self._begin(wire, time.perf_counter())
        return descriptor

    def _begin(self, wire: Wire, now: float) -> None:
        if self._over or self._sent == self._limit or wire.leaving:
            return
        messages = self._load.messages
        index = self._sent % len(messages)
        wire.begin(index, messages[index], now, self._sent % self._load.sample_every == 0)
        self._sent += 1
        self._open += 1

    def _flush(self, descriptor: int) -> None:
        """Send what is queued; wait for room where there is none."""
        sock, wire = self._by_descriptor[descriptor]
        with suppress(BlockingIOError):
            sent = sock.send(wire.out)
            del wire.out[:sent]
        if bool(wire.out) != (descriptor in self._blocked):
            self._blocked ^= {descriptor}
            self._epoll.modify(descriptor, select.EPOLLIN | (select.EPOLLOUT if wire.out else 0))

    def _told(self, seconds: float, own: float, theirs: float) -> Measured:
        if self._failures:
            raise LoadFailed(f"calls failed, by gRPC status: {dict(self._failures)}")
        if not self._latencies:
            raise LoadFailed("no call ended while it was measured")
        ordered = sorted(self._latencies)
        p50, p99 = (ordered[int(len(ordered) * part)] for part in (0.50, 0.99))
        samples = tuple(self._samples)
        return Measured(len(ordered), seconds, self._sent, p50, p99, own, theirs, samples)


def measure(load: Load) -> Measured:
    """Drive a load from this process. Raises LoadFailed."""
    run = Run(load, open_connections(load))
    try:
        return run.drive()
    except OSError as error:
        raise LoadFailed(f"the connection failed: {error}") from error
    finally:
        run.close()


def _driver() -> Callable[[Load], Measured]:
    return measure


def generator(cores: frozenset[int]) -> Pinned[Load, Measured]:
    """A generator in a process of its own."""
    return Pinned(cores, _driver)
