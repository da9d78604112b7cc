"""The declarative table of lengths, ranges and formats. A test holds every text and number of a request to an entry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from server.domain.recipients import MAX_ADDRESS_LENGTH
from server.usecases.credentials import MAX_OVERLAP_SECONDS
from server.usecases.secrets import MAX_SECRET_LENGTH


@dataclass(frozen=True, slots=True)
class Text:
    """A text of at most `most` characters; with a pattern, one of that form; `required`: not blank either.

    `free`: whatever a person wrote, a NUL included.
    """

    most: int
    pattern: re.Pattern[str] | None = None
    expected: str = ""
    required: bool = False
    free: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A number within bounds, both inclusive."""

    least: int
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Items:
    """At most `most` of something; of texts, each within `each`."""

    most: int
    each: Text | None = None


Limit: TypeAlias = Text | Number | Items

_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")

ID = Text(128)
UUID = Text(36, _UUID, "not a UUID")
PURPOSE = Text(64)
ADDRESS = Text(MAX_ADDRESS_LENGTH)
NAME = Text(256)
COUNTRY = Text(2)
TOKEN = Text(1024)
MASK = Items(10, Text(64))
PAGE = Number(0)
KEYWORDS = Items(20, Text(64, required=True))
REPLY = Text(1600)

_FIELDS: dict[str, Limit] = {
    "Recipient.address": ADDRESS,
    "CheckConsentRequest.sender": ID,
    "CheckConsentRequest.purposes": Items(20, Text(64, required=True)),
    "CheckConsentRequest.as_of_revision": Number(0),
    "CheckConsentRequest.reply_permit": Text(2048),
    "BatchCheckConsentRequest.sender": ID,
    "BatchCheckConsentRequest.purpose": PURPOSE,
    "BatchCheckConsentRequest.channels": Items(10_000),
    "BatchCheckConsentRequest.addresses": Items(10_000),
    "ConsentStatement.sender": ID,
    "ConsentStatement.purpose": PURPOSE,
    "ConsentStatement.source": Text(64),
    "Evidence.text_shown": Text(10_000),
    "Evidence.text_version": ID,
    "Evidence.language": Text(35),
    "Evidence.url": Text(2048),
    "Evidence.ip_address": Text(45),
    "Evidence.user_agent": Text(1024),
    "Evidence.message_id": ID,
    "Evidence.artifact_hash": NAME,
    "Evidence.jurisdiction": Text(16),
    "ListConsentEventsRequest.sender": ID,
    "ListConsentEventsRequest.batch_id": ID,
    "ListConsentEventsRequest.as_of_revision": Number(0),
    "ListConsentEventsRequest.page_size": PAGE,
    "ListConsentEventsRequest.page_token": TOKEN,
    "VerifyLedgerRequest.first_revision": Number(0),
    "VerifyLedgerRequest.last_revision": Number(0),
    "ForgetRecipientRequest.reason": Text(256),
    "ForgetRecipientRequest.request_id": ID,
    "SetLegalHoldRequest.reason": Text(256),
    "SetLegalHoldRequest.request_id": ID,
    "WatchConsentEventsRequest.resume_token": TOKEN,
    "WatchConsentEventsRequest.after_revision": Number(-1),
    "WatchConsentEventsRequest.senders": Items(1000, Text(128, required=True)),
    "RecordConsentRequest.force_reason": Text(1000),
    "RecordConsentRequest.batch_id": ID,
    "RecordConsentRequest.request_id": ID,
    "BatchRecordConsentsRequest.statements": Items(1000),
    "BatchRecordConsentsRequest.force_reason": Text(1000),
    "BatchRecordConsentsRequest.batch_id": ID,
    "BatchRecordConsentsRequest.request_id": ID,
    "HandleInboundMessageRequest.sender": ID,
    "HandleInboundMessageRequest.from": ADDRESS,
    "HandleInboundMessageRequest.to": ADDRESS,
    "HandleInboundMessageRequest.body": Text(100_000, free=True),
    "HandleInboundMessageRequest.provider_message_id": ID,
    "HandleInboundMessageRequest.request_id": ID,
    "ListReviewItemsRequest.sender": ID,
    "ListReviewItemsRequest.page_size": PAGE,
    "ListReviewItemsRequest.page_token": TOKEN,
    "ResolveReviewItemRequest.id": UUID,
    "ResolveReviewItemRequest.note": Text(1000),
    "ResolveReviewItemRequest.request_id": ID,
    "ListConsentsRequest.sender": ID,
    "ListConsentsRequest.as_of_revision": Number(0),
    "ListConsentsRequest.page_size": PAGE,
    "ListConsentsRequest.page_token": TOKEN,
    "CommunicationAttributes.communication_value": ADDRESS,
    "CommunicationAttributes.customer_uuid": ID,
    "UpdateOptOutStatusRequest.department_uuid": UUID,
    "UpdateOptOutStatusRequest.customer_uuid": ID,
    "UpdateOptOutStatusRequest.message_uuid": ID,
    "UpdateOptOutStatusRequest.user_uuid": ID,
    "UpdateOptOutStatusRequest.api_call_source": ID,
    "UpdateOptOutStatusRequest.communication_attributes_list": Items(200),
    "UpdateOptOutStatusRequest.request_id": ID,
    "BatchGetOptOutStatusRequest.department_uuid": UUID,
    "BatchGetOptOutStatusRequest.communication_list": Items(1000),
    "BatchGetOptOutStatusRequest.customer_uuid_list": Items(1000, Text(128, required=True)),
    "UpdateChannelConsentRequest.client_id": ID,
    "UpdateChannelConsentRequest.channel_addr": Text(32),
    "UpdateChannelConsentRequest.request_id": ID,
    "ChannelConsentUpdate.channel_addr": Text(32),
    "BatchUpdateChannelConsentsRequest.client_id": ID,
    "BatchUpdateChannelConsentsRequest.batch": Items(200),
    "BatchUpdateChannelConsentsRequest.request_id": ID,
    "ListMessagingOptOutsRequest.messaging_profile_id": ID,
    "ListMessagingOptOutsRequest.from": ADDRESS,
    "ListMessagingOptOutsRequest.page_number": PAGE,
    "ListMessagingOptOutsRequest.page_size": PAGE,
    "ListAutoResponsesRequest.profile_id": ID,
    "ListAutoResponsesRequest.country_code": COUNTRY,
    "ListAutoResponsesRequest.page_number": PAGE,
    "ListAutoResponsesRequest.page_size": PAGE,
    "CreateAutoResponseRequest.profile_id": ID,
    "CreateAutoResponseRequest.country_code": COUNTRY,
    "CreateAutoResponseRequest.keywords": KEYWORDS,
    "CreateAutoResponseRequest.resp_text": REPLY,
    "CreateAutoResponseRequest.request_id": ID,
    "GetAutoResponseRequest.profile_id": ID,
    "GetAutoResponseRequest.autoresp_cfg_id": UUID,
    "UpdateAutoResponseRequest.profile_id": ID,
    "UpdateAutoResponseRequest.autoresp_cfg_id": UUID,
    "UpdateAutoResponseRequest.country_code": COUNTRY,
    "UpdateAutoResponseRequest.keywords": KEYWORDS,
    "UpdateAutoResponseRequest.resp_text": REPLY,
    "UpdateAutoResponseRequest.request_id": ID,
    "DeleteAutoResponseRequest.profile_id": ID,
    "DeleteAutoResponseRequest.autoresp_cfg_id": UUID,
    "DeleteAutoResponseRequest.request_id": ID,
    "OptOutUserByEmailRequest.email": ADDRESS,
    "OptOutUserByEmailRequest.request_id": ID,
    "OptOutUserByMobileRequest.mobile": ADDRESS,
    "OptOutUserByMobileRequest.request_id": ID,
    "GetUserRequest.id": ID,
    "GetUserRequest.email": ADDRESS,
    "GetUserRequest.mobile": ADDRESS,
    "Purpose.id": PURPOSE,
    "CreatePurposeRequest.request_id": ID,
    "GetPurposeRequest.id": PURPOSE,
    "ListPurposesRequest.page_size": PAGE,
    "ListPurposesRequest.page_token": TOKEN,
    "UpdatePurposeRequest.request_id": ID,
    "Sender.id": ID,
    "Sender.country": COUNTRY,
    "CreateSenderRequest.request_id": ID,
    "GetSenderRequest.id": ID,
    "ListSendersRequest.page_size": PAGE,
    "ListSendersRequest.page_token": TOKEN,
    "UpdateSenderRequest.request_id": ID,
    "Contact.id": ID,
    "Contact.external_id": ID,
    "Contact.first": NAME,
    "Contact.last": NAME,
    "Contact.email": ADDRESS,
    "Contact.mobile": ADDRESS,
    "CreateContactRequest.request_id": ID,
    "GetContactRequest.id": ID,
    "ListContactsRequest.email": ADDRESS,
    "ListContactsRequest.page_size": PAGE,
    "ListContactsRequest.page_token": TOKEN,
    "UpdateContactRequest.request_id": ID,
    "DeleteContactRequest.id": ID,
    "DeleteContactRequest.request_id": ID,
    "Credential.senders": Items(1000, Text(128, required=True)),
    "Credential.basic_user": ID,
    "CreateCredentialRequest.secret": Text(MAX_SECRET_LENGTH),
    "ListCredentialsRequest.page_size": PAGE,
    "ListCredentialsRequest.page_token": TOKEN,
    "RevokeCredentialRequest.id": ID,
    "RevokeCredentialRequest.request_id": ID,
    "RotateCredentialRequest.id": ID,
    "RotateCredentialRequest.overlap_seconds": Number(0, MAX_OVERLAP_SECONDS),
}

LIMITS: dict[str, Limit] = {f"consent.v1.{name}": limit for name, limit in _FIELDS.items()}
LIMITS["google.protobuf.FieldMask.paths"] = MASK
