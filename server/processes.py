"""What the processes of `consent serve` do: workers answer gRPC, one is the JSON gateway; each ends with its parent.

SIGTERM ends a process as soon as the calls under way are done. SIGUSR1 retires one that has a successor: it leaves so
that no caller notices, which takes longer. All signals are blocked until the process knows them.
"""

from __future__ import annotations

import contextlib
import gc
import os
import queue
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path

import structlog

from server.domain.service_key import ServiceKeys
from server.listening import leave_port
from server.metrics.families import SERVING
from server.metrics.metrics import Metrics
from server.metrics.reporting import Reporter
from server.settings import ServeSettings
from server.storage.engines import DatabaseUnusable
from server.telemetry import configure_logging, log_uncaught
from server.tls import Certificates, Material

READY = "ready"
GRACE_SECONDS = 15.0
RETIRE = signal.SIGUSR1
HELD = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, RETIRE})
"""What is blocked in a process that begins."""
_AGE_JITTER = 1.1
_MARGIN_SECONDS = 1.0
_GARBAGE_THRESHOLD = 20_000
_SWITCH_SECONDS = 0.001
"""How long a thread that works may keep the others waiting. The one that takes calls in must not come last when there
is much to do: what waits would wait where nobody sees it. Python's usual 5 ms is long beside a check."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker serves, and where: its address is shared by all workers."""

    settings: ServeSettings
    keys: ServiceKeys
    certificate: Material | None
    address: str
    port: int
    core: int | None
    tells_figures: bool
    """Whether it asks for the figures of the whole database, as one of all workers does."""


def retire_seconds(connection_age: int) -> float:
    """How long a retired worker stays: until each of its connections has come to its age and was told to leave."""
    return connection_age * _AGE_JITTER + _MARGIN_SECONDS


def run_grpc(work: Work, name: str, private: str, ready: Connection) -> None:
    """Answer gRPC until SIGTERM, then finish the calls under way."""
    from server.app import build

    settings = work.settings
    configure_logging(settings.log_format, settings.log_level)
    log_uncaught()
    _take_name(name)
    _pin(work.core)
    orders: queue.SimpleQueue[signal.Signals] = queue.SimpleQueue()
    _obey(orders)
    # The unix socket is for the gateway of this user alone.
    usual = os.umask(0o177)
    try:
        addresses = [work.address, f"unix:{private}"]
        application = build(
            settings.database,
            work.keys,
            addresses,
            connection_age=settings.connection_age,
            name=name,
            tells_figures=work.tells_figures,
            certificates=_look_after(settings, work.certificate),
            access_log=settings.access_log,
            capacity=settings.capacity,
        )
    except (DatabaseUnusable, RuntimeError) as error:
        log.error("this process cannot start", process=name, error=str(error))
        raise SystemExit(1) from error
    os.umask(usual)
    sys.setswitchinterval(_SWITCH_SECONDS)
    _collect_less()
    application.start()
    reporter = Reporter(application.metrics, name, ready) if settings.admin else None
    with contextlib.suppress(BrokenPipeError):  # the parent is gone, and the order to stop is on its way
        ready.send(READY)
        if reporter:
            reporter.start()
    if orders.get() == RETIRE:
        _take_name("leaving")
        leave_port(work.port)
        # The calls of a connection are safe once it was told to go: only then may the server end.
        with contextlib.suppress(queue.Empty):
            orders.get(timeout=retire_seconds(settings.connection_age))
    application.stop(GRACE_SECONDS)
    if reporter:
        reporter.stop()


def run_gateway(
    sock: socket.socket,
    targets: Sequence[str],
    settings: ServeSettings,
    certificate: Material | None,
    name: str,
    ready: Connection,
) -> None:
    """Answer JSON on a listening socket until SIGTERM, then finish the requests under way."""
    from server.gateway.access import Noting
    from server.gateway.process import run

    configure_logging(settings.log_format, settings.log_level)
    log_uncaught()
    _take_name(name)
    _end_with_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))

    metrics = Metrics()
    metrics.read(SERVING, lambda: {(name,): True})
    reporter = Reporter(metrics, name, ready) if settings.admin else None

    def say_ready() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)
        with contextlib.suppress(BrokenPipeError):
            ready.send(READY)
            if reporter:
                reporter.start()

    noting, certificates = Noting(metrics, settings.access_log), _look_after(settings, certificate)
    run(sock, targets, say_ready, noting, certificates, settings.bounds)
    if reporter:
        reporter.stop()


def _look_after(settings: ServeSettings, certificate: Material | None) -> Certificates | None:
    """The certificate that the parent has, and from now on what its files hold; None where there is no TLS."""
    if settings.tls is None or certificate is None:
        return None
    certificates = Certificates(settings.tls, certificate)
    certificates.watch()
    return certificates


def _obey(orders: queue.SimpleQueue[signal.Signals]) -> None:
    """Put what the parent asks for, by signals or by being gone, into a queue."""
    for number in (signal.SIGTERM, RETIRE):
        # A simple queue may be put into while it is being put into.
        signal.signal(number, lambda number, _: orders.put(signal.Signals(number)))
    # A whole group is told to stop, or a terminal goes: the parent hears it too, and decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)
    _end_with_parent(lambda: orders.put(signal.SIGTERM))


def _pin(core: int | None) -> None:
    """Keep to one core, where the system can: the interpreter's lock that wanders between cores is a worker's cost."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, {core})


def _collect_less() -> None:
    """Look for lost cycles seldom, and never among what stays for ever: calls make next to none."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE_THRESHOLD, 20, 20)


def _take_name(name: str) -> None:
    """Be told apart in lists of processes, where the system can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(f"consent-{name}")


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
