"""myKaarma's error envelope: `{"errors": [{errorCode, errorDescription, errorUID}], "warnings": []}`."""

from __future__ import annotations

import re

from consent.v1.opt_out_status_pb2 import (
    BatchGetOptOutStatusRequest,
    CommunicationAttributes,
    CommunicationType,
    OptOutEvent,
    OptOutUpdateType,
    UpdateOptOutStatusRequest,
)

from server.gateway.calls import Answer, Occasion
from server.gateway.envelope import Vocabulary, describe, documented_status
from server.gateway.errors import Fault, FaultKind, Violation
from server.gateway.fields import Words

EVENTS = Words(OptOutEvent)
UPDATE_TYPES = Words(OptOutUpdateType)
COMMUNICATION_TYPES = Words(CommunicationType)

_CODES = {
    FaultKind.MALFORMED_REQUEST: "MALFORMED_JSON",
    FaultKind.NOT_FOUND: "DEPARTMENT_NOT_FOUND",
    FaultKind.NOT_PERMITTED: "NOT_AUTHORIZED_FOR_DEPARTMENT",
}
_IN_PATH = {"department_uuid", "communication_type", "communication_value"}
_MISSING = {
    "customer_uuid": "MISSING_CUSTOMER_UUID",
    "message_uuid": "MISSING_MESSAGE_UUID",
    **dict.fromkeys(
        ("event", "update_type", "communication_attributes_list", "communication_list", "customer_uuid_list"),
        "INSUFFICIENT_INFORMATION",
    ),
}
_ATTRIBUTES = re.compile(r"communication_(attributes_)?list(\[.+)?|communication_(type|value)")
_VOCABULARY: Vocabulary = {
    "event": EVENTS,
    "update_type": UPDATE_TYPES,
    "communication_type": COMMUNICATION_TYPES,
}
_JSON_NAMES = {
    field.name: field.json_name
    for message in (UpdateOptOutStatusRequest, BatchGetOptOutStatusRequest, CommunicationAttributes)
    for field in message.DESCRIPTOR.fields
}


def render(fault: Fault, occasion: Occasion) -> Answer:
    """One error for each field at fault."""
    errors = [
        {
            "errorCode": _code(fault.kind, complaint),
            "errorDescription": describe(complaint, _json_path(complaint.field), _VOCABULARY),
            "errorUID": occasion.request_id,
        }
        for complaint in fault.complaints
    ]
    return Answer(documented_status(fault.kind), {"errors": errors, "warnings": []})


def _code(kind: FaultKind, complaint: Violation) -> str:
    if complaint.field and (kind is FaultKind.INVALID_REQUEST or complaint.field in _IN_PATH):
        return _field_code(complaint)
    return _CODES.get(kind, kind.name)


def _field_code(complaint: Violation) -> str:
    if complaint.reason == "REQUIRED" and complaint.field in _MISSING:
        return _MISSING[complaint.field]
    if _ATTRIBUTES.fullmatch(complaint.field):
        return "INVALID_COMMUNICATION_ATTRIBUTES"
    return "INVALID_" + complaint.name.removesuffix("_list").upper()


def _json_path(path: str) -> str:
    return re.sub(r"\w+", lambda name: _JSON_NAMES.get(name[0], name[0]), path)
