"""What storage promises, whatever the engine. The conformance suite holds every engine to this text.

Isolation. Everything but `tenants`, `find_by_key` and `find_by_user` happens inside one tenant, named first. No method
answers, counts or changes anything of another tenant.

Reading. A Snapshot is one committed state: all that is read through it is of one moment, whatever is written
meanwhile, and a write that was acknowledged before `read` was called is in it. A thread opens one at a time: no `read`
within a `read`.

Writing. `write(tenant, work)` runs `work` on a Transaction, alone among the writers of its tenant in every process, and
returns its result only when the commit is durable. Where the database undid the whole attempt (a deadlock, a connection
lost before the commit was sent), `work` is run again from the start, a few times at most: so it must be quick, must not
call the storage, and must leave nothing outside of the Transaction that a second run would stumble over. Other callers'
work waits for it and may share its commit. Where `work` raises, nothing that it did remains, no revision is spent and
the exception reaches the caller; what a Transaction raises `work` may not catch and go on. Where the commit fails,
StorageUnavailable reaches the caller, and where the connection was lost in the middle of it, nobody knows whether it
happened: the same request id tells.

Failing. A lost connection, a database that restarts or takes too long, and no free connection in time are
StorageUnavailable; so is a database whose schema is not at head or that was made under a service key which is not
given. Each call tries anew, so that it works as soon as the database does. A read that has answered nothing yet is
tried once more by itself.

The ledger. Each `append` takes the tenant's next revision: gap-free, in commit order, chained by hash. record_time
never runs backwards within a tenant. Nobody sees an event before its commit.

Forgetting. A recipient whose address was erased is found by the address as before, on every way that takes a
Recipient, while the service key that erased it is readable; what is answered of it is a `forgotten` Recipient. Once
`write` has returned, no query answers what its work erased. On SQLite no file of the database holds it any more; where
readers of an older state stand in the way, soon after they have gone. A PostgreSQL server keeps the dead rows until
VACUUM, and its write-ahead log and backups for as long as they are kept: those are its operator's.

Order and equality of text are by code points: ids that differ in case differ.

After `close` every call raises StorageUnavailable.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

from server.domain.ledger import Header
from server.domain.model import (
    Actor,
    AutoResponse,
    Channel,
    Contact,
    Credential,
    Instant,
    NotAppliedReason,
    OptOut,
    Purpose,
    Recipient,
    Record,
    Resolution,
    ReviewItem,
    ReviewKind,
    Scope,
    Sender,
    Tenant,
)

T = TypeVar("T")

COUNTED_REVIEW_ITEMS = 10_000
TOLD_LEDGERS = 100

SETTING = "SETTING"
ERASED = "ERASED"
HOLD = "HOLD"
PRUNED = "PRUNED"


@dataclass(frozen=True, slots=True)
class Entry:
    """An event that is about to be appended: what the ledger does not add by itself.

    `payload` is JSON bytes, kept with a salt of their own, erasable; all else becomes the header.
    """

    kind: str
    scope: Scope
    before: str
    after: str
    actor: Actor
    source: str
    payload: bytes
    effective_time: Instant
    recipient_id: int | None = None
    not_applied_reason: NotAppliedReason | None = None
    credential_id: str | None = None
    batch_id: str | None = None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event of the ledger, with its payload where that was not erased."""

    header: Header
    hash: bytes
    salt: bytes | None
    payload: bytes | None


@dataclass(frozen=True, slots=True)
class Login:
    """A credential with the password hashes that open it now or later expire."""

    credential: Credential
    password_hashes: tuple[tuple[str, Instant | None], ...]


@dataclass(frozen=True, slots=True)
class ConsentPosition:
    """Where a page of consents ended."""

    recipient_id: int
    sender: str
    purpose: str


@dataclass(frozen=True, slots=True)
class HeardPosition:
    """Where a walk through messages that were heard stopped."""

    sender_id: str
    message_id: str
    recipient_id: int
    body_digest: bytes


