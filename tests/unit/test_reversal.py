"""Taking back a batch, told by small histories; and what holds whatever was said: no no is lost by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.ledger import Header, record_snapshot
from server.domain.model import Actor, LiftedBy, NotAppliedReason, Record, Scope, State, Strength
from server.domain.reversal import Reversals, reverse, unheard_since
from tests.unit.histories import HISTORIES, SMS, World
from tests.unit.test_replay import header

Said = Mapping[str, Any]
DEPT = Scope("dept")
BAD = "bad"
YES: Said = {"state": State.OPTED_IN, "strength": Strength.EXPRESS_WRITTEN, "actor": Actor.RECIPIENT}
WEAK: Said = {"state": State.OPTED_IN, "strength": Strength.IMPLIED, "actor": Actor.IMPORT}
NO: Said = {"state": State.OPTED_OUT, "lifted_by": LiftedBy.RECIPIENT, "actor": Actor.RECIPIENT}
FILED: Said = {**NO, "actor": Actor.IMPORT}
NOTHING: Said = {"state": State.NO_STATEMENT, "actor": Actor.RECIPIENT}


def event(
    revision: int, kind: str, said: Said, batch: str | None = None, scope: Scope = DEPT, actor: Actor = Actor.IMPORT
) -> Header:
    record = Record(7, scope, effective_time=revision, revision=revision, **said)
    return header(record_snapshot(record), revision, kind=kind, scope=scope, batch_id=batch, actor=actor)


def told(found: Reversals) -> list[tuple[State, Strength | None, int | None]]:
    return [(each.again.state, each.again.strength, each.again.suspect_time) for each in found.reversals]


CASES: dict[str, tuple[Sequence[Header], bool, list[object]]] = {
    "a yes of nothing": ([event(1, "OPT_IN", WEAK, BAD)], False, [(State.NO_STATEMENT, None, None)]),
    "a yes over a yes": (
        [event(1, "OPT_IN", YES), event(2, "OPT_IN", WEAK, BAD)],
        False,
        [(State.OPTED_IN, Strength.EXPRESS_WRITTEN, None)],
    ),
    "twice in one batch": (
        [event(1, "OPT_IN", YES), event(2, "OPT_IN", WEAK, BAD), event(3, "OPT_IN", YES, BAD)],
        False,
        [(State.OPTED_IN, Strength.EXPRESS_WRITTEN, None)],
    ),
    "restated since": ([event(1, "OPT_IN", WEAK, BAD), event(2, "OPT_IN", YES)], False, []),
    "a no since": ([event(1, "OPT_IN", WEAK, BAD), event(2, "OPT_OUT", NO)], True, []),
    "a no that was lifted stands again": (
        [event(1, "OPT_OUT", NO), event(2, "LIFT", NOTHING, BAD)],
        False,
        [(State.OPTED_OUT, None, None)],
    ),
    "a doubt since stays": (
        [event(1, "OPT_IN", WEAK, BAD), event(2, "SUSPECT", {**WEAK, "suspect_time": 9})],
        False,
        [(State.NO_STATEMENT, None, 9)],
    ),
    "a doubt that the batch answered comes back": (
        [event(1, "SUSPECT", {**NOTHING, "suspect_time": 4}), event(2, "OPT_IN", YES, BAD)],
        False,
        [(State.NO_STATEMENT, None, 4)],
    ),
    "a doubt that a person judged does not": (
        [
            event(1, "SUSPECT", {**NOTHING, "suspect_time": 4}),
            event(2, "OPT_IN", {**WEAK, "suspect_time": 4}, BAD),
            event(3, "CLEAR", WEAK),
        ],
        False,
        [(State.NO_STATEMENT, None, None)],
    ),
    "a no stays": ([event(1, "OPT_IN", YES), event(2, "OPT_OUT", FILED, BAD)], False, []),
    "a no is taken back where that is said": (
        [event(1, "OPT_IN", YES), event(2, "OPT_OUT", FILED, BAD)],
        True,
        [(State.OPTED_IN, Strength.EXPRESS_WRITTEN, None)],
    ),
    "a no of the recipient never": (
        [event(1, "OPT_IN", YES), event(2, "OPT_OUT", NO, BAD, actor=Actor.RECIPIENT)],
        True,
        [],
    ),
    "not beyond a no of the batch": (
        [event(1, "OPT_IN", YES), event(2, "OPT_OUT", NO, BAD, actor=Actor.BUSINESS), event(3, "OPT_IN", WEAK, BAD)],
        True,
        [(State.OPTED_OUT, None, None)],
    ),
    "what was taken back already": ([event(1, "OPT_IN", WEAK, BAD), event(2, "REVERT", NOTHING)], True, []),
    "another batch": ([event(1, "OPT_IN", WEAK, "good")], True, []),
    "nothing is told of a record that did not change": ([event(1, "OPT_IN", WEAK, BAD, actor=Actor.SYSTEM)], False, [
        (State.NO_STATEMENT, None, None)
    ]),
}  # fmt: skip


@pytest.mark.parametrize(("history", "noes", "again"), CASES.values(), ids=list(CASES))
def test_what_stands_again(history: Sequence[Header], noes: bool, again: list[object]) -> None:
    assert told(reverse(history, BAD, noes=noes)) == again


def test_what_stays_is_counted() -> None:
    kept = reverse([event(1, "OPT_OUT", FILED, BAD)], BAD, noes=False)
    restated = reverse([event(1, "OPT_OUT", FILED, BAD), event(2, "OPT_IN", YES)], BAD, noes=True)
    assert [(each.kept_noes, each.restated) for each in (kept, restated)] == [(1, 0), (0, 1)]


def test_a_no_that_a_bad_yes_silenced_is_heard_again() -> None:
    late = header("{}", 3, applied=False, not_applied_reason=NotAppliedReason.SUPERSEDED, effective_time=2)
    early = header("{}", 1, applied=False, not_applied_reason=NotAppliedReason.SUPERSEDED)
    elsewhere = header("{}", 4, applied=False, not_applied_reason=NotAppliedReason.SUPERSEDED, scope=Scope("x"))
    history = [early, event(2, "OPT_IN", YES, BAD), late, elsewhere]
    (heard,) = unheard_since(history, reverse(history, BAD, noes=False).reversals)
    assert (heard.move, heard.scope, heard.actor, heard.effective_time) == ("OPT_OUT", DEPT, Actor.RECIPIENT, 2)
    assert heard.lifted_by is LiftedBy.RECIPIENT


def _history(said: Sequence[Any], marked: Sequence[bool]) -> list[Header]:
    """The SMS recipient's events of a history, some of them of the bad batch."""
    world = World()
    events: list[Header] = []
    for (who, statement), bad in zip(said, marked, strict=True):
        for change in world.say(who, statement).changes:
            if change.after.recipient_id == SMS:
                revision = len(events) + 1
                after = record_snapshot(change.after)
                batch = BAD if bad else None
                events.append(
                    header(after, revision, kind=change.kind, scope=change.after.scope, batch_id=batch,
                           actor=statement.actor, recipient_id=SMS)
                )  # fmt: skip
    return events


@settings(max_examples=150, deadline=None)
@given(HISTORIES, st.integers(0, 2**30), st.booleans())
def test_no_no_of_a_person_and_no_doubt_is_ever_lost(said: Sequence[Any], seed: int, noes: bool) -> None:
    random = Random(seed)
    history = _history(said, [random.random() < 0.5 for _ in said])
    for reversal in reverse(history, BAD, noes=noes).reversals:
        now, again = reversal.now, reversal.again
        if now.state is State.OPTED_OUT:
            assert noes
            assert now.actor is Actor.IMPORT
        assert now.suspect_time is None or (again.suspect_time or 0) >= now.suspect_time
        since = [each for each in history if each.scope == now.scope and each.revision >= reversal.first_revision]
        assert {each.batch_id for each in since if each.kind not in ("SUSPECT", "REQUEST", "CLEAR")} == {BAD}
