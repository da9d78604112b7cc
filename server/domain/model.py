"""The vocabulary of consent: who, on which channel, at which scope, said what.

Moments are `Instant`: whole microseconds since 1970 in UTC, as ints, because every database engine, the ledger's hash
and protobuf hold them exactly. Enum numbers equal those of the contract (a test holds it).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, TypeAlias

Instant: TypeAlias = int
ALL = "*"
ERASED_PREFIX = "erased:"


class Channel(IntEnum):
    """How a message travels."""

    SMS = 1
    VOICE = 2
    EMAIL = 3
    WHATSAPP = 4
    RCS = 5

    @property
    def sibling(self) -> Channel | None:
        """The channel that shares every no with this one: SMS and RCS reach the same message list."""
        return _SIBLINGS.get(self)


_SIBLINGS = {Channel.SMS: Channel.RCS, Channel.RCS: Channel.SMS}


class State(IntEnum):
    """What a record says."""

    NO_STATEMENT = 1
    OPTED_IN = 2
    OPTED_OUT = 3


class Strength(IntEnum):
    """How strong a yes is; ordered."""

    IMPLIED = 1
    EXPRESS = 2
    EXPRESS_WRITTEN = 3


class LiftedBy(IntEnum):
    """Who may lift a no; ordered: it only moves up."""

    BUSINESS = 1
    RECIPIENT = 2


class Actor(IntEnum):
    """Who made a statement."""

    RECIPIENT = 1
    BUSINESS = 2
    CARRIER = 3
    IMPORT = 4
    SYSTEM = 5


class NotAppliedReason(IntEnum):
    """Why a statement was recorded without effect."""

    PROTECTED_OPT_OUT = 1
    WIDER_OPT_OUT = 2
    SUPERSEDED = 3


class SenderKind(IntEnum):
    """What a sender is in the API that its callers use."""

    DEPARTMENT = 1
    CLIENT = 2
    MESSAGING_PROFILE = 3
    OTHER = 4


class Reach(IntEnum):
    """What a STOP or START heard at a sender covers."""

    SENDER = 1
    TENANT = 2


class Rule(IntEnum):
    """What a purpose needs."""

    OPT_IN_REQUIRED = 1
    OPT_OUT_ALLOWED = 2
    ALWAYS_ALLOWED = 3


class Role(IntEnum):
    """What a credential may do; ordered: each may do what those before it may."""

    READER = 1
    WRITER = 2
    ADMIN = 3


class Op(IntEnum):
    """What a keyword does."""

    START = 1
    STOP = 2
    INFO = 3


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person on a channel, by the canonical address. Hides the address in its repr, and so in logs."""

    channel: Channel
    address: str

    @property
    def forgotten(self) -> bool:
        """Whether a keyed digest stands in the place of the address, because it was forgotten. It is never told."""
        return self.address.startswith(ERASED_PREFIX)

    def __repr__(self) -> str:
        return f"Recipient({self.channel.name}, …)"


class Scope(NamedTuple):
    """What a record covers: a sender and a purpose, each possibly `*`."""

    sender: str = ALL
    purpose: str = ALL

    def covers(self, other: Scope) -> bool:
        """Whether all that `other` covers lies within this scope (a scope covers itself)."""
        return self.sender in (ALL, other.sender) and self.purpose in (ALL, other.purpose)

    @property
    def width(self) -> int:
        """How many of its two sides are `*`: 0 is the narrowest."""
        return (self.sender == ALL) + (self.purpose == ALL)


class Record(NamedTuple):
    """The current record of one recipient at one scope. Revision 0: nothing was ever written there.

    A tuple, as scopes are: they are made for every question, and a frozen dataclass takes four times as long to make.
    """

    recipient_id: int
    scope: Scope
    state: State = State.NO_STATEMENT
    strength: Strength | None = None
    lifted_by: LiftedBy | None = None
    suspect_time: Instant | None = None
    expire_time: Instant | None = None
    request_time: Instant | None = None
    actor: Actor = Actor.SYSTEM
    effective_time: Instant = 0
    create_time: Instant = 0
    update_time: Instant = 0
    revision: int = 0

    def in_force(self, moment: Instant) -> bool:
        """Whether it is a yes that has not ended at `moment`."""
        return self.state is State.OPTED_IN and (self.expire_time is None or moment < self.expire_time)


@dataclass(frozen=True, slots=True)
class Tenant:
    """The isolation boundary, with the head of its ledger. A restore of the database makes a new `epoch`."""

    id: int
    name: str
    country: str | None
    head_revision: int
    head_hash: bytes
    head_time: Instant
    create_time: Instant
    epoch: str
    erased_count: int


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, within a tenant."""

    id: str
    kind: SenderKind
    double_opt_in: bool
    country: str | None
    reach: Reach
    create_time: Instant
    update_time: Instant

    @property
    def heard_scope(self) -> Scope:
        """What a STOP or START that is heard here covers."""
        return Scope() if self.reach is Reach.TENANT else Scope(sender=self.id)


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why a message is sent, and what that needs."""

    id: str
    rule: Rule
    minimum: Strength | None = None
    ignores_opt_out: bool = False


SHIPPED_PURPOSES = (
    Purpose("marketing", Rule.OPT_IN_REQUIRED, Strength.EXPRESS_WRITTEN),
    Purpose("informational", Rule.OPT_IN_REQUIRED, Strength.EXPRESS),
    Purpose("transactional", Rule.OPT_OUT_ALLOWED),
)


@dataclass(frozen=True, slots=True)
class Contact:
    """A customer. `opt_out_mobile` is the number on which a tenant-wide no was set through this contact."""

    id: str
    external_id: str
    first: str
    last: str
    email: str
    mobile: str
    create_time: Instant
    update_time: Instant
    opt_out_mobile: str | None = None

    def __repr__(self) -> str:
        return f"Contact({self.id})"


@dataclass(frozen=True, slots=True)
class AutoResponse:
    """One auto-response setting of a messaging profile."""

    id: str
    country_code: str
    keywords: tuple[str, ...]
    op: Op
    resp_text: str | None
    create_time: Instant
    update_time: Instant


@dataclass(frozen=True, slots=True)
class Credential:
    """A caller's right to act for a tenant; its secrets are kept apart. No senders: not bound to any."""

    id: str
    tenant_id: int
    role: Role
    senders: frozenset[str]
    basic_user: str | None
    allow_force: bool
    expire_time: Instant | None
    create_time: Instant
    revoke_time: Instant | None = None
    last_used_time: Instant | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: the tenant and the rights that a verified credential carries. `credential_id` None: the operator."""

    tenant_id: int
    role: Role
    senders: frozenset[str] = frozenset()
    allow_force: bool = False
    credential_id: str | None = None


class ReviewKind(IntEnum):
    """Why a person has to look."""

    STOP_SUSPECTED = 1
    WIDER_OPT_OUT = 2


class Resolution(IntEnum):
    """How a review item was judged."""

    OPT_OUT = 1
    NOT_AN_OPT_OUT = 2
    DISMISSED = 3


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """An event that waits for a person's judgement, or was judged."""

    id: str
    kind: ReviewKind
    recipient_id: int
    sender_id: str
    revision: int
    create_time: Instant
    resolve_time: Instant | None = None
    resolution: Resolution | None = None


@dataclass(frozen=True, slots=True)
class OptOut:
    """A no at a messaging profile, or tenant-wide (sender `*`), with its event's payload where that is kept."""

    recipient: Recipient
    sender_id: str
    effective_time: Instant
    payload: bytes | None