@dataclass(frozen=True, slots=True)
class OptOutFilter:
    """Which opt-outs: at these senders (`*`: tenant-wide), of one number, within inclusive bounds; None: all."""

    senders: frozenset[str] | None = None
    address: str | None = None
    effective_from: Instant | None = None
    effective_to: Instant | None = None


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events: from the first to the last revision, both inclusive; None, and no senders, ask for all."""

    first_revision: int
    last_revision: int
    recipient_id: int | None = None
    senders: frozenset[str] = frozenset()
    kind: str | None = None
    actor: Actor | None = None
    batch_id: str | None = None


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom an address stands for on one channel, and whether a legal hold is on it."""

    recipient_id: int
    channel: Channel
    held: bool


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """Under what an answer is kept."""

    credential_id: str
    method: str
    request_id: str


class Glimpse(NamedTuple):
    """What one decision is made from, all of one committed state: what a Snapshot answers by these names.

    `revision` is the head of the ledger.
    """

    revision: int
    now: Instant
    sender: Sender | None
    purpose: Purpose | None
    records: Sequence[Record]


@dataclass(frozen=True, slots=True)
class Figures:
    """How large some things are in the whole database: what waits to be judged, and the longest ledgers by tenant."""

    open_review_items: int
    """Counted up to COUNTED_REVIEW_ITEMS."""
    oldest_review_time: Instant | None
    revisions: Mapping[str, int]
    """Of at most TOLD_LEDGERS tenants."""


