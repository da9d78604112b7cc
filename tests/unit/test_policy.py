"""The decision table of DESIGN section 2, row by row, and over a whole small world against a re-statement of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from server.domain.model import (
    ALL,
    SHIPPED_PURPOSES,
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

NOW = 100
SENDER = Sender("dept", SenderKind.DEPARTMENT, False, None, Reach.SENDER, 0, 0)
DOUBLE = replace(SENDER, double_opt_in=True)
SCOPES = (Scope("dept", "promo"), Scope("dept", ALL), Scope(ALL, "promo"), Scope(ALL, ALL))

NEEDS_YES = Purpose("promo", Rule.OPT_IN_REQUIRED, Strength.EXPRESS)
NEEDS_WRITTEN = Purpose("promo", Rule.OPT_IN_REQUIRED, Strength.EXPRESS_WRITTEN)
NEEDS_ANY = Purpose("promo", Rule.OPT_IN_REQUIRED)
NO_NO = Purpose("promo", Rule.OPT_OUT_ALLOWED)
ALWAYS = Purpose("promo", Rule.ALWAYS_ALLOWED)
SECURITY_CODE = Purpose("promo", Rule.ALWAYS_ALLOWED, ignores_opt_out=True)
PURPOSES = (NEEDS_YES, NEEDS_WRITTEN, NEEDS_ANY, NO_NO, ALWAYS, SECURITY_CODE)

_BLANK = Record(1, Scope())
OUT = _BLANK._replace(state=State.OPTED_OUT, lifted_by=LiftedBy.RECIPIENT)
IMPLIED = _BLANK._replace(state=State.OPTED_IN, strength=Strength.IMPLIED)
EXPRESS = _BLANK._replace(state=State.OPTED_IN, strength=Strength.EXPRESS)
WRITTEN = _BLANK._replace(state=State.OPTED_IN, strength=Strength.EXPRESS_WRITTEN)
ENDED = WRITTEN._replace(expire_time=NOW)
DOUBTED = WRITTEN._replace(suspect_time=5)
ASKED = _BLANK._replace(request_time=5)
LIFTED = _BLANK
KINDS = (None, OUT, IMPLIED, EXPRESS, WRITTEN, ENDED, DOUBTED, ASKED)

A, D = Verdict.ALLOW, Verdict.DENY
ROWS = {
    "nothing": (SENDER, NEEDS_YES, [], D, Reason.NO_CONSENT),
    "nothing, no yes needed": (SENDER, NO_NO, [], A, Reason.ALLOWED_BY_RULE),
    "nothing, no yes needed but double opt-in": (DOUBLE, NO_NO, [], D, Reason.NO_CONSENT),
    "nothing, always": (DOUBLE, ALWAYS, [], A, Reason.ALLOWED_BY_RULE),
    "no": (SENDER, NEEDS_YES, [OUT], D, Reason.OPTED_OUT),
    "no, no yes needed": (SENDER, NO_NO, [OUT], D, Reason.OPTED_OUT),
    "no, always": (SENDER, ALWAYS, [OUT], D, Reason.OPTED_OUT),
    "no, security code": (DOUBLE, SECURITY_CODE, [OUT], A, Reason.ALLOWED_BY_RULE),
    "a no beside a yes": (SENDER, NEEDS_YES, [WRITTEN, OUT], D, Reason.OPTED_OUT),
    "doubt": (SENDER, NEEDS_YES, [DOUBTED], D, Reason.OPT_OUT_SUSPECTED),
    "doubt, no yes needed": (SENDER, NO_NO, [DOUBTED], D, Reason.OPT_OUT_SUSPECTED),
    "doubt, always": (SENDER, ALWAYS, [DOUBTED], A, Reason.ALLOWED_BY_RULE),
    "a doubt beside a no": (SENDER, NEEDS_YES, [DOUBTED, OUT], D, Reason.OPTED_OUT),
    "strong enough": (SENDER, NEEDS_YES, [EXPRESS], A, Reason.OPTED_IN),
    "stronger": (SENDER, NEEDS_YES, [WRITTEN], A, Reason.OPTED_IN),
    "one of two is strong enough": (SENDER, NEEDS_WRITTEN, [IMPLIED, WRITTEN], A, Reason.OPTED_IN),
    "weak": (SENDER, NEEDS_WRITTEN, [EXPRESS], D, Reason.INSUFFICIENT_STRENGTH),
    "any yes will do": (SENDER, NEEDS_ANY, [IMPLIED], A, Reason.OPTED_IN),
    "double opt-in raises any to express": (DOUBLE, NEEDS_ANY, [IMPLIED], D, Reason.INSUFFICIENT_STRENGTH),
    "double opt-in asks a yes where none is needed": (DOUBLE, NO_NO, [IMPLIED], D, Reason.INSUFFICIENT_STRENGTH),
    "double opt-in is content with express": (DOUBLE, NO_NO, [EXPRESS], A, Reason.OPTED_IN),
    "double opt-in lowers nothing": (DOUBLE, NEEDS_WRITTEN, [EXPRESS], D, Reason.INSUFFICIENT_STRENGTH),
    "no yes needed, none judged": (SENDER, NO_NO, [ENDED], A, Reason.ALLOWED_BY_RULE),
    "ended": (SENDER, NEEDS_YES, [ENDED], D, Reason.EXPIRED),
    "ended beside weak": (SENDER, NEEDS_WRITTEN, [EXPRESS, ENDED], D, Reason.EXPIRED),
    "asked": (SENDER, NEEDS_YES, [ASKED], D, Reason.PENDING_CONFIRMATION),
    "asked beside ended": (SENDER, NEEDS_YES, [ENDED, ASKED], D, Reason.PENDING_CONFIRMATION),
    "asked beside weak": (SENDER, NEEDS_WRITTEN, [EXPRESS, ASKED], D, Reason.PENDING_CONFIRMATION),
    "asked beside a yes": (SENDER, NEEDS_YES, [EXPRESS, ASKED], A, Reason.OPTED_IN),
    "a no that was lifted": (SENDER, NEEDS_YES, [LIFTED], D, Reason.NO_CONSENT),
}


def _placed(kinds: list[Record] | tuple[Record | None, ...]) -> list[Record]:
    return [
        kind._replace(scope=scope, revision=revision)
        for revision, (scope, kind) in enumerate(zip(SCOPES, kinds, strict=False), start=1)
        if kind is not None
    ]


@pytest.mark.parametrize(("sender", "purpose", "kinds", "verdict", "reason"), ROWS.values(), ids=ROWS.keys())
def test_row(sender: Sender, purpose: Purpose, kinds: list[Record], verdict: Verdict, reason: Reason) -> None:
    decision = decide(sender, purpose, _placed(kinds), NOW)
    assert (decision.verdict, decision.reason) == (verdict, reason)


def _table(sender: Sender, purpose: Purpose, kinds: set[int]) -> Reason:
    """DESIGN section 2 in other words: `kinds` are indices of KINDS, what stands at any of the four scopes."""
    no, implied, express, written, ended, doubted, asked = (index in kinds for index in range(1, 8))
    always = purpose in (ALWAYS, SECURITY_CODE)
    if no and purpose != SECURITY_CODE:
        return Reason.OPTED_OUT
    if doubted and not always:
        return Reason.OPT_OUT_SUSPECTED
    if always or (purpose == NO_NO and not sender.double_opt_in):
        return Reason.ALLOWED_BY_RULE
    enough = written
    if purpose != NEEDS_WRITTEN:
        enough = enough or express
    if purpose == NEEDS_ANY and not sender.double_opt_in:
        enough = enough or implied
    if enough:
        return Reason.OPTED_IN
    if asked:
        return Reason.PENDING_CONFIRMATION
    if ended:
        return Reason.EXPIRED
    return Reason.INSUFFICIENT_STRENGTH if implied or express else Reason.NO_CONSENT


def test_every_combination_answers_as_the_table() -> None:
    for chosen in product(range(len(KINDS)), repeat=len(SCOPES)):
        records = _placed(tuple(KINDS[index] for index in chosen))
        for sender, purpose in product((SENDER, DOUBLE), PURPOSES):
            decision = decide(sender, purpose, records, NOW)
            assert decision.reason is _table(sender, purpose, set(chosen)), (sender, purpose, chosen)


def test_only_three_reasons_allow() -> None:
    allowing = {reason for reason in Reason if reason.verdict is Verdict.ALLOW}
    assert allowing == {Reason.ALLOWED_BY_RULE, Reason.OPTED_IN, Reason.REPLY_PERMIT}
    assert {reason.verdict for reason in set(Reason) - allowing} == {Verdict.DENY}


@pytest.mark.parametrize(
    ("moment", "reason"), [(NOW - 1, Reason.OPTED_IN), (NOW, Reason.EXPIRED), (NOW + 1, Reason.EXPIRED)]
)
def test_a_yes_has_ended_at_the_very_moment_that_it_names(moment: int, reason: Reason) -> None:
    decision = decide(SENDER, NEEDS_YES, _placed([EXPRESS._replace(expire_time=NOW)]), moment)
    assert decision.reason is reason


@pytest.mark.parametrize("kind", [OUT, DOUBTED, EXPRESS, ENDED, ASKED, IMPLIED])
def test_the_narrowest_then_the_newest_record_decides(kind: Record) -> None:
    purpose = NEEDS_WRITTEN if kind is IMPLIED else NEEDS_YES
    narrow, dept, promo, wide = (kind._replace(scope=scope, revision=1) for scope in SCOPES)
    newest = wide._replace(revision=99)
    assert decide(SENDER, purpose, [newest, promo, dept, narrow], NOW).record == narrow
    assert decide(SENDER, purpose, [newest, promo._replace(revision=7), dept], NOW).record == promo._replace(revision=7)
    assert decide(SENDER, purpose, [newest, promo, dept._replace(revision=7)], NOW).record == dept._replace(revision=7)
    assert decide(SENDER, purpose, [newest], NOW).record == newest


def test_the_record_that_decides_is_of_the_kind_that_the_reason_names() -> None:
    for chosen in product(KINDS, repeat=len(SCOPES)):
        decision = decide(SENDER, NEEDS_WRITTEN, _placed(chosen), NOW)
        record = decision.record
        match decision.reason:
            case Reason.NO_CONSENT:
                assert record is None
            case Reason.OPTED_OUT:
                assert record is not None
                assert record.state is State.OPTED_OUT
            case Reason.OPTED_IN:
                assert record is not None
                assert record.strength is Strength.EXPRESS_WRITTEN
                assert record.in_force(NOW)


def test_records_elsewhere_are_passed_over() -> None:
    elsewhere = [
        OUT._replace(scope=scope)
        for scope in (Scope("other"), Scope("other", "promo"), Scope("dept", "news"), Scope(ALL, "news"))
    ]
    assert decide(SENDER, NO_NO, elsewhere, NOW).reason is Reason.ALLOWED_BY_RULE


def test_a_siblings_yes_under_a_doubt_never_allows() -> None:
    """Snapshot.records passes on the sibling's record with its yes where it is doubted too."""
    sibling = DOUBTED._replace(recipient_id=2, scope=Scope("dept"))
    for sender, purpose in product((SENDER, DOUBLE), PURPOSES):
        assert decide(sender, purpose, [sibling], NOW).reason is not Reason.OPTED_IN


def test_the_shipped_purposes_are_those_of_the_design() -> None:
    assert {purpose.id: (purpose.rule, purpose.minimum, purpose.ignores_opt_out) for purpose in SHIPPED_PURPOSES} == {
        "marketing": (Rule.OPT_IN_REQUIRED, Strength.EXPRESS_WRITTEN, False),
        "informational": (Rule.OPT_IN_REQUIRED, Strength.EXPRESS, False),
        "transactional": (Rule.OPT_OUT_ALLOWED, None, False),
    }
