"""The parent process of `consent serve`: reserves the ports, starts the others, says when they answer, ends them."""

from __future__ import annotations

import contextlib
import errno
import multiprocessing
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import FrameType

import structlog

from server.domain.service_key import ServiceKeys
from server.processes import GRACE_SECONDS, Logging, run_gateway, run_grpc
from server.settings import Address, ServeSettings

START_SECONDS = 60.0
_BACKLOG = 1024

log = structlog.get_logger()
_spawn = multiprocessing.get_context("spawn")


class PortUnavailable(Exception):
    """A port cannot be bound; the message names it and why."""


class ProcessFailed(Exception):
    """A serving process did not start, or ended without being asked to."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports that were bound: the numbers that port 0 became, and the sockets that hold them."""

    grpc: Address
    http: Address
    grpc_socket: socket.socket
    http_socket: socket.socket


@contextlib.contextmanager
def bound_ports(grpc: Address, http: Address) -> Iterator[Ports]:
    """Hold both ports. Raises PortUnavailable.

    The gRPC port is bound plainly first, which fails where anybody listens, and then shared (SO_REUSEPORT) with the
    serving processes: grpcio alone would join another server on the same port in silence.
    """
    with contextlib.ExitStack() as stack:
        with _bind(grpc) as probe:
            grpc = replace(grpc, port=probe.getsockname()[1])
        grpc_socket = stack.enter_context(_bind(grpc, shared=True))
        http_socket = stack.enter_context(_bind(http))
        http_socket.listen(_BACKLOG)
        http = replace(http, port=http_socket.getsockname()[1])
        yield Ports(grpc, http, grpc_socket, http_socket)


def _bind(address: Address, shared: bool = False) -> socket.socket:
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise PortUnavailable(f"{address}: {error.strerror}") from error
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT if shared else socket.SO_REUSEADDR, 1)
        sock.bind(target)
    except OSError as error:
        sock.close()
        why = "another server has it" if error.errno == errno.EADDRINUSE else error.strerror
        raise PortUnavailable(f"port {address.port} on {address.host} cannot be bound: {why}") from error
    return sock


def serve(settings: ServeSettings, keys: ServiceKeys, ports: Ports, when_ready: Callable[[], None]) -> None:
    """Serve on bound ports until SIGTERM or SIGINT, then finish what is under way. Raises ProcessFailed."""
    woken, wake = socket.socketpair()
    asked_to_stop = False

    def stop(*_: int | FrameType | None) -> None:
        nonlocal asked_to_stop
        asked_to_stop = True
        wake.send(b"!")

    previous = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    started: list[SpawnProcess] = []
    with tempfile.TemporaryDirectory(prefix="consent-") as private, woken, wake:
        try:
            target = f"unix:{Path(private) / 'grpc'}"
            logging = Logging(settings.log_format, settings.log_level)
            _start(started, run_grpc, (settings.database, keys, [str(ports.grpc), target], logging), woken)
            if not asked_to_stop:
                _start(started, run_gateway, (ports.http_socket, target, logging), woken)
            # Held open here, the port would take connections that nobody answers once the gateway has ceased to.
            ports.http_socket.close()
            if not asked_to_stop:
                when_ready()
                wait([woken, *(process.sentinel for process in started)])
            if not asked_to_stop:
                raise ProcessFailed("a serving process ended without being asked to; the log tells why")
        except ProcessFailed:
            # A signal to the whole group ends a process that has only begun before this one hears it.
            if not asked_to_stop:
                raise
        finally:
            _end(started)
            for number, handler in previous.items():
                signal.signal(number, handler)


def _start(
    started: list[SpawnProcess], target: Callable[..., None], arguments: tuple[object, ...], woken: socket.socket
) -> None:
    """Start a process and wait until it answers, or until somebody asks to stop. Raises ProcessFailed."""
    ready: Connection
    ready, tell = _spawn.Pipe(duplex=False)
    process = _spawn.Process(target=target, args=(*arguments, tell), name=target.__name__)
    with ready:
        # SIGINT goes to the whole group. It stays blocked in the new process, which would not know it before it is up.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            with tell:
                process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        started.append(process)
        happened = wait([ready, process.sentinel, woken], timeout=START_SECONDS)
        if woken in happened:
            return
        if ready not in happened or not _was_told(ready):
            raise ProcessFailed(f"{target.__name__} did not start; the log tells why")


def _was_told(ready: Connection) -> bool:
    try:
        ready.recv()
    except EOFError:
        return False
    return True


def _end(started: list[SpawnProcess]) -> None:
    """End the processes, the last started first: the gateway finishes while gRPC still answers it."""
    for process in reversed(started):
        process.terminate()
        process.join(GRACE_SECONDS + 5)
        if process.is_alive():
            log.error("a serving process did not end in time and was killed", process=process.name)
            process.kill()
            process.join()
