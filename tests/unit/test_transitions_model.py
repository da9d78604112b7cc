"""The transition table against an independent re-statement of its rules, on random histories."""

from __future__ import annotations

from hypothesis import given, settings

from server.domain.model import Record, State
from server.domain.transitions import Outcome, Statement
from tests.unit.consent_rules import Book, Entry, judge
from tests.unit.histories import HISTORIES, World

_SAID = {State.NO_STATEMENT: "none", State.OPTED_IN: "yes", State.OPTED_OUT: "no"}


def _entry(record: Record) -> Entry:
    return Entry(
        _SAID[record.state],
        record.strength,
        record.expire_time,
        record.lifted_by,
        record.suspect_time,
        record.request_time,
        record.actor,
        record.effective_time,
    )


def _word(outcome: Outcome) -> str:
    if outcome.not_applied_reason is not None:
        return outcome.not_applied_reason.name
    return "unchanged" if outcome.unchanged else "applied"


@settings(max_examples=700, deadline=None)
@given(HISTORIES)
def test_every_statement_does_what_the_rules_say(history: list[tuple[int, Statement]]) -> None:
    world, book = World(), Book()
    for who, said in history:
        outcome = world.say(who, said)
        book, expected = judge(book, who, said)
        assert _word(outcome) == expected, said
        stands = {(r.recipient_id, r.scope.sender, r.scope.purpose): _entry(r) for r in world.records.values()}
        assert stands == book, said
