"""The events of the ledger, as they are listed and watched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from consent.v1 import ledger_pb2

from server.client.recipients import Recipient, decode_recipient
from server.client.times import moment_of
from server.client.vocabulary import Actor, EventKind, NotAppliedReason, word_of


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """One event. `before` and `after` are JSON; `payload` is JSON with the address and the evidence, or erased: empty.

    Hides all but its place in its repr.
    """

    revision: int
    kind: EventKind
    recipient: Recipient | None
    recipient_id: int
    sender: str
    purpose: str
    before: str
    after: str
    applied: bool
    not_applied_reason: NotAppliedReason | None
    actor: Actor | None
    credential_id: str
    source: str
    batch_id: str
    effective_time: datetime | None
    record_time: datetime | None
    payload_digest: bytes
    hash: bytes
    payload: bytes
    salt: bytes

    def __repr__(self) -> str:
        return f"ConsentEvent({self.revision}, {self.kind.name}, …)"


def decode_event(found: ledger_pb2.ConsentEvent) -> ConsentEvent:
    """One event. Raises ValueError for times out of range."""
    return ConsentEvent(
        revision=found.revision,
        kind=word_of(EventKind, found.kind) or EventKind.UNKNOWN,
        recipient=decode_recipient(found),
        recipient_id=found.recipient_id,
        sender=found.sender,
        purpose=found.purpose,
        before=found.before,
        after=found.after,
        applied=found.applied,
        not_applied_reason=word_of(NotAppliedReason, found.not_applied_reason),
        actor=word_of(Actor, found.actor),
        credential_id=found.credential_id,
        source=found.source,
        batch_id=found.batch_id,
        effective_time=moment_of(found, "effective_time"),
        record_time=moment_of(found, "record_time"),
        payload_digest=found.payload_digest,
        hash=found.hash,
        payload=found.payload,
        salt=found.salt,
    )
