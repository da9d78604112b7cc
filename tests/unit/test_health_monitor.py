"""Health while the storage gives no answer at all."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest
from grpc_health.v1 import health_pb2

from server.api import health
from server.api.endless import EndlessCalls
from server.storage.protocol import Storage

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Frozen:
    """A storage that says nothing until it thaws."""

    def __init__(self) -> None:
        self.thawed = threading.Event()

    def check(self) -> None:
        self.thawed.wait()


def test_a_storage_that_never_answers_is_not_serving_until_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "ANSWER_SECONDS", 0.01)
    storage, told, changed = Frozen(), [], threading.Event()
    monitor = health.HealthMonitor(cast("Storage", storage), [], EndlessCalls())

    def tell(service: str, status: Any) -> None:
        told.append(status)
        changed.set()

    monkeypatch.setattr(monitor.servicer, "set", tell)
    storage.thawed.set()
    monitor.judge()
    assert told == [SERVING]
    storage.thawed.clear()
    changed.clear()
    judging = threading.Thread(target=monitor.judge)
    judging.start()
    changed.wait()
    assert told == [SERVING, NOT_SERVING]
    storage.thawed.set()
    judging.join()
    assert told == [SERVING, NOT_SERVING, SERVING]
