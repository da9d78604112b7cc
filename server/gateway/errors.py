"""What goes wrong in the gateway, as one value that every vendor prints in its own envelope."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

DETAILS_TRAILER = "grpc-status-details-bin"


class FaultKind(Enum):
    """What kind of failure it is: its usual HTTP status, and what a person is told where nothing better is known."""

    ROUTE_NOT_FOUND = (404, "there is no such path")
    METHOD_NOT_ALLOWED = (405, "the path does not know this method")
    MISSING_CREDENTIALS = (401, "the request carries no credential")
    BODY_TOO_LARGE = (413, "the body is too large")
    BODY_TOO_SLOW = (408, "the body did not come in time; nothing was done")
    UNSUPPORTED_MEDIA_TYPE = (415, "the body must be application/json, plain or gzip")
    MALFORMED_JSON = (400, "the body is not JSON in UTF-8")
    MALFORMED_REQUEST = (400, "the request cannot be read")
    WRONG_CREDENTIALS = (401, "the credential is not valid")
    NOT_PERMITTED = (403, "the credential may not do this")
    INVALID_REQUEST = (400, "the request is not valid")
    NOT_FOUND = (404, "there is no such thing")
    CONFLICT = (409, "the request does not fit what stands")
    TOO_MANY_REQUESTS = (429, "too many requests")
    INTERNAL_ERROR = (500, "something went wrong here")
    UNAVAILABLE = (503, "the service cannot be reached now")
    TIMEOUT = (504, "the service did not answer in time; whether the request was carried out is not known")

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that is wrong. `field` is its path in the contract; `reason` is ErrorReason.INVALID_FIELD's word."""

    field: str
    reason: str
    description: str

    @property
    def name(self) -> str:
        """The last name of the path, without an index: `op`, `keywords`, `communication_type`."""
        return self.field.rpartition(".")[2].partition("[")[0]


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a request is refused. `reason` and `metadata` are those of the ErrorInfo, where the server refused it."""

    kind: FaultKind
    message: str
    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()
    retry_after: int | None = None
    """Seconds to wait before asking again, where the server or the kind asks for it."""
    code: grpc.StatusCode | None = None
    """What the server answered; None where the gateway refused."""
    allow: str = ""
    """The methods that the path knows, for METHOD_NOT_ALLOWED."""

    @property
    def complaints(self) -> tuple[Violation, ...]:
        """What to print in an envelope that lists errors: each violation, or the fault itself as one of no field."""
        return self.violations or (Violation("", "", self.message),)


class Refused(Exception):
    """The request ends here, with a fault to print."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def refusal(kind: FaultKind) -> Refused:
    """A refusal that needs no words of its own."""
    return Refused(Fault(kind, kind.message))


def malformed(name: str, description: str, reason: str = "INVALID_FORMAT") -> Refused:
    """A refusal of a value that cannot be translated, so that the server never sees it."""
    violation = Violation(name, reason, description)
    return Refused(Fault(FaultKind.MALFORMED_REQUEST, f"{name} {description}", violations=(violation,)))


_KINDS = {
    grpc.StatusCode.INVALID_ARGUMENT: FaultKind.INVALID_REQUEST,
    grpc.StatusCode.FAILED_PRECONDITION: FaultKind.INVALID_REQUEST,
    grpc.StatusCode.OUT_OF_RANGE: FaultKind.INVALID_REQUEST,
    grpc.StatusCode.UNAUTHENTICATED: FaultKind.WRONG_CREDENTIALS,
    grpc.StatusCode.PERMISSION_DENIED: FaultKind.NOT_PERMITTED,
    grpc.StatusCode.NOT_FOUND: FaultKind.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS: FaultKind.CONFLICT,
    grpc.StatusCode.RESOURCE_EXHAUSTED: FaultKind.TOO_MANY_REQUESTS,
    grpc.StatusCode.UNAVAILABLE: FaultKind.UNAVAILABLE,
    # A server that stops cancels what it could not finish.
    grpc.StatusCode.CANCELLED: FaultKind.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: FaultKind.TIMEOUT,
}


def read_failure(error: grpc.aio.AioRpcError) -> Fault:
    """The fault that a failed call tells of. What is not the caller's doing keeps its words to itself."""
    kind = _KINDS.get(error.code(), FaultKind.INTERNAL_ERROR)
    details = _details(error)
    if details.info.reason == "CREDENTIAL_MISSING":
        kind = FaultKind.MISSING_CREDENTIALS
    ours = kind.status >= FaultKind.INTERNAL_ERROR.status
    return Fault(
        kind,
        kind.message if ours and details.info.reason != "OVERLOADED" else error.details() or kind.message,
        reason=details.info.reason,
        metadata=dict(details.info.metadata),
        violations=tuple(Violation(v.field, v.reason, v.description) for v in details.bad.field_violations),
        code=error.code(),
        retry_after=_retry_after(details.retry) if _is_for_later(kind, details) else None,
    )


@dataclass(slots=True)
class _Details:
    info: ErrorInfo = field(default_factory=ErrorInfo)
    bad: BadRequest = field(default_factory=BadRequest)
    retry: RetryInfo = field(default_factory=RetryInfo)


def _details(error: grpc.aio.AioRpcError) -> _Details:
    """The details of google.rpc.Status; empty ones where the failure came from the channel, not from the server."""
    found = _Details()
    trailers = error.trailing_metadata() or ()
    packed = next((value for key, value in trailers if key == DETAILS_TRAILER), b"")
    with contextlib.suppress(DecodeError):
        for detail in Status.FromString(packed if isinstance(packed, bytes) else b"").details:
            for message in (found.info, found.bad, found.retry):
                if detail.Is(message.DESCRIPTOR):
                    detail.Unpack(message)
    return found


def _is_for_later(kind: FaultKind, details: _Details) -> bool:
    return kind is FaultKind.TOO_MANY_REQUESTS or details.retry.HasField("retry_delay")


def _retry_after(retry: RetryInfo) -> int:
    """Whole seconds, rounded up, at least one: 0 would invite the caller to hammer."""
    seconds: float = retry.retry_delay.ToTimedelta().total_seconds()
    return max(1, math.ceil(seconds))
