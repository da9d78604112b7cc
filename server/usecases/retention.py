"""Pruning: deleting the payloads and kept answers that need not be kept any longer, some at a time.

What may go is found on a snapshot and deleted in transactions of their own, each with the PRUNED event that names what
it deleted. Each looks again, since a legal hold or the reversal of a batch may have come in between; an event of before
gets no review item any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import orjson

from server.domain.errors import FieldFault, InvalidField, Violation
from server.domain.ledger import snapshot as snapshot_text
from server.domain.model import Actor, Instant, Principal, Scope
from server.domain.retention import prunable, ranges
from server.storage.protocol import PRUNED, AnswerKey, Entry, HeardPosition, Snapshot, StoredEvent, Transaction
from server.usecases.idempotency import RETENTION

RECIPIENTS_A_PAGE = 200
_ITEMS_A_PAGE = 1000
_ROWS_A_PORTION = 500


@dataclass(frozen=True, slots=True)
class Spent:
    """Payloads of one recipient's events that may go."""

    recipient_id: int
    revisions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SpentPage:
    """What may go of some recipients, how many events were looked at, and after whom to go on; 0: after nobody."""

    found: Sequence[Spent]
    event_count: int
    next_id: int


def check_cutoff(now: Instant, before: Instant) -> Instant:
    """Refuse a moment so late that a repeated call could not be recognised. Raises InvalidField."""
    if before > now - RETENTION:
        raise InvalidField(Violation("older_than", FieldFault.OUT_OF_RANGE, "is at least 7 days"))
    return before


def waiting_events(snapshot: Snapshot) -> frozenset[int]:
    """The revisions of the events that wait for a person's judgement."""
    found: set[int] = set()
    after: tuple[Instant, str] | None = None
    while page := snapshot.review_items(after, _ITEMS_A_PAGE):
        found.update(item.revision for item in page)
        after = (page[-1].create_time, page[-1].id)
    return frozenset(found)


def find_spent(snapshot: Snapshot, after_id: int, before: Instant, waiting: frozenset[int]) -> SpentPage:
    """Find what may go of the next recipients: what has not stood since a moment, is not waited for and not held."""
    ids = snapshot.recipient_ids(after_id, RECIPIENTS_A_PAGE)
    if not ids:
        return SpentPage((), 0, 0)
    held = snapshot.held_recipients(ids)
    found, count = [], 0
    for recipient_id, events in groupby(snapshot.histories(ids[0], ids[-1]), _recipient_of):
        theirs = list(events)
        count += len(theirs)
        kept = {event.header.revision for event in theirs if event.payload is not None} - waiting
        gone = (
            ()
            if recipient_id in held
            else tuple(
                revision for revision in prunable((event.header for event in theirs), before) if revision in kept
            )
        )
        if gone:
            found.append(Spent(recipient_id, gone))
    return SpentPage(found, count, ids[-1])


def portions(found: Sequence[Spent]) -> Iterator[Sequence[Spent]]:
    """What was found in parts that are quick to delete, so that others may write in between."""
    part: list[Spent] = []
    size = 0
    for spent in found:
        for start in range(0, len(spent.revisions), _ROWS_A_PORTION):
            piece = Spent(spent.recipient_id, spent.revisions[start : start + _ROWS_A_PORTION])
            if part and size + len(piece.revisions) > _ROWS_A_PORTION:
                yield part
                part, size = [], 0
            part.append(piece)
            size += len(piece.revisions)
    if part:
        yield part


def prune_payloads(tx: Transaction, principal: Principal, portion: Sequence[Spent], before: Instant) -> int:
    """Delete payloads that may still go, and append the event that names them; answer how many."""
    held = tx.held_recipients({spent.recipient_id for spent in portion})
    histories = tx.headers_of({spent.recipient_id for spent in portion} - held)
    may_go = {revision for history in histories.values() for revision in prunable(history, before)}
    wanted = may_go & {revision for spent in portion for revision in spent.revisions}
    gone = tx.prune_payloads(sorted(wanted))
    if gone:
        facts = {"payloads": len(gone), "revisions": ranges(gone), "before": before}
        tx.append(
            Entry(
                kind=PRUNED,
                scope=Scope(),
                before="{}",
                after=snapshot_text(facts),
                actor=Actor.BUSINESS if principal.credential_id else Actor.SYSTEM,
                source="api" if principal.credential_id else "cli",
                payload=orjson.dumps({}),
                effective_time=tx.now,
                credential_id=principal.credential_id,
            )
        )
    return len(gone)


def prune_answers(tx: Transaction, after: AnswerKey | None) -> tuple[int, AnswerKey | None]:
    """Delete some answers to request ids of more than a week ago; answer how many, and where to go on if at all."""
    return tx.prune_answers(tx.now - RETENTION, after, _ROWS_A_PORTION)


def prune_heard_answers(
    tx: Transaction, before: Instant, after: HeardPosition | None
) -> tuple[int, HeardPosition | None]:
    """Empty some answers to messages of before a moment; answer how many, and where to go on if at all."""
    return tx.prune_heard_answers(before, after, _ROWS_A_PORTION)


def _recipient_of(event: StoredEvent) -> int:
    return event.header.recipient_id or 0
