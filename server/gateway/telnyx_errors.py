"""Telnyx's error envelope: `{"errors": [{code, title, detail, source}]}`, with that vendor's numeric codes."""

from __future__ import annotations

import re

from consent.v1.auto_response_pb2 import AutoResponseOp

from server.gateway.calls import Answer, Occasion
from server.gateway.envelope import describe
from server.gateway.errors import Fault, FaultKind, Violation
from server.gateway.fields import Words

OPS = Words(AutoResponseOp, lower=True)

_TITLES = {
    "10004": "Missing required parameter",
    "10005": "Resource not found",
    "10007": "Unexpected error",
    "10008": "Request timeout",
    "10009": "Authentication failed",
    "10010": "Authorization failed",
    "10011": "Too many requests",
    "10012": "Duplicate resource",
    "10015": "Bad Request",
    "10023": "Invalid JSON",
    "10025": "Value too long",
    "10027": "Unprocessable Entity",
    "10029": "Unsupported Content-Type",
    "10030": "Method not allowed",
    "10032": "Invalid enumerated value",
    "10033": "Value out of range",
}
_KINDS = {
    FaultKind.ROUTE_NOT_FOUND: "10005",
    FaultKind.METHOD_NOT_ALLOWED: "10030",
    FaultKind.MISSING_CREDENTIALS: "10009",
    FaultKind.BODY_TOO_LARGE: "10015",
    FaultKind.BODY_TOO_SLOW: "10008",
    FaultKind.UNSUPPORTED_MEDIA_TYPE: "10029",
    FaultKind.MALFORMED_JSON: "10023",
    FaultKind.MALFORMED_REQUEST: "10015",
    FaultKind.WRONG_CREDENTIALS: "10009",
    FaultKind.NOT_PERMITTED: "10010",
    FaultKind.INVALID_REQUEST: "10027",
    FaultKind.NOT_FOUND: "10005",
    FaultKind.CONFLICT: "10012",
    FaultKind.TOO_MANY_REQUESTS: "10011",
    FaultKind.INTERNAL_ERROR: "10007",
    FaultKind.UNAVAILABLE: "10007",
    FaultKind.TIMEOUT: "10008",
}
_REASONS = {
    "REQUIRED": "10004",
    "UNKNOWN_VALUE": "10032",
    "TOO_LONG": "10025",
    "TOO_MANY": "10025",
    "OUT_OF_RANGE": "10033",
}
# The field, where a fault has no violations but its reason tells which one is to blame.
_BLAMED = {
    "SENDER_NOT_FOUND": "profile_id",
    "AUTO_RESPONSE_NOT_FOUND": "autoresp_cfg_id",
    "KEYWORD_TAKEN": "keywords",
}
_FILTERS = {"messaging_profile_id", "from"}
_IN_PATH = {"profile_id", "autoresp_cfg_id"}


def render(fault: Fault, occasion: Occasion) -> Answer:
    """One error for each field at fault. What is wrong with a well-formed request is 422, not 400."""
    status = 422 if fault.kind is FaultKind.INVALID_REQUEST else fault.kind.status
    errors = [_error(fault, complaint, occasion) for complaint in fault.complaints]
    headers = {} if _may_repeat(fault, occasion.method) else {"x-should-retry": "false"}
    return Answer(status, {"errors": errors}, headers)


def _may_repeat(fault: Fault, method: str) -> bool:
    """Whether the SDKs, which repeat 409, 429 and every 5xx by themselves, should.

    A create whose outcome is not known would be done twice.
    """
    if fault.kind is FaultKind.TOO_MANY_REQUESTS or fault.retry_after is not None:
        return True
    return fault.kind in {FaultKind.UNAVAILABLE, FaultKind.TIMEOUT} and method != "POST"


def _error(fault: Fault, complaint: Violation, occasion: Occasion) -> dict[str, object]:
    code = _KINDS[fault.kind]
    if fault.kind is FaultKind.INVALID_REQUEST:
        code = _REASONS.get(complaint.reason, code)
    name = _parameter(complaint.field)
    error: dict[str, object] = {"code": code, "title": _TITLES[code], "detail": _detail(fault, complaint, name)}
    field = complaint.field or _blame(fault, occasion)
    if field in _IN_PATH or (field and occasion.method in {"GET", "HEAD"}):
        error["source"] = {"parameter": _parameter(field)}
    elif field:
        error["source"] = {"pointer": _pointer(field)}
    return error


def _blame(fault: Fault, occasion: Occasion) -> str:
    """The field that a fault without violations speaks of; empty where it speaks of none."""
    field = _BLAMED.get(fault.reason, "")
    return "messaging_profile_id" if field == "profile_id" and "/messaging_optouts" in occasion.path else field


def _detail(fault: Fault, complaint: Violation, name: str) -> str:
    text = describe(complaint, name, {"op": OPS})
    other = fault.metadata.get("auto_response", "") if fault.reason == "KEYWORD_TAKEN" else ""
    return text if other in text else f"{text} (setting {other})"


def _parameter(field: str) -> str:
    """A query key from its field: `page_size` is `page[size]`, `created_at_gte` is `created_at[gte]`."""
    if field in _FILTERS:
        return f"filter[{field}]"
    return re.sub(r"^(page|created_at|updated_at)_(number|size|gte|lte)$", r"\1[\2]", field)


def _pointer(field: str) -> str:
    """RFC 6901: `keywords[2]` is `/keywords/2`."""
    return "/" + re.sub(r"\[(\d+)\]", r"/\1", field).replace(".", "/")
