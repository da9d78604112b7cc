"""The load suite's short form: a flood of calls that do not wait for one another, on a server that takes few."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.api import lane, lanes
from server.api.capacity import Capacity
from tests.bench.loads import GRPC_OK
from tests.bench.questions import CHECK
from tests.servicer import tenants
from tests.servicer.samples import sample
from tests.torture.load import suite
from tests.torture.load.flood import Flow, Flowed, flood
from tests.torture.load.here import serving_here
from tests.torture.load.watching import watching

RATE, SECONDS, CONNECTIONS = 20_000, 1.0, 4
KEY = (("x-api-key", tenants.READER),)


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server that lets few wait, and those not for long."""
    monkeypatch.setattr(lanes, "CHECKS_WAITING", 16)
    monkeypatch.setattr(lane, "PATIENCE_SECONDS", 0.05)
    with serving_here(tmp_path, Capacity(calls=300)) as found:
        yield found


def _flow(port: int, seconds: float, rate: float) -> Flowed:
    message = sample("CheckConsent").SerializeToString()
    return flood(Flow(port, CHECK, [message], rate, CONNECTIONS, seconds, KEY))


def test_a_flood_is_answered_in_part_refused_in_part_and_survived(port: int) -> None:
    with watching(os.getpid(), port) as watched:
        flowed = _flow(port, SECONDS, RATE)
        while not watched.health and not watched.failed:
            pass
    assert flowed.statuses[GRPC_OK]
    assert flowed.statuses[suite.UNAVAILABLE]
    assert set(flowed.statuses) == {GRPC_OK, suite.UNAVAILABLE}
    assert (flowed.lost_connections, flowed.unanswered) == (0, 0)
    assert watched.failed == []
    after = _flow(port, 0.2, 50)
    assert after.statuses == {GRPC_OK: after.arrived}
