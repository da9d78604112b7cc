"""Which payloads may go, told by small histories; and what a PRUNED event says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.ledger import Header, record_snapshot, snapshot
from server.domain.model import Actor, LiftedBy, NotAppliedReason, Record, Scope, State, Strength
from server.domain.retention import Pruned, prunable, ranges
from tests.unit.test_replay import header

Said = Mapping[str, Any]
DEPT = Scope("dept")
YES: Said = {"state": State.OPTED_IN, "strength": Strength.EXPRESS_WRITTEN, "actor": Actor.RECIPIENT}
START: Said = {"state": State.OPTED_IN, "strength": Strength.EXPRESS, "actor": Actor.RECIPIENT}
NO: Said = {"state": State.OPTED_OUT, "lifted_by": LiftedBy.RECIPIENT, "actor": Actor.RECIPIENT}
NOTHING: Said = {"state": State.NO_STATEMENT, "actor": Actor.RECIPIENT}
DOUBT: Said = {**NOTHING, "suspect_time": 5}
ASKED: Said = {**NOTHING, "request_time": 5}
FOR_EVER = 10**9


def event(revision: int, kind: str, said: Said, scope: Scope = DEPT, moment: int = 5) -> Header:
    record = Record(7, scope, effective_time=moment, revision=revision, **said)
    return header(record_snapshot(record), revision, kind=kind, scope=scope)


def refused(revision: int) -> Header:
    return header("{}", revision, applied=False, not_applied_reason=NotAppliedReason.SUPERSEDED)


HISTORIES: dict[str, tuple[list[Header], list[int]]] = {
    "a yes stands": ([event(1, "OPT_IN", YES)], []),
    "a yes was taken back": ([event(1, "OPT_IN", YES), event(2, "OPT_OUT", NO)], [1]),
    "a no stands": ([event(1, "OPT_OUT", NO), event(2, "OPT_OUT", NO)], []),
    "a later yes keeps what an earlier one proves": ([event(1, "OPT_IN", YES), event(2, "OPT_IN", START)], []),
    "two scopes are judged apart": ([event(1, "OPT_IN", YES), event(2, "OPT_OUT", NO, Scope())], []),
    "a doubt stands": ([event(1, "SUSPECT", DOUBT), event(2, "OPT_IN", {**YES, "suspect_time": 5})], []),
    "a doubt was cleared": ([event(1, "SUSPECT", DOUBT), event(2, "OPT_IN", YES)], [1]),
    "a newer doubt": ([event(1, "SUSPECT", DOUBT), event(2, "OPT_OUT", {**NO, "suspect_time": 9})], [1]),
    "a request stands": ([event(1, "REQUEST", ASKED), event(2, "OPT_IN", {**YES, "request_time": 5})], []),
    "a request was answered": ([event(1, "REQUEST", ASKED), event(2, "OPT_IN", YES)], [1]),
    "a clearing leaves the yes its proof": (
        [event(1, "OPT_IN", YES), event(2, "SUSPECT", {**YES, "suspect_time": 9}), event(3, "CLEAR", YES)],
        [],
    ),
    "without effect": ([event(1, "OPT_OUT", NO), refused(2)], [2]),
    "of no consent": ([event(1, "ERASED", NO), event(2, "HOLD", NO)], []),
    "a reversal needs the old proofs": (
        [
            event(1, "OPT_IN", YES, moment=3),
            event(2, "OPT_IN", START, moment=4),
            event(3, "OPT_OUT", NO, moment=6),
            event(4, "REVERT", START, moment=4),
        ],
        [3],
    ),
    "until what was restored ends": (
        [
            event(1, "OPT_IN", YES, moment=3),
            event(2, "OPT_OUT", NO, moment=6),
            event(3, "REVERT", YES, moment=3),
            event(4, "OPT_OUT", NO, moment=9),
        ],
        [1, 2, 3],
    ),
    "a reversal of a reversal's world": (
        [
            event(1, "OPT_IN", YES, moment=3),
            event(2, "OPT_OUT", NO, moment=6),
            event(3, "REVERT", YES, moment=3),
            event(4, "OPT_OUT", NO, moment=9),
            event(5, "REVERT", YES, moment=3),
        ],
        [2, 4],
    ),
}


@pytest.mark.parametrize(("history", "gone"), HISTORIES.values(), ids=list(HISTORIES))
def test_what_may_go(history: list[Header], gone: list[int]) -> None:
    assert prunable(history, FOR_EVER) == gone


def test_the_time_counts_from_when_it_ceased_to_stand() -> None:
    """Events of these histories are recorded at ten times their revision."""
    history = [event(1, "OPT_IN", YES), event(5, "OPT_OUT", NO), refused(6)]
    assert [prunable(history, before) for before in (10, 50, 51, 60, 61)] == [[], [], [1], [1], [1, 6]]


REVISIONS = st.sets(st.integers(1, 60))


@given(REVISIONS, REVISIONS)
def test_a_pruned_event_names_exactly_its_revisions(first: set[int], second: set[int]) -> None:
    pruned = Pruned()
    for revision, named in ((100, first), (101, second)):
        after = snapshot({"revisions": ranges(named)})
        pruned.add([header(after, revision, kind="PRUNED", recipient_id=None)])
    assert {revision for revision in range(62) if pruned.names(revision)} == first | second
    assert pruned.read_to == 101


def test_a_pruned_event_says_nothing_of_what_comes_after_it() -> None:
    pruned = Pruned()
    pruned.add([header(snapshot({"revisions": [[1, 3], [5, 9]]}), 7, kind="PRUNED")])
    assert [revision for revision in range(12) if pruned.names(revision)] == [1, 2, 3]


def test_ranges_join_what_is_without_a_gap() -> None:
    assert ranges([9, 3, 1, 2, 7, 8]) == [(1, 3), (7, 9)]
