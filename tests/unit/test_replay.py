"""Replaying the ledger gives back exactly the records that were written, and the settings that were in force."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.ledger import Header, record_snapshot
from server.domain.model import (
    Actor,
    LiftedBy,
    NotAppliedReason,
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
from server.domain.replay import purpose_as_of, record_after, replay, sender_as_of, sets_record
from server.usecases.settings import purpose_snapshot, sender_snapshot

MOMENTS = st.integers(1, 2**50)


def header(after: str, revision: int = 1, **changed: object) -> Header:
    told = Header(
        1,
        revision,
        "OPT_OUT",
        5,
        revision * 10,
        7,
        Scope("dept"),
        "{}",
        after,
        True,
        None,
        Actor.RECIPIENT,
        None,
        "s",
        None,
        b"",
    )
    return replace(told, **changed)  # type: ignore[arg-type] # fields by name


RECORDS = st.builds(
    Record,
    recipient_id=st.sampled_from([7, 8]),
    scope=st.builds(Scope, st.sampled_from(["dept", "*"]), st.sampled_from(["promo", "*"])),
    state=st.sampled_from(State),
    strength=st.none() | st.sampled_from(Strength),
    lifted_by=st.none() | st.sampled_from(LiftedBy),
    suspect_time=st.none() | MOMENTS,
    expire_time=st.none() | MOMENTS,
    request_time=st.none() | MOMENTS,
    actor=st.sampled_from(Actor),
    effective_time=MOMENTS,
)


@given(st.lists(RECORDS, max_size=20))
def test_what_was_written_comes_back(written: list[Record]) -> None:
    expected: dict[tuple[int, Scope], Record] = {}
    history = []
    for revision, record in enumerate(written, 1):
        key = (record.recipient_id, record.scope)
        moment = revision * 10
        made = expected[key].create_time if key in expected else moment
        expected[key] = record._replace(create_time=made, update_time=moment, revision=revision)
        after = record_snapshot(expected[key])
        history.append(header(after, revision, recipient_id=record.recipient_id, scope=record.scope))
        history.append(header(after, revision, applied=False, not_applied_reason=NotAppliedReason.SUPERSEDED))
    assert replay(history) == expected


@pytest.mark.parametrize("kind", ["SETTING", "ERASED", "HOLD"])
def test_events_that_are_no_statements_set_no_record(kind: str) -> None:
    assert not sets_record(header('{"reason":"x"}', kind=kind))
    assert replay([header('{"reason":"x"}', kind=kind)]) == {}


@pytest.mark.parametrize("after", ["{}", "[]", "{", '{"state":"NEVER","actor":"SYSTEM","effective_time":1}'])
def test_a_snapshot_that_is_no_record_is_refused(after: str) -> None:
    with pytest.raises(ValueError):
        record_after(header(after), None)


SENDER = Sender("dept", SenderKind.OTHER, True, "US", Reach.TENANT, 1, 2)


def test_a_sender_is_what_its_newest_event_set() -> None:
    before = replace(SENDER, double_opt_in=False, country=None)
    keywords = header('{"auto_response":"a","keywords":[]}', 4, kind="SETTING")
    events = [keywords, header(sender_snapshot(SENDER), 3), header(sender_snapshot(before), 2)]
    assert sender_as_of(events, SENDER) == replace(SENDER, update_time=30)
    assert sender_as_of(events[2:], SENDER) == replace(before, update_time=20)
    assert sender_as_of([keywords], SENDER) is None


@pytest.mark.parametrize(
    "purpose",
    [Purpose("p", Rule.OPT_IN_REQUIRED, Strength.EXPRESS), Purpose("p", Rule.ALWAYS_ALLOWED, ignores_opt_out=True)],
)
def test_a_purpose_is_what_its_newest_event_set(purpose: Purpose) -> None:
    older = header(purpose_snapshot(Purpose("p", Rule.OPT_OUT_ALLOWED)), 1)
    assert purpose_as_of([header(purpose_snapshot(purpose), 2), older], "p") == purpose
    assert purpose_as_of([older], "q") is None
