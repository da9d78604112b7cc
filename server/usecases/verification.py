"""VerifyLedger: the chain, the payloads, the head, and the records against a replay, page by page.

Each page is read in a snapshot of its own, so that a long verification holds nothing open: the chain up to the head
as it was at the beginning, each recipient's records at some moment since then.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from server.domain.errors import FieldFault, InvalidField, Violation
from server.domain.ledger import Header
from server.domain.model import Principal
from server.domain.retention import Pruned
from server.domain.verification import (
    Link,
    VerifyFailure,
    fault_of_head,
    fault_of_header,
    fault_of_payload,
)
from server.storage.protocol import Snapshot, StoredEvent
from server.usecases import access
from server.usecases.replays import OpenSnapshot, replayed

EVENTS_A_PAGE = 1000


@dataclass(frozen=True, slots=True)
class VerifyProgress:
    """How far the verification is. The last one is complete, or has a failure."""

    verified_count: int
    verified_revision: int
    head_revision: int
    complete: bool = False
    failure: VerifyFailure | None = None


@dataclass(frozen=True, slots=True)
class _Range:
    first: int
    last: int
    head: Link
    whole: bool


def verify_ledger(
    open_snapshot: OpenSnapshot, principal: Principal, first_revision: int, last_revision: int
) -> Iterator[VerifyProgress]:
    """Verify a range, or with no last revision everything. Raises InvalidField or TenantWideNotPermitted."""
    access.permit_tenant_wide(principal)
    with open_snapshot() as snapshot:
        asked = _range(snapshot, first_revision, last_revision)
        begin = link = _link_before(snapshot, asked.first)
        standing = snapshot.last_revision()
    progress = VerifyProgress(0, link.revision, asked.head.revision)
    for link, failure in _chain(open_snapshot, begin, asked.last):
        progress = replace(progress, verified_count=link.revision - asked.first + 1, verified_revision=link.revision)
        if failure is not None:
            yield replace(progress, failure=failure)
            return
        yield progress
    if asked.whole:
        beyond = replace(link, revision=standing) if standing > asked.head.revision else link
        failure = fault_of_head(beyond, asked.head)
        if failure is not None:
            yield replace(progress, failure=failure)
            return
        for failure in replayed(open_snapshot):
            yield replace(progress, failure=failure)
            if failure is not None:
                return
    yield replace(progress, complete=True)


def _range(snapshot: Snapshot, first: int, last: int) -> _Range:
    tenant = snapshot.tenant
    head = Link(tenant.head_revision, tenant.head_hash, tenant.head_time)
    found = [
        Violation(field, FieldFault.OUT_OF_RANGE, f"the ledger has revisions up to {head.revision}")
        for field, revision in (("first_revision", first), ("last_revision", last))
        if revision > head.revision
    ]
    if last and first > last:
        found.append(Violation("last_revision", FieldFault.OUT_OF_RANGE, "is before the first"))
    if found:
        raise InvalidField(*found)
    return _Range(first or 1, last or head.revision, head, whole=not last)


def _link_before(snapshot: Snapshot, first: int) -> Link:
    """The event before the first one, which is trusted; before the beginning, what every ledger begins with."""
    event = snapshot.event(first - 1)
    return Link(first - 1, event.hash, event.header.record_time) if event else Link(first - 1)


def _chain(open_snapshot: OpenSnapshot, link: Link, last: int) -> Iterator[tuple[Link, VerifyFailure | None]]:
    """Verify event by event; after each page answer where the chain is good to, and what is wrong with the next."""
    pruned = Pruned()
    while link.revision < last:
        with open_snapshot() as snapshot:
            page = [event for event in _read_page(snapshot, link.revision) if event.header.revision <= last]
            link, failure = _verify_page(snapshot, link, page, pruned)
        if failure is None and not page:
            failure = VerifyFailure(
                link.revision + 1, f"the event is missing or no event can be read from it, before {last}"
            )
        yield link, failure
        if failure is not None:
            return


def _read_page(snapshot: Snapshot, after: int) -> Sequence[StoredEvent]:
    """The next events; where one holds what no event can hold, those before it."""
    with contextlib.suppress(ValueError):
        return snapshot.events(after, EVENTS_A_PAGE)
    readable: list[StoredEvent] = []
    with contextlib.suppress(ValueError):
        while found := snapshot.events(readable[-1].header.revision if readable else after, 1):
            readable += found
    return readable


def _verify_page(
    snapshot: Snapshot, link: Link, page: Sequence[StoredEvent], pruned: Pruned
) -> tuple[Link, VerifyFailure | None]:
    for event in page:
        header = event.header
        failure = fault_of_header(link, header, event.hash) or _fault_of_payload(snapshot, event, pruned)
        if failure is not None:
            return link, failure
        link = Link(header.revision, event.hash, header.record_time)
    return link, None


def _fault_of_payload(snapshot: Snapshot, event: StoredEvent, pruned: Pruned) -> VerifyFailure | None:
    missing = event.payload is None or event.salt is None
    gone = missing and _was_deleted(snapshot, event.header, pruned)
    return fault_of_payload(event.header, event.salt, event.payload, deleted_later=gone)


def _was_deleted(snapshot: Snapshot, header: Header, pruned: Pruned) -> bool:
    """Whether a later event says that the payload was pruned, or that the recipient was forgotten."""
    if not pruned.names(header.revision):
        pruned.add(snapshot.prunings(pruned.read_to))
    if pruned.names(header.revision):
        return True
    return header.recipient_id is not None and snapshot.erased_after(header.recipient_id, header.revision)