class Snapshot(Protocol):
    """One committed state of one tenant. Methods that find one thing answer None where there is none."""

    @property
    def tenant(self) -> Tenant:
        """The tenant, with the head of its ledger."""
        ...

    @property
    def now(self) -> Instant:
        """The moment of this snapshot: never before the tenant's last event."""
        ...

    def sender(self, sender_id: str) -> Sender | None:
        """Find one sender."""
        ...

    def senders(self, after: str, limit: int, only: frozenset[str] = frozenset()) -> Sequence[Sender]:
        """List senders by id, those after `after`; with `only`, no others."""
        ...

    def purpose(self, purpose_id: str) -> Purpose | None:
        """Find one purpose."""
        ...

    def purposes(self, after: str, limit: int) -> Sequence[Purpose]:
        """List purposes by id, those after `after`."""
        ...

    def records_of_many(self, recipients: Sequence[Recipient]) -> Mapping[Recipient, Sequence[Record]]:
        """What `records` answers for each of many recipients; those without any are left out."""
        ...

    def standings(
        self, scope: Scope, channels: Sequence[Channel], addresses: Sequence[str | None]
    ) -> Mapping[int, tuple[int, ...]]:
        """The standings (domain.standing) of many recipients, each by its channel and canonical address.

        By position: those, at `now`, of the records that `records` answers and that cover `scope`. Positions without
        any are left out, and those whose address is None.
        """
        ...

    def recipient(self, recipient_id: int) -> Recipient | None:
        """Find a recipient by its random id."""
        ...

    def recipients(self, recipient_ids: Collection[int]) -> Mapping[int, Recipient]:
        """Find some hundreds of recipients by their ids; those that are not there are left out."""
        ...

    def review_item(self, item_id: str) -> ReviewItem | None:
        """Find one review item."""
        ...

    def review_items(
        self,
        after: tuple[Instant, str] | None,
        limit: int,
        senders: frozenset[str] = frozenset(),
        kind: ReviewKind | None = None,
        with_resolved: bool = False,
    ) -> Sequence[ReviewItem]:
        """List review items by time of making and id, those after `after`; with `senders`, at no others."""
        ...

    def open_review_items(self, recipient_id: int) -> Sequence[ReviewItem]:
        """The review items of a recipient that wait for their judgement."""
        ...

    def opt_outs(self, wanted: OptOutFilter, offset: int, limit: int) -> tuple[Sequence[OptOut], int]:
        """List the SMS and RCS noes of messaging profiles, newest first, from `offset` on, and how many in all."""
        ...

    def recipient_id(self, recipient: Recipient) -> int | None:
        """Find the random id of a canonical recipient."""
        ...

    def records(self, recipient: Recipient) -> Sequence[Record]:
        """All records of a recipient, and those of the sibling channel's that hold a no or a suspicion."""
        ...

    def consents(
        self,
        after: ConsentPosition | None,
        limit: int,
        recipient: Recipient | None = None,
        senders: frozenset[str] = frozenset(),
    ) -> Sequence[tuple[Recipient, Record]]:
        """List records by recipient id, sender and purpose, those after `after`; with `senders`, at no others."""
        ...

    def events(self, after_revision: int, limit: int) -> Sequence[StoredEvent]:
        """List events by revision, those after `after_revision`."""
        ...

    def event(self, revision: int) -> StoredEvent | None:
        """Find one event, without its payload."""
        ...

    def revision_at(self, moment: Instant) -> int:
        """The last revision that was recorded at or before a moment; 0 where there is none."""
        ...

    def history(self, recipient_id: int, last_revision: int) -> Sequence[Header]:
        """One recipient's events up to a revision, oldest first."""
        ...

    def settings_before(self, scope: Scope | None, last_revision: int) -> Iterator[Header]:
        """The SETTING events of a scope, or of all, up to a revision, newest first."""
        ...

    def events_where(
        self, wanted: EventFilter, limit: int, newest_first: bool = False
    ) -> Sequence[tuple[StoredEvent, Recipient | None]]:
        """List events by revision, each with its recipient; no recipient for one that concerns nobody."""
        ...

    def last_revision(self) -> int:
        """The largest revision that stands in the ledger, whatever the tenant's head says."""
        ...

    def erased_after(self, recipient_id: int, revision: int) -> bool:
        """Whether an ERASED event of a recipient comes after a revision."""
        ...

    def prunings(self, after_revision: int) -> Sequence[Header]:
        """The PRUNED events after a revision, oldest first."""
        ...

    def held_recipients(self, recipient_ids: Collection[int]) -> frozenset[int]:
        """Those of some hundreds of recipients whose address is under a legal hold, on whichever channel."""
        ...

    def recipient_ids(self, after: int, limit: int) -> Sequence[int]:
        """The ids that the ledger or the records know, in order, those after `after`."""
        ...

    def histories(self, first_id: int, last_id: int) -> Iterator[StoredEvent]:
        """The events of all recipients with ids from the first to the last, by id and revision."""
        ...

    def headers_of(self, recipient_ids: Collection[int]) -> Mapping[int, Sequence[Header]]:
        """All events of some hundreds of recipients, each one's oldest first."""
        ...

    def addressees(self, recipient: Recipient) -> Sequence[Addressee]:
        """Find who is known by this address, forgotten or not, on every channel that it may belong to."""
        ...

    def answers_that(self, matches: Callable[[bytes], bool], since: Instant) -> Sequence[AnswerKey]:
        """Find the answers, kept at or after a moment, whose bytes match. It reads them all, so it takes long."""
        ...

    def contact(self, contact_id: str) -> Contact | None:
        """Find one contact by its id."""
        ...

    def contact_by_external_id(self, external_id: str) -> Contact | None:
        """Find the contact with another system's id, the newest where there are several."""
        ...

    def contacts_by_email(self, email: str) -> Sequence[Contact]:
        """Find the contacts with a canonical e-mail address, newest first."""
        ...

    def contacts_by_mobile(self, mobile: str) -> Sequence[Contact]:
        """Find the contacts with a canonical mobile number, newest first."""
        ...

    def contacts(self, after: str, limit: int, email: str | None = None) -> Sequence[Contact]:
        """List contacts by id, those after `after`; with `email` (canonical), only those that have it."""
        ...

    def auto_responses(self, sender_id: str) -> Sequence[AutoResponse]:
        """All settings of a messaging profile, newest first."""
        ...

    def credential(self, credential_id: str) -> Credential | None:
        """Find one credential of the tenant."""
        ...

    def credentials(self, after: str, limit: int) -> Sequence[Credential]:
        """List credentials by id, those after `after`, revoked ones included."""
        ...


