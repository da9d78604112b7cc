"""What an answer may be, whatever was asked: of the contract's codes, reasons and shapes; silent about the inside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import grpc
from consent.v1.error_reason_pb2 import ErrorReason
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status

from server.api.status import CODES, DETAILS_KEY, DOMAIN

# A defect's own code is documented, and no input may reach it.
ALLOWED = {**{code.name: reason for reason, code in CODES.items() if reason != "INTERNAL"}}
_TRACES = re.compile(
    r"(?i:Traceback|\.py\b|site-packages|/usr/|/home/|/tmp/|\.db\b|sqlite|psycopg|peewee|starlette|uvicorn|\bh11\.)"
    r"|\b(SELECT|INSERT|UPDATE|DELETE) |constraint failed|object at 0x|server\.(api|domain|usecases|storage|gateway)"
    r"|\b(Value|Type|Key|Attribute|Index|Unicode\w*|Overflow|Operational|Integrity|Programming|Runtime|Recursion)Error\b"
)


def traces(text: str, sent: bytes = b"") -> str:
    """What a text tells of the inside; nothing where it tells nothing, or what was sent itself."""
    own = sent.decode(errors="replace")
    return next((found[0] for found in _TRACES.finditer(text) if found[0] not in own), "")


def judge(
    code: grpc.StatusCode, message: str, trailers: Mapping[str, object], request_id: str, sent: bytes = b""
) -> Iterator[str]:
    """What is wrong with a refusal of what was sent over gRPC."""
    if code.name not in ALLOWED:
        yield f"{code.name}: {message}"
        return
    packed = trailers.get(DETAILS_KEY)
    if not isinstance(packed, bytes):
        yield f"{code.name} without details: {message}"
        return
    status, info, bad = Status.FromString(packed), ErrorInfo(), BadRequest()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad)
    if (status.code, status.message) != (code.value[0], message):
        yield f"{code.name} {message}, but the details say {status.code} {status.message}"
    if info.domain != DOMAIN or CODES.get(info.reason) is not code or not _is_documented(info.reason):
        yield f"{code.name} with the reason {info.domain} {info.reason}"
    if info.metadata.get("request_id") != request_id or trailers.get("x-request-id") != request_id:
        yield f"{info.reason} with another request id than {request_id}"
    if info.reason == "INVALID_FIELD" and not bad.field_violations:
        yield f"INVALID_FIELD names no field: {message}"
    if any(not (violation.field and violation.description and violation.reason) for violation in bad.field_violations):
        yield f"{info.reason} names a field without saying what is wrong: {message}"
    if trace := traces(f"{message} {info.metadata} {bad}", sent):
        yield f"{info.reason} tells of the inside ({trace}): {message}"


def _is_documented(reason: str) -> bool:
    return f"ERROR_REASON_{reason}" in set(ErrorReason.keys())


def judge_answer(answer: bytes, kind: type[Message]) -> Iterator[str]:
    """What is wrong with an answer that is OK."""
    try:
        kind.FromString(answer)
    except DecodeError:
        yield f"the answer is no {kind.DESCRIPTOR.name}"
