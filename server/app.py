"""The composition root: what is made of what. Nothing else knows every part."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from server.api.auth import Authenticator
from server.api.server import ConsentServer, build_server, mount_services
from server.api.streams import Streams
from server.api.threads import CHECKING_THREADS, CHECKING_THREADS_REMOTE, CallThreads
from server.domain.errors import StorageUnavailable
from server.domain.service_key import ServiceKeys
from server.metrics.metrics import Metrics
from server.storage.database import SqlStorage, open_storage, wall_clock
from server.storage.engines import is_postgres
from server.usecases.idempotency import RETENTION

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Application:
    """A server with the storage beneath it."""

    storage: SqlStorage
    server: ConsentServer
    metrics: Metrics

    def start(self) -> None:
        """Clear what need not be kept any longer, then serve: also where the database is not ready yet."""
        try:
            self.storage.forget_answers(wall_clock() - RETENTION)
        except StorageUnavailable:
            log.warning("old answers are kept until the next start")
        self.server.start()

    def stop(self, grace_seconds: float) -> None:
        """Finish the calls that are under way, then let go of the database."""
        self.server.stop(grace_seconds)
        self.storage.close()


def build(
    database: str,
    keys: ServiceKeys,
    addresses: list[str],
    *,
    connection_age: int | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Application:
    """Build a server on a prepared database that will listen at `addresses`, each connection for so many seconds.

    Raises DatabaseUnusable, RuntimeError.
    """
    storage = open_storage(database, keys)
    metrics = Metrics()
    authenticator = Authenticator(storage, keys, wall_clock, monotonic)
    streams = Streams()
    threads = CallThreads(CHECKING_THREADS_REMOTE if is_postgres(database) else CHECKING_THREADS)
    mounted = mount_services(storage, keys, authenticator, metrics, streams, threads)
    server = build_server(storage, mounted, addresses, streams, connection_age)
    return Application(storage, server, metrics)
