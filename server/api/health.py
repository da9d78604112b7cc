"""grpc.health.v1: SERVING while the database answers and its schema is at head."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog
from grpc_health.v1 import health, health_pb2

from server.domain.errors import ConsentError
from server.storage.protocol import Storage

log = structlog.get_logger()

CHECK_SECONDS = 1.0
_WATCHERS = 4


class HealthMonitor:
    """Asks the storage every second and tells the health servicer, for the whole server ("") and each service."""

    def __init__(self, storage: Storage, services: Sequence[str]) -> None:
        self._storage = storage
        self._services = ("", *services)
        self._stop = threading.Event()
        self._serving: bool | None = None
        self.servicer = health.HealthServicer(
            experimental_non_blocking=True, experimental_thread_pool=ThreadPoolExecutor(_WATCHERS)
        )
        self._tell(serving=False)
        self._thread = threading.Thread(target=self._run, name="consent-health", daemon=True)

    def start(self) -> None:
        """Judge once now, then every second."""
        self.judge()
        self._thread.start()

    def stop(self) -> None:
        """Answer NOT_SERVING from now on."""
        self._stop.set()
        self._tell(serving=False)

    def judge(self) -> None:
        """Ask the storage now."""
        try:
            self._storage.check()
        except ConsentError:
            self._tell(serving=False)
        else:
            self._tell(serving=True)

    def _run(self) -> None:
        while not self._stop.wait(CHECK_SECONDS):
            self.judge()

    def _tell(self, *, serving: bool) -> None:
        if serving is self._serving:
            return
        self._serving = serving
        status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for service in self._services:
            self.servicer.set(service, status)
        log.info("health", serving=serving)
