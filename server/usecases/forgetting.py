"""ForgetRecipient and SetLegalHold (DESIGN, section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from server.domain.errors import FieldFault, InvalidField, LegalHold, NotFound, Violation
from server.domain.forgetting import trace_finder
from server.domain.ledger import snapshot as snapshot_text
from server.domain.model import Actor, Channel, Instant, Principal, Recipient, Scope
from server.storage.protocol import ERASED, HOLD, Addressee, AnswerKey, Entry, Snapshot, Transaction
from server.usecases import access
from server.usecases.addresses import read_recipient


@dataclass(frozen=True, slots=True)
class ForgetPlan:
    """Whom to forget, the kept answers that tell of the address, and when the ledger was written last before that.

    No later answer is dated before that moment, so that only those since then need another look.
    """

    recipient: Recipient
    answers: Sequence[AnswerKey]
    head_time: Instant


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was forgotten, without anything personal: the facts of a certificate."""

    revision: int
    recipient_id: int
    payload_count: int
    contact_count: int
    erase_time: Instant
    hash: bytes


def plan_forgetting(snapshot: Snapshot, principal: Principal, channel: Channel, address: str) -> ForgetPlan:
    """Find what takes long to find, before the transaction. Raises InvalidField or TenantWideNotPermitted."""
    access.permit_tenant_wide(principal)
    recipient = read_recipient(snapshot, channel, address, "recipient.address")
    answers = snapshot.answers_that(trace_finder(recipient), since=0)
    return ForgetPlan(recipient, answers, snapshot.tenant.head_time)


def forget_recipient(tx: Transaction, principal: Principal, plan: ForgetPlan, reason: str) -> Erasure:
    """Forget an address on every channel. Raises InvalidField, LegalHold, or NotFound where nothing is known of it."""
    recipient = plan.recipient
    _check_reason(recipient, reason)
    addressees = list(tx.addressees(recipient))
    if any(found.held for found in addressees):
        raise LegalHold
    contact_count = tx.erase_contacts(recipient)
    late = tx.answers_that(trace_finder(recipient), since=plan.head_time)
    answers = {*plan.answers, *late}
    tx.erase_answers(sorted(answers, key=lambda key: (key.credential_id, key.method, key.request_id)))
    if not any(found.channel is recipient.channel for found in addressees):
        if not (addressees or contact_count or answers):
            raise NotFound("RECIPIENT")
        # The event that proves the erasure needs an id to speak of.
        addressees.append(Addressee(tx.ensure_recipient(recipient), recipient.channel, held=False))
    # The channel that was asked about comes last: its event is the certificate's.
    addressees.sort(key=lambda found: found.channel is recipient.channel)
    payload_count = sum(_erase(tx, found, recipient.address) for found in addressees)
    facts = {"reason": reason, "payloads": payload_count, "contacts": contact_count}
    revision = 0
    for found in addressees:
        revision = _append(tx, principal, ERASED, found.recipient_id, "{}", snapshot_text(facts))
    asked = addressees[-1].recipient_id
    return Erasure(revision, asked, payload_count, contact_count, tx.now, tx.tenant.head_hash)


def _erase(tx: Transaction, found: Addressee, address: str) -> int:
    """Erase one recipient; answer how many payloads there were."""
    tx.erase_heard_answers(found.recipient_id)
    tx.erase_address(found.recipient_id, Recipient(found.channel, address))
    return tx.erase_payloads(found.recipient_id)


def set_legal_hold(
    tx: Transaction, principal: Principal, channel: Channel, address: str, held: bool, reason: str
) -> bool:
    """Place a legal hold, or release it; the same again writes nothing. Answer whether it stands.

    A hold can be placed before anything is stated of the recipient: what comes is held too. Raises InvalidField,
    TenantWideNotPermitted, or NotFound for a release where nothing is known of the recipient.
    """
    access.permit_tenant_wide(principal)
    recipient = read_recipient(tx, channel, address, "recipient.address")
    _check_reason(recipient, reason)
    known = next((found for found in tx.addressees(recipient) if found.channel is recipient.channel), None)
    if known is None:
        if not held:
            raise NotFound("RECIPIENT")
        known = Addressee(tx.ensure_recipient(recipient), recipient.channel, held=False)
    if known.held != held:
        tx.set_hold(known.recipient_id, held)
        before = snapshot_text({"held": known.held})
        _append(tx, principal, HOLD, known.recipient_id, before, snapshot_text({"held": held, "reason": reason}))
    return held


def _check_reason(recipient: Recipient, reason: str) -> None:
    """Refuse a reason that holds the address: it is kept for ever. Raises InvalidField."""
    if trace_finder(recipient)(reason.encode()):
        description = "holds the address, and is kept for ever; name the request or the case instead"
        raise InvalidField(Violation("reason", FieldFault.NOT_ALLOWED, description))


def _append(tx: Transaction, principal: Principal, kind: str, recipient_id: int, before: str, after: str) -> int:
    return tx.append(
        Entry(
            kind=kind,
            scope=Scope(),
            before=before,
            after=after,
            actor=Actor.BUSINESS if principal.credential_id else Actor.SYSTEM,
            source="api" if principal.credential_id else "cli",
            payload=orjson.dumps({}),
            effective_time=tx.now,
            recipient_id=recipient_id,
            credential_id=principal.credential_id,
        )
    )
