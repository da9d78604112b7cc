"""The one transition table: what a statement does to the records that stand. Every write goes through `transition`.

A no is never undone by accident (DESIGN, section 3):

* A no that only the recipient lifts yields to a later yes of the recipient at the same or a wider scope; one that the
  business lifts also to a later yes of the business. No other actor's yes lifts, and an import's never.
* A yes under a wider no is WIDER_OPT_OUT; against a no that its actor cannot lift PROTECTED_OPT_OUT; older than what
  stands SUPERSEDED. Such a statement is recorded and changes nothing.
* A no older than the recipient's own newer yes at the same or a wider scope is SUPERSEDED; older than anybody else's,
  it applies.
* SMS and RCS share every no: the records of both channels are judged together, and a yes on one lifts the other's no
  but gives it no yes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from server.domain.model import Actor, Instant, LiftedBy, NotAppliedReason, Record, Scope, State, Strength


class Move(StrEnum):
    """What a statement says, and the kind of its event."""

    OPT_IN = "OPT_IN"
    OPT_OUT = "OPT_OUT"
    SUSPECT = "SUSPECT"
    REQUEST = "REQUEST"
    LIFT = "LIFT"
    CLEAR = "CLEAR"
    REVERT = "REVERT"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement about one recipient at one scope.

    OPT_IN has a strength and possibly an expiry, OPT_OUT a `lifted_by`; LIFT is never stated, it follows from a yes;
    CLEAR takes a suspicion back; REVERT is never stated, it follows from taking back a batch (reversal).
    `force` overrides a no at this scope and narrower, except in an import; whoever sets it has checked that the caller
    may.
    """

    move: Move
    scope: Scope
    actor: Actor
    effective_time: Instant
    strength: Strength | None = None
    expire_time: Instant | None = None
    lifted_by: LiftedBy | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One record before and after: one event."""

    kind: Move
    before: Record
    after: Record


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a statement did: changes; or a reason why it has no effect; or neither, where all was so already."""

    own: Record
    changes: tuple[Change, ...] = ()
    not_applied_reason: NotAppliedReason | None = None

    @property
    def unchanged(self) -> bool:
        """Whether the same was so already, so that there is nothing to record."""
        return not self.changes and self.not_applied_reason is None


def transition(recipient_id: int, records: Sequence[Record], statement: Statement) -> Outcome:
    """Judge `statement` against all records of the recipient, and those of the sibling channel that hold a no."""
    own = next(
        (r for r in records if r.recipient_id == recipient_id and r.scope == statement.scope),
        Record(recipient_id, statement.scope),
    )
    match statement.move:
        case Move.OPT_IN:
            return _opt_in(own, records, statement)
        case Move.OPT_OUT:
            return _opt_out(own, records, statement)
        case Move.SUSPECT:
            return _suspect(own, records, statement)
        case Move.REQUEST:
            return _request(own, statement)
        case Move.CLEAR:
            return _clear(own, statement)
        case Move.LIFT | Move.REVERT:
            raise ValueError(f"{statement.move} is never stated: it follows from something else")
        case _:
            assert_never(statement.move)


def _opt_in(own: Record, records: Sequence[Record], yes: Statement) -> Outcome:
    noes = [r for r in records if r.state is State.OPTED_OUT]
    if any(no.scope != yes.scope and no.scope.covers(yes.scope) for no in noes):
        return Outcome(own, not_applied_reason=NotAppliedReason.WIDER_OPT_OUT)
    refusals = {_refusal(yes, no) for no in noes if no.scope == yes.scope} - {None}
    if refusals:
        return Outcome(own, not_applied_reason=min(refusals, key=lambda r: r or 0))
    others = [r for r in records if r is not own and yes.scope.covers(r.scope)]
    lifts = [Change(Move.LIFT, r, lifted) for r in others if (lifted := _lifted(r, yes)) != r]
    after = _with_yes(own, yes)
    if own.state is State.OPTED_IN and yes.effective_time <= own.effective_time:
        if (after.strength, after.expire_time) == (own.strength, own.expire_time):
            return Outcome(own, (Change(Move.OPT_IN, own, own), *lifts) if lifts else ())
        if yes.effective_time < own.effective_time and not yes.force:
            return Outcome(own, not_applied_reason=NotAppliedReason.SUPERSEDED)
    return Outcome(own, (Change(Move.OPT_IN, own, after), *lifts))


def _refusal(yes: Statement, no: Record) -> NotAppliedReason | None:
    if yes.force and yes.actor is not Actor.IMPORT:
        return None
    lifters = {Actor.RECIPIENT} if no.lifted_by is LiftedBy.RECIPIENT else {Actor.RECIPIENT, Actor.BUSINESS}
    if yes.actor not in lifters:
        return NotAppliedReason.PROTECTED_OPT_OUT
    return None if yes.effective_time > no.effective_time else NotAppliedReason.SUPERSEDED


