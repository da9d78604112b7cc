"""What is said of a recipient's consent, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from consent.v1 import consent_pb2, ledger_pb2

from server.client.decisions import Consent, decode_consent
from server.client.recipients import Recipient, decode_recipient, encode_recipient
from server.client.times import moment_of, timestamp_of
from server.client.vocabulary import (
    Actor,
    EvidenceMethod,
    LiftedBy,
    NotAppliedReason,
    State,
    Strength,
    number_of,
    word_of,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves a statement. A RECIPIENT's needs a method, and a message id, URL, IP address or artifact hash.

    Hides what it holds in its repr: it is personal data.
    """

    method: EvidenceMethod
    text_shown: str = ""
    text_version: str = ""
    language: str = ""
    url: str = ""
    ip_address: str = ""
    user_agent: str = ""
    message_id: str = ""
    artifact_hash: str = ""
    jurisdiction: str = ""

    def __repr__(self) -> str:
        return f"Evidence({self.method.name}, …)"


@dataclass(frozen=True, slots=True)
class Statement:
    """A yes or a no of one recipient at one scope; sender and purpose may be ALL. Made by `opt_in` and `opt_out`."""

    recipient: Recipient
    sender: str
    purpose: str
    state: State
    actor: Actor
    strength: Strength | None = None
    lifted_by: LiftedBy | None = None
    effective_time: datetime | None = None
    expire_time: datetime | None = None
    evidence: Evidence | None = None
    source: str = ""


def opt_in(
    sender: str,
    recipient: Recipient,
    purpose: str,
    *,
    strength: Strength,
    actor: Actor,
    evidence: Evidence | None = None,
    effective_time: datetime | None = None,
    expire_time: datetime | None = None,
    source: str = "",
) -> Statement:
    """A yes. `effective_time`: when it was said, now where None. `expire_time`: when it ends, never where None."""
    return Statement(
        recipient,
        sender,
        purpose,
        State.OPTED_IN,
        actor,
        strength=strength,
        effective_time=effective_time,
        expire_time=expire_time,
        evidence=evidence,
        source=source,
    )


def opt_out(
    sender: str,
    recipient: Recipient,
    purpose: str,
    *,
    actor: Actor,
    lifted_by: LiftedBy | None = None,
    evidence: Evidence | None = None,
    effective_time: datetime | None = None,
    source: str = "",
) -> Statement:
    """A no. `lifted_by` None: BUSINESS for a no of the business, RECIPIENT for any other."""
    return Statement(
        recipient,
        sender,
        purpose,
        State.OPTED_OUT,
        actor,
        lifted_by=lifted_by,
        effective_time=effective_time,
        evidence=evidence,
        source=source,
    )


@dataclass(frozen=True, slots=True)
class Recorded:
    """A statement was heard. Where it did not prevail, `applied` is false and `not_applied_reason` says why.

    `unchanged`: the same was so already. `revision`: the statement's event, 0 where nothing was recorded.
    """

    applied: bool
    unchanged: bool
    not_applied_reason: NotAppliedReason | None
    consent: Consent | None
    revision: int
    lifted_count: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A statement of a batch was refused; nothing of it was recorded. `reason` is the name of an ErrorReason."""

    reason: str
    field: str
    message: str


def encode_statement(statement: Statement) -> ledger_pb2.ConsentStatement:
    """The statement in the contract. Raises ValueError for what cannot be put there."""
    found = statement.evidence
    evidence = None
    if found is not None:
        words = {name: getattr(found, name) for name in Evidence.__slots__ if name != "method"}
        evidence = ledger_pb2.Evidence(**words)
        evidence.method = ledger_pb2.EvidenceMethod.ValueType(number_of(found.method))
    return ledger_pb2.ConsentStatement(
        recipient=encode_recipient(statement.recipient),
        sender=statement.sender,
        purpose=statement.purpose,
        state=consent_pb2.ConsentState.ValueType(number_of(statement.state)),
        actor=consent_pb2.Actor.ValueType(number_of(statement.actor)),
        strength=consent_pb2.Strength.ValueType(number_of(statement.strength)),
        lifted_by=consent_pb2.LiftedBy.ValueType(number_of(statement.lifted_by)),
        effective_time=timestamp_of(statement.effective_time),
        expire_time=timestamp_of(statement.expire_time),
        evidence=evidence,
        source=statement.source,
    )


def decode_statement(found: ledger_pb2.ConsentStatement) -> Statement:
    """The statement that a request holds. Raises ValueError where it holds none."""
    recipient = decode_recipient(found)
    if recipient is None:
        raise ValueError("a statement needs a recipient")
    evidence = None
    if found.HasField("evidence"):
        method = word_of(EvidenceMethod, found.evidence.method) or EvidenceMethod.UNKNOWN
        words = {name: getattr(found.evidence, name) for name in Evidence.__slots__ if name != "method"}
        evidence = Evidence(method, **words)
    return Statement(
        recipient,
        found.sender,
        found.purpose,
        word_of(State, found.state) or State.UNKNOWN,
        word_of(Actor, found.actor) or Actor.UNKNOWN,
        strength=word_of(Strength, found.strength),
        lifted_by=word_of(LiftedBy, found.lifted_by),
        effective_time=moment_of(found, "effective_time"),
        expire_time=moment_of(found, "expire_time"),
        evidence=evidence,
        source=found.source,
    )


def decode_result(found: ledger_pb2.RecordResult) -> Recorded:
    """What became of a statement. Raises ValueError for times out of range."""
    return Recorded(
        applied=found.applied,
        unchanged=found.unchanged,
        not_applied_reason=word_of(NotAppliedReason, found.not_applied_reason),
        consent=decode_consent(found.consent) if found.HasField("consent") else None,
        revision=found.revision,
        lifted_count=found.lifted_count,
    )
