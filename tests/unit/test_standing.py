"""A packed standing decides as its record does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.errors import StorageUnavailable
from server.domain.model import Purpose, Reach, Record, Rule, Scope, Sender, SenderKind, State, Strength
from server.domain.policy import decide
from server.domain.standing import Judge, forbids, standing

NOW = 1_000
PLACES = [Scope(sender, purpose) for sender in ("here", "*") for purpose in ("news", "*")]
TIMES = st.sampled_from([None, 1, NOW - 1, NOW, NOW + 1])
RECORDS = st.builds(
    Record,
    recipient_id=st.just(7),
    scope=st.sampled_from(PLACES),
    state=st.sampled_from(State),
    strength=st.sampled_from([None, *Strength]),
    suspect_time=TIMES,
    expire_time=TIMES,
    request_time=TIMES,
    revision=st.integers(1, 99),
)
SENDERS = st.builds(
    Sender, st.just("here"), st.just(SenderKind.OTHER), st.booleans(), st.none(), st.just(Reach.SENDER), st.just(0),
    st.just(0),
)  # fmt: skip
PURPOSES = st.builds(Purpose, st.just("news"), st.sampled_from(Rule), st.sampled_from([None, *Strength]), st.booleans())


@settings(max_examples=1500)
@given(SENDERS, PURPOSES, st.lists(st.lists(RECORDS, max_size=4), min_size=1, max_size=5))
def test_the_reason_is_the_policys(sender: Sender, purpose: Purpose, histories: list[list[Record]]) -> None:
    judge = Judge(sender, purpose)
    for records in [*histories, *histories]:
        packed = tuple(standing(record, NOW) for record in records)
        assert judge.reason(packed) is decide(sender, purpose, records, NOW).reason


def test_a_number_that_is_no_standing_is_no_verdict() -> None:
    judge = Judge(
        Sender("here", SenderKind.OTHER, False, None, Reach.SENDER, 0, 0),
        Purpose("news", Rule.ALWAYS_ALLOWED, None, ignores_opt_out=True),
    )
    with pytest.raises(StorageUnavailable):
        judge.reason((4,))


@given(RECORDS)
def test_what_the_sibling_channel_shares(record: Record) -> None:
    number = standing(record, NOW)
    assert forbids(number) == (record.state is State.OPTED_OUT or record.suspect_time is not None)


@given(RECORDS)
def test_a_standing_tells_nothing_but_what_counts(record: Record) -> None:
    other = record._replace(recipient_id=8, effective_time=5, revision=3, scope=Scope())
    assert standing(other, NOW) == standing(record, NOW) < 128
