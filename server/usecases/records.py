"""RecordConsent and BatchRecordConsents: any yes or no, said by anybody who may say it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.domain.errors import ConsentError, FieldFault, ForceNotPermitted, InvalidField, NotFound, Violation
from server.domain.model import (
    ALL,
    Actor,
    Channel,
    Instant,
    LiftedBy,
    Principal,
    Recipient,
    Scope,
    Sender,
    State,
    Strength,
)
from server.domain.transitions import Move, Statement
from server.storage.protocol import Transaction
from server.usecases import access
from server.usecases.addresses import read_recipient
from server.usecases.statements import Provenance, Recorded, record_statement

FUTURE_ALLOWED: Instant = 5 * 60 * 1_000_000
_PROOFS = ("message_id", "url", "ip_address", "artifact_hash")
DEFAULT_SOURCE = "api"


@dataclass(frozen=True, slots=True)
class Draft:
    """A statement as a caller describes it; None is what the caller left out. `evidence` is by field name."""

    channel: Channel
    address: str
    sender_id: str
    purpose_id: str
    state: State
    actor: Actor
    strength: Strength | None
    lifted_by: LiftedBy | None
    effective_time: Instant | None
    expire_time: Instant | None
    evidence: Mapping[str, str]
    source: str


@dataclass(frozen=True, slots=True)
class Terms:
    """How statements are to be recorded."""

    force: bool = False
    force_reason: str = ""
    batch_id: str | None = None


def record_consent(
    tx: Transaction, principal: Principal, draft: Draft, terms: Terms, field: str = "statement"
) -> Recorded:
    """Record one statement. `field` is where it stands in the request.

    Raises InvalidField, NotFound, ForceNotPermitted or a refusal of the sender.
    """
    _check_terms(principal, terms)
    return record_statement(tx, *_read_draft(tx, principal, draft, terms, field))


def _read_draft(
    tx: Transaction, principal: Principal, draft: Draft, terms: Terms, field: str
) -> tuple[Recipient, Statement, Provenance]:
    """What a draft says of whom, and where it comes from; or its refusal."""
    _check_scope(principal, draft)
    effective_time = tx.now if draft.effective_time is None else draft.effective_time
    violations = [
        Violation(f"{field}.{path}", fault, description)
        for path, fault, description in _faults(draft, terms, effective_time, tx.now)
    ]
    if violations:
        raise InvalidField(*violations)
    sender = _find_scope(tx, principal, draft)
    recipient = read_recipient(tx, draft.channel, draft.address, f"{field}.recipient.address", sender)
    scope = Scope(sender.id if sender else ALL, draft.purpose_id)
    statement = Statement(
        move=Move.OPT_IN if draft.state is State.OPTED_IN else Move.OPT_OUT,
        scope=scope,
        actor=draft.actor,
        effective_time=effective_time,
        strength=draft.strength,
        expire_time=draft.expire_time,
        lifted_by=_lifted_by(draft),
        force=terms.force,
    )
    evidence: dict[str, object] = {**draft.evidence}
    if terms.force:
        evidence["force_reason"] = terms.force_reason
    source = draft.source or DEFAULT_SOURCE
    return recipient, statement, Provenance(principal, source, evidence, scope.sender, terms.batch_id)


def record_consents(
    tx: Transaction, principal: Principal, drafts: Sequence[Draft], terms: Terms, *, atomic: bool
) -> list[Recorded | ConsentError]:
    """Record statements in order: all or, where one is refused and `atomic` is off, that one's refusal in its place.

    A statement is refused for what it says itself, whatever becomes of the others: all are read before any is written.
    """
    _check_terms(principal, terms)
    read: list[tuple[Recipient, Statement, Provenance] | ConsentError] = []
    for index, draft in enumerate(drafts):
        try:
            read.append(_read_draft(tx, principal, draft, terms, _place(index)))
        except ConsentError as refusal:
            if atomic:
                raise
            read.append(refusal)
    tx.foresee([said[0] for said in read if not isinstance(said, ConsentError)])
    return [said if isinstance(said, ConsentError) else record_statement(tx, *said) for said in read]


def field_within(field: str, index: int) -> str:
    """Where a field of a statement of many stands within the statement."""
    return field.removeprefix(f"{_place(index)}.")


def _place(index: int) -> str:
    return f"statements[{index}]"


def _check_terms(principal: Principal, terms: Terms) -> None:
    if not terms.force:
        return
    if not principal.allow_force:
        raise ForceNotPermitted
    if not terms.force_reason.strip():
        raise InvalidField(Violation("force_reason", FieldFault.REQUIRED, "is needed for force"))


def _check_scope(principal: Principal, draft: Draft) -> None:
    if draft.sender_id == ALL:
        access.permit_tenant_wide(principal)
    else:
        access.permit_sender(principal, draft.sender_id)


def _find_scope(tx: Transaction, principal: Principal, draft: Draft) -> Sender | None:
    sender = None if draft.sender_id == ALL else access.find_sender(tx, principal, draft.sender_id)
    if draft.purpose_id != ALL and tx.purpose(draft.purpose_id) is None:
        raise NotFound("PURPOSE", draft.purpose_id)
    return sender


def _lifted_by(draft: Draft) -> LiftedBy | None:
    if draft.state is not State.OPTED_OUT:
        return None
    default = LiftedBy.BUSINESS if draft.actor is Actor.BUSINESS else LiftedBy.RECIPIENT
    return draft.lifted_by or default


def _faults(draft: Draft, terms: Terms, effective_time: Instant, now: Instant) -> list[tuple[str, FieldFault, str]]:
    """What is wrong with a statement by itself: the field's path within it, the fault, and how to mend it."""
    found = [*_state_faults(draft), *_time_faults(draft, effective_time, now), *_evidence_faults(draft)]
    if draft.actor is Actor.SYSTEM:
        found.append(("actor", FieldFault.NOT_ALLOWED, "SYSTEM is this service itself"))
    if terms.force and draft.actor is Actor.IMPORT:
        found.append(("actor", FieldFault.NOT_ALLOWED, "an import is never forced"))
    return found


