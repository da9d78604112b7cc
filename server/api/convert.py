"""Between the domain and protobuf. Enum numbers are the same on both sides (a test holds it)."""

from __future__ import annotations

from typing import Any

from consent.v1 import (
    admin_pb2,
    auto_response_pb2,
    channel_consent_pb2,
    consent_pb2,
    user_opt_out_pb2,
)
from google.protobuf.timestamp_pb2 import Timestamp

from server.domain.model import (
    AutoResponse,
    Contact,
    Credential,
    Instant,
    Op,
    Reach,
    Recipient,
    Role,
    Sender,
    SenderKind,
)
from server.usecases.auto_responses import Draft
from server.usecases.channel_consents import ChannelConsent
from server.usecases.contacts import ContactDraft
from server.usecases.credentials import CredentialDraft
from server.usecases.senders import SenderDraft
from server.usecases.user_opt_outs import UserStatus

MICROSECONDS = 1_000_000


def timestamp(moment: Instant) -> Timestamp:
    """A moment as a Timestamp."""
    seconds, micros = divmod(moment, MICROSECONDS)
    return Timestamp(seconds=seconds, nanos=micros * 1000)


def optional_timestamp(moment: Instant | None) -> Timestamp | None:
    """A moment as a Timestamp, None as an unset field."""
    return None if moment is None else timestamp(moment)


def instant(value: Timestamp) -> Instant:
    """A Timestamp as a moment; digits beyond the microsecond are cut off."""
    return value.seconds * MICROSECONDS + value.nanos // 1000


def recipient(value: Recipient) -> consent_pb2.Recipient:
    """A canonical recipient; of one that was forgotten the channel only."""
    return consent_pb2.Recipient(channel=_enum(value.channel), address="" if value.forgotten else value.address)


def _enum(value: int | None) -> Any:
    """A number as any generated enum type: mypy sees each of them as a type of its own."""
    return int(value or 0)


def channel_consent(
    client_id: str,
    request: channel_consent_pb2.UpdateChannelConsentRequest | channel_consent_pb2.ChannelConsentUpdate,
    stands: ChannelConsent,
) -> channel_consent_pb2.UpdateChannelConsentResponse:
    """What stands for a number at a client, the number as the request gave it."""
    return channel_consent_pb2.UpdateChannelConsentResponse(
        consent=channel_consent_pb2.ChannelConsent(
            client_id=client_id,
            created_at=timestamp(stands.create_time),
            updated_at=timestamp(stands.update_time),
            channel_type=request.channel_type,
            channel_addr=request.channel_addr,
            consent_type=_enum(stands.consent_type),
        ),
        applied=stands.not_applied_reason is None,
        not_applied_reason=_enum(stands.not_applied_reason),
    )


def auto_response(setting: AutoResponse) -> auto_response_pb2.AutoResponse:
    """An auto-response setting."""
    return auto_response_pb2.AutoResponse(
        id=setting.id,
        country_code=setting.country_code,
        keywords=setting.keywords,
        op=_enum(setting.op),
        resp_text=setting.resp_text,
        created_at=timestamp(setting.create_time),
        updated_at=timestamp(setting.update_time),
    )


def auto_response_draft(
    request: auto_response_pb2.CreateAutoResponseRequest | auto_response_pb2.UpdateAutoResponseRequest,
) -> Draft:
    """What a request says of a setting."""
    resp_text = request.resp_text if request.HasField("resp_text") else None
    return Draft(request.country_code, tuple(request.keywords), Op(request.op), resp_text)


def user(status: UserStatus) -> user_opt_out_pb2.User:
    """A customer of Hi Marley's API."""
    details = user_opt_out_pb2.OptStatusDetail
    contact = status.contact
    return user_opt_out_pb2.User(
        id=contact.id,
        first=contact.first,
        last=contact.last,
        email=contact.email,
        mobile=contact.mobile,
        role="enduser",
        opt_status=status.opted_in,
        opt_status_detail=details.OPT_STATUS_DETAIL_OPTED_IN
        if status.opted_in
        else details.OPT_STATUS_DETAIL_OPTED_OUT,
    )


def sender(value: Sender) -> admin_pb2.Sender:
    """A sender."""
    return admin_pb2.Sender(
        id=value.id,
        kind=_enum(value.kind),
        double_opt_in=value.double_opt_in,
        country=value.country or "",
        reach=_enum(value.reach),
        create_time=timestamp(value.create_time),
        update_time=timestamp(value.update_time),
    )


def sender_draft(value: admin_pb2.Sender) -> SenderDraft:
    """A sender as a request describes it."""
    return SenderDraft(
        id=value.id,
        kind=SenderKind(value.kind or SenderKind.OTHER),
        double_opt_in=value.double_opt_in,
        country=value.country,
        reach=Reach(value.reach) if value.reach else None,
    )


def contact(value: Contact) -> admin_pb2.Contact:
    """A contact."""
    return admin_pb2.Contact(
        id=value.id,
        external_id=value.external_id,
        first=value.first,
        last=value.last,
        email=value.email,
        mobile=value.mobile,
        create_time=timestamp(value.create_time),
        update_time=timestamp(value.update_time),
    )


def contact_draft(value: admin_pb2.Contact) -> ContactDraft:
    """A contact as a request describes it."""
    return ContactDraft(value.id, value.external_id, value.first, value.last, value.email, value.mobile)


def credential(value: Credential) -> admin_pb2.Credential:
    """A credential, without its secrets."""
    return admin_pb2.Credential(
        id=value.id,
        role=_enum(value.role),
        senders=sorted(value.senders),
        basic_user=value.basic_user or "",
        allow_force=value.allow_force,
        expire_time=optional_timestamp(value.expire_time),
        create_time=timestamp(value.create_time),
        revoke_time=optional_timestamp(value.revoke_time),
        last_used_time=optional_timestamp(value.last_used_time),
    )


def credential_draft(value: admin_pb2.Credential) -> CredentialDraft:
    """A credential as a request describes it."""
    return CredentialDraft(
        role=Role(value.role),
        senders=frozenset(value.senders),
        basic_user=value.basic_user,
        allow_force=value.allow_force,
        expire_time=instant(value.expire_time) if value.HasField("expire_time") else None,
    )
