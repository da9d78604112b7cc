"""Health while the storage gives no answer at all."""

from __future__ import annotations

import threading
from typing import cast

import pytest

from server.api import health
from server.api.endless import EndlessCalls
from server.api.lanes import Lanes
from server.metrics.metrics import Metrics
from server.storage.protocol import Storage


class Frozen:
    """A storage that says nothing until it thaws."""

    def __init__(self) -> None:
        self.thawed = threading.Event()

    def check(self) -> None:
        self.thawed.wait()


def test_a_storage_that_never_answers_is_not_serving_until_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "ANSWER_SECONDS", 0.01)
    storage, told, changed = Frozen(), [], threading.Event()
    monitor = health.HealthMonitor(cast("Storage", storage), [], EndlessCalls(), Lanes(Metrics()))

    def tell(*, serving: bool) -> None:
        told.append(serving)
        changed.set()

    monkeypatch.setattr(monitor.board, "set", tell)
    storage.thawed.set()
    monitor.judge()
    assert told == [True]
    storage.thawed.clear()
    changed.clear()
    judging = threading.Thread(target=monitor.judge)
    judging.start()
    changed.wait()
    assert told == [True, False]
    storage.thawed.set()
    judging.join()
    assert told == [True, False, True]
