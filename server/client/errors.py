"""What goes wrong, named by what happened.

ConsentClientError
├── Unauthenticated       the credential is missing or not valid
├── PermissionDenied      the credential may not do this
├── InvalidRequest        the request is not valid; `violations` names the fields
├── NotFound              no such sender, purpose, recipient …
├── Conflict              the request does not fit what stands
├── ResumeTokenOutOfRange the ledger was restored since, or never got there: watch anew
├── Throttled             too many requests; `retry_after` says how long to wait
├── Unavailable           the service cannot be reached, is stopping, or has too much to do: `retry_after`
├── DeadlineExceeded      no answer in time; whether a write was carried out is not known
├── ServiceFault          a defect of the service
├── BadAnswer             the answer is not what the contract promises
└── ClientClosed          the client was closed
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

_DETAILS = "grpc-status-details-bin"


class ConsentClientError(Exception):
    """A call failed. It never means that a message may be sent.

    `reason` is the name of an ErrorReason of the contract, empty where the service did not say. `request_id` is in
    the service's log, and makes the same write safe to repeat. `code` is None where the failure is the client's own.
    """

    def __init__(
        self,
        message: str,
        *,
        code: grpc.StatusCode | None = None,
        reason: str = "",
        request_id: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.reason = reason
        self.request_id = request_id
        self.metadata: Mapping[str, str] = metadata or {}

    def __str__(self) -> str:
        facts = [self.reason, self.request_id and f"request id {self.request_id}"]
        told = ", ".join(fact for fact in facts if fact)
        return f"{self.message} ({told})" if told else self.message


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that is wrong: its path in the contract, a word such as REQUIRED, and words for a person."""

    field: str
    reason: str
    description: str


class Unauthenticated(ConsentClientError):
    """The credential is missing, unknown, wrong, revoked or expired."""


class PermissionDenied(ConsentClientError):
    """The credential may not do this."""


class InvalidRequest(ConsentClientError):
    """The request is not valid."""

    violations: tuple[Violation, ...] = ()


class NotFound(ConsentClientError):
    """There is no such sender, purpose, recipient or item."""


class Conflict(ConsentClientError):
    """The request does not fit what stands, as a legal hold."""


class ResumeTokenOutOfRange(ConsentClientError):
    """The resume token is of a ledger before a restore, or beyond its head. Read anew and watch again."""


class Throttled(ConsentClientError):
    """Too many requests. `retry_after` is in seconds; None where the service did not say."""

    retry_after: float | None = None


class Unavailable(ConsentClientError):
    """The service cannot be reached, cannot write, is stopping, or has too much to do.

    `retry_after` is in seconds, and the least time to wait; None where the service did not say.
    """

    retry_after: float | None = None


class DeadlineExceeded(ConsentClientError):
    """No answer came in time. Whether a write was carried out is not known: repeat it with the same request id."""


class ServiceFault(ConsentClientError):
    """A defect of the service, or of something between it and this client."""


class BadAnswer(ConsentClientError):
    """The answer is not what the contract promises, so nothing can be concluded from it."""


class ClientClosed(ConsentClientError):
    """The client was closed before or during the call."""


_KINDS: dict[grpc.StatusCode, type[ConsentClientError]] = {
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    grpc.StatusCode.INVALID_ARGUMENT: InvalidRequest,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: Conflict,
    grpc.StatusCode.FAILED_PRECONDITION: Conflict,
    grpc.StatusCode.ABORTED: Conflict,
    grpc.StatusCode.OUT_OF_RANGE: ResumeTokenOutOfRange,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Throttled,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    # A server that stops cancels what it could not finish.
    grpc.StatusCode.CANCELLED: Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
}


def read_failure(error: grpc.RpcError, request_id: str) -> ConsentClientError:
    """The exception that a failed call tells of. `request_id` is the one sent, for where the answer names none."""
    # What grpc raises is a Call too, which its types do not say.
    call = cast("grpc.Call", error)
    code = call.code()
    found = _Details.of(call)
    info = found.info
    metadata = dict(info.metadata)
    failure = _KINDS.get(code, ServiceFault)(
        call.details() or "the service gave no words",
        code=code,
        reason=info.reason,
        request_id=metadata.get("request_id", request_id),
        metadata=metadata,
    )
    if isinstance(failure, InvalidRequest):
        failure.violations = tuple(Violation(v.field, v.reason, v.description) for v in found.bad.field_violations)
    elif isinstance(failure, Throttled | Unavailable) and found.retry is not None:
        delay = found.retry.retry_delay
        failure.retry_after = max(0.0, delay.seconds + delay.nanos / 1e9)
    return failure


@dataclass(slots=True)
class _Details:
    """The details of google.rpc.Status. What cannot be read is left out: the code alone is enough."""

    info: ErrorInfo = field(default_factory=ErrorInfo)
    bad: BadRequest = field(default_factory=BadRequest)
    retry: RetryInfo | None = None

    @classmethod
    def of(cls, call: grpc.Call) -> _Details:
        packed = next((value for key, value in call.trailing_metadata() or () if key == _DETAILS), b"")
        found = cls()
        try:
            details = Status.FromString(packed if isinstance(packed, bytes) else b"").details
        except DecodeError:
            return found
        for detail in details:
            with suppress(DecodeError):
                if detail.Is(ErrorInfo.DESCRIPTOR):
                    found.info = ErrorInfo.FromString(detail.value)
                elif detail.Is(BadRequest.DESCRIPTOR):
                    found.bad = BadRequest.FromString(detail.value)
                elif detail.Is(RetryInfo.DESCRIPTOR):
                    found.retry = RetryInfo.FromString(detail.value)
        return found
