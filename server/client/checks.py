"""May it be sent? One recipient, or any number of them. A failure raises or denies; it never allows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal

from consent.v1 import consent_pb2, decision_pb2
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub

from server.client.calls import Line, Pending, decoded, encoded, new_request_id
from server.client.decisions import Decision, decode_consent, decode_decision, failed, judge
from server.client.errors import ConsentClientError
from server.client.recipients import Recipient, decode_recipient, encode_recipient
from server.client.times import moment_of, timestamp_of
from server.client.vocabulary import number_of

OnFailure = Literal["raise", "deny"]
AsOf = int | datetime | Decision | None
MAX_BATCH = 10_000
_IN_FLIGHT = 2
_UNREADABLE = "?"


@dataclass(frozen=True, slots=True)
class Question:
    """A check of one recipient for one or several purposes."""

    sender: str
    recipient: Recipient
    purposes: tuple[str, ...]
    as_of: AsOf = None
    reply_permit: str = ""


def check(
    line: Line, stub: ConsentServiceStub, question: Question, on_failure: OnFailure, timeout: float | None
) -> dict[str, Decision]:
    """One decision a purpose, in the order asked."""
    _known(on_failure)
    request_id = new_request_id()
    try:
        request = encoded(lambda: _encode(question), request_id)
        answer = line.call(stub.CheckConsent, request, timeout, request_id)
        return decoded(lambda: _decode(question, answer), request_id)
    except ConsentClientError as error:
        if on_failure == "raise":
            raise
        return {purpose: failed(question.recipient, purpose, error) for purpose in question.purposes}


def _encode(question: Question) -> decision_pb2.CheckConsentRequest:
    revision, moment = 0, None
    match question.as_of:
        case Decision(revision=at, check_time=judged):
            revision, moment = at, judged
        case datetime() as given:
            moment = given
        case int() as at:
            revision = at
    return decision_pb2.CheckConsentRequest(
        sender=question.sender,
        recipient=encode_recipient(question.recipient),
        purposes=question.purposes,
        as_of_revision=revision,
        as_of_time=timestamp_of(moment),
        reply_permit=question.reply_permit,
    )


def _decode(question: Question, answer: decision_pb2.CheckConsentResponse) -> dict[str, Decision]:
    told = tuple(decision.purpose for decision in answer.decisions)
    if told != question.purposes:
        raise ValueError("it decides on other purposes than were asked about")
    recipient = decode_recipient(answer) or question.recipient
    check_time = moment_of(answer, "check_time")
    return {found.purpose: decode_decision(found, recipient, answer.revision, check_time) for found in answer.decisions}


@dataclass(frozen=True, slots=True)
class Campaign:
    """A check of any number of recipients for one purpose."""

    sender: str
    purpose: str
    batch_size: int
    details: bool
    on_failure: OnFailure
    timeout: float | None


_Batch = tuple[list[Recipient], Pending[decision_pb2.BatchCheckConsentRequest, decision_pb2.BatchCheckConsentResponse]]


def check_many(
    line: Line, stub: ConsentServiceStub, campaign: Campaign, recipients: Iterable[Recipient]
) -> Iterator[tuple[Recipient, Decision]]:
    """Each recipient with its decision, in order. Raises ValueError at once for a batch size out of range."""
    _known(campaign.on_failure)
    if not 1 <= campaign.batch_size <= MAX_BATCH:
        raise ValueError(f"batch_size is 1 to {MAX_BATCH:,}")
    return _stream(line, stub, campaign, recipients)


def _stream(
    line: Line, stub: ConsentServiceStub, campaign: Campaign, recipients: Iterable[Recipient]
) -> Iterator[tuple[Recipient, Decision]]:
    source = iter(recipients)
    under_way: deque[_Batch] = deque()
    try:
        while True:
            while len(under_way) < _IN_FLIGHT and (batch := list(islice(source, campaign.batch_size))):
                request = _encode_batch(campaign, batch)
                under_way.append(
                    (batch, line.begin(stub.BatchCheckConsent, request, campaign.timeout, new_request_id()))
                )
            if not under_way:
                return
            batch, pending = under_way.popleft()
            yield from zip(batch, _decisions(campaign, batch, pending), strict=True)
    finally:
        for _, pending in under_way:
            pending.cancel()


def _encode_batch(campaign: Campaign, batch: Sequence[Recipient]) -> decision_pb2.BatchCheckConsentRequest:
    channels = [consent_pb2.Channel.ValueType(number_of(recipient.channel)) for recipient in batch]
    return decision_pb2.BatchCheckConsentRequest(
        sender=campaign.sender,
        purpose=campaign.purpose,
        channels=channels[:1] if len(set(channels)) == 1 else channels,
        addresses=[_sendable(recipient.address) for recipient in batch],
        with_details=campaign.details,
    )


def _sendable(address: str) -> str:
    """The address; one that no message can hold becomes one that is none, so that it spoils its own item only."""
    if address.isascii():
        return address
    try:
        address.encode()
    except UnicodeError:
        return _UNREADABLE
    return address


def _decisions(
    campaign: Campaign,
    batch: Sequence[Recipient],
    pending: Pending[decision_pb2.BatchCheckConsentRequest, decision_pb2.BatchCheckConsentResponse],
) -> list[Decision]:
    try:
        answer = pending.answer()
        return decoded(lambda: _decode_batch(campaign, batch, answer), pending.request_id)
    except ConsentClientError as error:
        if campaign.on_failure == "raise":
            raise
        return [failed(recipient, campaign.purpose, error) for recipient in batch]


def _decode_batch(
    campaign: Campaign, batch: Sequence[Recipient], answer: decision_pb2.BatchCheckConsentResponse
) -> list[Decision]:
    asked = len(batch)
    if (len(answer.verdicts), len(answer.reasons)) != (asked, asked):
        raise ValueError(f"{asked} addresses have {len(answer.verdicts)} verdicts and {len(answer.reasons)} reasons")
    if len(answer.details) != (asked if campaign.details else 0):
        raise ValueError(f"{asked} addresses have {len(answer.details)} details")
    check_time = moment_of(answer, "check_time")
    plain = [
        Decision(recipient, campaign.purpose, *judge(verdict, reason), revision=answer.revision, check_time=check_time)
        for recipient, verdict, reason in zip(batch, answer.verdicts, answer.reasons, strict=True)
    ]
    if not campaign.details:
        return plain
    return [_detailed(decision, detail) for decision, detail in zip(plain, answer.details, strict=True)]


def _detailed(decision: Decision, detail: decision_pb2.BatchCheckDetail) -> Decision:
    return Decision(
        decode_recipient(detail) or decision.recipient,
        decision.purpose,
        decision.verdict,
        decision.reason,
        moment_of(detail, "valid_until"),
        decode_consent(detail.deciding_consent) if detail.HasField("deciding_consent") else None,
        decision.revision,
        decision.check_time,
    )


def _known(on_failure: str) -> None:
    if on_failure not in ("raise", "deny"):
        raise ValueError("on_failure is 'raise' or 'deny'")
