"""The composition root: what is made of what. Nothing else knows every part."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from server.api.auth import Authenticator
from server.api.capacity import USUAL, Capacity
from server.api.figures import FigureMonitor
from server.api.lanes import CHECKING_THREADS, CHECKING_THREADS_REMOTE, Lanes
from server.api.rates import CallRates
from server.api.server import ConsentServer, build_server, mount_services
from server.api.streams import Streams
from server.domain.errors import StorageUnavailable
from server.domain.service_key import ServiceKeys
from server.metrics.families import POOL, POOL_SIZE, SERVING, WATCHES, Labels
from server.metrics.metrics import Metrics
from server.storage.database import SqlStorage, open_storage, wall_clock
from server.storage.engines import is_postgres
from server.telemetry import AccessLog
from server.tls import Certificates
from server.usecases.idempotency import RETENTION

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Application:
    """A server with the storage beneath it."""

    storage: SqlStorage
    server: ConsentServer
    metrics: Metrics
    figures: FigureMonitor | None = None

    def start(self) -> None:
        """Clear what need not be kept any longer, then serve: also where the database is not ready yet."""
        try:
            self.storage.forget_answers(wall_clock() - RETENTION)
        except StorageUnavailable:
            log.warning("old answers are kept until the next start")
        self.server.start()
        if self.figures:
            self.figures.start()

    def stop(self, grace_seconds: float) -> None:
        """Finish the calls that are under way, then let go of the database."""
        self.server.stop(grace_seconds)
        if self.figures:
            self.figures.stop()
        self.storage.close()


def build(
    database: str,
    keys: ServiceKeys,
    addresses: list[str],
    *,
    connection_age: int | None = None,
    name: str = "grpc0",
    tells_figures: bool = True,
    certificates: Certificates | None = None,
    access_log: AccessLog = "errors",
    capacity: Capacity = USUAL,
    monotonic: Callable[[], float] = time.monotonic,
) -> Application:
    """Build a server on a prepared database that will listen at `addresses`, each connection for so many seconds.

    Its metrics call the process by its `name`; one process of all is to tell the figures of the database. With
    `certificates` it speaks TLS, but for its private sockets.

    Raises DatabaseUnusable, RuntimeError.
    """
    metrics = Metrics()
    storage = open_storage(database, keys, metrics=metrics)
    authenticator = Authenticator(storage, keys, wall_clock, monotonic)
    streams = Streams(capacity)
    lanes = Lanes(metrics, capacity, CHECKING_THREADS_REMOTE if is_postgres(database) else CHECKING_THREADS)
    rates = CallRates(capacity, monotonic, metrics)
    mounted = mount_services(storage, keys, authenticator, metrics, streams, lanes, rates, access_log)
    server = build_server(storage, mounted, addresses, streams, connection_age, certificates, lanes=lanes)
    _tell_state(metrics, name, storage, streams, server)
    figures = FigureMonitor(storage, wall_clock, metrics) if tells_figures else None
    return Application(storage, server, metrics, figures)


def _tell_state(metrics: Metrics, name: str, storage: SqlStorage, streams: Streams, server: ConsentServer) -> None:
    """Let the metrics tell what this process holds at the moment."""

    def pool() -> dict[Labels, float]:
        use = storage.pool_use
        return {(name, "lent"): use.lent, (name, "idle"): use.idle} if use else {}

    def pool_size() -> dict[Labels, float]:
        use = storage.pool_use
        return {(name,): use.size} if use else {}

    metrics.read(SERVING, lambda: {(name,): server.health.serving})
    metrics.read(WATCHES, lambda: {(): streams.watches})
    metrics.read(POOL, pool)
    metrics.read(POOL_SIZE, pool_size)
