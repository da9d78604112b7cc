"""One request for each method that names a thing, as a function of the names."""

from __future__ import annotations

from dataclasses import dataclass

from consent.v1 import (
    admin_pb2,
    auto_response_pb2,
    channel_consent_pb2,
    consent_pb2,
    decision_pb2,
    inbound_pb2,
    ledger_pb2,
    opt_out_status_pb2,
    user_opt_out_pb2,
)
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from tests.e2e.accounts import MOBILE, PROFILE

SMS = consent_pb2.Recipient(channel=consent_pb2.CHANNEL_SMS, address=MOBILE)


@dataclass(frozen=True)
class Names:
    """One thing of each kind. `setting` is a setting of PROFILE."""

    department: str
    client: str
    profile: str
    setting: str
    contact: str
    email: str
    credential: str
    mobile: str
    purpose: str
    review: str


def opt_out_at(department: str) -> opt_out_status_pb2.UpdateOptOutStatusRequest:
    """MOBILE wrote STOP to a department."""
    return opt_out_status_pb2.UpdateOptOutStatusRequest(
        department_uuid=department,
        message_uuid="message",
        communication_attributes_list=[
            opt_out_status_pb2.CommunicationAttributes(
                communication_type=opt_out_status_pb2.COMMUNICATION_TYPE_TEXT, communication_value=MOBILE
            )
        ],
        event=opt_out_status_pb2.OPT_OUT_EVENT_STOP_MESSAGE_RECEIVED,
        update_type=opt_out_status_pb2.OPT_OUT_UPDATE_TYPE_MESSAGE,
    )


def written_at(client: str) -> channel_consent_pb2.UpdateChannelConsentRequest:
    """MOBILE agreed in writing at a client."""
    return channel_consent_pb2.UpdateChannelConsentRequest(
        client_id=client,
        channel_addr=MOBILE.removeprefix("+1"),
        channel_type=channel_consent_pb2.CHANNEL_TYPE_SMS,
        consent_type=channel_consent_pb2.CONSENT_TYPE_WRITTEN,
    )


def setting_at(profile: str) -> auto_response_pb2.CreateAutoResponseRequest:
    """A new setting of a profile."""
    return auto_response_pb2.CreateAutoResponseRequest(
        profile_id=profile, country_code="US", keywords=["JOIN"], op=auto_response_pb2.AUTO_RESPONSE_OP_START
    )


def check_at(sender: str) -> decision_pb2.CheckConsentRequest:
    """May a sender send to MOBILE?"""
    return decision_pb2.CheckConsentRequest(sender=sender, recipient=SMS, purposes=["marketing"])


def yes_at(sender: str) -> ledger_pb2.ConsentStatement:
    """The business says that MOBILE agreed at a sender."""
    return ledger_pb2.ConsentStatement(
        recipient=SMS,
        sender=sender,
        purpose="*",
        state=consent_pb2.CONSENT_STATE_OPTED_IN,
        actor=consent_pb2.ACTOR_BUSINESS,
        strength=consent_pb2.STRENGTH_EXPRESS,
    )


def said_to(sender: str, body: str) -> inbound_pb2.HandleInboundMessageRequest:
    """MOBILE wrote to a sender."""
    message = inbound_pb2.HandleInboundMessageRequest(
        sender=sender, channel=SMS.channel, body=body, provider_message_id=body
    )
    setattr(message, "from", MOBILE)
    return message


def requests(names: Names) -> dict[str, Message]:
    """A request for each method, by its name."""
    sender = admin_pb2.Sender(id=names.client, double_opt_in=True)
    contact = admin_pb2.Contact(id=names.contact, mobile="+16502539009")
    setting = {"profile_id": PROFILE, "autoresp_cfg_id": names.setting}
    purpose = admin_pb2.Purpose(id=names.purpose, rule=admin_pb2.PURPOSE_RULE_ALWAYS_ALLOWED)
    update = channel_consent_pb2.ChannelConsentUpdate(
        channel_addr="6502530000",
        channel_type=channel_consent_pb2.CHANNEL_TYPE_SMS,
        consent_type=channel_consent_pb2.CONSENT_TYPE_STOP,
    )
    return {
        "BatchUpdateChannelConsents": channel_consent_pb2.BatchUpdateChannelConsentsRequest(
            client_id=names.client, batch=[update]
        ),
        "BatchGetOptOutStatus": opt_out_status_pb2.BatchGetOptOutStatusRequest(
            department_uuid=names.department, customer_uuid_list=["ann"]
        ),
        "ListMessagingOptOuts": auto_response_pb2.ListMessagingOptOutsRequest(messaging_profile_id=names.profile),
        "OptOutUserByMobile": user_opt_out_pb2.OptOutUserByMobileRequest(mobile=names.mobile),
        "GetUser": user_opt_out_pb2.GetUserRequest(mobile=names.mobile),
        "BatchCheckConsent": decision_pb2.BatchCheckConsentRequest(
            sender=names.client, purpose="marketing", channels=[SMS.channel], addresses=[MOBILE]
        ),
        "RecordConsent": ledger_pb2.RecordConsentRequest(statement=yes_at(names.client)),
        "BatchRecordConsents": ledger_pb2.BatchRecordConsentsRequest(statements=[yes_at(names.client)], atomic=True),
        "ForgetRecipient": ledger_pb2.ForgetRecipientRequest(
            recipient=consent_pb2.Recipient(channel=SMS.channel, address=names.mobile), reason="case 17"
        ),
        "HandleInboundMessage": said_to(names.client, "STOP"),
        "ResolveReviewItem": inbound_pb2.ResolveReviewItemRequest(
            id=names.review, resolution=inbound_pb2.REVIEW_RESOLUTION_OPT_OUT
        ),
        "GetPurpose": admin_pb2.GetPurposeRequest(id=names.purpose),
        "UpdatePurpose": admin_pb2.UpdatePurposeRequest(purpose=purpose),
        "UpdateOptOutStatus": opt_out_at(names.department),
        "UpdateChannelConsent": written_at(names.client),
        "ListAutoResponses": auto_response_pb2.ListAutoResponsesRequest(profile_id=names.profile),
        "CreateAutoResponse": setting_at(names.profile),
        "GetAutoResponse": auto_response_pb2.GetAutoResponseRequest(**setting),
        "UpdateAutoResponse": auto_response_pb2.UpdateAutoResponseRequest(
            **setting, country_code="US", keywords=["MINE"], op=auto_response_pb2.AUTO_RESPONSE_OP_STOP
        ),
        "DeleteAutoResponse": auto_response_pb2.DeleteAutoResponseRequest(**setting),
        "OptOutUserByEmail": user_opt_out_pb2.OptOutUserByEmailRequest(email=names.email),
        "CheckConsent": check_at(names.client),
        "GetSender": admin_pb2.GetSenderRequest(id=names.client),
        "UpdateSender": admin_pb2.UpdateSenderRequest(sender=sender, update_mask=FieldMask(paths=["double_opt_in"])),
        "GetContact": admin_pb2.GetContactRequest(id=names.contact),
        "UpdateContact": admin_pb2.UpdateContactRequest(contact=contact, update_mask=FieldMask(paths=["mobile"])),
        "DeleteContact": admin_pb2.DeleteContactRequest(id=names.contact),
        "RevokeCredential": admin_pb2.RevokeCredentialRequest(id=names.credential),
        "RotateCredential": admin_pb2.RotateCredentialRequest(id=names.credential),
    }
