"""The soak suite's short form, and its judge: what grows or slows down, it finds."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from server.api.capacity import USUAL
from server.cli.output import meter
from tests.bench.loads import GRPC_OK
from tests.bench.questions import CHECK
from tests.servicer import tenants
from tests.servicer.samples import sample
from tests.torture.load.flood import Flow, Flowed, flood
from tests.torture.load.here import serving_here
from tests.torture.load.watching import Look
from tests.torture.soak import suite
from tests.torture.trial import Promise, Trial

RATE, SECONDS, CONNECTIONS = 200, 0.3, 4
QUIET = Look(100.0, 20, 30)
GOOD = Flowed(1.0, 9, 0, {GRPC_OK: 9}, (0.002,) * 101, (), 0, 0, 9, 0.0)


def test_calls_leave_neither_descriptors_nor_threads_behind(tmp_path: Path) -> None:
    message = sample("CheckConsent").SerializeToString()
    with serving_here(tmp_path, USUAL) as port:
        flow = Flow(port, CHECK, [message], RATE, CONNECTIONS, SECONDS, (("x-api-key", tenants.READER),))
        looks = []
        for _ in range(3):
            flowed = flood(flow)
            assert flowed.statuses == {GRPC_OK: flowed.arrived}
            looks.append(Look.at(os.getpid()))
    assert looks[1].threads == looks[2].threads
    assert looks[2].descriptors <= looks[1].descriptors + CONNECTIONS


def _judged(tmp_path: Path, asked: list[Flowed], looks: list[Look]) -> dict[str, Promise]:
    promises = {text: Promise(text) for text in suite.SUITE.promises}
    with meter(100) as shown:
        trial = Trial("soak", 1, 1.0, tmp_path, shown, promises)
        suite.judge(trial, [(flowed, GOOD, look) for flowed, look in zip(asked, looks, strict=True)])
    return promises


def test_what_stays_as_it_is_holds(tmp_path: Path) -> None:
    assert all(promise.held for promise in _judged(tmp_path, [GOOD] * 6, [QUIET] * 6).values())


@pytest.mark.parametrize(
    ("promise", "flowed", "look"),
    [
        (suite.MEMORY, GOOD, replace(QUIET, megabytes=150.0)),
        (suite.DESCRIPTORS, GOOD, replace(QUIET, descriptors=30)),
        (suite.DESCRIPTORS, GOOD, replace(QUIET, threads=31)),
        (suite.LATENCY, replace(GOOD, accepted=(0.02,) * 101), QUIET),
        (suite.ANSWERS, replace(GOOD, statuses={GRPC_OK: 8, 14: 1}), QUIET),
        (suite.ANSWERS, replace(GOOD, held_back=1), QUIET),
        (suite.ANSWERS, replace(GOOD, unanswered=1), QUIET),
    ],
)
def test_what_grows_slows_down_or_is_refused_is_found(tmp_path: Path, promise: str, flowed: Flowed, look: Look) -> None:
    found = _judged(tmp_path, [GOOD] * 4 + [flowed] * 2, [QUIET] * 4 + [look] * 2)
    assert [text for text, one in found.items() if not one.held] == [promise]
