"""The native error envelope: google.rpc.Status as AIP-193 writes it in JSON, with the details of the gRPC API."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import grpc
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from server.gateway.bindings import BINDINGS
from server.gateway.calls import Answer, Occasion
from server.gateway.errors import Fault, FaultKind, Violation

_DOMAIN = "consent.v1"
_TYPE = "type.googleapis.com/google.rpc."

_CODES = {
    FaultKind.ROUTE_NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    FaultKind.METHOD_NOT_ALLOWED: grpc.StatusCode.UNIMPLEMENTED,
    FaultKind.MISSING_CREDENTIALS: grpc.StatusCode.UNAUTHENTICATED,
    FaultKind.WRONG_CREDENTIALS: grpc.StatusCode.UNAUTHENTICATED,
    FaultKind.BODY_TOO_SLOW: grpc.StatusCode.DEADLINE_EXCEEDED,
    FaultKind.INTERNAL_ERROR: grpc.StatusCode.INTERNAL,
    FaultKind.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    FaultKind.TIMEOUT: grpc.StatusCode.DEADLINE_EXCEEDED,
}
# What the contract's ErrorReason has no value for goes by the name of its kind.
_REASONS = {
    FaultKind.MISSING_CREDENTIALS: "CREDENTIAL_MISSING",
    FaultKind.WRONG_CREDENTIALS: "CREDENTIAL_INVALID",
    FaultKind.MALFORMED_JSON: "MALFORMED_REQUEST",
    FaultKind.INTERNAL_ERROR: "INTERNAL",
}


def _enum_fields(descriptor: Descriptor) -> Iterator[FieldDescriptor]:
    for field in descriptor.fields:
        if field.enum_type is not None:
            yield field
        elif field.message_type is not None:
            yield from _enum_fields(field.message_type)


# The server tells an enum's words without their prefix; proto3's JSON has it.
_WORDS = {
    field.name: ", ".join(value.name for value in field.enum_type.values if value.number)
    for binding in BINDINGS
    for field in _enum_fields(binding.method.input_type)
    if field.enum_type is not None
}


def render(fault: Fault, occasion: Occasion) -> Answer:
    """`{"error": {code, message, status, details}}`; `code` is the HTTP status, `status` the canonical code's name."""
    violations = [_print(violation, named=fault.code is None) for violation in fault.violations]
    error = {
        "code": fault.kind.status,
        "message": _message(fault, violations),
        "status": _code(fault).name,
        "details": list(_details(fault, violations, occasion)),
    }
    return Answer(fault.kind.status, {"error": error})


def _code(fault: Fault) -> grpc.StatusCode:
    """The server's code, but where the fault is not the caller's: there the kind tells as much as may be told."""
    ours = fault.kind.status >= FaultKind.INTERNAL_ERROR.status
    told = grpc.StatusCode.INVALID_ARGUMENT if ours or fault.code is None else fault.code
    return _CODES.get(fault.kind, told)


def _message(fault: Fault, violations: Sequence[dict[str, str]]) -> str:
    """The server's words; of fields, by the names that the caller knows."""
    if fault.code is None or fault.reason != "INVALID_FIELD" or not violations:
        return fault.message
    return "; ".join(f"{violation['field']}: {violation['description']}" for violation in violations)


def _details(fault: Fault, violations: Sequence[dict[str, str]], occasion: Occasion) -> Iterator[dict[str, object]]:
    yield {
        "@type": _TYPE + "ErrorInfo",
        "reason": _reason(fault),
        "domain": _DOMAIN,
        "metadata": {**fault.metadata, "request_id": occasion.request_id},
    }
    if violations:
        yield {"@type": _TYPE + "BadRequest", "fieldViolations": violations}
    if fault.retry_after is not None:
        yield {"@type": _TYPE + "RetryInfo", "retryDelay": f"{fault.retry_after}s"}


def _reason(fault: Fault) -> str:
    if fault.reason:
        return fault.reason
    if fault.violations:
        return "INVALID_FIELD"
    return _REASONS.get(fault.kind, fault.kind.name)


def _print(violation: Violation, *, named: bool) -> dict[str, str]:
    """The violation. `named`: its field goes by the name that the caller gave it, not by the contract's."""
    field = violation.field if named else _camel(violation.field)
    unknown = violation.reason == "UNKNOWN_VALUE" and violation.name in _WORDS
    description = f"must be one of {_WORDS[violation.name]}" if unknown else violation.description
    return {"field": field, "description": description, "reason": violation.reason}


def _camel(path: str) -> str:
    """The server's path by JSON names, as google.rpc.BadRequest asks: `recipient.address`, `statement.liftedBy`."""
    return re.sub(r"_([a-z0-9])", lambda after: after[1].upper(), path)
