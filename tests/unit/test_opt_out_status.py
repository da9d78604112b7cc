"""What legacy reads answer: WIRE section 1 (myKaarma) and section 4 (Hi Marley), re-stated over a small world."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from server.domain.model import ALL, LiftedBy, Reach, Record, Scope, Sender, SenderKind, State, Strength
from server.domain.policy import OptOutStatus, opt_out_status, tenant_wide_sms_allowed

NOW = 100
SINGLE = Sender("dept", SenderKind.DEPARTMENT, False, None, Reach.SENDER, 0, 0)
DOUBLE = replace(SINGLE, double_opt_in=True)
_BLANK = Record(1, Scope("dept"), effective_time=7, revision=1)
STOP = _BLANK._replace(state=State.OPTED_OUT, lifted_by=LiftedBy.RECIPIENT)
BUSINESS_NO = _BLANK._replace(state=State.OPTED_OUT, lifted_by=LiftedBy.BUSINESS)
IMPLIED = _BLANK._replace(state=State.OPTED_IN, strength=Strength.IMPLIED)
EXPRESS = _BLANK._replace(state=State.OPTED_IN, strength=Strength.EXPRESS)
WRITTEN = _BLANK._replace(state=State.OPTED_IN, strength=Strength.EXPRESS_WRITTEN)
ENDED = EXPRESS._replace(expire_time=NOW)
KINDS = (None, _BLANK, STOP, BUSINESS_NO, IMPLIED, EXPRESS, WRITTEN, ENDED)
NOES, YESES = (STOP, BUSINESS_NO), (EXPRESS, WRITTEN)


def _marked(record: Record | None, doubted: bool, asked: bool) -> Record | None:
    if record is None:
        return None
    return record._replace(suspect_time=5 if doubted else None, request_time=6 if asked else None)


def test_every_combination_answers_as_the_wire_page_says() -> None:
    marks = tuple(product((False, True), repeat=2))
    for sender, own, wide, (doubted, asked), on_wide in product((SINGLE, DOUBLE), KINDS, KINDS, marks, (False, True)):
        kinds = (own, wide)
        placed = [
            _marked(record, doubted and at_wide == on_wide, asked and at_wide == on_wide)
            for at_wide, record in ((False, own), (True, wide and wide._replace(scope=Scope(), effective_time=9)))
        ]
        records = [record for record in placed if record is not None]
        opted_out = any(kind in NOES for kind in kinds if kind)
        if not opted_out and sender.double_opt_in:
            opted_out = not any(kind in YESES for kind in kinds if kind)
        marked = any(record.suspect_time or record.request_time for record in records)
        may_ask = opted_out and STOP not in kinds and not marked
        change_time = 9 if wide else 7 if own else None
        found = opt_out_status(sender, records, NOW, 1)
        assert found == OptOutStatus(opted_out, may_ask, change_time), (sender, own, wide, doubted, asked, on_wide)


def test_an_unknown_number_is_in_where_one_yes_is_enough_and_out_where_it_is_not() -> None:
    assert opt_out_status(SINGLE, [], NOW, 1) == OptOutStatus(False, False, None)
    assert opt_out_status(DOUBLE, [], NOW, 1) == OptOutStatus(True, True, None)


@pytest.mark.parametrize(
    "scope", [Scope("other"), Scope("dept", "promo"), Scope(ALL, "promo"), Scope("other", "promo")]
)
def test_other_scopes_are_nobodys_business_here(scope: Scope) -> None:
    for kind in (STOP, EXPRESS, _BLANK._replace(suspect_time=5)):
        assert opt_out_status(SINGLE, [kind._replace(scope=scope)], NOW, 1) == OptOutStatus(False, False, None)
        assert opt_out_status(DOUBLE, [kind._replace(scope=scope)], NOW, 1) == OptOutStatus(True, True, None)


def test_a_yes_stops_counting_at_the_moment_that_it_names() -> None:
    assert not opt_out_status(DOUBLE, [EXPRESS._replace(expire_time=NOW + 1)], NOW, 1).opted_out
    assert opt_out_status(DOUBLE, [EXPRESS._replace(expire_time=NOW)], NOW, 1).opted_out


@pytest.mark.parametrize("scope", [Scope("dept"), Scope(ALL, "promo"), Scope("dept", "promo")])
def test_hi_marley_looks_at_the_whole_tenant_only(scope: Scope) -> None:
    assert tenant_wide_sms_allowed([])
    for kind in (STOP, BUSINESS_NO, EXPRESS._replace(suspect_time=5)):
        assert tenant_wide_sms_allowed([kind._replace(scope=scope)])
        assert not tenant_wide_sms_allowed([kind._replace(scope=Scope())])
    assert tenant_wide_sms_allowed([EXPRESS._replace(scope=Scope())])
    assert tenant_wide_sms_allowed([_BLANK._replace(scope=Scope())])


def test_a_doubted_yes_on_rcs_is_no_yes_for_text_messages() -> None:
    sibling = EXPRESS._replace(recipient_id=2, suspect_time=5)
    assert opt_out_status(DOUBLE, [sibling], NOW, 1).opted_out
    assert not opt_out_status(DOUBLE, [sibling], NOW, 1).can_send_request
