"""The named cases of DESIGN section 3, one by one. Times are small numbers; scopes a department and its purposes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.domain.model import Actor, LiftedBy, NotAppliedReason, Record, Scope, State, Strength
from server.domain.transitions import Move, Statement, transition
from tests.unit.histories import DEPT, RCS, SMS, World, opt_in, opt_out, request, suspect

PROMO = Scope("dept", "promo")
EVERYBODY = Scope()
PROMO_OF_ALL = Scope(purpose="promo")
BUSINESS, RECIPIENT = Actor.BUSINESS, Actor.RECIPIENT
PROTECTED = NotAppliedReason.PROTECTED_OPT_OUT
WIDER = NotAppliedReason.WIDER_OPT_OUT
SUPERSEDED = NotAppliedReason.SUPERSEDED

BUSINESS_NO = opt_out(actor=BUSINESS, lifted_by=LiftedBy.BUSINESS, moment=5)
STOP = opt_out(moment=5)

CASES = {
    # a no and who may lift it
    "the recipient lifts its own no": (STOP, opt_in(moment=6), None),
    "the business does not lift the recipient's no": (STOP, opt_in(moment=6, actor=BUSINESS), PROTECTED),
    "the recipient lifts the business's no": (BUSINESS_NO, opt_in(moment=6), None),
    "the business lifts its own no": (BUSINESS_NO, opt_in(moment=6, actor=BUSINESS), None),
    "a business's no on the customer's word is the recipient's": (
        opt_out(actor=BUSINESS, moment=5),
        opt_in(moment=6, actor=BUSINESS),
        PROTECTED,
    ),
    "an import lifts nothing": (BUSINESS_NO, opt_in(moment=6, actor=Actor.IMPORT), PROTECTED),
    "an import lifts nothing by force": (BUSINESS_NO, opt_in(moment=6, actor=Actor.IMPORT, force=True), PROTECTED),
    "a carrier lifts nothing": (BUSINESS_NO, opt_in(moment=6, actor=Actor.CARRIER), PROTECTED),
    "the system lifts nothing": (BUSINESS_NO, opt_in(moment=6, actor=Actor.SYSTEM), PROTECTED),
    "force lifts what stands at the scope": (STOP, opt_in(moment=6, actor=BUSINESS, force=True), None),
    "force lifts even with an older yes": (STOP, opt_in(moment=1, actor=BUSINESS, force=True), None),
    # order in the world
    "a yes as old as the no does not lift": (STOP, opt_in(moment=5), SUPERSEDED),
    "a yes older than the no does not lift": (STOP, opt_in(moment=4), SUPERSEDED),
    "who may not lift is told so before when": (STOP, opt_in(moment=4, actor=BUSINESS), PROTECTED),
    "a no older than the recipient's yes is late": (opt_in(moment=5), opt_out(moment=4), SUPERSEDED),
    "a no as old as the recipient's yes stands": (opt_in(moment=5), opt_out(moment=5), None),
    "a no older than the business's yes stands": (opt_in(moment=5, actor=BUSINESS), opt_out(moment=4), None),
    "a no older than an imported yes stands": (opt_in(moment=5, actor=Actor.IMPORT), opt_out(moment=4), None),
    "a forced no is never late": (opt_in(moment=5), replace(opt_out(moment=4), force=True), None),
    "a yes older than a yes is late": (
        opt_in(moment=5),
        opt_in(moment=4, strength=Strength.IMPLIED, actor=BUSINESS),
        SUPERSEDED,
    ),
    "a doubt older than the recipient's yes is late": (opt_in(moment=5), suspect(moment=4), SUPERSEDED),
    "a doubt older than the business's yes stands": (opt_in(moment=5, actor=BUSINESS), suspect(moment=4), None),
    # scopes
    "a narrower yes under a wider no": (opt_out(EVERYBODY), opt_in(DEPT, 2), WIDER),
    "a narrower yes under a no for the purpose": (opt_out(PROMO_OF_ALL), opt_in(PROMO, 2), WIDER),
    "force is for this scope and narrower ones": (opt_out(EVERYBODY), opt_in(DEPT, 2, force=True), WIDER),
    "a yes that merely crosses a no": (opt_out(PROMO_OF_ALL), opt_in(DEPT, 2), None),
    "a yes elsewhere": (opt_out(DEPT), opt_in(Scope("other"), 2), None),
    "a no older than a wider yes of the recipient is late": (opt_in(EVERYBODY, 5), opt_out(PROMO, 4), SUPERSEDED),
    "a no wider than the recipient's newer yes stands": (opt_in(PROMO, 5), opt_out(EVERYBODY, 4), None),
}


@pytest.mark.parametrize(("first", "then", "refused"), CASES.values(), ids=CASES.keys())
def test_case(first: Statement, then: Statement, refused: NotAppliedReason | None) -> None:
    world = World()
    assert world.say(SMS, first).changes
    before = dict(world.records)
    outcome = world.say(SMS, then)
    assert outcome.not_applied_reason is refused
    assert bool(outcome.changes) is (refused is None)
    if refused is not None:
        assert world.records == before


def _told(*said: Statement, who: int = SMS) -> World:
    world = World()
    for statement in said:
        world.say(who, statement)
    return world


def test_a_yes_lifts_every_narrower_no_with_one_event_each() -> None:
    world = _told(opt_out(DEPT, 1), opt_out(PROMO, 2), opt_out(PROMO_OF_ALL, 3), opt_out(Scope("other"), 9))
    changes = world.say(SMS, opt_in(EVERYBODY, 5)).changes
    assert [change.kind for change in changes] == [Move.OPT_IN, Move.LIFT, Move.LIFT, Move.LIFT]
    assert {change.after.scope for change in changes[1:]} == {DEPT, PROMO, PROMO_OF_ALL}
    for change in changes[1:]:
        after = change.after
        assert (after.state, after.lifted_by, after.actor) == (State.NO_STATEMENT, None, RECIPIENT)
    assert world.records[SMS, Scope("other")].state is State.OPTED_OUT


def test_a_yes_of_the_business_leaves_narrower_noes_of_the_recipient() -> None:
    world = _told(opt_out(PROMO, 1), opt_out(Scope("dept", "news"), 1, BUSINESS, LiftedBy.BUSINESS))
    changes = world.say(SMS, opt_in(DEPT, 5, BUSINESS)).changes
    assert [change.after.scope for change in changes] == [DEPT, Scope("dept", "news")]
    assert world.records[SMS, PROMO].state is State.OPTED_OUT


def test_a_repeated_no_with_a_later_time_is_an_event_and_the_same_again_is_none() -> None:
    world = _told(STOP)
    assert world.say(SMS, opt_out(moment=5)).unchanged
    assert world.say(SMS, opt_out(moment=4)).unchanged
    assert [change.kind for change in world.say(SMS, opt_out(moment=6)).changes] == [Move.OPT_OUT]
    assert world.records[SMS, DEPT].effective_time == 6
    assert world.say(SMS, opt_in(moment=6)).not_applied_reason is SUPERSEDED


def test_lifted_by_moves_to_the_recipient_and_never_back() -> None:
    world = _told(BUSINESS_NO)
    assert world.say(SMS, opt_out(moment=4)).changes
    record = world.records[SMS, DEPT]
    assert (record.lifted_by, record.effective_time) == (LiftedBy.RECIPIENT, 5)
    assert world.say(SMS, replace(BUSINESS_NO, effective_time=9)).changes
    assert world.records[SMS, DEPT].lifted_by is LiftedBy.RECIPIENT


def test_same_again_for_a_yes_is_equal_strength_and_expiry_and_no_later_time() -> None:
    yes = opt_in(moment=5, expire_time=20)
    world = _told(yes)
    assert world.say(SMS, yes).unchanged
    assert world.say(SMS, replace(yes, effective_time=3)).unchanged
    assert world.say(SMS, replace(yes, effective_time=6)).changes
    assert world.say(SMS, replace(yes, effective_time=6, expire_time=21)).changes
    assert world.say(SMS, replace(yes, effective_time=6, expire_time=21, force=True)).unchanged


def test_a_start_never_lowers_and_the_business_replaces() -> None:
    world = _told(opt_in(moment=1, strength=Strength.EXPRESS_WRITTEN, expire_time=20))
    world.say(SMS, opt_in(moment=2))
    record = world.records[SMS, DEPT]
    assert (record.strength, record.expire_time, record.effective_time) == (Strength.EXPRESS_WRITTEN, 20, 2)
    world.say(SMS, opt_in(moment=3, actor=BUSINESS, strength=Strength.IMPLIED))
    record = world.records[SMS, DEPT]
    assert (record.strength, record.expire_time) == (Strength.IMPLIED, None)


def test_a_start_after_the_written_yes_ended_is_only_a_start() -> None:
    world = _told(opt_in(moment=1, strength=Strength.EXPRESS_WRITTEN, expire_time=8), opt_in(moment=8))
    assert world.records[SMS, DEPT].strength is Strength.EXPRESS


def test_a_doubt_keeps_the_state_until_the_recipient_answers_it() -> None:
    world = _told(opt_in(moment=1), suspect(moment=5))
    record = world.records[SMS, DEPT]
    assert (record.state, record.suspect_time, record.effective_time) == (State.OPTED_IN, 5, 1)
    world.say(SMS, opt_in(moment=6, actor=BUSINESS))
    assert world.records[SMS, DEPT].suspect_time == 5
    world.say(SMS, opt_in(moment=7))
    assert world.records[SMS, DEPT].suspect_time is None


def test_a_doubt_survives_a_yes_from_before_it_whatever_came_between() -> None:
    """In the world: no at 2, yes at 4, doubt at 6. Heard in any other order the doubt must still stand."""
    for said in ([suspect(moment=6), opt_out(moment=2)], [opt_out(moment=2), suspect(moment=6)]):
        world = _told(*said, opt_in(moment=4))
        record = world.records[SMS, DEPT]
        assert (record.state, record.suspect_time) == (State.OPTED_IN, 6)


def test_a_request_is_open_once_and_closed_by_the_answer() -> None:
    world = _told(request(moment=3))
    assert (world.records[SMS, DEPT].state, world.records[SMS, DEPT].request_time) == (State.NO_STATEMENT, 3)
    assert world.say(SMS, request(moment=3)).unchanged
    for answer in (opt_in(moment=4), opt_out(moment=4)):
        told = _told(request(moment=3), answer)
        assert told.records[SMS, DEPT].request_time is None
    world.say(SMS, opt_in(moment=4, actor=BUSINESS))
    assert world.records[SMS, DEPT].request_time == 3


@pytest.mark.parametrize(("here", "there"), [(SMS, RCS), (RCS, SMS)])
def test_siblings_share_every_no_and_no_yes(here: int, there: int) -> None:
    world = _told(opt_out(DEPT, 5), opt_out(PROMO, 5), who=here)
    assert world.say(there, opt_in(DEPT, 6, BUSINESS)).not_applied_reason is PROTECTED
    assert world.say(there, opt_in(Scope("dept", "news"), 6)).not_applied_reason is WIDER
    assert [change.kind for change in world.say(there, opt_in(DEPT, 6)).changes] == [Move.OPT_IN, Move.LIFT, Move.LIFT]
    assert world.records[there, DEPT].state is State.OPTED_IN
    assert world.records[here, DEPT].state is world.records[here, PROMO].state is State.NO_STATEMENT


def test_the_same_yes_again_still_lifts_what_came_between() -> None:
    """An import's yes at 9 stands on SMS; a STOP of 5 came late on RCS; the START of 7 answers it."""
    world = _told(opt_in(moment=9, actor=Actor.IMPORT))
    world.say(RCS, opt_out(moment=5))
    changes = world.say(SMS, opt_in(moment=7)).changes
    assert [(change.kind, change.after.recipient_id) for change in changes] == [(Move.OPT_IN, SMS), (Move.LIFT, RCS)]
    assert world.records[SMS, DEPT].effective_time == 9


def test_impossible_statements_are_defects() -> None:
    with pytest.raises(ValueError, match="never stated"):
        transition(SMS, [], Statement(Move.LIFT, DEPT, RECIPIENT, 1))
    with pytest.raises(ValueError, match="who may lift"):
        transition(SMS, [], Statement(Move.OPT_OUT, DEPT, RECIPIENT, 1))


def test_a_first_statement_begins_the_record() -> None:
    outcome = transition(SMS, [], STOP)
    assert outcome.own == Record(SMS, DEPT)
    assert outcome.changes[0].after == Record(
        SMS, DEPT, State.OPTED_OUT, lifted_by=LiftedBy.RECIPIENT, actor=RECIPIENT, effective_time=5
    )