def _state_faults(draft: Draft) -> list[tuple[str, FieldFault, str]]:
    match draft.state:
        case State.OPTED_IN:
            faults = []
            if draft.strength is None:
                faults.append(("strength", FieldFault.REQUIRED, "is needed for OPTED_IN"))
            if draft.lifted_by is not None:
                faults.append(("lifted_by", FieldFault.NOT_ALLOWED, "is for OPTED_OUT only"))
            return faults
        case State.OPTED_OUT:
            faults = []
            if draft.strength is not None:
                faults.append(("strength", FieldFault.NOT_ALLOWED, "is for OPTED_IN only"))
            if draft.expire_time is not None:
                faults.append(("expire_time", FieldFault.NOT_ALLOWED, "a no never ends"))
            if draft.lifted_by is LiftedBy.BUSINESS and draft.actor is not Actor.BUSINESS:
                description = "only a no of the business can be lifted by the business"
                faults.append(("lifted_by", FieldFault.NOT_ALLOWED, description))
            return faults
        case State.NO_STATEMENT:
            return [("state", FieldFault.NOT_ALLOWED, "must be OPTED_IN or OPTED_OUT")]


def _time_faults(draft: Draft, effective_time: Instant, now: Instant) -> list[tuple[str, FieldFault, str]]:
    faults = []
    if effective_time > now + FUTURE_ALLOWED:
        faults.append(("effective_time", FieldFault.OUT_OF_RANGE, "is more than five minutes in the future"))
    if draft.expire_time is not None and draft.expire_time <= effective_time:
        faults.append(("expire_time", FieldFault.OUT_OF_RANGE, "must be after the effective time"))
    return faults


def _evidence_faults(draft: Draft) -> list[tuple[str, FieldFault, str]]:
    faults = []
    address = draft.evidence.get("ip_address")
    if address:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            faults.append(("evidence.ip_address", FieldFault.INVALID_FORMAT, "not an IPv4 or IPv6 address"))
    if draft.actor is Actor.RECIPIENT:
        if not draft.evidence.get("method"):
            faults.append(("evidence.method", FieldFault.REQUIRED, "is needed for a statement of the recipient"))
        if not any(draft.evidence.get(name, "").strip() for name in _PROOFS):
            description = f"a statement of the recipient needs one of {', '.join(_PROOFS)}"
            faults.append(("evidence", FieldFault.REQUIRED, description))
    return faults
