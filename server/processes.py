"""The processes of `consent serve`: one answers gRPC, one is the JSON gateway; each ends with its parent."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait

import structlog

from server.domain.service_key import ServiceKeys
from server.telemetry import LogFormat, LogLevel, configure_logging

READY = "ready"
GRACE_SECONDS = 15.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Logging:
    """How a process logs."""

    format: LogFormat
    level: LogLevel

    def configure(self) -> None:
        """Apply it to this process."""
        configure_logging(self.format, self.level)


def run_grpc(database: str, keys: ServiceKeys, addresses: list[str], logging: Logging, ready: Connection) -> None:
    """Answer gRPC at `addresses` until SIGTERM, then finish the calls under way."""
    from server.app import build

    logging.configure()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_parent(stop.set)
    # The unix socket is for the gateway of this user alone.
    usual = os.umask(0o177)
    application = build(database, keys, addresses)
    os.umask(usual)
    application.start()
    ready.send(READY)
    stop.wait()
    application.stop(GRACE_SECONDS)


def run_gateway(sock: socket.socket, target: str, logging: Logging, ready: Connection) -> None:
    """Answer JSON on a listening socket until SIGTERM, then finish the requests under way."""
    from server.gateway.process import run

    logging.configure()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    run(sock, target, lambda: ready.send(READY))


def _end_with_parent(stop: Callable[[], object]) -> None:
    """Call `stop` when the parent is gone, however it went."""
    parent = parent_process()
    if parent is None:
        raise RuntimeError("a serving process is started by `consent serve`")

    def watch() -> None:
        wait([parent.sentinel])
        log.warning("the parent process is gone; stopping")
        stop()

    threading.Thread(target=watch, name="consent-parent-watch", daemon=True).start()
