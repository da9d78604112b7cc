"""Between the domain and protobuf: decisions, and the records that decided.

Messages are filled in place: a message that is made apart and handed to another is encoded and decoded to be copied,
which made up a sixth of a check.
"""

from __future__ import annotations

from typing import Any

from consent.v1 import consent_pb2, decision_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from server.api.convert import MICROSECONDS, instant
from server.domain.model import Instant, Recipient, Record
from server.domain.policy import Reason
from server.usecases.as_of import AsOf
from server.usecases.checks import BatchCheck, Check

# The domain's numbers are the contract's (a test holds it); mypy sees each generated enum as a type of its own.
_VERDICTS: dict[Reason, Any] = {reason: reason.verdict for reason in Reason}


def _fill_timestamp(target: Timestamp, moment: Instant) -> None:
    target.seconds, micros = divmod(moment, MICROSECONDS)
    target.nanos = micros * 1000


def _fill_recipient(target: Any, value: Recipient) -> None:
    """A canonical recipient; of one that was forgotten the channel only."""
    target.channel = value.channel
    if not value.forgotten:
        target.address = value.address


def _fill_consent(target: Any, record: Record) -> None:
    target.sender = record.scope.sender
    target.purpose = record.scope.purpose
    target.state = record.state
    if record.strength is not None:
        target.strength = record.strength
    if record.lifted_by is not None:
        target.lifted_by = record.lifted_by
    target.suspected = record.suspect_time is not None
    if record.expire_time is not None:
        _fill_timestamp(target.expire_time, record.expire_time)
    if record.request_time is not None:
        _fill_timestamp(target.request_time, record.request_time)
    target.actor = record.actor
    _fill_timestamp(target.effective_time, record.effective_time)
    _fill_timestamp(target.create_time, record.create_time)
    _fill_timestamp(target.update_time, record.update_time)
    target.revision = record.revision


def consent(record: Record, owner: Recipient | None = None) -> consent_pb2.Consent:
    """A record; without an owner its recipient is left unset."""
    message = consent_pb2.Consent()
    if owner is not None:
        _fill_recipient(message.recipient, owner)
    _fill_consent(message, record)
    return message


def as_of(request: decision_pb2.CheckConsentRequest) -> AsOf:
    """Which state a check asks about."""
    moment = instant(request.as_of_time) if request.HasField("as_of_time") else None
    return AsOf(request.as_of_revision, moment)


def check(answer: Check) -> decision_pb2.CheckConsentResponse:
    """The answer of a check."""
    response = decision_pb2.CheckConsentResponse(revision=answer.revision)
    for purpose, decision in answer.decisions:
        told = response.decisions.add()
        told.purpose = purpose
        told.verdict = _VERDICTS[decision.reason]
        told.reason = decision.reason  # type: ignore[assignment]
        if decision.record is not None:
            _fill_consent(told.deciding_consent, decision.record)
        if decision.valid_until is not None:
            _fill_timestamp(told.valid_until, decision.valid_until)
    _fill_recipient(response.recipient, answer.recipient)
    _fill_timestamp(response.check_time, answer.check_time)
    return response


def batch_check(answer: BatchCheck) -> decision_pb2.BatchCheckConsentResponse:
    """The answer of a batch: packed verdicts and reasons, and where asked what decided."""
    response = decision_pb2.BatchCheckConsentResponse(
        verdicts=[_VERDICTS[reason] for reason in answer.reasons],
        reasons=answer.reasons,  # type: ignore[arg-type]
        revision=answer.revision,
    )
    _fill_timestamp(response.check_time, answer.check_time)
    for detail in answer.details:
        told, decision = response.details.add(), detail.decision
        if detail.recipient is not None:
            _fill_recipient(told.recipient, detail.recipient)
        if decision.record is not None:
            _fill_consent(told.deciding_consent, decision.record)
        if decision.valid_until is not None:
            _fill_timestamp(told.valid_until, decision.valid_until)
    return response
