"""A way in to consents, in words that every way shares: the contract's names, without prefixes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from tests.e2e.accounts import CLIENT, Account
from tests.e2e.process import Served


@dataclass(frozen=True)
class Question:
    """May a sender send to a number by SMS? As of a revision, a moment, or both."""

    address: str
    purpose: str = "marketing"
    sender: str = CLIENT
    revision: int = 0
    moment: datetime | None = None
    permit: str = ""


@dataclass(frozen=True)
class Answer:
    """A verdict, why, and the state that it was judged by."""

    verdict: str
    reason: str
    revision: int
    moment: datetime

    @property
    def told(self) -> str:
        """`ALLOW OPTED_IN`."""
        return f"{self.verdict} {self.reason}"


@dataclass(frozen=True)
class Saying:
    """A yes of this strength; without a strength, a no."""

    address: str
    strength: str = ""
    actor: str = "BUSINESS"
    sender: str = CLIENT
    purpose: str = "marketing"
    evidence: Mapping[str, str] = field(default_factory=dict)
    effective: datetime | None = None
    expires: datetime | None = None

    @property
    def state(self) -> str:
        return "OPTED_IN" if self.strength else "OPTED_OUT"


@dataclass(frozen=True)
class Outcome:
    """What became of a statement: `not_applied` is empty where it took effect or was so already."""

    applied: bool
    unchanged: bool
    not_applied: str
    revision: int


@dataclass(frozen=True)
class Hearing:
    """What a message meant. `permit` is empty where no reply is due, `item` where there is nothing to review."""

    intent: str
    outcome: Outcome | None
    permit: str
    item: str


@dataclass(frozen=True)
class Standing:
    """One current record."""

    sender: str
    purpose: str
    state: str
    strength: str
    suspected: bool


@dataclass(frozen=True)
class Event:
    """One event of the ledger: `not_applied` is empty where it took effect."""

    kind: str
    sender: str
    purpose: str
    actor: str
    not_applied: str = ""
    evidence: Mapping[str, object] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Refusal:
    """The name of an ErrorReason, and the fields at fault by their names in the contract, each with what is wrong."""

    reason: str
    fields: tuple[tuple[str, str], ...] = ()


class Refused(Exception):
    """What was asked for was refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


class Way:
    """A way in, as a tenant's writer (or its operator). It has the steps that it overrides, the others it has not."""

    name: ClassVar[str]

    def __init__(self, served: Served, account: Account) -> None:
        self.served = served
        self.account = account

    def within(self, account: Account) -> Way:
        """The same way, with another tenant's credential."""
        return type(self)(self.served, account)

    def check(self, question: Question) -> Answer:
        """May it be sent? Now, or as of then."""
        raise NotImplementedError

    def check_reply(self, question: Question) -> Answer:
        """May this reply be sent, by its permit?"""
        raise NotImplementedError

    def check_campaign(self, addresses: Sequence[str]) -> list[str]:
        """May CLIENT send marketing? The verdicts and reasons, in order, of any number of addresses."""
        raise NotImplementedError

    def check_batch(self, addresses: Sequence[str]) -> list[str]:
        """The same, in one request."""
        raise NotImplementedError

    def record(self, saying: Saying) -> Outcome:
        """Record a yes or a no."""
        raise NotImplementedError

    def record_once(self, saying: Saying, request_id: str) -> Outcome:
        """Record it under a request id: the same again answers as before."""
        raise NotImplementedError

    def hear(self, address: str, body: str, message_id: str) -> Hearing:
        """Tell of a message that CLIENT received by SMS."""
        raise NotImplementedError

    def waiting(self) -> dict[str, str]:
        """The kinds of the review items that are open, by id."""
        raise NotImplementedError

    def judge(self, item: str, resolution: str) -> str:
        """Judge a review item; answers how it is judged."""
        raise NotImplementedError

    def consents(self, address: str) -> list[Standing]:
        """The number's current records for SMS, by scope."""
        raise NotImplementedError

    def events(self, address: str) -> list[Event]:
        """All that was recorded of the number for SMS, the oldest first."""
        raise NotImplementedError

    def verify(self) -> bool:
        """Whether the tenant's ledger is intact."""
        raise NotImplementedError


STEPS = tuple(name for name, step in vars(Way).items() if callable(step) and name not in {"__init__", "within"})


def steps_of(kind: type[Way]) -> frozenset[str]:
    """The steps that a way has."""
    return frozenset(step for step in STEPS if getattr(kind, step) is not getattr(Way, step))
