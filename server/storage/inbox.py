"""Reading and writing what listens: review items, messages that were heard, opt-outs as Telnyx lists them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from peewee import Database, fn

from server.domain.model import (
    ALL,
    Channel,
    Instant,
    OptOut,
    Recipient,
    Resolution,
    ReviewItem,
    ReviewKind,
    SenderKind,
    State,
    Tenant,
)
from server.storage import rows
from server.storage.erasure import ErasureReads
from server.storage.joint_commit import JointCommit
from server.storage.protocol import OptOutFilter
from server.storage.sql import Sql
from server.storage.tables import (
    ConsentRow,
    InboundMessageRow,
    PayloadRow,
    RecipientRow,
    ReviewItemRow,
    SenderRow,
)


def _review_item(row: tuple[Any, ...]) -> ReviewItem:
    _, identifier, recipient_id, sender_id, kind, revision, create_time, resolve_time, resolution = row
    return ReviewItem(
        identifier,
        ReviewKind[kind],
        recipient_id,
        sender_id,
        revision,
        create_time,
        resolve_time,
        Resolution(resolution) if resolution else None,
    )


class InboxReads(ErasureReads):
    """The part of a snapshot that reads them."""

    _database: Database
    _tenant: Tenant
    _sql: Sql

    def recipient(self, recipient_id: int) -> Recipient | None:
        """Find a recipient by its random id."""
        row = self._database.execute_sql(self._sql.recipient, (self._tenant.id, recipient_id)).fetchone()
        return rows.recipient(row) if row else None

    def recipients(self, recipient_ids: Collection[int]) -> Mapping[int, Recipient]:
        """Find recipients by their ids."""
        query = RecipientRow.select(RecipientRow.id, RecipientRow.channel, RecipientRow.address).where(
            RecipientRow.tenant_id == self._tenant.id, RecipientRow.id.in_(sorted(recipient_ids))
        )
        found = query.tuples().execute(self._database)
        return {row[0]: rows.recipient(row[1:]) for row in found}

    def review_item(self, item_id: str) -> ReviewItem | None:
        """Find one review item."""
        query = ReviewItemRow.select().where(ReviewItemRow.tenant_id == self._tenant.id, ReviewItemRow.id == item_id)
        return next((_review_item(row) for row in query.tuples().execute(self._database)), None)

    def review_items(
        self,
        after: tuple[Instant, str] | None,
        limit: int,
        senders: frozenset[str] = frozenset(),
        kind: ReviewKind | None = None,
        with_resolved: bool = False,
    ) -> Sequence[ReviewItem]:
        """List review items by time of making and id, those after `after`."""
        query = ReviewItemRow.select().where(ReviewItemRow.tenant_id == self._tenant.id)
        if after is not None:
            moment, item_id = after
            later = ReviewItemRow.create_time > moment
            query = query.where(later | ((ReviewItemRow.create_time == moment) & (ReviewItemRow.id > item_id)))
        if senders:
            query = query.where(ReviewItemRow.sender_id.in_(sorted(senders)))
        if kind is not None:
            query = query.where(ReviewItemRow.kind == kind.name)
        if not with_resolved:
            query = query.where(ReviewItemRow.resolve_time.is_null())
        oldest_first = query.order_by(ReviewItemRow.create_time, ReviewItemRow.id).limit(limit)
        return [_review_item(row) for row in oldest_first.tuples().execute(self._database)]

    def open_review_items(self, recipient_id: int) -> Sequence[ReviewItem]:
        """The items of a recipient that wait for their judgement."""
        query = ReviewItemRow.select().where(
            ReviewItemRow.tenant_id == self._tenant.id,
            ReviewItemRow.recipient_id == recipient_id,
            ReviewItemRow.resolve_time.is_null(),
        )
        return [_review_item(row) for row in query.tuples().execute(self._database)]

    def opt_outs(self, wanted: OptOutFilter, offset: int, limit: int) -> tuple[Sequence[OptOut], int]:
        """List the SMS and RCS noes of messaging profiles, newest first, and how many there are in all."""
        query = self._opt_outs(wanted)
        ((total,),) = query.select(fn.COUNT(1)).tuples().execute(self._database)
        page = (
            query.select(RecipientRow.address, ConsentRow.sender_id, ConsentRow.effective_time, PayloadRow.payload)
            .order_by(ConsentRow.effective_time.desc(), ConsentRow.recipient_id, ConsentRow.sender_id)
            .offset(offset)
            .limit(limit)
        )
        found = [
            OptOut(Recipient(Channel.SMS, address), sender_id, moment, bytes(payload) if payload else None)
            for address, sender_id, moment, payload in page.tuples().execute(self._database)
        ]
        return found, int(total)

    def _opt_outs(self, wanted: OptOutFilter) -> Any:
        profiles = SenderRow.select(SenderRow.id).where(
            SenderRow.tenant_id == self._tenant.id, SenderRow.kind == SenderKind.MESSAGING_PROFILE
        )
        same_recipient = (RecipientRow.tenant_id == ConsentRow.tenant_id) & (RecipientRow.id == ConsentRow.recipient_id)
        same_event = (PayloadRow.tenant_id == ConsentRow.tenant_id) & (PayloadRow.revision == ConsentRow.revision)
        query = (
            ConsentRow.select()
            .join(RecipientRow, on=same_recipient)
            .switch(ConsentRow)
            .left_outer_join(PayloadRow, on=same_event)
            .where(
                ConsentRow.tenant_id == self._tenant.id,
                ConsentRow.state == State.OPTED_OUT,
                RecipientRow.channel.in_((Channel.SMS, Channel.RCS)),
                (ConsentRow.sender_id == ALL) | ConsentRow.sender_id.in_(profiles),
            )
        )
        if wanted.senders is not None:
            query = query.where(ConsentRow.sender_id.in_(sorted(wanted.senders)))
        if wanted.address is not None:
            known_as = self._known_as(Recipient(Channel.SMS, wanted.address))
            query = query.where(RecipientRow.address.in_(known_as))
        if wanted.effective_from is not None:
            query = query.where(ConsentRow.effective_time >= wanted.effective_from)
        if wanted.effective_to is not None:
            query = query.where(ConsentRow.effective_time <= wanted.effective_to)
        return query


class InboxWrites(InboxReads):
    """The part of a transaction that writes them."""

    _now: Instant
    _plain: Database
    _joint: JointCommit

    def resolve_review_item(self, item_id: str, resolution: Resolution) -> None:
        """Note how a review item was judged, now."""
        judged = {ReviewItemRow.resolution: resolution, ReviewItemRow.resolve_time: self._now}
        ReviewItemRow.update(judged).where(
            ReviewItemRow.tenant_id == self._tenant.id, ReviewItemRow.id == item_id
        ).execute(self._database)

    def heard_answer(self, sender_id: str, message_id: str, recipient_id: int, body_digest: bytes) -> bytes | None:
        """Find the answer that was kept for a message that was heard before."""
        key = (self._tenant.id, sender_id, message_id, recipient_id, body_digest)
        self._joint.await_answer(key)
        row = self._plain.execute_sql(self._sql.heard_answer, key).fetchone()
        return None if row is None else bytes(row[0])

    def keep_heard_answer(
        self, sender_id: str, message_id: str, recipient_id: int, body_digest: bytes, answer: bytes
    ) -> None:
        """Keep the answer of a message that was heard."""
        key = (self._tenant.id, sender_id, message_id, recipient_id, body_digest)
        self._joint.own.answers.add(key)
        self._joint.own.rows[InboundMessageRow].append((*key, answer, self._now))
