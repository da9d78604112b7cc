"""The ledger as it stood at a revision, or at a moment: what a decision of that time was read from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from server.domain.errors import FieldFault, InvalidField, NotFound, Violation
from server.domain.model import Instant, Purpose, Recipient, Record, Scope, Sender, State
from server.domain.replay import purpose_as_of, replay, sender_as_of
from server.storage.protocol import Snapshot


@dataclass(frozen=True, slots=True)
class AsOf:
    """Which state is asked about: revision 0 and no time are now."""

    revision: int = 0
    time: Instant | None = None

    @property
    def is_now(self) -> bool:
        """Whether it is the present that is asked about."""
        return not self.revision and self.time is None


NOW = AsOf()


class Standing(Protocol):
    """What a decision is read from, now or then."""

    @property
    def revision(self) -> int:
        """The revision that the ledger stood at."""
        ...

    @property
    def check_time(self) -> Instant:
        """The moment at which expiry is judged."""
        ...

    def sender(self, today: Sender) -> Sender:
        """The sender with the settings in force. Raises NotFound where it did not exist."""
        ...

    def purpose(self, purpose_id: str) -> Purpose:
        """The purpose with the rule in force. Raises NotFound where it did not exist."""
        ...

    def records(self, recipient: Recipient) -> Sequence[Record]:
        """The recipient's records, and the sibling channel's that hold a no or a suspicion."""
        ...


def standing(snapshot: Snapshot, asked: AsOf = NOW) -> Standing:
    """What stood when it is asked about. Raises InvalidField for a revision beyond the head, or a time to come."""
    if asked.is_now:
        return _Present(snapshot)
    if asked.time is not None and asked.time > snapshot.now:
        raise InvalidField(Violation("as_of_time", FieldFault.OUT_OF_RANGE, "is in the future"))
    revision = check_revision(snapshot, asked.revision) or snapshot.revision_at(asked.time or 0)
    if asked.time is not None:
        return _Past(snapshot, revision, asked.time)
    event = snapshot.event(revision)
    return _Past(snapshot, revision, event.header.record_time if event else snapshot.now)


def check_revision(snapshot: Snapshot, revision: int) -> int:
    """Refuse a revision that the ledger has not reached. Raises InvalidField."""
    head = snapshot.tenant.head_revision
    if not 0 <= revision <= head:
        description = f"the ledger has revisions up to {head}"
        raise InvalidField(Violation("as_of_revision", FieldFault.OUT_OF_RANGE, description))
    return revision


@dataclass(frozen=True, slots=True)
class _Present:
    snapshot: Snapshot

    @property
    def revision(self) -> int:
        return self.snapshot.tenant.head_revision

    @property
    def check_time(self) -> Instant:
        return self.snapshot.now

    def sender(self, today: Sender) -> Sender:
        return today

    def purpose(self, purpose_id: str) -> Purpose:
        found = self.snapshot.purpose(purpose_id)
        if found is None:
            raise NotFound("PURPOSE", purpose_id)
        return found

    def records(self, recipient: Recipient) -> Sequence[Record]:
        return self.snapshot.records(recipient)


@dataclass(frozen=True, slots=True)
class _Past:
    snapshot: Snapshot
    revision: int
    check_time: Instant

    def sender(self, today: Sender) -> Sender:
        found = sender_as_of(self.snapshot.settings_before(Scope(sender=today.id), self.revision), today)
        if found is None:
            raise NotFound("SENDER", today.id)
        return found

    def purpose(self, purpose_id: str) -> Purpose:
        found = purpose_as_of(self.snapshot.settings_before(Scope(purpose=purpose_id), self.revision), purpose_id)
        if found is None:
            raise NotFound("PURPOSE", purpose_id)
        return found

    def records(self, recipient: Recipient) -> Sequence[Record]:
        own = records_of(self.snapshot, recipient, self.revision)
        if recipient.channel.sibling is None:
            return own
        others = records_of(self.snapshot, Recipient(recipient.channel.sibling, recipient.address), self.revision)
        return [*own, *(r for r in others if r.state is State.OPTED_OUT or r.suspect_time is not None)]


def records_of(snapshot: Snapshot, recipient: Recipient, revision: int) -> Sequence[Record]:
    """One recipient's records as they stood at a revision, by sender and purpose."""
    recipient_id = snapshot.recipient_id(recipient)
    if recipient_id is None:
        return []
    records = replay(snapshot.history(recipient_id, revision)).values()
    return sorted(records, key=lambda r: (r.scope.sender, r.scope.purpose))
