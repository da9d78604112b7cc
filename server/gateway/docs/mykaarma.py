"""What is told of myKaarma's API."""

from __future__ import annotations

from consent.v1.opt_out_status_pb2 import (
    BatchGetOptOutStatusRequest,
    CommunicationAttributes,
    CommunicationOptOutStatus,
    CommunicationType,
    OptOutStatus,
    OptOutStatusError,
    OptOutStatusWarning,
    UpdateOptOutStatusRequest,
)

from server.gateway.docs.doc import FAILURES, AtLeastOne, Doc, Manual, Parameter, Shape, Spelling, Style, member

_COMMUNICATION = {"communicationType": "TEXT", "communicationValue": "+16105551212", "customerUUID": "c-1001"}
_STATUS = {"optOutState": "OPTED_OUT", "canSendOptinRequest": False, "timeOfChange": "2025-03-28T11:34:43.330Z"}
_TOLD: dict[str, Shape] = {"errors": [OptOutStatusError], "warnings": [OptOutStatusWarning]}
_TOLD_SAMPLE: dict[str, object] = {"errors": [], "warnings": []}
_READ_SAMPLE = {"requestUUID": "5d0f7c1e-6f0b-4c33-9a55-0d3c5b7f2a10", **_TOLD_SAMPLE}
_LIST: dict[str, Shape] = {"optOutStatusList": [CommunicationOptOutStatus], "requestUUID": str, **_TOLD}
_LIST_SAMPLE = {"optOutStatusList": [{"communication": _COMMUNICATION, "optOutStatus": _STATUS}], **_READ_SAMPLE}

UPDATE = Doc(
    "updateOptOutStatus",
    "Update the opt-out status for a communication context",
    answer=_TOLD,
    sample=_TOLD_SAMPLE,
    about=(
        "Each event belongs to one update type: MESSAGE needs `messageUUID`, CUSTOMER needs `customerUUID`. What an "
        "accepted update did not change is answered by a warning, never by silence."
    ),
    body=UpdateOptOutStatusRequest,
    body_sample={
        "messageUUID": "m-2001",
        "communicationAttributesList": [{"communicationType": "TEXT", "communicationValue": "+16105551212"}],
        "event": "STOP_MESSAGE_RECEIVED",
        "updateType": "MESSAGE",
    },
)
STATUS = Doc(
    "getOptOutStatus",
    "Get the opt-out status of a number or address",
    answer={"optOutStatus": OptOutStatus, "requestUUID": str, **_TOLD},
    sample={"optOutStatus": _STATUS, **_READ_SAMPLE},
    about="`timeOfChange` is left out where nothing was ever said.",
)
STATUSES = Doc(
    "listOptOutStatuses",
    "Get the opt-out statuses of numbers and addresses",
    answer=_LIST,
    sample=_LIST_SAMPLE,
    body={"communicationList": AtLeastOne(member(BatchGetOptOutStatusRequest, "communication_list"))},
    body_sample={"communicationList": [_COMMUNICATION]},
)
CUSTOMER_STATUSES = Doc(
    "listCustomerOptOutStatuses",
    "Get the opt-out statuses of customers",
    answer=_LIST,
    sample=_LIST_SAMPLE,
    about="Each customer has a status for the mobile and one for the e-mail address that is known.",
    body={"customerUUIDList": AtLeastOne(member(BatchGetOptOutStatusRequest, "customer_uuid_list"))},
    body_sample={"customerUUIDList": ["c-1001"]},
)

MANUAL = Manual(
    about="myKaarma's opt-out status at a department. Reads tell opt-outs, not verdicts.",
    style=Style("MyKaarma.", Spelling.BARE, hidden=frozenset({"request_id"})),
    envelope=_TOLD,
    failures={
        **FAILURES,
        413: "The body is too large.",
        415: "The body is not JSON, plain or gzip.",
    },
    values={
        "department_uuid": Parameter(
            member(UpdateOptOutStatusRequest, "department_uuid"),
            "The department, a UUID.",
            "8f2b1c64-0d5e-4b0e-9d3f-1c2a3b4c5d6e",
        ),
        "communication_type": Parameter(CommunicationType.DESCRIPTOR, "What kind of value it is.", "TEXT"),
        "communication_value": Parameter(
            member(CommunicationAttributes, "communication_value"), "The number or address.", "+16105551212"
        ),
    },
)
