"""The answer to a check, and the records that it is taken from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from consent.v1 import consent_pb2, decision_pb2

from server.client.errors import ConsentClientError
from server.client.recipients import Recipient, decode_recipient
from server.client.times import moment_of
from server.client.vocabulary import Actor, LiftedBy, Reason, State, Strength, Verdict, word_of

_DENYING = frozenset(
    {
        Reason.OPTED_OUT,
        Reason.OPT_OUT_SUSPECTED,
        Reason.PENDING_CONFIRMATION,
        Reason.EXPIRED,
        Reason.INSUFFICIENT_STRENGTH,
        Reason.NO_CONSENT,
        Reason.INVALID_RECIPIENT,
    }
)


@dataclass(frozen=True, slots=True)
class Consent:
    """The current record of one recipient at one scope. `recipient` is None where the question names it."""

    recipient: Recipient | None
    sender: str
    purpose: str
    state: State
    strength: Strength | None
    lifted_by: LiftedBy | None
    suspected: bool
    expire_time: datetime | None
    request_time: datetime | None
    actor: Actor | None
    effective_time: datetime | None
    create_time: datetime | None
    update_time: datetime | None
    revision: int


@dataclass(frozen=True, slots=True)
class Decision:
    """May it be sent? Ask `allowed`; a decision is also true in a condition only where it is allowed.

    `recipient` is canonical where the service told it. `valid_until`: when time alone ends an ALLOW, None where
    nothing known does. `deciding` is the record that decided, where one did. `revision` and `check_time` name the state
    that was judged: a check `as_of` this decision gives the same again. `error` is set only where the check failed.
    """

    recipient: Recipient
    purpose: str
    verdict: Verdict
    reason: Reason
    valid_until: datetime | None = None
    deciding: Consent | None = None
    revision: int = 0
    check_time: datetime | None = None
    error: ConsentClientError | None = None

    @property
    def allowed(self) -> bool:
        """Whether the service said ALLOW."""
        return self.verdict is Verdict.ALLOW

    @property
    def deciding_revision(self) -> int | None:
        """The revision of the event that decided; None where no record did."""
        return self.deciding.revision if self.deciding else None

    def __bool__(self) -> bool:
        return self.allowed


def failed(recipient: Recipient, purpose: str, error: ConsentClientError) -> Decision:
    """The DENY of a check that had no answer."""
    return Decision(recipient, purpose, Verdict.DENY, Reason.CHECK_FAILED, error=error)


def judge(verdict: int, reason: int) -> tuple[Verdict, Reason]:
    """Read a verdict and its reason: ALLOW only where both say so, or the reason is one that we do not know yet.

    The contract has an unset verdict or an unset reason read as DENY, and each reason belong to one verdict.
    """
    why = word_of(Reason, reason)
    said = word_of(Verdict, verdict)
    if said is Verdict.ALLOW and why is not None and why not in _DENYING:
        return Verdict.ALLOW, why
    contradicts = said is not Verdict.DENY and why not in _DENYING
    return Verdict.DENY, Reason.UNKNOWN if contradicts or why is None else why


def decode_decision(
    found: decision_pb2.Decision, recipient: Recipient, revision: int, check_time: datetime | None
) -> Decision:
    """One decision of a CheckConsentResponse. Raises ValueError for times out of range."""
    verdict, reason = judge(found.verdict, found.reason)
    deciding = decode_consent(found.deciding_consent) if found.HasField("deciding_consent") else None
    valid_until = moment_of(found, "valid_until")
    return Decision(recipient, found.purpose, verdict, reason, valid_until, deciding, revision, check_time)


def decode_consent(found: consent_pb2.Consent) -> Consent:
    """One record. Raises ValueError for times out of range."""
    return Consent(
        recipient=decode_recipient(found),
        sender=found.sender,
        purpose=found.purpose,
        state=word_of(State, found.state) or State.UNKNOWN,
        strength=word_of(Strength, found.strength),
        lifted_by=word_of(LiftedBy, found.lifted_by),
        suspected=found.suspected,
        expire_time=moment_of(found, "expire_time"),
        request_time=moment_of(found, "request_time"),
        actor=word_of(Actor, found.actor),
        effective_time=moment_of(found, "effective_time"),
        create_time=moment_of(found, "create_time"),
        update_time=moment_of(found, "update_time"),
        revision=found.revision,
    )
