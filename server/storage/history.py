"""Reading the ledger: one recipient's history, a setting's, filtered pages, and what verification holds together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from peewee import Database, fn

from server.domain.ledger import Header
from server.domain.model import Instant, Recipient, Scope, Tenant
from server.storage import rows
from server.storage.protocol import ERASED, PRUNED, SETTING, EventFilter, StoredEvent
from server.storage.tables import ConsentRow, EventRow, PayloadRow, RecipientRow

_HEADER = EventRow._meta.sorted_fields
_SAME_PAYLOAD = (PayloadRow.tenant_id == EventRow.tenant_id) & (PayloadRow.revision == EventRow.revision)
_SAME_RECIPIENT = (RecipientRow.tenant_id == EventRow.tenant_id) & (RecipientRow.id == EventRow.recipient_id)
_ROWS_A_FETCH = 500


def _header(row: rows.Row) -> Header:
    return rows.stored_event((*row, None, None)).header


class HistoryReads:
    """The part of a snapshot that reads the ledger."""

    _database: Database
    _tenant: Tenant

    def _events(self, *where: object) -> Any:
        return EventRow.select(*_HEADER).where(EventRow.tenant_id == self._tenant.id, *where)

    def event(self, revision: int) -> StoredEvent | None:
        """Find one event, without its payload."""
        found = self._events(EventRow.revision == revision).tuples().execute(self._database)
        return next((rows.stored_event((*row, None, None)) for row in found), None)

    def revision_at(self, moment: Instant) -> int:
        """The last revision that was recorded at or before a moment; 0 where there is none."""
        query = (
            EventRow.select(EventRow.revision)
            .where(EventRow.tenant_id == self._tenant.id, EventRow.record_time <= moment)
            .order_by(EventRow.record_time.desc(), EventRow.revision.desc())
            .limit(1)
        )
        return next((int(revision) for (revision,) in query.tuples().execute(self._database)), 0)

    def history(self, recipient_id: int, last_revision: int) -> Sequence[Header]:
        """One recipient's events up to a revision, oldest first."""
        query = self._events(EventRow.recipient_id == recipient_id, EventRow.revision <= last_revision)
        found = query.order_by(EventRow.revision).tuples().execute(self._database)
        return [_header(row) for row in found]

    def settings_before(self, scope: Scope | None, last_revision: int) -> Iterator[Header]:
        """The SETTING events of a scope, or of all, up to a revision, newest first."""
        query = self._events(
            EventRow.recipient_id.is_null(), EventRow.revision <= last_revision, EventRow.kind == SETTING
        )
        if scope is not None:
            query = query.where(EventRow.sender_id == scope.sender, EventRow.purpose_id == scope.purpose)
        yield from map(_header, query.order_by(EventRow.revision.desc()).tuples().execute(self._database))

    def events_where(
        self, wanted: EventFilter, limit: int, newest_first: bool = False
    ) -> Sequence[tuple[StoredEvent, Recipient | None]]:
        """List events by revision, each with its recipient; no recipient for one that concerns nobody."""
        columns = (*_HEADER, PayloadRow.salt, PayloadRow.payload, RecipientRow.channel, RecipientRow.address)
        query = (
            EventRow.select(*columns)
            .left_outer_join(PayloadRow, on=_SAME_PAYLOAD)
            .switch(EventRow)
            .left_outer_join(RecipientRow, on=_SAME_RECIPIENT)
            .where(
                EventRow.tenant_id == self._tenant.id,
                EventRow.revision >= wanted.first_revision,
                EventRow.revision <= wanted.last_revision,
                *_conditions(wanted),
            )
        )
        ordered = query.order_by(EventRow.revision.desc() if newest_first else EventRow.revision)
        return [
            (rows.stored_event(tuple(row)), rows.recipient((channel, address)) if address is not None else None)
            for *row, channel, address in ordered.limit(limit).tuples().execute(self._database)
        ]

    def last_revision(self) -> int:
        """The largest revision that stands in the ledger, whatever the tenant's head says."""
        query = EventRow.select(fn.MAX(EventRow.revision)).where(EventRow.tenant_id == self._tenant.id)
        ((found,),) = query.tuples().execute(self._database)
        return int(found or 0)

    def erased_after(self, recipient_id: int, revision: int) -> bool:
        """Whether an ERASED event of a recipient comes after a revision."""
        query = self._events(
            EventRow.recipient_id == recipient_id, EventRow.revision > revision, EventRow.kind == ERASED
        )
        return bool(list(query.limit(1).tuples().execute(self._database)))

    def prunings(self, after_revision: int) -> Sequence[Header]:
        """The PRUNED events after a revision, oldest first."""
        query = self._events(
            EventRow.recipient_id.is_null(), EventRow.revision > after_revision, EventRow.kind == PRUNED
        )
        return [_header(row) for row in query.order_by(EventRow.revision).tuples().execute(self._database)]

    def recipient_ids(self, after: int, limit: int) -> Sequence[int]:
        """The ids that the ledger or the records know, in order, those after `after`."""
        found: set[int] = set()
        for model in (EventRow, ConsentRow):
            query = (
                model.select(model.recipient_id)
                .where(model.tenant_id == self._tenant.id, model.recipient_id > after)
                .distinct()
                .order_by(model.recipient_id)
                .limit(limit)
            )
            found.update(identifier for (identifier,) in query.tuples().execute(self._database))
        return sorted(found)[:limit]

    def histories(self, first_id: int, last_id: int) -> Iterator[StoredEvent]:
        """The events of all recipients with ids from the first to the last, by id and revision."""
        query = (
            EventRow.select(*_HEADER, PayloadRow.salt, PayloadRow.payload)
            .left_outer_join(PayloadRow, on=_SAME_PAYLOAD)
            .where(EventRow.tenant_id == self._tenant.id, EventRow.recipient_id.between(first_id, last_id))
            .order_by(EventRow.recipient_id, EventRow.revision)
        )
        cursor = self._database.execute(query)
        while batch := cursor.fetchmany(_ROWS_A_FETCH):
            yield from map(rows.stored_event, batch)

    def headers_of(self, recipient_ids: Collection[int]) -> Mapping[int, Sequence[Header]]:
        """All events of some hundreds of recipients, each one's oldest first."""
        query = self._events(EventRow.recipient_id.in_(sorted(recipient_ids)))
        found: dict[int, list[Header]] = {}
        for row in query.order_by(EventRow.recipient_id, EventRow.revision).tuples().execute(self._database):
            header = _header(row)
            found.setdefault(header.recipient_id or 0, []).append(header)
        return found


def _conditions(wanted: EventFilter) -> Iterator[object]:
    if wanted.recipient_id is not None:
        yield EventRow.recipient_id == wanted.recipient_id
    if wanted.senders:
        yield EventRow.sender_id.in_(sorted(wanted.senders))
    if wanted.kind is not None:
        yield EventRow.kind == wanted.kind
    if wanted.actor is not None:
        yield EventRow.actor == wanted.actor
    if wanted.batch_id is not None:
        yield EventRow.batch_id == wanted.batch_id
