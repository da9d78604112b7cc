"""The kill suite's short form on each engine, and its judge: what it is there to find, it finds."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from server.demo import BRAND
from tests.torture.kill import judge
from tests.torture.kill.history import Looked, Told
from tests.torture.kill.spell import PROMISES, Spell
from tests.torture.kill.suite import engine_homes

STRIKES = {"sqlite": "worker", "postgres": "postmaster"}
"""tests/e2e kills parents and whole services, which costs another start each."""
ANN = "+16502530000"


@pytest.mark.parametrize("engine", STRIKES)
def test_what_is_promised_holds_over_kills(engine: str, tmp_path: Path) -> None:
    broken: list[str] = []
    examined: Counter[str] = Counter()

    def hold(promise: str, cases: Iterable[str], times: int) -> None:
        broken.extend(f"{promise}: {case}" for case in cases)
        examined[promise] += times

    with engine_homes(engine, tmp_path) as (homes, kinds):
        spell = Spell(next(homes), random.Random(), hold, ("--processes", "1"), enough=5, most_wait=0.1)
        spell.suffer([(STRIKES[engine], kinds[STRIKES[engine]])])
    assert broken == []
    assert all(examined[promise] for promise in PROMISES), examined
    assert spell.struck == {STRIKES[engine]: 1}


def told(yes: bool, began: float, answered: float | None, revision: int = 0) -> Told:
    return Told(f"{'yes' if yes else 'no'}-{began}", ANN, yes, began, answered, revision)


def looked(began: float, allowed: bool = True, revision: int = 0, purpose: str = "transactional") -> Looked:
    return Looked(BRAND, purpose, ANN, began, began + 0.5, allowed, revision)


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ([told(True, 0, 1), told(False, 2, 3)], looked(3.1)),
        ([told(False, 2, 3), told(True, 4, 5)], looked(3.1)),
        ([told(False, 2, 3), told(True, 3, 4), told(False, 5, 6)], looked(6.1)),
    ],
)
def test_a_yes_after_a_no_is_found(said: list[Told], asked: Looked) -> None:
    assert len(list(judge.allowed_after_a_no(said, [asked]))) == 1


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ([told(True, 0, 1), told(False, 2, 3)], looked(3.1, allowed=False)),
        ([told(False, 2, 3)], looked(2.9)),
        ([told(False, 2, None)], looked(9)),
        ([told(False, 2, 3), told(True, 3.2, None)], looked(3.1)),
        ([told(False, 2, 3), told(True, 2.5, 4)], looked(3.1)),
    ],
)
def test_what_may_be_right_is_not_blamed(said: list[Told], asked: Looked) -> None:
    assert list(judge.allowed_after_a_no(said, [asked])) == []


def test_what_is_lost_doubled_or_made_up_is_found() -> None:
    said = [told(True, 0, 1), told(True, 2, 3), told(True, 4, None), told(True, 6, None)]
    found = Counter({"yes-2": 2, "yes-4": 2, "yes-9": 1})
    assert len(list(judge.lost_or_doubled(said, found))) == 2
    assert len(list(judge.doubled_or_made_up(said, found))) == 2


def test_a_check_of_an_older_state_than_was_known_is_found() -> None:
    assert list(judge.behind([told(True, 0, 1, revision=7)], [looked(0.9, revision=6), looked(1.1, revision=7)])) == []
    assert len(list(judge.behind([told(True, 0, 1, revision=7)], [looked(1.1, revision=6)]))) == 1
    assert len(list(judge.behind([], [looked(1, revision=7), looked(2, revision=6)]))) == 1


def test_a_verdict_that_the_ledger_does_not_bear_out_is_found() -> None:
    allowed_by_nobody = looked(1, revision=1, purpose="informational")
    assert len(list(judge.wrong_verdicts([], [allowed_by_nobody]))) == 1
    assert len(list(judge.wrong_verdicts([], [looked(1, allowed=False, revision=1)]))) == 1
    assert list(judge.wrong_verdicts([], [looked(1, revision=1)])) == []


def test_an_event_that_a_watcher_missed_is_found() -> None:
    assert list(judge.missed_or_repeated([(1, b"a")], [], "hers")) == ["hers: saw 1 events of 0"]
