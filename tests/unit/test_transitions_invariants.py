"""What holds after every history, whatever the table says: a no is never lost and never undone by accident."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.model import (
    ALL,
    SHIPPED_PURPOSES,
    Actor,
    LiftedBy,
    Purpose,
    Reach,
    Record,
    Rule,
    Scope,
    Sender,
    SenderKind,
    State,
    Strength,
)
from server.domain.policy import Reason, Verdict, decide
from server.domain.transitions import Move, Outcome, Statement, transition
from tests.unit.histories import HISTORIES, RECIPIENTS, SCOPES, UNFORCED_HISTORIES, World, statements

SENDERS = tuple(
    Sender(name, SenderKind.DEPARTMENT, double, None, Reach.SENDER, 0, 0)
    for name in ("dept", "other", "new")
    for double in (False, True)
)
PURPOSES = (
    *SHIPPED_PURPOSES,
    Purpose("promo", Rule.OPT_IN_REQUIRED, Strength.IMPLIED),
    Purpose("promo", Rule.OPT_OUT_ALLOWED),
)
Said = list[tuple[int, Statement]]


def _told(history: Said) -> tuple[World, list[tuple[Statement, Outcome]]]:
    world = World()
    return world, [(said, world.say(who, said)) for who, said in history]


def _lifters(no: Statement) -> tuple[Actor, ...]:
    return (Actor.RECIPIENT,) if no.lifted_by is LiftedBy.RECIPIENT else (Actor.RECIPIENT, Actor.BUSINESS)


def _answers(yes: Statement, no: Statement) -> bool:
    """Whether `yes` is one of the only statements that may ever stand against `no`."""
    if yes.move is not Move.OPT_IN or not yes.scope.covers(no.scope):
        return False
    return yes.force or (yes.actor in _lifters(no) and yes.effective_time > no.effective_time)


@settings(max_examples=250, deadline=None)
@given(HISTORIES)
def test_a_no_that_nobody_entitled_answered_still_denies(history: Said) -> None:
    world, told = _told(history)
    heard = [said for said, outcome in told if outcome.not_applied_reason is None]
    standing = [said for said, _ in told if said.move is Move.OPT_OUT and not any(_answers(yes, said) for yes in heard)]
    for no in standing:
        for who in RECIPIENTS:
            for sender in SENDERS:
                for purpose in PURPOSES:
                    if no.scope.covers(Scope(sender.id, purpose.id)):
                        decision = decide(sender, purpose, world.visible(who), 20)
                        assert (decision.verdict, decision.reason) == (Verdict.DENY, Reason.OPTED_OUT), no


@settings(max_examples=250, deadline=None)
@given(UNFORCED_HISTORIES)
def test_a_doubt_that_the_recipient_did_not_answer_still_denies(history: Said) -> None:
    world, told = _told(history)
    heard = [said for said, outcome in told if outcome.not_applied_reason is None]
    for doubt in (said for said, _ in told if said.move is Move.SUSPECT):
        firm = replace(doubt, lifted_by=LiftedBy.RECIPIENT)
        if not any(_answers(yes, firm) for yes in heard):
            for who in RECIPIENTS:
                for sender in SENDERS:
                    for purpose in PURPOSES:
                        if doubt.scope.covers(Scope(sender.id, purpose.id)):
                            assert decide(sender, purpose, world.visible(who), 20).verdict is Verdict.DENY


@settings(max_examples=250, deadline=None)
@given(UNFORCED_HISTORIES)
def test_only_a_yes_of_that_channel_allows(history: Said) -> None:
    world, told = _told(history)
    for who in RECIPIENTS:
        own_yeses = [said for (by, said), (_, outcome) in zip(history, told, strict=True)
                     if by == who and said.move is Move.OPT_IN and not outcome.not_applied_reason]  # fmt: skip
        for sender in SENDERS:
            for purpose in PURPOSES:
                asked = Scope(sender.id, purpose.id)
                decision = decide(sender, purpose, world.visible(who), 1)
                if decision.reason is Reason.OPTED_IN:
                    assert decision.record is not None
                    assert decision.record.recipient_id == who
                    assert any(yes.scope.covers(asked) for yes in own_yeses)


@settings(max_examples=150, deadline=None)
@given(HISTORIES)
def test_a_no_on_one_channel_denies_on_its_sibling(history: Said) -> None:
    world, _ = _told(history)
    for record in [r for r in world.records.values() if r.state is State.OPTED_OUT]:
        asked = (record.scope.sender, record.scope.purpose)
        sender = replace(SENDERS[0], id="new" if asked[0] == ALL else asked[0])
        purpose = replace(PURPOSES[2], id="any" if asked[1] == ALL else asked[1])
        assert {decide(sender, purpose, world.visible(who), 1).reason for who in RECIPIENTS} == {Reason.OPTED_OUT}


@settings(max_examples=150, deadline=None)
@given(HISTORIES)
def test_lifted_by_only_rises_while_a_no_stands(history: Said) -> None:
    _, told = _told(history)
    for _, outcome in told:
        for change in outcome.changes:
            if change.before.state is change.after.state is State.OPTED_OUT:
                assert change.before.lifted_by is not None
                assert change.after.lifted_by is not None
                assert change.after.lifted_by >= change.before.lifted_by
                assert change.after.effective_time >= change.before.effective_time
            assert (change.after.lifted_by is None) == (change.after.state is not State.OPTED_OUT)


@settings(max_examples=150, deadline=None)
@given(HISTORIES, st.sampled_from(RECIPIENTS), statements(), st.booleans())
def test_an_import_never_lifts(history: Said, who: int, said: Statement, force: bool) -> None:
    world, _ = _told(history)
    noes = _noes(world)
    world.say(who, replace(said, move=Move.OPT_IN, actor=Actor.IMPORT, strength=Strength.EXPRESS, force=force))
    assert _noes(world) == noes


@settings(max_examples=150, deadline=None)
@given(HISTORIES, st.sampled_from(RECIPIENTS), statements())
def test_carrier_and_system_lift_only_by_force(history: Said, who: int, said: Statement) -> None:
    for actor in (Actor.CARRIER, Actor.SYSTEM):
        world, _ = _told(history)
        noes = _noes(world)
        world.say(who, replace(said, move=Move.OPT_IN, actor=actor, strength=Strength.EXPRESS, force=False))
        assert _noes(world) == noes


@settings(max_examples=150, deadline=None)
@given(HISTORIES, st.sampled_from(RECIPIENTS), statements())
def test_a_refused_statement_changes_nothing_and_names_the_record(history: Said, who: int, said: Statement) -> None:
    world, _ = _told(history)
    before = dict(world.records)
    outcome = world.say(who, said)
    if outcome.not_applied_reason is not None:
        assert outcome.changes == ()
        assert world.records == before
    assert outcome.own == before.get((who, said.scope), Record(who, said.scope))
    if outcome.changes:
        assert outcome.changes[0].before == outcome.own
        assert outcome.changes[0].kind is said.move


@settings(max_examples=250, deadline=None)
@given(HISTORIES, st.sampled_from(RECIPIENTS), statements())
def test_the_same_again_changes_nothing(history: Said, who: int, said: Statement) -> None:
    world, _ = _told(history)
    first = world.say(who, said)
    before = dict(world.records)
    second = world.say(who, said)
    assert second.not_applied_reason == first.not_applied_reason
    assert second.changes == ()
    assert world.records == before


@settings(max_examples=150, deadline=None)
@given(HISTORIES, st.sampled_from(RECIPIENTS), statements())
def test_only_covered_scopes_change_and_each_once(history: Said, who: int, said: Statement) -> None:
    world, _ = _told(history)
    changes = world.say(who, said).changes
    changed = [(change.after.recipient_id, change.after.scope) for change in changes]
    assert len(set(changed)) == len(changed)
    for change in changes:
        assert said.scope.covers(change.after.scope)
        assert (change.before.recipient_id, change.before.scope) == (change.after.recipient_id, change.after.scope)
    for lift in changes[1:]:
        assert said.move is Move.OPT_IN
        assert lift.kind is Move.LIFT
        assert lift.after.state is not State.OPTED_IN or lift.before.state is State.OPTED_IN


@settings(max_examples=100, deadline=None)
@given(HISTORIES, st.sampled_from(RECIPIENTS), statements())
def test_the_order_of_the_records_does_not_matter(history: Said, who: int, said: Statement) -> None:
    world, _ = _told(history)
    records = world.visible(who)
    outcome, turned = transition(who, records, said), transition(who, records[::-1], said)
    assert outcome.own == turned.own
    assert outcome.not_applied_reason == turned.not_applied_reason
    assert set(outcome.changes) == set(turned.changes)


def _noes(world: World) -> set[tuple[int, Scope, LiftedBy | None]]:
    return {(r.recipient_id, r.scope, r.lifted_by) for r in world.records.values() if r.state is State.OPTED_OUT}


def test_the_scopes_of_the_histories_nest_and_cross() -> None:
    """The histories are worth something only where some scopes cover each other and some merely meet."""
    pairs = [(a, b) for a in SCOPES for b in SCOPES if a != b]
    assert any(a.covers(b) for a, b in pairs)
    assert Scope("dept") in SCOPES
    assert Scope(purpose="promo") in SCOPES
    assert not Scope("dept").covers(Scope(purpose="promo"))