def _with_yes(own: Record, yes: Statement) -> Record:
    strength, expire_time = yes.strength, yes.expire_time
    if (
        yes.actor is Actor.RECIPIENT
        and own.in_force(yes.effective_time)
        and own.strength is not None
        and (strength is None or own.strength > strength)
    ):
        strength, expire_time = own.strength, own.expire_time
    heard = yes.actor is Actor.RECIPIENT
    return own._replace(
        state=State.OPTED_IN,
        strength=strength,
        expire_time=expire_time,
        lifted_by=None,
        suspect_time=_suspicion_after(own, yes),
        request_time=None if heard else own.request_time,
        actor=yes.actor,
        effective_time=yes.effective_time,
    )


def _suspicion_after(record: Record, yes: Statement) -> Instant | None:
    cleared = (
        yes.actor is Actor.RECIPIENT and record.suspect_time is not None and yes.effective_time > record.suspect_time
    )
    return None if cleared else record.suspect_time


def _lifted(record: Record, yes: Statement) -> Record:
    """The record of a narrower scope, or of the sibling channel, without the no that the yes lifts."""
    cleared = record._replace(suspect_time=_suspicion_after(record, yes))
    if record.state is not State.OPTED_OUT or _refusal(yes, record) is not None:
        return cleared
    return cleared._replace(
        state=State.NO_STATEMENT, lifted_by=None, actor=yes.actor, effective_time=yes.effective_time
    )


def _opt_out(own: Record, records: Sequence[Record], no: Statement) -> Outcome:
    if _answered_by_newer_yes(own.recipient_id, records, no) and not no.force:
        return Outcome(own, not_applied_reason=NotAppliedReason.SUPERSEDED)
    if no.lifted_by is None:
        raise ValueError("a no says who may lift it")
    stood = own.state is State.OPTED_OUT
    lifted_by = max(own.lifted_by or no.lifted_by, no.lifted_by)
    if stood and lifted_by is own.lifted_by and no.effective_time <= own.effective_time:
        return Outcome(own)
    after = own._replace(
        state=State.OPTED_OUT,
        strength=None,
        expire_time=None,
        lifted_by=lifted_by,
        suspect_time=own.suspect_time if lifted_by is LiftedBy.BUSINESS or _doubted_since(own, no) else None,
        request_time=None,
        actor=no.actor,
        effective_time=max(own.effective_time, no.effective_time) if stood else no.effective_time,
    )
    return _one(own, Move.OPT_OUT, after)


def _suspect(own: Record, records: Sequence[Record], doubt: Statement) -> Outcome:
    if _answered_by_newer_yes(own.recipient_id, records, doubt):
        return Outcome(own, not_applied_reason=NotAppliedReason.SUPERSEDED)
    # A doubt newer than a firm no is kept: a yes that comes late, from between the two, lifts the no and not the doubt.
    firm = own.lifted_by is LiftedBy.RECIPIENT and doubt.effective_time <= own.effective_time
    if firm or (own.suspect_time is not None and doubt.effective_time <= own.suspect_time):
        return Outcome(own)
    return _one(own, Move.SUSPECT, _begun(own, doubt)._replace(suspect_time=doubt.effective_time))


def _doubted_since(own: Record, no: Statement) -> bool:
    return own.suspect_time is not None and own.suspect_time > no.effective_time


def _request(own: Record, asked: Statement) -> Outcome:
    if own.request_time is not None and asked.effective_time <= own.request_time:
        return Outcome(own)
    return _one(own, Move.REQUEST, _begun(own, asked)._replace(request_time=asked.effective_time))


def _clear(own: Record, judged: Statement) -> Outcome:
    """A person judged the suspicion up to this moment to be no no; a newer one stays."""
    if own.suspect_time is None or own.suspect_time > judged.effective_time:
        return Outcome(own)
    return _one(own, Move.CLEAR, own._replace(suspect_time=None))


def _answered_by_newer_yes(recipient_id: int, records: Sequence[Record], no: Statement) -> bool:
    return any(
        r.recipient_id == recipient_id
        and r.state is State.OPTED_IN
        and r.actor is Actor.RECIPIENT
        and r.effective_time > no.effective_time
        and r.scope.covers(no.scope)
        for r in records
    )


def _begun(own: Record, statement: Statement) -> Record:
    """The record itself, or where nothing was ever written one that this statement begins."""
    if own.revision:
        return own
    return own._replace(actor=statement.actor, effective_time=statement.effective_time)


def _one(own: Record, kind: Move, after: Record) -> Outcome:
    return Outcome(own, (Change(kind, own, after),))
