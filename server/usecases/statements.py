"""The one way in which a statement is written: load, apply the transition table, append to the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import orjson

from server.domain.ledger import record_snapshot
from server.domain.model import ALL, Actor, Channel, NotAppliedReason, Principal, Recipient, Record, State
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
    batch_id: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a statement: the own record as it is now, and why it did not take effect, where it did not.

    `revision` is the statement's own event, 0 where there is none; `lifted_count` counts the other records that
    lost their no; `review_item_id` is the item that it opened.
    """

    record: Record
    unchanged: bool
    not_applied_reason: NotAppliedReason | None
    revision: int = 0
    lifted_count: int = 0
    review_item_id: str = ""


def record_statement(tx: Transaction, recipient: Recipient, statement: Statement, origin: Provenance) -> Recorded:
    """Apply one statement about one recipient, and record it whether it takes effect or not."""
    recipient_id = tx.ensure_recipient(recipient)
    outcome = transition(recipient_id, tx.records(recipient), statement)
    if outcome.not_applied_reason is not None:
        return _append_refused(tx, recipient, statement, origin, outcome)
    if outcome.unchanged:
        return Recorded(outcome.own, unchanged=True, not_applied_reason=None)
    revisions = [_append_change(tx, recipient, statement, origin, change) for change in outcome.changes]
    own = outcome.changes[0].after
    item = _ask_for_review(tx, own.recipient_id, origin, "STOP_SUSPECTED", revisions[0], statement.move is Move.SUSPECT)
    return Recorded(
        own._replace(revision=revisions[0], create_time=own.create_time or tx.now, update_time=tx.now),
        unchanged=False,
        not_applied_reason=None,
        revision=revisions[0],
        lifted_count=sum(_lost_its_no(change) for change in outcome.changes[1:]),
        review_item_id=item,
    )


def _append_change(
    tx: Transaction, recipient: Recipient, statement: Statement, origin: Provenance, change: Change
) -> int:
    channel = recipient.channel
    if change.kind is Move.LIFT and change.after.recipient_id != tx.recipient_id(recipient):
        channel = channel.sibling or channel
    return tx.append(_entry(recipient, channel, statement, origin, change), change.after)


def _lost_its_no(change: Change) -> bool:
    return change.before.state is State.OPTED_OUT and change.after.state is not State.OPTED_OUT


def _append_refused(
    tx: Transaction, recipient: Recipient, statement: Statement, origin: Provenance, outcome: Outcome
) -> Recorded:
    standing = Change(statement.move, outcome.own, outcome.own)
    entry = _entry(recipient, recipient.channel, statement, origin, standing)
    revision = tx.append(replace(entry, not_applied_reason=outcome.not_applied_reason))
    unheard = outcome.not_applied_reason is NotAppliedReason.WIDER_OPT_OUT and statement.actor is Actor.RECIPIENT
    item = _ask_for_review(tx, outcome.own.recipient_id, origin, "WIDER_OPT_OUT", revision, unheard)
    return Recorded(
        outcome.own,
        unchanged=False,
        not_applied_reason=outcome.not_applied_reason,
        revision=revision,
        review_item_id=item,
    )


def _entry(recipient: Recipient, channel: Channel, statement: Statement, origin: Provenance, change: Change) -> Entry:
    return Entry(
        kind=change.kind,
        scope=change.after.scope,
        before=record_snapshot(change.before),
        after=record_snapshot(change.after, forced=statement.force),
        actor=statement.actor,
        source=origin.source,
        payload=payload_of(Recipient(channel, recipient.address), origin.evidence),
        effective_time=statement.effective_time,
        recipient_id=change.after.recipient_id,
        credential_id=origin.principal.credential_id,
        batch_id=origin.batch_id,
    )


def _ask_for_review(
    tx: Transaction, recipient_id: int, origin: Provenance, kind: str, revision: int, needed: bool
) -> str:
    return tx.add_review_item(recipient_id, origin.sender_id, kind, revision) if needed else ""


def payload_of(recipient: Recipient, evidence: Mapping[str, object]) -> bytes:
    """The erasable part of a statement's event: whom it is of, unless that was forgotten, and what proves it."""
    told = {key: value for key, value in evidence.items() if value not in (None, "")}
    whom = {} if recipient.forgotten else {"channel": recipient.channel.name, "address": recipient.address}
    return orjson.dumps({**whom, "evidence": told}, option=orjson.OPT_SORT_KEYS)
