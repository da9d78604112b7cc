"""ListConsentEvents: the ledger, filtered, in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from server.domain.model import Actor, Channel, Instant, Principal, Recipient
from server.storage.protocol import EventFilter, Snapshot, StoredEvent
from server.usecases import access
from server.usecases.addresses import read_recipient
from server.usecases.as_of import check_revision
from server.usecases.pages import PageTokens, clamp_page_size

# A page is cut where it gets larger than this, so that no answer outgrows what a gRPC client accepts (4 MiB).
PAGE_BYTES = 2_000_000
_HEADER_BYTES = 1_000

SeenEvent = tuple[StoredEvent, Recipient | None]


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events are asked for; empty and None ask for all. `before` is exclusive."""

    recipient: tuple[Channel, str] | None = None
    sender_id: str = ""
    kind: str | None = None
    actor: Actor | None = None
    batch_id: str = ""
    recorded_from: Instant | None = None
    recorded_before: Instant | None = None
    as_of_revision: int = 0
    newest_first: bool = False


@dataclass(frozen=True, slots=True)
class EventPage:
    """One page of events, each with whom it concerns."""

    events: Sequence[SeenEvent]
    next_page_token: str
    revision: int


def list_events(
    snapshot: Snapshot, principal: Principal, tokens: PageTokens, query: EventQuery, page_size: int, page_token: str
) -> EventPage:
    """List events that the caller may see. Raises InvalidField, InvalidPageToken or SenderNotPermitted."""
    visible = access.readable_senders(principal, query.sender_id)
    check_revision(snapshot, query.as_of_revision)
    wanted = read_recipient(snapshot, *query.recipient, "recipient.address") if query.recipient else None
    recipient_id = snapshot.recipient_id(wanted) if wanted else None
    question = ("events", snapshot.tenant.id, recipient_id, sorted(visible), *_identity(query))
    position = tokens.open(question, page_token)
    limit = clamp_page_size(page_size)
    read_at = query.as_of_revision or snapshot.tenant.head_revision
    if wanted is not None and recipient_id is None:
        return EventPage([], "", read_at)
    bounds = _bounds(snapshot, query, read_at, int(position[0]) if position else None)
    filtered = EventFilter(*bounds, recipient_id, visible, query.kind, query.actor, query.batch_id or None)
    found = snapshot.events_where(filtered, limit + 1, query.newest_first)
    page = fitting(found[:limit])
    token = tokens.seal(question, [page[-1][0].header.revision]) if len(found) > len(page) else ""
    return EventPage(page, token, read_at)


def _identity(query: EventQuery) -> tuple[object, ...]:
    """What must be the same on every page, but for the address, which no token may hold in any form."""
    anonymous = replace(query, recipient=None)
    return (query.recipient is not None, anonymous)


def _bounds(snapshot: Snapshot, query: EventQuery, last: int, position: int | None) -> tuple[int, int]:
    """The first and the last revision to look at: times are turned into revisions, since both grow together."""
    first = 1
    if query.recorded_from is not None:
        first = snapshot.revision_at(query.recorded_from - 1) + 1
    if query.recorded_before is not None:
        last = min(last, snapshot.revision_at(query.recorded_before - 1))
    if position is not None:
        first, last = (first, min(last, position - 1)) if query.newest_first else (max(first, position + 1), last)
    return first, last


def fitting(events: Sequence[SeenEvent]) -> Sequence[SeenEvent]:
    """As many of the events as one answer holds, at least one."""
    size = 0
    for index, (event, _) in enumerate(events):
        header = event.header
        size += _HEADER_BYTES + len(event.payload or b"") + len(header.before) + len(header.after)
        if size > PAGE_BYTES and index:
            return events[:index]
    return events
