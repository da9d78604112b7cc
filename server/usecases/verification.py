"""VerifyLedger: the chain, the payloads, the head, and the records against a replay, page by page.

Each page is read in a snapshot of its own, so that a long verification holds nothing open: the chain up to the head
as it was at the beginning, each recipient's records at some moment since then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import orjson

from server.domain.errors import FieldFault, InvalidField, Violation
from server.domain.model import Principal, Recipient, Record, Scope
from server.domain.replay import record_after, sets_record
from server.domain.verification import (
    Link,
    VerifyFailure,
    fault_of_head,
    fault_of_header,
    fault_of_payload,
    fault_of_record,
)
from server.storage.protocol import ConsentPosition, Snapshot, StoredEvent
from server.usecases import access

EVENTS_A_PAGE = 1000
RECIPIENTS_A_PAGE = 200

OpenSnapshot = Callable[[], AbstractContextManager[Snapshot]]


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
        for failure in _records(open_snapshot):
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
    while link.revision < last:
        with open_snapshot() as snapshot:
            page = [e for e in snapshot.events(link.revision, EVENTS_A_PAGE) if e.header.revision <= last]
            link, failure = _verify_page(snapshot, link, page)
        if failure is None and not page:
            failure = VerifyFailure(link.revision + 1, f"the event is missing: the ledger was cut off before {last}")
        yield link, failure
        if failure is not None:
            return


def _verify_page(snapshot: Snapshot, link: Link, page: Sequence[StoredEvent]) -> tuple[Link, VerifyFailure | None]:
    for event in page:
        header = event.header
        failure = fault_of_header(link, header, event.hash) or _fault_of_payload(snapshot, event)
        if failure is not None:
            return link, failure
        link = Link(header.revision, event.hash, header.record_time)
    return link, None


def _fault_of_payload(snapshot: Snapshot, event: StoredEvent) -> VerifyFailure | None:
    header = event.header
    missing = event.payload is None or event.salt is None
    erased = missing and header.recipient_id is not None and snapshot.erased_after(header.recipient_id, header.revision)
    return fault_of_payload(header, event.salt, event.payload, erased_later=erased)


def _records(open_snapshot: OpenSnapshot) -> Iterator[VerifyFailure | None]:
    """Hold the records against the ledger, some recipients at a time; answer after each page what is wrong."""
    after = 0
    while True:
        with open_snapshot() as snapshot:
            ids = snapshot.recipient_ids(after, RECIPIENTS_A_PAGE)
            if not ids:
                return
            failure = _verify_recipients(snapshot, after, ids)
        yield failure
        if failure is not None:
            return
        after = ids[-1]


def _verify_recipients(snapshot: Snapshot, after: int, ids: Sequence[int]) -> VerifyFailure | None:
    """Verify all recipients with ids after one, up to the last of `ids`, and the records that they have."""
    replayed: dict[tuple[int, Scope], Record] = {}
    told: dict[int, dict[str, Any]] = {}
    for event in snapshot.histories(after + 1, ids[-1]):
        header = event.header
        recipient_id = header.recipient_id or 0
        told[recipient_id] = _told_of_recipient(event) or told.get(recipient_id, {})
        if sets_record(header):
            key = (recipient_id, header.scope)
            try:
                replayed[key] = record_after(header, replayed.get(key))
            except ValueError as error:
                return VerifyFailure(header.revision, str(error))
    for recipient_id in ids:
        failure = _fault_of_recipient(snapshot.recipient(recipient_id), recipient_id, told.get(recipient_id, {}))
        if failure is not None:
            return failure
    stand = {(record.recipient_id, record.scope): record for record in _records_between(snapshot, after, ids[-1])}
    for key in sorted(replayed.keys() | stand.keys(), key=lambda key: (key[0], key[1].sender, key[1].purpose)):
        failure = fault_of_record(replayed.get(key), stand.get(key))
        if failure is not None:
            return failure
    return None


def _told_of_recipient(event: StoredEvent) -> dict[str, Any]:
    """Whom the payload of an event names, where it names anybody."""
    told = orjson.loads(event.payload) if event.payload else {}
    return told if isinstance(told, dict) and "address" in told else {}


def _fault_of_recipient(known: Recipient | None, recipient_id: int, told: dict[str, Any]) -> VerifyFailure | None:
    """Whether the id still stands for the address that the newest payload names."""
    if known is None:
        return VerifyFailure(0, f"the recipient {recipient_id}, of whom the ledger speaks, is missing")
    if told and not known.forgotten and (known.channel.name, known.address) != (told.get("channel"), told["address"]):
        return VerifyFailure(0, f"the recipient {recipient_id} has another address than its newest event names")
    return None


def _records_between(snapshot: Snapshot, after: int, last_id: int) -> Iterator[Record]:
    position = ConsentPosition(after + 1, "", "")
    while True:
        page = [record for _, record in snapshot.consents(position, EVENTS_A_PAGE)]
        for record in page:
            if record.recipient_id > last_id:
                return
            yield record
        if len(page) < EVENTS_A_PAGE:
            return
        position = ConsentPosition(page[-1].recipient_id, page[-1].scope.sender, page[-1].scope.purpose)