class Transaction(Snapshot, Protocol):
    """One unit of work on one tenant: reads see its own writes, and all of it becomes durable or none."""

    def new_id(self) -> str:
        """Make a fresh UUID as text."""
        ...

    def foresee(self, recipients: Sequence[Recipient]) -> None:
        """Be told of whom much is about to be asked, so that it is read at once. Changes nothing but the price."""
        ...

    def ensure_recipient(self, recipient: Recipient) -> int:
        """Find the random id of a canonical recipient, or make one. One that was forgotten gets its address back."""
        ...

    def append(self, entry: Entry, record: Record | None = None) -> int:
        """Append an event and answer its revision; with `record`, make that the current record at its scope."""
        ...

    def set_hold(self, recipient_id: int, held: bool) -> None:
        """Place a legal hold, or release it."""
        ...

    def erase_address(self, recipient_id: int, recipient: Recipient) -> None:
        """Replace a recipient's address by its keyed digest, under the key in use."""
        ...

    def erase_payloads(self, recipient_id: int) -> int:
        """Delete the payloads and salts of a recipient's events; answer how many there were."""
        ...

    def prune_payloads(self, revisions: Sequence[int]) -> Sequence[int]:
        """Delete the payloads and salts of some hundreds of events; answer, in order, which of them had any."""
        ...

    def prune_answers(self, before: Instant, after: AnswerKey | None, limit: int) -> tuple[int, AnswerKey | None]:
        """Delete answers that were kept for request ids before a moment; answer how many, and where to go on if at all.

        At most `limit` are looked at, those after a key.
        """
        ...

    def prune_heard_answers(
        self, before: Instant, after: HeardPosition | None, limit: int
    ) -> tuple[int, HeardPosition | None]:
        """Empty the answers to messages that were heard before a moment; answer how many, and where to go on if at all.

        At most `limit` are looked at, those after a position. Those of recipients under a legal hold are left. That
        the messages were heard stays known.
        """
        ...

    def erase_contacts(self, recipient: Recipient) -> int:
        """Take an address out of the contacts that have it; answer how many lost it."""
        ...

    def erase_answers(self, keys: Sequence[AnswerKey]) -> None:
        """Empty kept answers and their fingerprints. Their request ids stay used, so that nothing is done twice."""
        ...

    def erase_heard_answers(self, recipient_id: int) -> None:
        """Empty the answers to a recipient's messages. That they were heard stays known."""
        ...

    def put_sender(self, sender: Sender) -> None:
        """Write a sender, new or known."""
        ...

    def put_purpose(self, purpose: Purpose) -> None:
        """Write a purpose, new or known."""
        ...

    def put_contact(self, contact: Contact, email_key: str) -> None:
        """Write a contact, new or known; `email_key` is the canonical form of its address, or empty."""
        ...

    def delete_contact(self, contact_id: str) -> None:
        """Delete a contact; its consents stay."""
        ...

    def put_auto_response(self, sender_id: str, setting: AutoResponse) -> None:
        """Write a setting, new or known."""
        ...

    def delete_auto_response(self, sender_id: str, setting_id: str) -> None:
        """Delete a setting."""
        ...

    def put_credential(self, credential: Credential) -> None:
        """Write a credential, new or known.

        Raises AlreadyExists where its user name is another credential's, or its id another tenant's.
        """
        ...

    def add_secret(self, credential_id: str, key_digest: bytes | None, password_hash: str | None) -> None:
        """Give a credential one more secret.

        Raises NotFound where the tenant has no such credential, AlreadyExists where any tenant has the key.
        """
        ...

    def key_is_registered(self, digests: Sequence[bytes]) -> bool:
        """Whether any of these key digests is, or was, registered in any tenant."""
        ...

    def end_secrets(self, credential_id: str, moment: Instant) -> None:
        """Let all secrets of a credential that would live longer end at `moment`. Raises NotFound."""
        ...

    def add_review_item(self, recipient_id: int, sender_id: str, kind: str, revision: int) -> str:
        """Ask a person to judge the event of `revision`; answer the new item's id."""
        ...

    def resolve_review_item(self, item_id: str, resolution: Resolution) -> None:
        """Note how a review item was judged, now."""
        ...

    def heard_answer(self, sender_id: str, message_id: str, recipient_id: int, body_digest: bytes) -> bytes | None:
        """Find the answer that was kept for a message that was heard before."""
        ...

    def keep_heard_answer(
        self, sender_id: str, message_id: str, recipient_id: int, body_digest: bytes, answer: bytes
    ) -> None:
        """Keep the answer of a message that was heard."""
        ...

    def message_was_stated(self, sender_id: str, message_id: str, event: str, recipient_id: int) -> bool:
        """Remember (message, event, recipient) at a sender; answer whether it was remembered already."""
        ...

    def answered(self, credential_id: str, method: str, request_id: str, since: Instant) -> tuple[bytes, bytes] | None:
        """Find the fingerprint and answer that were kept for a request id at or after `since`."""
        ...

    def keep_answer(self, credential_id: str, method: str, request_id: str, fingerprint: bytes, answer: bytes) -> None:
        """Keep a fingerprint and answer for a request id."""
        ...


