"""Review items: what waits for a person's judgement, and the judgement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from server.domain.errors import FieldFault, InvalidField, NotFound, ReviewItemResolved, Violation
from server.domain.model import (
    ALL,
    Actor,
    Instant,
    LiftedBy,
    Principal,
    Recipient,
    Record,
    Resolution,
    ReviewItem,
    ReviewKind,
    Scope,
    State,
)
from server.domain.transitions import Move, Statement
from server.storage.protocol import Snapshot, StoredEvent, Transaction
from server.usecases import access
from server.usecases.pages import PageTokens, clamp_page_size
from server.usecases.statements import Provenance, record_statement

SOURCE = "review"
_RESOLUTIONS = {
    ReviewKind.STOP_SUSPECTED: frozenset({Resolution.OPT_OUT, Resolution.NOT_AN_OPT_OUT}),
    ReviewKind.WIDER_OPT_OUT: frozenset({Resolution.DISMISSED}),
}


@dataclass(frozen=True, slots=True)
class Review:
    """An item with what a person needs to judge it: the message's text where it is kept, and the item's age."""

    item: ReviewItem
    recipient: Recipient | None
    body: str
    age: Instant


def list_reviews(
    snapshot: Snapshot,
    principal: Principal,
    tokens: PageTokens,
    sender_id: str,
    kind: ReviewKind | None,
    with_resolved: bool,
    page_size: int,
    page_token: str,
) -> tuple[Sequence[Review], str]:
    """List items, the oldest first, with the next page's token. Raises SenderNotPermitted or InvalidPageToken."""
    if sender_id:
        access.permit_sender(principal, sender_id)
    senders = frozenset({sender_id}) if sender_id else principal.senders
    question = ("reviews", snapshot.tenant.id, sorted(senders), kind, with_resolved)
    position = tokens.open(question, page_token)
    after = (int(position[0]), str(position[1])) if position else None
    limit = clamp_page_size(page_size)
    found = snapshot.review_items(after, limit + 1, senders, kind, with_resolved)
    page = found[:limit]
    token = tokens.seal(question, [page[-1].create_time, page[-1].id]) if len(found) > limit else ""
    return [_review(snapshot, item) for item in page], token


def resolve_review(tx: Transaction, principal: Principal, item_id: str, resolution: Resolution, note: str) -> Review:
    """Judge an item. The same judgement again changes nothing.

    A bound caller judges a suspicion that covers the tenant only to be a no, which is never lost. Raises NotFound,
    InvalidField, ReviewItemResolved or TenantWideNotPermitted.
    """
    item = tx.review_item(item_id)
    if item is None or (principal.senders and item.sender_id not in principal.senders):
        raise NotFound("REVIEW_ITEM", item_id)
    if resolution not in _RESOLUTIONS[item.kind]:
        allowed = ", ".join(sorted(each.name for each in _RESOLUTIONS[item.kind]))
        description = f"a {item.kind.name} item is judged as one of {allowed}"
        raise InvalidField(Violation("resolution", FieldFault.NOT_ALLOWED, description))
    if item.resolution is not None and item.resolution is not resolution:
        raise ReviewItemResolved(item_id)
    if item.resolution is None:
        _state(tx, principal, item, resolution, note)
        tx.resolve_review_item(item_id, resolution)
    judged = tx.review_item(item_id)
    return _review(tx, judged or item)


def _state(tx: Transaction, principal: Principal, item: ReviewItem, resolution: Resolution, note: str) -> None:
    recipient = tx.recipient(item.recipient_id)
    header = _event(tx, item).header
    if resolution is Resolution.NOT_AN_OPT_OUT and header.scope.sender == ALL:
        access.permit_tenant_wide(principal)
    if recipient is None or resolution is Resolution.DISMISSED:
        return
    if resolution is Resolution.OPT_OUT:
        statement = Statement(
            Move.OPT_OUT, header.scope, Actor.RECIPIENT, header.effective_time, lifted_by=LiftedBy.RECIPIENT
        )
    else:
        records = [record for record in tx.records(recipient) if record.recipient_id == item.recipient_id]
        if _another_waits(tx, item, header.scope, records):
            return
        doubts = [record.suspect_time or 0 for record in records if record.scope == header.scope]
        statement = Statement(Move.CLEAR, header.scope, Actor.BUSINESS, max(header.effective_time, *doubts, 0))
    evidence = {"review_item": item.id, "resolution": resolution.name, "note": note, "judged_revision": item.revision}
    record_statement(tx, recipient, statement, Provenance(principal, SOURCE, evidence, item.sender_id))


def _another_waits(tx: Transaction, item: ReviewItem, scope: Scope, records: Sequence[Record]) -> bool:
    """Whether another suspicion of the same scope, not answered since by a yes as wide, is not judged yet."""
    yeses = [r for r in records if r.state is State.OPTED_IN and r.actor is Actor.RECIPIENT and r.scope.covers(scope)]
    answered = max((yes.effective_time for yes in yeses), default=None)
    others = [each for each in tx.open_review_items(item.recipient_id) if each.id != item.id]
    headers = [_event(tx, each).header for each in others if each.kind is ReviewKind.STOP_SUSPECTED]
    return any(each.scope == scope and (answered is None or each.effective_time > answered) for each in headers)


def _event(snapshot: Snapshot, item: ReviewItem) -> StoredEvent:
    return snapshot.events(item.revision - 1, 1)[0]


def _review(snapshot: Snapshot, item: ReviewItem) -> Review:
    payload = _event(snapshot, item).payload
    body = ""
    if payload is not None:
        body = str(orjson.loads(payload).get("evidence", {}).get("body", ""))
    ended = snapshot.now if item.resolve_time is None else item.resolve_time
    return Review(item, snapshot.recipient(item.recipient_id), body, ended - item.create_time)
