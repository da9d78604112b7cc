"""grpc.health.v1: SERVING while the database answers and its schema is at head."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import grpc
import structlog
from grpc_health.v1 import health_pb2

from server.api.endless import EndlessCalls
from server.api.lanes import Lanes
from server.domain.errors import ConsentError
from server.storage.protocol import Storage

log = structlog.get_logger()

CHECK_SECONDS = 1.0
ANSWER_SECONDS = 5.0
TELLING_SECONDS = 1.0
"""How long an end waits until all who watch have been told of it."""
_Answer = health_pb2.HealthCheckResponse


class _Board:
    """grpc.health.v1, in threads of its own. A watcher that takes nothing holds up no other caller.

    (grpcio's own sends to its watchers one after the other, while whoever asks waits.)
    """

    def __init__(self, services: Sequence[str], endless: EndlessCalls) -> None:
        self._services = frozenset(services)
        self._endless = endless
        self._changed = threading.Condition()
        self._status = _Answer.NOT_SERVING
        # What was sent to each who watches, last.
        self._told: dict[grpc.ServicerContext, int | None] = {}

    def set(self, *, serving: bool) -> None:
        """Tell everybody."""
        with self._changed:
            self._status = _Answer.SERVING if serving else _Answer.NOT_SERVING
            self._changed.notify_all()

    def check(self, request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext) -> _Answer:
        """Tell the status now."""
        if request.service not in self._services:
            context.set_code(grpc.StatusCode.NOT_FOUND)
            return _Answer()
        return _Answer(status=self._status)

    def list(self, _: health_pb2.HealthListRequest, __: grpc.ServicerContext) -> health_pb2.HealthListResponse:
        """Tell the status of all there is."""
        return health_pb2.HealthListResponse(
            statuses={service: _Answer(status=self._status) for service in sorted(self._services)}
        )

    def watch(self, request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext) -> Iterator[_Answer]:
        """Tell the status and its changes."""
        with self._changed:
            self._told[context] = None
        try:
            context.add_callback(self._wake)
            self._endless.add(context)
            told = None
            while context.is_active():
                status = self._status
                answer = status if request.service in self._services else _Answer.SERVICE_UNKNOWN
                if answer != told:
                    told = answer
                    # Whoever asks for what comes next has sent this.
                    yield _Answer(status=answer)
                with self._changed:
                    self._told[context] = status
                    self._changed.notify_all()
                    if context.is_active() and self._status == status:
                        self._changed.wait(CHECK_SECONDS)
        finally:
            with self._changed:
                del self._told[context]
                self._changed.notify_all()

    def await_told(self, patience_seconds: float) -> None:
        """Return once all who watch know the status, or after a while: some take nothing."""
        with self._changed:
            self._changed.wait_for(lambda: all(told == self._status for told in self._told.values()), patience_seconds)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


class HealthMonitor:
    """Asks the storage every second and tells the health servicer, for the whole server ("") and each service."""

    def __init__(self, storage: Storage, services: Sequence[str], endless: EndlessCalls, lanes: Lanes) -> None:
        self._storage = storage
        self._stop = threading.Event()
        self._telling = threading.Lock()
        self._serving: bool | None = None
        self.board = _Board(("", *services), endless)
        self.servicer = SimpleNamespace(
            Check=_in_lane(self.board.check, lanes.health),
            List=_in_lane(self.board.list, lanes.health),
            Watch=_in_lane(self.board.watch, lanes.health_watches),
        )
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
        """Answer NOT_SERVING from now on, and see to it that those who watch know."""
        self._stop.set()
        self._tell(serving=False)
        self.board.await_told(TELLING_SECONDS)

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
        with self._telling:
            # What was judged before the end is not told after it.
            serving = serving and not self._stop.is_set()
            if serving is self._serving:
                return
            self._serving = serving
            self.board.set(serving=serving)
        log.info("health", serving=serving)


def _in_lane(method: Callable[..., Any], lane: object) -> Callable[..., Any]:
    def behave(request: Any, context: grpc.ServicerContext) -> Any:
        return method(request, context)

    behave.experimental_thread_pool = lane  # type: ignore[attr-defined] # grpcio looks for it here
    return behave
