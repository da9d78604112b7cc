"""Errors on the wire: each reason's status code, and the details that travel with it (AIP-193)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import grpc
from google.protobuf import duration_pb2
from google.rpc import error_details_pb2, status_pb2

from server.domain.errors import ConsentError, LoginThrottled, Overloaded, RateLimited, TooManyWatchers, Violation

DOMAIN = "consent.v1"
DETAILS_KEY = "grpc-status-details-bin"
# Clients refuse trailers of more than 8 KiB, and answer RESOURCE_EXHAUSTED in their stead. The message travels twice,
# and each of its bytes may be escaped as three.
_MAX_MESSAGE_BYTES = 512
_MAX_VIOLATIONS_BYTES = 3000

_Code = grpc.StatusCode

CODES: dict[str, grpc.StatusCode] = {
    "CREDENTIAL_MISSING": _Code.UNAUTHENTICATED,
    "CREDENTIAL_INVALID": _Code.UNAUTHENTICATED,
    "LOGIN_THROTTLED": _Code.RESOURCE_EXHAUSTED,
    "ROLE_INSUFFICIENT": _Code.PERMISSION_DENIED,
    "SENDER_NOT_PERMITTED": _Code.PERMISSION_DENIED,
    "TENANT_WIDE_NOT_PERMITTED": _Code.PERMISSION_DENIED,
    "MALFORMED_REQUEST": _Code.INVALID_ARGUMENT,
    "INVALID_FIELD": _Code.INVALID_ARGUMENT,
    "INVALID_PAGE_TOKEN": _Code.INVALID_ARGUMENT,
    "REQUEST_ID_REUSED": _Code.INVALID_ARGUMENT,
    "SENDER_NOT_FOUND": _Code.NOT_FOUND,
    "PURPOSE_NOT_FOUND": _Code.NOT_FOUND,
    "CONTACT_NOT_FOUND": _Code.NOT_FOUND,
    "CONTACT_WITHOUT_MOBILE": _Code.NOT_FOUND,
    "AUTO_RESPONSE_NOT_FOUND": _Code.NOT_FOUND,
    "CREDENTIAL_NOT_FOUND": _Code.NOT_FOUND,
    "TENANT_NOT_FOUND": _Code.NOT_FOUND,
    "KEYWORD_RESERVED": _Code.INVALID_ARGUMENT,
    "KEYWORD_TAKEN": _Code.FAILED_PRECONDITION,
    "SENDER_ALREADY_EXISTS": _Code.ALREADY_EXISTS,
    "CONTACT_ALREADY_EXISTS": _Code.ALREADY_EXISTS,
    "CREDENTIAL_ALREADY_EXISTS": _Code.ALREADY_EXISTS,
    "TENANT_ALREADY_EXISTS": _Code.ALREADY_EXISTS,
    "SECRET_TOO_WEAK": _Code.INVALID_ARGUMENT,
    "CREDENTIAL_REVOKED": _Code.FAILED_PRECONDITION,
    "PURPOSE_ALREADY_EXISTS": _Code.ALREADY_EXISTS,
    "FORCE_NOT_PERMITTED": _Code.PERMISSION_DENIED,
    "INVALID_REPLY_PERMIT": _Code.INVALID_ARGUMENT,
    "REVIEW_ITEM_NOT_FOUND": _Code.NOT_FOUND,
    "REVIEW_ITEM_RESOLVED": _Code.FAILED_PRECONDITION,
    "LEGAL_HOLD": _Code.FAILED_PRECONDITION,
    "RECIPIENT_NOT_FOUND": _Code.NOT_FOUND,
    "RESUME_TOKEN_OUT_OF_RANGE": _Code.OUT_OF_RANGE,
    "TOO_MANY_WATCHERS": _Code.RESOURCE_EXHAUSTED,
    "OVERLOADED": _Code.UNAVAILABLE,
    "RATE_LIMITED": _Code.RESOURCE_EXHAUSTED,
    "CALL_TOO_LONG": _Code.DEADLINE_EXCEEDED,
    "SERVER_STOPPING": _Code.UNAVAILABLE,
    "DEADLINE_PASSED": _Code.DEADLINE_EXCEEDED,
    "STORAGE_UNAVAILABLE": _Code.UNAVAILABLE,
    "INTERNAL": _Code.INTERNAL,
}


class InternalError(ConsentError):
    """A defect of this service, as a caller may see it."""

    reason = "INTERNAL"

    def __init__(self) -> None:
        super().__init__("an unexpected error; the log has the details under the request id")


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed call, ready for the wire."""

    code: grpc.StatusCode
    message: str
    details: bytes


def code_of(error: BaseException) -> grpc.StatusCode:
    """The status code of an error; INTERNAL for one that is not ours."""
    return CODES[error.reason] if isinstance(error, ConsentError) else _Code.INTERNAL


def encode(error: ConsentError, request_id: str) -> Failure:
    """Write an error as a google.rpc.Status with its details: of many violations the first, as many as arrive."""
    code, message = CODES[error.reason], _cut(error.message)
    status = status_pb2.Status(code=code.value[0], message=message)
    info = error_details_pb2.ErrorInfo(
        reason=error.reason, domain=DOMAIN, metadata={**error.facts, "request_id": request_id}
    )
    status.details.add().Pack(info)
    if error.violations:
        status.details.add().Pack(_bad_request(error.violations))
    if isinstance(error, LoginThrottled | TooManyWatchers | RateLimited | Overloaded):
        delay = duration_pb2.Duration(seconds=error.retry_after_seconds)
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    return Failure(code, message, status.SerializeToString())


def _cut(message: str) -> str:
    raw = message.encode()
    return message if len(raw) <= _MAX_MESSAGE_BYTES else raw[: _MAX_MESSAGE_BYTES - 3].decode(errors="ignore") + "…"


def _bad_request(violations: Sequence[Violation]) -> error_details_pb2.BadRequest:
    bad = error_details_pb2.BadRequest()
    for violation in violations:
        bad.field_violations.add(field=violation.field, description=violation.description, reason=violation.fault.value)
        if bad.ByteSize() > _MAX_VIOLATIONS_BYTES:
            bad.field_violations.pop()
            break
    return bad
