"""Reading: one committed state of one tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter

from peewee import Database, Tuple

from server.domain.forgetting import judged_forms
from server.domain.model import (
    AutoResponse,
    Channel,
    Contact,
    Credential,
    Instant,
    Purpose,
    Recipient,
    Record,
    Scope,
    Sender,
    State,
    Tenant,
)
from server.domain.service_key import ServiceKeys
from server.domain.standing import forbids
from server.storage import many, rows
from server.storage.history import HistoryReads
from server.storage.inbox import InboxReads
from server.storage.protocol import ConsentPosition, StoredEvent
from server.storage.sql import Sql
from server.storage.tables import (
    ConsentRow,
    ContactRow,
    CredentialRow,
    EventRow,
    PayloadRow,
    PurposeRow,
    RecipientRow,
    SenderRow,
)

_ADDRESS = itemgetter(0)
_SIBLINGS = {channel: channel.sibling for channel in Channel}


def _by_position(
    standings: Sequence[tuple[int, int, int]], asked: Sequence[tuple[str, int]], channels: Sequence[Channel]
) -> dict[int, tuple[int, ...]]:
    """The standings that count for each position, of those that were found for the addresses."""
    found: dict[int, tuple[int, ...]] = {}
    for place, channel, number in standings:
        position = asked[place][1]
        wanted = channels[position]
        if channel == wanted or (channel == _SIBLINGS[wanted] and forbids(number)):
            others = found.get(position)
            found[position] = (*others, number) if others else (number,)
    return found


def judged_together(channel: Channel, found: Mapping[Channel, list[Record]]) -> list[Record]:
    """The channel's records, and those of the sibling channel's that hold a no or a suspicion."""
    own, sibling = found.get(channel, []), _SIBLINGS[channel]
    others = found.get(sibling, ()) if sibling else ()
    return own + [r for r in others if r.state is State.OPTED_OUT or r.suspect_time is not None]


class SqlSnapshot(InboxReads, HistoryReads):
    """protocol.Snapshot over a database transaction that its maker has begun."""

    def __init__(self, database: Database, sql: Sql, tenant: Tenant, now: Instant, keys: ServiceKeys) -> None:
        self._database = database
        # For tables of which no row ever waits to be written.
        self._plain = database
        self._keys = keys
        self._sql = sql
        self._tenant = tenant
        self._now = max(now, tenant.head_time)

    @property
    def tenant(self) -> Tenant:
        return self._tenant

    @property
    def now(self) -> Instant:
        return self._now

    def _one(self, sql: str, *parameters: object) -> rows.Row | None:
        row: rows.Row | None = self._database.execute_sql(sql, parameters).fetchone()
        return row

    def _peek(self, sql: str, *parameters: object) -> rows.Row | None:
        row: rows.Row | None = self._plain.execute_sql(sql, parameters).fetchone()
        return row

    def sender(self, sender_id: str) -> Sender | None:
        row = self._peek(self._sql.sender, self._tenant.id, sender_id)
        return rows.sender(row) if row else None

    def senders(self, after: str, limit: int, only: frozenset[str] = frozenset()) -> Sequence[Sender]:
        query = SenderRow.select().where(SenderRow.tenant_id == self._tenant.id, SenderRow.id > after)
        if only:
            query = query.where(SenderRow.id.in_(sorted(only)))
        found = query.order_by(SenderRow.id).limit(limit).tuples().execute(self._database)
        return [rows.sender(row) for row in found]

    def purpose(self, purpose_id: str) -> Purpose | None:
        row = self._peek(self._sql.purpose, self._tenant.id, purpose_id)
        return rows.purpose(row) if row else None

    def purposes(self, after: str, limit: int) -> Sequence[Purpose]:
        query = PurposeRow.select().where(PurposeRow.tenant_id == self._tenant.id, PurposeRow.id > after)
        found = query.order_by(PurposeRow.id).limit(limit).tuples().execute(self._database)
        return [rows.purpose(row) for row in found]

    def records_of_many(self, recipients: Sequence[Recipient]) -> Mapping[Recipient, Sequence[Record]]:
        found: dict[str, dict[Channel, list[Record]]] = {}
        aliases = self._aliases(recipients) if self._tenant.erased_count else {}
        addresses = list({recipient.address for recipient in recipients} | aliases.keys())
        cursor = self._database.execute_sql(self._sql.records_of_many, (self._sql.listed(addresses), self._tenant.id))
        for position, channel, *row in cursor:
            address = addresses[position]
            of_address = found.setdefault(aliases.get(address, address), {})
            of_address.setdefault(rows.channel(channel), []).append(rows.record(tuple(row)))
        return {
            recipient: of
            for recipient in recipients
            if (of := judged_together(recipient.channel, found.get(recipient.address, {})))
        }

    def _aliases(self, recipients: Sequence[Recipient]) -> dict[str, str]:
        """What may stand for an address that was forgotten, on the channels that are judged together."""
        return {
            form: recipient.address
            for recipient in recipients
            for form in judged_forms(self._keys, self._tenant.id, recipient)
        }

    def standings(
        self, scope: Scope, channels: Sequence[Channel], addresses: Sequence[str | None]
    ) -> Mapping[int, tuple[int, ...]]:
        asked = [(address, position) for position, address in enumerate(addresses) if address is not None]
        if self._tenant.erased_count:
            asked += self._aliases_of(channels, asked)
        # In the order of the index, so that neighbours are found in the page that is at hand.
        asked.sort(key=_ADDRESS)
        row = self._one(
            self._sql.standings,
            self._now,
            self._sql.listed([address for address, _ in asked]),
            self._tenant.id,
            scope.sender,
            scope.purpose,
        )
        try:
            return _by_position(many.read_standings(row[0] if row else None), asked, channels)
        except (IndexError, TypeError, ValueError) as error:
            raise rows.UnreadableRow("records cannot be read: the database is damaged") from error

    def _aliases_of(self, channels: Sequence[Channel], asked: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        """What may stand for addresses that were forgotten, each with the position that it is for."""
        return [
            (form, position)
            for address, position in asked
            for form in judged_forms(self._keys, self._tenant.id, Recipient(channels[position], address))
        ]

    def recipient_id(self, recipient: Recipient) -> int | None:
        for address in self._known_as(recipient):
            row = self._one(self._sql.recipient_id, self._tenant.id, address, recipient.channel)
            if row is not None:
                return int(row[0])
        return None

    def records(self, recipient: Recipient) -> Sequence[Record]:
        if self._tenant.erased_count:
            return self._records_where_some_are_forgotten(recipient)
        channel, sibling = recipient.channel, recipient.channel.sibling or recipient.channel
        cursor = self._database.execute_sql(
            self._sql.records, (self._tenant.id, recipient.address, channel, sibling, channel, State.OPTED_OUT)
        )
        return [rows.record(row) for row in cursor.fetchall()]

    def _records_where_some_are_forgotten(self, recipient: Recipient) -> list[Record]:
        found = {recipient.channel: self._records_of(self.recipient_id(recipient))}
        sibling = recipient.channel.sibling
        if sibling is not None:
            found[sibling] = self._records_of(self.recipient_id(Recipient(sibling, recipient.address)))
        return judged_together(recipient.channel, found)

    def _records_of(self, recipient_id: int | None) -> list[Record]:
        cursor = self._database.execute_sql(self._sql.records_of_id, (self._tenant.id, recipient_id))
        return [rows.record(row) for row in cursor.fetchall()]

    def consents(
        self,
        after: ConsentPosition | None,
        limit: int,
        recipient: Recipient | None = None,
        senders: frozenset[str] = frozenset(),
    ) -> Sequence[tuple[Recipient, Record]]:
        recipient_id = self.recipient_id(recipient) if recipient is not None else None
        if recipient is not None and recipient_id is None:
            return []
        key = (ConsentRow.recipient_id, ConsentRow.sender_id, ConsentRow.purpose_id)
        query = (
            ConsentRow.select(*ConsentRow._meta.sorted_fields, RecipientRow.channel, RecipientRow.address)
            .join(
                RecipientRow,
                on=(RecipientRow.tenant_id == ConsentRow.tenant_id) & (RecipientRow.id == ConsentRow.recipient_id),
            )
            .where(ConsentRow.tenant_id == self._tenant.id)
        )
        if after is not None:
            query = query.where(Tuple(*key) > (after.recipient_id, after.sender, after.purpose))
        if recipient_id is not None:
            query = query.where(ConsentRow.recipient_id == recipient_id)
        if senders:
            query = query.where(ConsentRow.sender_id.in_(sorted(senders)))
        # As it lies there: peewee would make a text of bytes that damage has made of one, and nobody would see it.
        found = self._database.execute_sql(*self._database.get_sql_context().parse(query.order_by(*key).limit(limit)))
        return [(rows.recipient(row[-2:]), rows.record(row[:-2])) for row in found]

    def events(self, after_revision: int, limit: int) -> Sequence[StoredEvent]:
        query = (
            EventRow.select(*EventRow._meta.sorted_fields, PayloadRow.salt, PayloadRow.payload)
            .left_outer_join(
                PayloadRow,
                on=(PayloadRow.tenant_id == EventRow.tenant_id) & (PayloadRow.revision == EventRow.revision),
            )
            .where(EventRow.tenant_id == self._tenant.id, EventRow.revision > after_revision)
            .order_by(EventRow.revision)
            .limit(limit)
        )
        return [rows.stored_event(row) for row in query.tuples().execute(self._database)]

    def contact(self, contact_id: str) -> Contact | None:
        return next(iter(self._contacts("id", contact_id)), None)

    def contact_by_external_id(self, external_id: str) -> Contact | None:
        return next(iter(self._contacts("external_id", external_id)), None)

    def contacts_by_email(self, email: str) -> Sequence[Contact]:
        return self._contacts("email_key", email)

    def _contacts(self, column: str, value: str) -> Sequence[Contact]:
        cursor = self._plain.execute_sql(self._sql.contacts_by[column], (self._tenant.id, value))
        return [rows.contact(row) for row in cursor.fetchall()]

    def contacts_by_mobile(self, mobile: str) -> Sequence[Contact]:
        return self._contacts("mobile", mobile)

    def contacts(self, after: str, limit: int, email: str | None = None) -> Sequence[Contact]:
        query = ContactRow.select().where(ContactRow.tenant_id == self._tenant.id, ContactRow.id > after)
        if email is not None:
            query = query.where(ContactRow.email_key == email)
        found = query.order_by(ContactRow.id).limit(limit).tuples().execute(self._database)
        return [rows.contact(row) for row in found]

    def auto_responses(self, sender_id: str) -> Sequence[AutoResponse]:
        cursor = self._plain.execute_sql(self._sql.auto_responses, (self._tenant.id, sender_id))
        return [rows.auto_response(row) for row in cursor.fetchall()]

    def credential(self, credential_id: str) -> Credential | None:
        query = CredentialRow.select().where(
            CredentialRow.tenant_id == self._tenant.id, CredentialRow.id == credential_id
        )
        return next((rows.credential(row) for row in query.tuples().execute(self._database)), None)

    def credentials(self, after: str, limit: int) -> Sequence[Credential]:
        query = CredentialRow.select().where(CredentialRow.tenant_id == self._tenant.id, CredentialRow.id > after)
        found = query.order_by(CredentialRow.id).limit(limit).tuples().execute(self._database)
        return [rows.credential(row) for row in found]
