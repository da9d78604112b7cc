"""A good request for each RPC, which the first tenant's admin may make, and ways to spoil it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tests.servicer import supplies, tenants
from tests.servicer.world import METHODS

PHONE = {"channel": 1, "address": "+16505551234"}
KNOWN = {"channel": 1, "address": supplies.KNOWN}
STATEMENT = {
    "recipient": PHONE,
    "sender": tenants.DEPARTMENT,
    "purpose": "marketing",
    "state": 2,
    "actor": 1,
    "strength": 3,
    "evidence": {"method": 2, "url": "https://example.com/join"},
}
REQUESTS: dict[str, dict[str, Any]] = {
    "UpdateOptOutStatus": {
        "department_uuid": tenants.DEPARTMENT,
        "message_uuid": "message-1",
        "communication_attributes_list": [{"communication_type": 1, "communication_value": "+16505551234"}],
        "event": 1,
        "update_type": 1,
    },
    "UpdateChannelConsent": {
        "client_id": tenants.CLIENT,
        "channel_addr": "6505551234",
        "channel_type": 1,
        "consent_type": 2,
    },
    "ListAutoResponses": {"profile_id": tenants.PROFILE},
    "CreateAutoResponse": {"profile_id": tenants.PROFILE, "country_code": "US", "keywords": ["PAUSE"], "op": 2},
    "GetAutoResponse": {"profile_id": tenants.PROFILE, "autoresp_cfg_id": tenants.AUTO_RESPONSE},
    "UpdateAutoResponse": {
        "profile_id": tenants.PROFILE,
        "autoresp_cfg_id": tenants.AUTO_RESPONSE,
        "country_code": "*",
        "keywords": ["PAUSE"],
        "op": 2,
    },
    "DeleteAutoResponse": {"profile_id": tenants.PROFILE, "autoresp_cfg_id": tenants.AUTO_RESPONSE},
    "OptOutUserByEmail": {"email": tenants.EMAIL},
    "OptOutUserByMobile": {"mobile": supplies.KNOWN},
    "GetUser": {"id": supplies.USER},
    "BatchGetOptOutStatus": {
        "department_uuid": tenants.DEPARTMENT,
        "communication_list": [{"communication_type": 1, "communication_value": "+16505551234"}],
        "customer_uuid_list": [supplies.USER],
    },
    "BatchUpdateChannelConsents": {
        "client_id": tenants.CLIENT,
        "batch": [{"channel_addr": "6505551234", "channel_type": 1, "consent_type": 2}],
    },
    "ListMessagingOptOuts": {"messaging_profile_id": tenants.PROFILE},
    "CheckConsent": {"sender": tenants.DEPARTMENT, "recipient": PHONE, "purposes": ["marketing"]},
    "BatchCheckConsent": {
        "sender": tenants.DEPARTMENT,
        "purpose": "marketing",
        "channels": [1],
        "addresses": ["+16505551234"],
    },
    "RecordConsent": {"statement": STATEMENT},
    "BatchRecordConsents": {"statements": [STATEMENT], "atomic": True},
    "ListConsents": {"sender": tenants.DEPARTMENT, "recipient": PHONE},
    "ListConsentEvents": {"recipient": PHONE, "sender": tenants.DEPARTMENT, "kind": 1, "actor": 1},
    "WatchConsentEvents": {"after_revision": -1, "senders": [tenants.DEPARTMENT]},
    "VerifyLedger": {},
    "ForgetRecipient": {"recipient": KNOWN, "reason": "request 1"},
    "HandleInboundMessage": {
        "sender": tenants.DEPARTMENT,
        "channel": 1,
        "from": "+16505551234",
        "body": "STOP",
        "provider_message_id": "message-1",
    },
    "ListReviewItems": {"sender": tenants.DEPARTMENT},
    "ResolveReviewItem": {"id": supplies.REVIEW, "resolution": 2},
    "CreateSender": {"sender": {"id": "new", "kind": 4}},
    "GetSender": {"id": tenants.DEPARTMENT},
    "ListSenders": {},
    "UpdateSender": {
        "sender": {"id": tenants.DEPARTMENT, "double_opt_in": True},
        "update_mask": {"paths": ["double_opt_in"]},
    },
    "CreatePurpose": {"purpose": {"id": "new", "rule": 2}},
    "GetPurpose": {"id": supplies.PURPOSE},
    "ListPurposes": {},
    "UpdatePurpose": {"purpose": {"id": supplies.PURPOSE, "rule": 1, "minimum_strength": 2}},
    "SetLegalHold": {"recipient": KNOWN, "held": True, "reason": "matter 1"},
    "CreateContact": {"contact": {"id": "new", "email": "new@example.com", "mobile": "+16505551777"}},
    "GetContact": {"id": tenants.CONTACT},
    "ListContacts": {},
    "UpdateContact": {"contact": {"id": tenants.CONTACT, "first": "Bea"}, "update_mask": {"paths": ["first"]}},
    "DeleteContact": {"id": tenants.CONTACT},
    "CreateCredential": {"credential": {"role": 1, "senders": [tenants.DEPARTMENT]}},
    "ListCredentials": {},
    "RevokeCredential": {"id": tenants.SPARE},
    "RotateCredential": {"id": tenants.SPARE},
}


def sample(rpc: str) -> Any:
    """The good request."""
    return GetMessageClass(METHODS[rpc].input_type)(**REQUESTS[rpc])


def is_input(field: FieldDescriptor) -> bool:
    return field_behavior_pb2.OUTPUT_ONLY not in behaviors(field)


def is_required(field: FieldDescriptor) -> bool:
    return field_behavior_pb2.REQUIRED in behaviors(field)


def behaviors(field: FieldDescriptor) -> set[int]:
    return set(field.GetOptions().Extensions[field_behavior_pb2.field_behavior])


def reachable_fields(descriptor: Descriptor) -> set[FieldDescriptor]:
    """All fields that a caller may fill in a message and those within."""
    found: set[FieldDescriptor] = set()
    for field in descriptor.fields:
        if is_input(field) and field not in found:
            found.add(field)
            if field.message_type is not None:
                found |= reachable_fields(field.message_type)
    return found


def input_fields(message: Message, prefix: str = "") -> Iterator[tuple[Any, Any, str]]:
    """Each field that a caller may fill, with the message that it stands in and its path there."""
    fields: Sequence[Any] = message.DESCRIPTOR.fields
    for field in fields:
        if not is_input(field):
            continue
        path = prefix + field.name
        yield message, field, path
        if field.message_type is None:
            continue
        value = getattr(message, field.name)
        if field.is_repeated:
            for index, item in enumerate(value):
                yield from input_fields(item, f"{path}[{index}].")
        elif message.HasField(field.name):
            yield from input_fields(value, f"{path}.")


def put(message: Message, path: str, value: str) -> None:
    """Set a text by its path, as `statements[0].sender`; of a list of texts, all of it."""
    *outer, name = path.split(".")
    for step in outer:
        field, _, index = step.removesuffix("]").partition("[")
        message = getattr(message, field)[int(index)] if index else getattr(message, field)
    if message.DESCRIPTOR.fields_by_name[name].is_repeated:
        getattr(message, name)[:] = [value]
    else:
        setattr(message, name, value)
