"""myKaarma: update the opt-out status for a communication context."""

from __future__ import annotations

import re

from consent.v1.opt_out_status_pb2 import (
    CommunicationAttributes,
    CommunicationType,
    OptOutEvent,
    OptOutUpdateType,
    OptOutWarningCode,
    UpdateOptOutStatusRequest,
)

from server.gateway.calls import Answer, Call, Occasion
from server.gateway.credentials import CredentialHeader
from server.gateway.envelope import Vocabulary, describe, documented_status
from server.gateway.errors import Fault, FaultKind, Violation
from server.gateway.fields import Fields, Words
from server.gateway.vendor import Operation, Vendor

_EVENTS = Words(OptOutEvent)
_UPDATE_TYPES = Words(OptOutUpdateType)
_COMMUNICATION_TYPES = Words(CommunicationType)
_WARNINGS = Words(OptOutWarningCode)


async def update_opt_out_status(call: Call) -> Answer:
    """Tells an event at a department. What it did not change is answered by warnings."""
    body = call.body
    request = UpdateOptOutStatusRequest(
        department_uuid=call.path["department_uuid"],
        customer_uuid=body.text("customerUUID"),
        message_uuid=body.text("messageUUID"),
        user_uuid=body.text("userUUID"),
        api_call_source=body.text("apiCallSource"),
        communication_attributes_list=map(_attributes, body.objects("communicationAttributesList")),
        event=body.word("event", _EVENTS),
        update_type=body.word("updateType", _UPDATE_TYPES),
        process_synchronously=body.flag("processSynchronously"),
    )
    response = await call.send(call.upstream.consent.UpdateOptOutStatus, request)
    warnings = [
        {"warningCode": _WARNINGS.word(warning.warning_code), "warningDescription": warning.warning_description}
        for warning in response.warnings
    ]
    return Answer(200, {"errors": [], "warnings": warnings})


def _attributes(item: Fields) -> CommunicationAttributes:
    return CommunicationAttributes(
        communication_type=item.word("communicationType", _COMMUNICATION_TYPES),
        communication_value=item.text("communicationValue"),
        ok_to_communicate=item.optional_flag("okToCommunicate"),
        customer_uuid=item.text("customerUUID"),
    )


_CODES = {
    FaultKind.MALFORMED_REQUEST: "MALFORMED_JSON",
    FaultKind.NOT_FOUND: "DEPARTMENT_NOT_FOUND",
    FaultKind.NOT_PERMITTED: "NOT_AUTHORIZED_FOR_DEPARTMENT",
}
_REQUIRED = {"customer_uuid": "MISSING_CUSTOMER_UUID", "message_uuid": "MISSING_MESSAGE_UUID"}
_LIST = "communication_attributes_list"
_VOCABULARY: Vocabulary = {
    "event": _EVENTS,
    "update_type": _UPDATE_TYPES,
    "communication_type": _COMMUNICATION_TYPES,
}
_JSON_NAMES = {
    field.name: field.json_name
    for message in (UpdateOptOutStatusRequest, CommunicationAttributes)
    for field in message.DESCRIPTOR.fields
}


def render(fault: Fault, occasion: Occasion) -> Answer:
    """`{"errors": [{errorCode, errorDescription, errorUID}], "warnings": []}`, one error for each field at fault."""
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
    if complaint.field == "department_uuid":
        return "INVALID_DEPARTMENT_UUID"
    if kind is FaultKind.INVALID_REQUEST and complaint.field:
        return _field_code(complaint)
    return _CODES.get(kind, kind.name)


def _field_code(complaint: Violation) -> str:
    if complaint.field.startswith(_LIST + "["):
        return "INVALID_COMMUNICATION_ATTRIBUTES"
    if complaint.reason == "REQUIRED":
        return _REQUIRED.get(complaint.field, "INSUFFICIENT_INFORMATION")
    return "INVALID_" + complaint.field.removesuffix("_list").upper()


def _json_path(path: str) -> str:
    return re.sub(r"\w+", lambda name: _JSON_NAMES.get(name[0], name[0]), path)


MYKAARMA = Vendor(
    name="myKaarma",
    prefixes=("/communications", "/department"),
    bases=("/communications", ""),
    operations=(Operation("POST", "/department/{department_uuid}/optoutstatus", update_opt_out_status, has_body=True),),
    credentials=(CredentialHeader("authorization", "Basic"),),
    render=render,
    challenge='Basic realm="consent", charset="UTF-8"',
)
