"""The parent process of `consent serve`: starts the others, says when they answer, replaces and ends them.

Workers share one port and each answers gRPC; the gateway answers JSON and calls the workers over a unix socket of each.
Whoever dies is started again. SIGHUP replaces them one by one; SIGTERM and SIGINT end all.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from multiprocessing.connection import wait
from pathlib import Path
from types import FrameType

import structlog

from server.admin import Admin
from server.child import Child
from server.domain.service_key import ServiceKeys
from server.metrics.families import CERTIFICATE, DEATHS
from server.places import END_SECONDS, Means, gateway_slot, worker_slots
from server.ports import Ports
from server.settings import ServeSettings
from server.slot import Slot
from server.tls import Certificates
from server.version import VERSION

_SAME_SIGNAL_SECONDS = 0.5
"""Who signals a process and then its group means one thing."""

log = structlog.get_logger()


class ProcessFailed(Exception):
    """A serving process did not start."""


def serve(
    settings: ServeSettings,
    keys: ServiceKeys,
    certificates: Certificates | None,
    ports: Ports,
    when_ready: Callable[[], None],
) -> None:
    """Serve on bound ports until SIGTERM or SIGINT, then finish what is under way. Raises ProcessFailed."""
    with tempfile.TemporaryDirectory(prefix="consent-") as private, _Orders() as orders, _admin(ports) as admin:
        log.info("the service starts", version=VERSION, processes=settings.processes)
        means = Means(settings, keys, certificates, ports, Path(private), admin)
        workers = worker_slots(means)
        gateway = gateway_slot(means, workers)
        supervisor = _Supervisor(workers, gateway, certificates, orders)
        if admin is not None:
            if certificates is not None:
                admin.metrics.read(CERTIFICATE, lambda: {(): certificates.newest.expires.timestamp()})
            admin.metrics.read(DEATHS, lambda: {(slot.name,): slot.deaths for slot in (*workers, gateway)})
        try:
            supervisor.start()
            if not orders.stop:
                when_ready()
            while not orders.stop:
                supervisor.go_on()
        finally:
            if admin is not None:
                admin.leave()
            # Held open here, the port would take connections that nobody answers once the gateway has ceased to.
            ports.http_socket.close()
            supervisor.end()


@contextlib.contextmanager
def _admin(ports: Ports) -> Iterator[Admin | None]:
    """The admin port, where there is one, while all others come and go."""
    if ports.admin_socket is None:
        yield None
        return
    admin = Admin(ports.admin_socket)
    admin.start()
    try:
        yield admin
    finally:
        admin.stop()


class _Orders:
    """What signals ask of the parent. Entered, it hears them; a wait for `woken` ends at each."""

    def __init__(self) -> None:
        self.stop = False
        self.at_once = False
        self.renew = False
        self._stop_time = 0.0
        self._hearing_stop = self._hearing_renew = False
        self.woken, self._wake = socket.socketpair()
        self._handlers = {
            signal.SIGTERM: self._hear_stop,
            signal.SIGINT: self._hear_stop,
            signal.SIGHUP: self._hear_renew,
        }

    def __enter__(self) -> _Orders:
        self.woken.setblocking(False)
        self._wake.setblocking(False)
        # Under nohup the signal is ignored at first: the service is to outlive its terminal.
        self._ends_with_terminal = _has_terminal() and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        return self

    def __exit__(self, *_: object) -> None:
        # All is done: who asks again while this process ends is not to make a bad end of it.
        for number in self._handlers:
            signal.signal(number, signal.SIG_IGN)
        self.woken.close()
        self._wake.close()

    def wait(self, children: Iterator[Child], timeout: float | None) -> None:
        """Return once a signal came, a process said that it answers or ended, or the time is over."""
        wait([self.woken, *(thing for child in children for thing in child.told_by)], timeout)
        with contextlib.suppress(BlockingIOError):
            self.woken.recv(4096)

    def _hear_stop(self, *_: int | FrameType | None) -> None:
        # A signal interrupts the handling of the one before; in a flood of them they would pile up without end.
        if self._hearing_stop:
            return
        self._hearing_stop = True
        now = time.monotonic()
        if not self.stop:
            self._stop_time = now
        self.at_once = self.at_once or (self.stop and now - self._stop_time > _SAME_SIGNAL_SECONDS)
        self.stop = True
        self._notify()
        self._hearing_stop = False

    def _hear_renew(self, *_: int | FrameType | None) -> None:
        if self._hearing_renew:
            return
        self._hearing_renew = True
        # A terminal that goes away says so by the same signal.
        if self._ends_with_terminal and not _has_terminal():
            self._hear_stop()
        else:
            self.renew = True
            self._notify()
        self._hearing_renew = False

    def _notify(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wake.send(b"!")


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


class _Supervisor:
    def __init__(self, workers: list[Slot], gateway: Slot, certificates: Certificates | None, orders: _Orders) -> None:
        self._workers = workers
        self._gateway = gateway
        self._certificates = certificates
        self._slots = [*workers, gateway]
        self._orders = orders
        self._renewing: Slot | None = None
        self._to_renew: deque[Slot] = deque()

    def start(self) -> None:
        """Start all, the workers at once and then the gateway, and wait until they answer. Raises ProcessFailed."""
        for slots in (self._workers, [self._gateway]):
            for slot in slots:
                slot.start()
            while not self._orders.stop and any(slot.serving is None for slot in slots):
                self._attend([slot for slot in self._slots if any(slot.children)])
                for slot in slots:
                    if slot.failed and not self._orders.stop:
                        raise ProcessFailed(f"{slot.name} did not start; the log tells why")

    def go_on(self) -> None:
        """Wait until something happens, and deal with it."""
        self._attend(self._slots)
        self._renew()

    def end(self) -> None:
        """End all, the gateway first: it finishes while the workers still answer it."""
        for slot in self._slots:
            slot.abandon()
        self._end([self._gateway])
        self._end(self._workers)

    def _attend(self, slots: list[Slot]) -> None:
        timeouts = [slot.waits for slot in slots if slot.waits is not None]
        self._orders.wait((child for slot in slots for child in slot.children), min(timeouts, default=None))
        if not self._orders.stop:
            for slot in slots:
                slot.tend()

    def _renew(self) -> None:
        """Replace the processes one by one, as long as each comes up."""
        if self._orders.renew and not self._to_renew and self._renewing is None:
            self._orders.renew = False
            if self._certificates:
                self._certificates.look(at_once=True)
            self._to_renew.extend(self._slots)
            log.info("the processes are replaced one by one")
        if self._renewing is not None and self._renewing.coming is None:
            if self._renewing.failed:
                log.error("the processes are not replaced", process=self._renewing.name)
                self._to_renew.clear()
            self._renewing = None
        if self._renewing is None and self._to_renew:
            self._renewing = self._to_renew.popleft()
            self._renewing.start()

    def _end(self, slots: list[Slot]) -> None:
        children = [child for slot in slots for child in slot.children]
        for child in children:
            child.terminate()
        while children := [child for child in children if not child.ended]:
            for child in children:
                if self._orders.at_once or child.age > END_SECONDS:
                    why = "was told to end at once" if self._orders.at_once else "did not end in time"
                    log.error(f"a serving process {why} and was killed", process=child.name, pid=child.pid)
                    child.kill()
            self._orders.wait(iter(children), 1.0)
