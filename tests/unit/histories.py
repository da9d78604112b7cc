"""Histories for the transition tests: a tiny ledger of current records, and Hypothesis strategies for what is said."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from server.domain.model import ALL, Actor, Channel, LiftedBy, Record, Scope, State, Strength
from server.domain.transitions import Move, Outcome, Statement, transition

DEPT = Scope("dept")
SMS, RCS = 1, 2
CHANNELS = {SMS: Channel.SMS, RCS: Channel.RCS}
RECIPIENTS = (SMS, RCS)
SCOPES = tuple(Scope(sender, purpose) for sender in ("dept", "other", ALL) for purpose in ("promo", ALL))
# Few moments, so that statements meet, tie and overtake each other.
MOMENTS = st.integers(1, 8)


@dataclass(slots=True)
class World:
    """One person with two recipients, SMS and RCS; `say` does what the storage would do with an outcome."""

    records: dict[tuple[int, Scope], Record] = field(default_factory=dict)
    revision: int = 0

    def visible(self, recipient_id: int) -> list[Record]:
        """What Snapshot.records answers: all of the recipient's, and the sibling's that hold a no or a suspicion."""
        return [
            record
            for record in self.records.values()
            if record.recipient_id == recipient_id or record.state is State.OPTED_OUT or record.suspect_time is not None
        ]

    def say(self, recipient_id: int, statement: Statement) -> Outcome:
        outcome = transition(recipient_id, self.visible(recipient_id), statement)
        for change in outcome.changes:
            self.revision += 1
            after = change.after._replace(revision=self.revision)
            self.records[after.recipient_id, after.scope] = after
        return outcome


def opt_in(
    scope: Scope = DEPT,
    moment: int = 1,
    actor: Actor = Actor.RECIPIENT,
    strength: Strength = Strength.EXPRESS,
    expire_time: int | None = None,
    force: bool = False,
) -> Statement:
    return Statement(Move.OPT_IN, scope, actor, moment, strength=strength, expire_time=expire_time, force=force)


def opt_out(
    scope: Scope = DEPT,
    moment: int = 1,
    actor: Actor = Actor.RECIPIENT,
    lifted_by: LiftedBy = LiftedBy.RECIPIENT,
) -> Statement:
    return Statement(Move.OPT_OUT, scope, actor, moment, lifted_by=lifted_by)


def suspect(scope: Scope = DEPT, moment: int = 1) -> Statement:
    return Statement(Move.SUSPECT, scope, Actor.RECIPIENT, moment)


def request(scope: Scope = DEPT, moment: int = 1) -> Statement:
    return Statement(Move.REQUEST, scope, Actor.BUSINESS, moment)


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    move = draw(st.sampled_from([Move.OPT_IN, Move.OPT_IN, Move.OPT_OUT, Move.OPT_OUT, Move.SUSPECT, Move.REQUEST]))
    yes, no = move is Move.OPT_IN, move is Move.OPT_OUT
    return Statement(
        move,
        scope=draw(st.sampled_from(SCOPES)),
        actor=draw(st.sampled_from([Actor.RECIPIENT, Actor.RECIPIENT, Actor.BUSINESS, *Actor])),
        effective_time=draw(MOMENTS),
        strength=draw(st.sampled_from(Strength)) if yes else None,
        expire_time=draw(st.none() | st.integers(2, 12)) if yes else None,
        lifted_by=draw(st.sampled_from(LiftedBy)) if no else None,
        force=draw(st.sampled_from([False] * 7 + [True])) if yes or no else False,
    )


HISTORIES = st.lists(st.tuples(st.sampled_from(RECIPIENTS), statements()), min_size=1, max_size=12)
UNFORCED_HISTORIES = HISTORIES.map(lambda said: [(who, replace(what, force=False)) for who, what in said])