class Storage(Protocol):
    """The whole of the durable state."""

    def read(self, tenant_id: int) -> AbstractContextManager[Snapshot]:
        """Open a snapshot. Raises StorageUnavailable."""
        ...

    def glimpse(self, tenant_id: int, sender_id: str, purpose_id: str, recipient: Recipient) -> Glimpse:
        """Look once at what a decision about one recipient needs; cheaper than `read`, and as current.

        Raises StorageUnavailable.
        """
        ...

    def write(self, tenant_id: int, work: Callable[[Transaction], T]) -> T:
        """Run `work` and return its result once that is durable. Raises what `work` raises, or StorageUnavailable."""
        ...

    def await_commit(self, seen: int, timeout_seconds: float) -> int:
        """Wait until more than `seen` commits are known of, at most so long; answer how many are.

        Those of this process are; those of others only where the database tells of them, and some may be missed.
        """
        ...

    def create_tenant(
        self, name: str, country: str | None, seed: Callable[[Transaction], None] | None = None
    ) -> Tenant:
        """Make a tenant, and what `seed` writes into it, at once. Raises AlreadyExists."""
        ...

    def tenants(self) -> Sequence[Tenant]:
        """List all tenants by name."""
        ...

    def find_by_key(self, digests: Sequence[bytes], moment: Instant) -> Credential | None:
        """Find the credential that one of these key digests opens at `moment`, whatever its own expiry."""
        ...

    def find_by_user(self, user: str) -> Login | None:
        """Find the credential of an HTTP Basic user name."""
        ...

    def touch_credential(self, credential_id: str, moment: Instant) -> None:
        """Note that a credential was used, soon, without waiting for it or failing."""
        ...

    def forget_answers(self, before: Instant) -> int:
        """Delete the answers that were kept before a moment; answer how many."""
        ...

    def figures(self) -> Figures:
        """Read what the metrics tell of the database. Raises StorageUnavailable."""
        ...

    def check(self) -> None:
        """Return where the database answers, is at head and of our keys. Raises StorageUnavailable."""
        ...

    def close(self) -> None:
        """Finish the writes that were accepted, wait a little for who reads, then let go of the database."""
        ...
