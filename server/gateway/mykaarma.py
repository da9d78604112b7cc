"""myKaarma: update the opt-out status for a communication context, and get opt-out statuses."""

from __future__ import annotations

from dataclasses import replace

from consent.v1.opt_out_status_pb2 import (
    BatchGetOptOutStatusRequest,
    BatchGetOptOutStatusResponse,
    CommunicationAttributes,
    OptOutState,
    OptOutStatus,
    OptOutWarningCode,
    UpdateOptOutStatusRequest,
)

from server.gateway.calls import Answer, Call
from server.gateway.credentials import CredentialHeader
from server.gateway.docs import mykaarma as docs
from server.gateway.errors import Refused
from server.gateway.fields import Fields, Words
from server.gateway.mykaarma_errors import COMMUNICATION_TYPES, EVENTS, UPDATE_TYPES, render
from server.gateway.times import print_millis
from server.gateway.vendor import Operation, Vendor

_STATES = Words(OptOutState)
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
        event=body.word("event", EVENTS),
        update_type=body.word("updateType", UPDATE_TYPES),
        process_synchronously=body.flag("processSynchronously"),
    )
    response = await call.send(call.upstream.consent.UpdateOptOutStatus, request)
    warnings = [
        {"warningCode": _WARNINGS.word(warning.warning_code), "warningDescription": warning.warning_description}
        for warning in response.warnings
    ]
    return Answer(200, {"errors": [], "warnings": warnings})


async def get_status(call: Call) -> Answer:
    """How one number or address stands at a department."""
    asked = CommunicationAttributes(
        communication_type=COMMUNICATION_TYPES.number(call.path["communication_type"]),
        communication_value=call.path["communication_value"],
    )
    request = BatchGetOptOutStatusRequest(department_uuid=call.path["department_uuid"], communication_list=[asked])
    response = await _get(call, request, ("communication_list[0].", ""))
    return _answer(call, {"optOutStatus": _print(response.opt_out_status_list[0].opt_out_status)})


async def list_statuses(call: Call) -> Answer:
    """How numbers and addresses stand at a department, in the order asked."""
    request = BatchGetOptOutStatusRequest(
        department_uuid=call.path["department_uuid"],
        communication_list=map(_attributes, call.body.objects("communicationList")),
    )
    response = await _get(call, request)
    return _answer(call, {"optOutStatusList": _print_list(response)})


async def list_customer_statuses(call: Call) -> Answer:
    """How the numbers and addresses of customers stand at a department."""
    request = BatchGetOptOutStatusRequest(
        department_uuid=call.path["department_uuid"], customer_uuid_list=call.body.texts("customerUUIDList")
    )
    response = await _get(call, request, ("communication_list", "customer_uuid_list"))
    return _answer(call, {"optOutStatusList": _print_list(response)})


async def _get(
    call: Call, request: BatchGetOptOutStatusRequest, renamed: tuple[str, str] = ("", "")
) -> BatchGetOptOutStatusResponse:
    """The server's answer. Three operations ask one RPC: what it says of its fields is told of the caller's own."""
    try:
        return await call.send(call.upstream.consent.BatchGetOptOutStatus, request)
    except Refused as refused:
        told = (replace(complaint, field=complaint.field.replace(*renamed)) for complaint in refused.fault.violations)
        raise Refused(replace(refused.fault, violations=tuple(told))) from refused


def _answer(call: Call, found: dict[str, object]) -> Answer:
    return Answer(200, {**found, "requestUUID": call.occasion.request_id, "errors": [], "warnings": []})


def _print_list(response: BatchGetOptOutStatusResponse) -> list[dict[str, object]]:
    return [
        {"communication": _print_attributes(item.communication), "optOutStatus": _print(item.opt_out_status)}
        for item in response.opt_out_status_list
    ]


def _print(status: OptOutStatus) -> dict[str, object]:
    """The status; `timeOfChange` is left out where nothing was ever said."""
    time = {"timeOfChange": print_millis(status.time_of_change)} if status.HasField("time_of_change") else {}
    return {
        "optOutState": _STATES.word(status.opt_out_state),
        "canSendOptinRequest": status.can_send_optin_request,
        **time,
    }


def _print_attributes(item: CommunicationAttributes) -> dict[str, object]:
    """The communication as it was asked; `okToCommunicate` is left out where it was."""
    ok = {"okToCommunicate": item.ok_to_communicate} if item.HasField("ok_to_communicate") else {}
    return {
        "communicationType": COMMUNICATION_TYPES.word(item.communication_type),
        "communicationValue": item.communication_value,
        **ok,
        "customerUUID": item.customer_uuid,
    }


def _attributes(item: Fields) -> CommunicationAttributes:
    return CommunicationAttributes(
        communication_type=item.word("communicationType", COMMUNICATION_TYPES),
        communication_value=item.text("communicationValue"),
        ok_to_communicate=item.optional_flag("okToCommunicate"),
        customer_uuid=item.text("customerUUID"),
    )


_DEPARTMENT = "/department/{department_uuid}"
_COMMUNICATION = "/communicationType/{communication_type}/communicationValue/{communication_value}"

MYKAARMA = Vendor(
    name="myKaarma",
    prefixes=("/communications", "/department"),
    bases=("/communications", ""),
    operations=(
        Operation("POST", _DEPARTMENT + "/optoutstatus", update_opt_out_status, docs.UPDATE),
        Operation("GET", _DEPARTMENT + _COMMUNICATION + "/optoutstatus", get_status, docs.STATUS),
        Operation("POST", _DEPARTMENT + "/communications/optoutstatus/list", list_statuses, docs.STATUSES),
        Operation("POST", _DEPARTMENT + "/customers/optoutstatus/list", list_customer_statuses, docs.CUSTOMER_STATUSES),
    ),
    credentials=(CredentialHeader("authorization", "Basic"),),
    render=render,
    manual=docs.MANUAL,
    challenge='Basic realm="consent", charset="UTF-8"',
)
