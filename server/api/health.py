"""grpc.health.v1: SERVING while the database answers and its schema is at head."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import grpc
import structlog
from grpc_health.v1 import health, health_pb2

from server.api.endless import EndlessCalls
from server.domain.errors import ConsentError
from server.storage.protocol import Storage

log = structlog.get_logger()

CHECK_SECONDS = 1.0
ANSWER_SECONDS = 5.0
_WATCHERS = 4


class _HealthServicer(health.HealthServicer):
    """grpc.health.v1, with an end to its watches."""

    def __init__(self, endless: EndlessCalls) -> None:
        self._endless = endless
        pool = ThreadPoolExecutor(_WATCHERS)
        super().__init__(experimental_non_blocking=True, experimental_thread_pool=pool)  # type: ignore[no-untyped-call]

    def Watch(
        self,
        request: health_pb2.HealthCheckRequest,
        context: grpc.ServicerContext,
        send_response_callback: Callable[[health_pb2.HealthCheckResponse | None], None] | None = None,
    ) -> object:
        """Tell the status and its changes."""
        self._endless.add(context)
        return super().Watch(request, context, send_response_callback)  # type: ignore[no-untyped-call]


class HealthMonitor:
    """Asks the storage every second and tells the health servicer, for the whole server ("") and each service."""

    def __init__(self, storage: Storage, services: Sequence[str], endless: EndlessCalls) -> None:
        self._storage = storage
        self._services = ("", *services)
        self._stop = threading.Event()
        self._serving: bool | None = None
        self.servicer = _HealthServicer(endless)
        self._tell(serving=False)
        self._thread = threading.Thread(target=self._run, name="consent-health", daemon=True)

    @property
    def serving(self) -> bool:
        """What is told."""
        return bool(self._serving)

    def start(self) -> None:
        """Judge once now, then every second."""
        self.judge()
        self._thread.start()

    def stop(self) -> None:
        """Answer NOT_SERVING from now on."""
        self._stop.set()
        self._tell(serving=False)

    def judge(self) -> None:
        """Ask the storage now; while it has no answer for too long, it is not serving."""
        late = threading.Timer(ANSWER_SECONDS, self._tell, kwargs={"serving": False})
        late.daemon = True
        late.start()
        try:
            self._storage.check()
        except ConsentError:
            self._tell(serving=False)
        except Exception:
            log.exception("the health of the storage could not be judged")
            self._tell(serving=False)
        else:
            self._tell(serving=True)
        finally:
            late.cancel()

    def _run(self) -> None:
        while not self._stop.wait(CHECK_SECONDS):
            self.judge()

    def _tell(self, *, serving: bool) -> None:
        if serving is self._serving:
            return
        self._serving = serving
        status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for service in self._services:
            self.servicer.set(service, status)  # type: ignore[no-untyped-call]
        log.info("health", serving=serving)
