"""Recipients and their records in a unit of work: read together, once, and again only after they have changed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from server.domain.model import Channel, Recipient, Record
from server.storage import rows
from server.storage.erasure import ErasureWrites
from server.storage.joint_commit import JointCommit
from server.storage.snapshot import SqlSnapshot, judged_together
from server.storage.tables import ConsentRow, RecipientRow

_RECIPIENT_ID_BITS = 62


@dataclass(slots=True)
class Person:
    """Who is known by one address: the recipients' ids and records by channel. Stale: the records have changed."""

    ids: dict[Channel, int] = field(default_factory=dict)
    records: dict[Channel, list[Record]] = field(default_factory=dict)
    stale: bool = False

    def learn(self, row: rows.Row) -> None:
        """Take in a row: a recipient's id and channel, and the columns of a record, if any."""
        recipient_id, channel = row[0], rows.channel(row[1])
        self.ids[channel] = recipient_id
        if row[2] is not None:
            self.records.setdefault(channel, []).append(rows.record(row[2:]))


class PeopleWrites(SqlSnapshot, ErasureWrites):
    """The part of a transaction that reads recipients and leaves new ones and their records to be written.

    Where anybody of the tenant was forgotten, it asks the database each time.
    """

    _joint: JointCommit
    _people: dict[str, Person]
    _addresses: dict[int, str]

    def foresee(self, recipients: Sequence[Recipient]) -> None:
        """Read at once what the unit is about to ask of many recipients."""
        if self._tenant.erased_count:
            return
        addresses = sorted({recipient.address for recipient in recipients} - self._people.keys())
        for address in addresses:
            self._joint.await_person(self._tenant.id, address)
        people = [Person() for _ in addresses]
        for place, *row in self._plain.execute_sql(self._sql.people, (self._sql.listed(addresses), self._tenant.id)):
            people[place].learn(tuple(row))
        self._know(dict(zip(addresses, people, strict=True)))

    def recipient_id(self, recipient: Recipient) -> int | None:
        if self._tenant.erased_count:
            return super().recipient_id(recipient)
        return self._person(recipient.address).ids.get(recipient.channel)

    def records(self, recipient: Recipient) -> Sequence[Record]:
        if self._tenant.erased_count:
            return super().records(recipient)
        person = self._person(recipient.address)
        if person.stale:
            del self._people[recipient.address]
            person = self._person(recipient.address)
        return judged_together(recipient.channel, person.records)

    def ensure_recipient(self, recipient: Recipient) -> int:
        known = self.recipient_id(recipient)
        if known is None:
            known = self._make_recipient(recipient)
        elif self._tenant.erased_count:
            self._restore_address(known, recipient)
        self._addresses[known] = recipient.address
        return known

    def _make_recipient(self, recipient: Recipient) -> int:
        made = secrets.randbits(_RECIPIENT_ID_BITS) + 1
        own = self._joint.own
        own.rows[RecipientRow].append((made, self._tenant.id, recipient.channel, recipient.address, False))
        own.addresses.add((self._tenant.id, recipient.address))
        if recipient.address in self._people:
            self._people[recipient.address].ids[recipient.channel] = made
        return made

    def _leave_record(self, record: Record, revision: int) -> None:
        self._joint.own.rows[ConsentRow].append(rows.consent_row(self._tenant.id, record, revision, self._now))
        address = self._addresses.get(record.recipient_id)
        if address is None:
            # Nobody could tell later that something of this recipient waits.
            self._settle()
            return
        self._joint.own.addresses.add((self._tenant.id, address))
        if address in self._people:
            self._people[address].stale = True

    def _settle(self) -> None:
        """Let the database take over: what was read of it may change by any statement."""
        self._people.clear()
        self._joint.secure()

    def _person(self, address: str) -> Person:
        person = self._people.get(address)
        if person is None:
            self._joint.await_person(self._tenant.id, address)
            person = Person()
            for row in self._plain.execute_sql(self._sql.person, (self._tenant.id, address)).fetchall():
                person.learn(row)
            self._know({address: person})
        return person

    def _know(self, people: dict[str, Person]) -> None:
        self._people |= people
        for address, person in people.items():
            for recipient_id in person.ids.values():
                self._addresses[recipient_id] = address
