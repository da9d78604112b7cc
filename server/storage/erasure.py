"""Finding and erasing what the database holds of one address."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import astuple, replace
from typing import Any

from peewee import Database, Tuple

from server.domain.forgetting import channels_of, erased_form, erased_forms
from server.domain.model import ERASED_PREFIX, Channel, Instant, Recipient, Tenant
from server.domain.service_key import ServiceKeys
from server.storage.protocol import Addressee, AnswerKey, HeardPosition
from server.storage.tables import (
    AnswerRow,
    ContactRow,
    EventRow,
    InboundMessageRow,
    PayloadRow,
    RecipientRow,
    TenantRow,
)

_ROWS_A_FETCH = 500


class ErasureReads:
    """The part of a snapshot that finds an address, forgotten or not."""

    _database: Database
    _tenant: Tenant
    _keys: ServiceKeys

    def _known_as(self, recipient: Recipient) -> list[str]:
        """What may stand in `recipients` for an address: itself, or, where anybody was forgotten, its keyed digests."""
        if not self._tenant.erased_count:
            return [recipient.address]
        return [recipient.address, *erased_forms(self._keys, self._tenant.id, recipient)]

    def addressees(self, recipient: Recipient) -> Sequence[Addressee]:
        """Find who is known by this address, forgotten or not, on every channel that it may belong to."""
        found = []
        for channel in channels_of(recipient):
            query = RecipientRow.select(RecipientRow.id, RecipientRow.held).where(
                RecipientRow.tenant_id == self._tenant.id,
                RecipientRow.channel == channel,
                RecipientRow.address.in_(self._known_as(Recipient(channel, recipient.address))),
            )
            rows = query.tuples().execute(self._database)
            found += [Addressee(identifier, channel, bool(held)) for identifier, held in rows]
        return found

    def held_recipients(self, recipient_ids: Collection[int]) -> frozenset[int]:
        """Those of some hundreds of recipients whose address is under a legal hold, on whichever channel."""
        held = RecipientRow.alias()
        same_address = (held.tenant_id == RecipientRow.tenant_id) & (held.address == RecipientRow.address)
        query = (
            RecipientRow.select(RecipientRow.id)
            .join(held, on=same_address & (held.held == True))  # noqa: E712 - an expression of SQL
            .where(RecipientRow.tenant_id == self._tenant.id, RecipientRow.id.in_(sorted(recipient_ids)))
        )
        return frozenset(int(number) for (number,) in query.tuples().execute(self._database))

    def answers_that(self, matches: Callable[[bytes], bool], since: Instant) -> Sequence[AnswerKey]:
        """Find the answers, kept at or after a moment, whose bytes match. It reads them all, so it takes long."""
        columns = (AnswerRow.credential_id, AnswerRow.method, AnswerRow.request_id, AnswerRow.answer)
        # As a sum, so that the planner passes by the index of the tenants and takes that of the times.
        owner = AnswerRow.tenant_id + 0 if since else AnswerRow.tenant_id
        cursor = self._database.execute(
            AnswerRow.select(*columns).where(owner == self._tenant.id, AnswerRow.create_time >= since)
        )
        found = []
        while batch := cursor.fetchmany(_ROWS_A_FETCH):
            found += [AnswerKey(*key) for *key, answer in batch if matches(bytes(answer))]
        return found


class ErasureWrites(ErasureReads):
    """The part of a transaction that erases."""

    erased = False

    def set_hold(self, recipient_id: int, held: bool) -> None:
        """Place a legal hold, or release it."""
        self._update_recipient(recipient_id, {RecipientRow.held: held})

    def erase_address(self, recipient_id: int, recipient: Recipient) -> None:
        """Replace a recipient's address by its keyed digest, under the key in use."""
        self.erased = True
        stood = RecipientRow.select(RecipientRow.address).where(
            RecipientRow.tenant_id == self._tenant.id, RecipientRow.id == recipient_id
        )
        known = any(not address.startswith(ERASED_PREFIX) for (address,) in stood.tuples().execute(self._database))
        form = erased_form(self._keys.current, self._tenant.id, recipient)
        self._update_recipient(recipient_id, {RecipientRow.address: form})
        if known:
            self._count_erased(1)

    def _restore_address(self, recipient_id: int, recipient: Recipient) -> None:
        """Give a forgotten recipient, who is spoken of anew, the address back; a known one is left alone."""
        forms = erased_forms(self._keys, self._tenant.id, recipient)
        update = RecipientRow.update({RecipientRow.address: recipient.address}).where(
            RecipientRow.tenant_id == self._tenant.id, RecipientRow.id == recipient_id, RecipientRow.address.in_(forms)
        )
        if not update.execute(self._database):
            return
        self._count_erased(-1)
        if recipient.channel is Channel.SMS:
            carried = {ContactRow.opt_out_mobile: recipient.address}
            self._update_contacts(carried, ContactRow.opt_out_mobile.in_(forms))

    def erase_payloads(self, recipient_id: int) -> int:
        """Delete the payloads and salts of a recipient's events; answer how many there were."""
        self.erased = True
        theirs = EventRow.select(EventRow.revision).where(
            EventRow.tenant_id == self._tenant.id, EventRow.recipient_id == recipient_id
        )
        query = PayloadRow.delete().where(PayloadRow.tenant_id == self._tenant.id, PayloadRow.revision.in_(theirs))
        return int(query.execute(self._database))

    def prune_payloads(self, revisions: Sequence[int]) -> Sequence[int]:
        """Delete the payloads and salts of some hundreds of events; answer, in order, which of them had any."""
        theirs = (PayloadRow.tenant_id == self._tenant.id) & PayloadRow.revision.in_(sorted(revisions))
        found = PayloadRow.select(PayloadRow.revision).where(theirs).order_by(PayloadRow.revision)
        there = [int(revision) for (revision,) in found.tuples().execute(self._database)]
        PayloadRow.delete().where(theirs).execute(self._database)
        self.erased = self.erased or bool(there)
        return there

    def prune_answers(self, before: Instant, after: AnswerKey | None, limit: int) -> tuple[int, AnswerKey | None]:
        """Delete answers that were kept for request ids before a moment; answer how many, and where to go on if at all.

        At most `limit` are looked at, those after a key.
        """
        key = (AnswerRow.credential_id, AnswerRow.method, AnswerRow.request_id)
        query = AnswerRow.select(*key).where(AnswerRow.tenant_id == self._tenant.id, AnswerRow.create_time < before)
        if after is not None:
            query = query.where(Tuple(*key) > astuple(after))
        page = query.order_by(*key).limit(limit).tuples().execute(self._database)
        found = [AnswerKey(*each) for each in page]
        for each in found:
            named = (column == value for column, value in zip(key, astuple(each), strict=True))
            AnswerRow.delete().where(AnswerRow.tenant_id == self._tenant.id, *named).execute(self._database)
        self.erased = self.erased or bool(found)
        return len(found), found[-1] if len(found) == limit else None

    def prune_heard_answers(
        self, before: Instant, after: HeardPosition | None, limit: int
    ) -> tuple[int, HeardPosition | None]:
        """Empty the answers to messages that were heard before a moment; answer how many, and where to go on if at all.

        At most `limit` are looked at, those after a position. Those of recipients under a legal hold are left.
        """
        row = InboundMessageRow
        key = (row.sender_id, row.message_id, row.recipient_id, row.body_digest)
        query = row.select(*key).where(row.tenant_id == self._tenant.id, row.create_time < before, row.answer != b"")
        if after is not None:
            query = query.where(Tuple(*key) > astuple(after))
        page = query.order_by(*key).limit(limit).tuples().execute(self._database)
        found = [HeardPosition(sender, message, recipient, bytes(body)) for sender, message, recipient, body in page]
        held = self.held_recipients({each.recipient_id for each in found})
        gone = [each for each in found if each.recipient_id not in held]
        for each in gone:
            named = (column == value for column, value in zip(key, astuple(each), strict=True))
            row.update({row.answer: b""}).where(row.tenant_id == self._tenant.id, *named).execute(self._database)
        self.erased = self.erased or bool(gone)
        return len(gone), found[-1] if len(found) == limit else None

    def erase_contacts(self, recipient: Recipient) -> int:
        """Take an address out of the contacts that have it; answer how many lost it.

        A tenant-wide no that was set through a contact still follows it: the number becomes its keyed digest.
        """
        self.erased = True
        if recipient.channel is Channel.EMAIL:
            gone = {ContactRow.email: "", ContactRow.email_key: ""}
            return self._update_contacts(gone, ContactRow.email_key == recipient.address)
        form = erased_form(self._keys.current, self._tenant.id, Recipient(Channel.SMS, recipient.address))
        had = (ContactRow.mobile == recipient.address) | (ContactRow.opt_out_mobile == recipient.address)
        ids = ContactRow.select(ContactRow.id).where(ContactRow.tenant_id == self._tenant.id, had)
        count = len(list(ids.tuples().execute(self._database)))
        self._update_contacts({ContactRow.opt_out_mobile: form}, ContactRow.opt_out_mobile == recipient.address)
        self._update_contacts({ContactRow.mobile: ""}, ContactRow.mobile == recipient.address)
        return count

    def erase_answers(self, keys: Sequence[AnswerKey]) -> None:
        """Empty kept answers and their fingerprints. Their request ids stay used, so that nothing is done twice."""
        for key in keys:
            AnswerRow.update({AnswerRow.fingerprint: b"", AnswerRow.answer: b""}).where(
                AnswerRow.tenant_id == self._tenant.id,
                AnswerRow.credential_id == key.credential_id,
                AnswerRow.method == key.method,
                AnswerRow.request_id == key.request_id,
            ).execute(self._database)

    def erase_heard_answers(self, recipient_id: int) -> None:
        """Empty the answers to a recipient's messages. That they were heard stays known."""
        InboundMessageRow.update({InboundMessageRow.answer: b""}).where(
            InboundMessageRow.tenant_id == self._tenant.id, InboundMessageRow.recipient_id == recipient_id
        ).execute(self._database)

    def _update_recipient(self, recipient_id: int, changes: Mapping[Any, object]) -> None:
        RecipientRow.update(changes).where(
            RecipientRow.tenant_id == self._tenant.id, RecipientRow.id == recipient_id
        ).execute(self._database)

    def _update_contacts(self, changes: Mapping[Any, object], where: object) -> int:
        query = ContactRow.update(changes).where(ContactRow.tenant_id == self._tenant.id, where)
        return int(query.execute(self._database))

    def _count_erased(self, more: int) -> None:
        count = self._tenant.erased_count + more
        TenantRow.update({TenantRow.erased_count: count}).where(TenantRow.id == self._tenant.id).execute(self._database)
        self._tenant = replace(self._tenant, erased_count=count)
