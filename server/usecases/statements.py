"""The one way in which a statement is written: load, apply the transition table, append to the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from server.domain.ledger import record_snapshot
from server.domain.model import ALL, Actor, Channel, NotAppliedReason, Principal, Recipient, Record
from server.domain.transitions import Change, Move, Outcome, Statement, transition
from server.storage.protocol import Entry, Transaction


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a statement comes from: the caller, the API it used, the sender it was made at, and what proves it.

    `evidence` is kept in the erasable payload, beside the address; empty values are left out.
    """

    principal: Principal
    source: str
    evidence: Mapping[str, object]
    sender_id: str = ALL


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a statement: the own record as it is now, and why it did not take effect, where it did not."""

    record: Record
    unchanged: bool
    not_applied_reason: NotAppliedReason | None


def record_statement(tx: Transaction, recipient: Recipient, statement: Statement, origin: Provenance) -> Recorded:
    """Apply one statement about one recipient, and record it whether it takes effect or not."""
    recipient_id = tx.ensure_recipient(recipient)
    outcome = transition(recipient_id, tx.records(recipient), statement)
    if outcome.not_applied_reason is not None:
        _append_refused(tx, recipient, statement, origin, outcome)
    for change in outcome.changes:
        _append_change(tx, recipient, statement, origin, change)
    after = outcome.changes[0].after if outcome.changes else outcome.own
    return Recorded(after, outcome.unchanged, outcome.not_applied_reason)


def _append_change(
    tx: Transaction, recipient: Recipient, statement: Statement, origin: Provenance, change: Change
) -> None:
    channel = recipient.channel
    if change.kind is Move.LIFT and change.after.recipient_id != tx.recipient_id(recipient):
        channel = channel.sibling or channel
    entry = Entry(
        kind=change.kind,
        scope=change.after.scope,
        before=record_snapshot(change.before),
        after=record_snapshot(change.after),
        actor=statement.actor,
        source=origin.source,
        payload=_payload(channel, recipient.address, origin.evidence),
        effective_time=statement.effective_time,
        recipient_id=change.after.recipient_id,
        credential_id=origin.principal.credential_id,
    )
    revision = tx.append(entry, change.after)
    if change.kind is Move.SUSPECT:
        tx.add_review_item(change.after.recipient_id, origin.sender_id, "STOP_SUSPECTED", revision)


def _append_refused(
    tx: Transaction, recipient: Recipient, statement: Statement, origin: Provenance, outcome: Outcome
) -> None:
    standing = record_snapshot(outcome.own)
    entry = Entry(
        kind=statement.move,
        scope=statement.scope,
        before=standing,
        after=standing,
        actor=statement.actor,
        source=origin.source,
        payload=_payload(recipient.channel, recipient.address, origin.evidence),
        effective_time=statement.effective_time,
        recipient_id=outcome.own.recipient_id,
        not_applied_reason=outcome.not_applied_reason,
        credential_id=origin.principal.credential_id,
    )
    revision = tx.append(entry)
    if outcome.not_applied_reason is NotAppliedReason.WIDER_OPT_OUT and statement.actor is Actor.RECIPIENT:
        tx.add_review_item(outcome.own.recipient_id, origin.sender_id, "WIDER_OPT_OUT", revision)


def _payload(channel: Channel, address: str, evidence: Mapping[str, object]) -> bytes:
    told = {key: value for key, value in evidence.items() if value not in (None, "")}
    return orjson.dumps({"channel": channel.name, "address": address, "evidence": told}, option=orjson.OPT_SORT_KEYS)
