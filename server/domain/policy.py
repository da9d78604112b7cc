"""The decision: may it be sent? Pure, by the table of DESIGN section 2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from server.domain.model import ALL, Instant, LiftedBy, Purpose, Record, Rule, Scope, Sender, State, Strength


class Verdict(IntEnum):
    """May it be sent? Never a bool."""

    ALLOW = 1
    DENY = 2


class Reason(IntEnum):
    """Why."""

    OPTED_OUT = 1
    OPT_OUT_SUSPECTED = 2
    ALLOWED_BY_RULE = 3
    OPTED_IN = 4
    PENDING_CONFIRMATION = 5
    EXPIRED = 6
    INSUFFICIENT_STRENGTH = 7
    NO_CONSENT = 8
    REPLY_PERMIT = 9
    INVALID_RECIPIENT = 10

    @property
    def verdict(self) -> Verdict:
        """ALLOW for the three reasons that allow, DENY for every other, one not thought of yet included."""
        return Verdict.ALLOW if self in _ALLOWING else Verdict.DENY


_ALLOWING = frozenset({Reason.ALLOWED_BY_RULE, Reason.OPTED_IN, Reason.REPLY_PERMIT})


class Decision(NamedTuple):
    """The reason, which implies the verdict; the record that decided, where one did; when time alone ends an ALLOW."""

    reason: Reason
    record: Record | None = None
    valid_until: Instant | None = None

    @property
    def verdict(self) -> Verdict:
        """May it be sent?"""
        return self.reason.verdict


@dataclass(frozen=True, slots=True)
class Permit:
    """The right to reply once to a message: it holds against every no up to `revision`, until `expire_time`."""

    revision: int
    expire_time: Instant


def decide(
    sender: Sender, purpose: Purpose, records: Sequence[Record], check_time: Instant, permit: Permit | None = None
) -> Decision:
    """Judge one purpose. `records` are the recipient's, and of the sibling channel those that hold a no or a suspicion.

    Records at scopes that do not cover (sender, purpose) are passed over. A permit is one that was verified.
    """
    covering = [r for r in records if r.scope.sender in (ALL, sender.id) and r.scope.purpose in (ALL, purpose.id)]
    if permit is not None and not any(_forbids(r) and r.revision > permit.revision for r in covering):
        return Decision(Reason.REPLY_PERMIT, valid_until=permit.expire_time)
    noes, suspected, yeses, requested = _sorted_out(covering)
    always = purpose.rule is Rule.ALWAYS_ALLOWED
    if noes and not (always and purpose.ignores_opt_out):
        return Decision(Reason.OPTED_OUT, _deciding(noes))
    if suspected and not always:
        return Decision(Reason.OPT_OUT_SUSPECTED, _deciding(suspected))
    minimum = _minimum_strength(sender, purpose)
    if minimum is None:
        return Decision(Reason.ALLOWED_BY_RULE)
    strong = [r for r in yeses if r.in_force(check_time) and r.strength is not None and r.strength >= minimum]
    if strong:
        ends = [r.expire_time for r in strong]
        valid_until = None if None in ends else max(end for end in ends if end is not None)
        return Decision(Reason.OPTED_IN, _deciding(strong), valid_until)
    if requested:
        return Decision(Reason.PENDING_CONFIRMATION, _deciding(requested))
    if ended := [r for r in yeses if not r.in_force(check_time)]:
        return Decision(Reason.EXPIRED, _deciding(ended))
    if yeses:
        return Decision(Reason.INSUFFICIENT_STRENGTH, _deciding(yeses))
    return Decision(Reason.NO_CONSENT)


def _sorted_out(records: Sequence[Record]) -> tuple[list[Record], list[Record], list[Record], list[Record]]:
    """The noes, the suspected, the yeses and those with an open request, in one pass."""
    noes, suspected, yeses, requested = [], [], [], []
    for record in records:
        if record.state is State.OPTED_OUT:
            noes.append(record)
        elif record.state is State.OPTED_IN:
            yeses.append(record)
        if record.suspect_time is not None:
            suspected.append(record)
        if record.request_time is not None:
            requested.append(record)
    return noes, suspected, yeses, requested


def _forbids(record: Record) -> bool:
    return record.state is State.OPTED_OUT or record.suspect_time is not None


def _minimum_strength(sender: Sender, purpose: Purpose) -> Strength | None:
    """The strength that a yes needs; None where no yes is needed."""
    if purpose.rule is Rule.ALWAYS_ALLOWED:
        return None
    needed = (purpose.minimum or Strength.IMPLIED) if purpose.rule is Rule.OPT_IN_REQUIRED else None
    if not sender.double_opt_in:
        return needed
    return max(needed or Strength.EXPRESS, Strength.EXPRESS)


def _deciding(records: Sequence[Record]) -> Record:
    """The narrowest scope, then the newest revision."""
    return records[0] if len(records) == 1 else min(records, key=lambda r: (r.scope.width, -r.revision))


@dataclass(frozen=True, slots=True)
class OptOutStatus:
    """How legacy reads see a recipient at a sender: an opt-out, not a verdict."""

    opted_out: bool
    can_send_request: bool
    change_time: Instant | None


def opt_out_status(
    sender: Sender, records: Sequence[Record], moment: Instant, recipient_id: int | None
) -> OptOutStatus:
    """Derive a legacy status from the records at (sender, *) and (*, *) (WIRE, section 1).

    `records` may hold the sibling channel's, whose noes and suspicions count and whose yeses do not.
    """
    covering = [r for r in records if r.scope in (Scope(sender.id), Scope())]
    noes = [r for r in covering if r.state is State.OPTED_OUT]
    own = [r for r in covering if r.recipient_id == recipient_id]
    confirmed = any(r.in_force(moment) and r.strength is not None and r.strength >= Strength.EXPRESS for r in own)
    opted_out = bool(noes) or (sender.double_opt_in and not confirmed)
    settled = any(r.lifted_by is LiftedBy.RECIPIENT for r in noes) or any(
        r.suspect_time is not None or r.request_time is not None for r in covering
    )
    return OptOutStatus(
        opted_out=opted_out,
        can_send_request=opted_out and not settled,
        change_time=max((r.effective_time for r in covering), default=None),
    )


def tenant_wide_sms_allowed(records: Sequence[Record]) -> bool:
    """Whether neither a tenant-wide no nor a tenant-wide suspicion stands (Hi Marley's `optStatus`)."""
    wide = [r for r in records if r.scope == Scope(ALL, ALL)]
    return not any(r.state is State.OPTED_OUT or r.suspect_time is not None for r in wide)
