"""Between the ledger's use cases and protobuf."""

from __future__ import annotations

from typing import Any

from consent.v1 import ledger_pb2

from server.api import convert
from server.domain.model import Actor, Channel, Recipient
from server.storage.protocol import StoredEvent
from server.usecases.events import EventQuery
from server.usecases.forgetting import Erasure
from server.usecases.verification import VerifyProgress
from server.usecases.watching import WatchMessage, WatchQuery

_KIND = ledger_pb2.ConsentEventKind
_KIND_PREFIX = "CONSENT_EVENT_KIND_"


def _enum(value: int | None) -> Any:
    """A number as any generated enum type: mypy sees each of them as a type of its own."""
    return int(value or 0)


def event(told: StoredEvent, owner: Recipient | None) -> ledger_pb2.ConsentEvent:
    """An event, with its raw header and payload, so that a reader can verify the chain alone."""
    header = told.header
    known = owner is not None and not owner.forgotten
    return ledger_pb2.ConsentEvent(
        revision=header.revision,
        kind=_KIND.Value(_KIND_PREFIX + header.kind),
        recipient=convert.recipient(owner) if owner and known else None,
        recipient_id=header.recipient_id or 0,
        sender=header.scope.sender,
        purpose=header.scope.purpose,
        before=header.before,
        after=header.after,
        applied=header.applied,
        not_applied_reason=_enum(header.not_applied_reason),
        actor=_enum(header.actor),
        credential_id=header.credential_id or "",
        source=header.source,
        batch_id=header.batch_id or "",
        effective_time=convert.timestamp(header.effective_time),
        record_time=convert.timestamp(header.record_time),
        payload_digest=header.payload_digest,
        hash=told.hash,
        payload=told.payload or b"",
        salt=told.salt or b"",
    )


def event_query(request: ledger_pb2.ListConsentEventsRequest) -> EventQuery:
    """Which events a request asks for."""
    asked = request.recipient
    return EventQuery(
        recipient=(Channel(asked.channel), asked.address) if request.HasField("recipient") else None,
        sender_id=request.sender,
        kind=_KIND.Name(request.kind).removeprefix(_KIND_PREFIX) if request.kind else None,
        actor=Actor(request.actor) if request.actor else None,
        batch_id=request.batch_id,
        recorded_from=convert.instant(request.record_time_from) if request.HasField("record_time_from") else None,
        recorded_before=convert.instant(request.record_time_before) if request.HasField("record_time_before") else None,
        as_of_revision=request.as_of_revision,
        newest_first=request.newest_first,
    )


def progress(told: VerifyProgress) -> ledger_pb2.VerifyLedgerResponse:
    """How far a verification is."""
    failure = told.failure
    return ledger_pb2.VerifyLedgerResponse(
        verified_count=told.verified_count,
        verified_revision=told.verified_revision,
        head_revision=told.head_revision,
        complete=told.complete,
        failure=ledger_pb2.LedgerFailure(revision=failure.revision, description=failure.description)
        if failure
        else None,
    )


def certificate(erasure: Erasure) -> ledger_pb2.ErasureCertificate:
    """The proof of an erasure."""
    return ledger_pb2.ErasureCertificate(
        revision=erasure.revision,
        recipient_id=erasure.recipient_id,
        erased_payload_count=erasure.payload_count,
        erased_contact_count=erasure.contact_count,
        erase_time=convert.timestamp(erasure.erase_time),
        hash=erasure.hash,
    )


def watch_query(request: ledger_pb2.WatchConsentEventsRequest) -> WatchQuery:
    """Where a watch begins, and what it is for."""
    return WatchQuery(request.resume_token, request.after_revision, frozenset(request.senders))


def watch_message(told: WatchMessage) -> ledger_pb2.WatchConsentEventsResponse:
    """Events of a watch, or a heartbeat."""
    return ledger_pb2.WatchConsentEventsResponse(
        events=[event(stored, owner) for stored, owner in told.events],
        resume_token=told.resume_token,
        revision=told.revision,
    )
