"""Relay Network: update the consent types of phone numbers."""

from __future__ import annotations

from consent.v1.channel_consent_pb2 import (
    BatchUpdateChannelConsentsRequest,
    ChannelConsent,
    ChannelConsentUpdate,
    ChannelType,
    ConsentType,
    UpdateChannelConsentRequest,
    UpdateChannelConsentResponse,
)
from consent.v1.consent_pb2 import NotAppliedReason

from server.gateway.calls import Answer, Call, Occasion
from server.gateway.credentials import CredentialHeader
from server.gateway.docs import relay as docs
from server.gateway.envelope import Vocabulary, describe, documented_status
from server.gateway.errors import Fault, FaultKind, Refused
from server.gateway.fields import Fields, Words
from server.gateway.times import print_millis
from server.gateway.vendor import Operation, Vendor

_CHANNEL_TYPES = Words(ChannelType, lower=True)
_CONSENT_TYPES = Words(ConsentType, lower=True)
_NOT_APPLIED = Words(NotAppliedReason)
_PROTECTED = "the statement was recorded without effect: a no stands that it cannot lift"


async def update_channel_consent(call: Call) -> Answer:
    """Sets the consent type of a number at a client. Raises Refused (CONFLICT) where a no stands in its way."""
    request = UpdateChannelConsentRequest(
        client_id=call.path["client_id"],
        channel_addr=call.path["channel_addr"],
        channel_type=_CHANNEL_TYPES.number(call.path["channel_type"]),
        consent_type=call.body.word("consent_type", _CONSENT_TYPES),
    )
    response = await call.send(call.upstream.consent.UpdateChannelConsent, request)
    if not response.applied:
        raise Refused(Fault(FaultKind.CONFLICT, _PROTECTED, reason=_NOT_APPLIED.word(response.not_applied_reason)))
    return Answer(200, {"consent": _print(response.consent)})


async def update_channel_consents(call: Call) -> Answer:
    """Sets the consent types of numbers at a client. Those that a no protects stand apart, under `conflicts`."""
    batch = [_update(item) for item in call.body.objects("batch")]
    request = BatchUpdateChannelConsentsRequest(client_id=call.path["client_id"], batch=batch)
    response = await call.send(call.upstream.consent.BatchUpdateChannelConsents, request)
    told = list(zip(batch, response.results, strict=True))
    consents = [_print(result.consent) for _, result in told if result.applied]
    conflicts = [_print_conflict(update, result) for update, result in told if not result.applied]
    return Answer(200, {"consents": consents, "conflicts": conflicts})


def _update(item: Fields) -> ChannelConsentUpdate:
    return ChannelConsentUpdate(
        channel_addr=item.text("channel_addr"),
        channel_type=item.word("channel_type", _CHANNEL_TYPES),
        consent_type=item.word("consent_type", _CONSENT_TYPES),
    )


def _print_conflict(update: ChannelConsentUpdate, result: UpdateChannelConsentResponse) -> dict[str, str]:
    """What a 409 for this number alone would say. The vendor shows no such body; this one is ours."""
    return {
        "channel_addr": update.channel_addr,
        "channel_type": _CHANNEL_TYPES.word(update.channel_type),
        "code": _NOT_APPLIED.word(result.not_applied_reason),
        "message": _PROTECTED,
    }


def _print(consent: ChannelConsent) -> dict[str, str]:
    return {
        "client_id": consent.client_id,
        "created_at": print_millis(consent.created_at),
        "updated_at": print_millis(consent.updated_at),
        "channel_type": _CHANNEL_TYPES.word(consent.channel_type),
        "channel_addr": consent.channel_addr,
        "consent_type": _CONSENT_TYPES.word(consent.consent_type),
    }


_VOCABULARY: Vocabulary = {"channel_type": _CHANNEL_TYPES, "consent_type": _CONSENT_TYPES}


def render(fault: Fault, occasion: Occasion) -> Answer:
    """`{"message", "code", "request_id"}`. The vendor shows no error body; this one is ours."""
    message = "; ".join(describe(complaint, complaint.field, _VOCABULARY) for complaint in fault.complaints)
    body = {"message": message, "code": _code(fault), "request_id": occasion.request_id}
    return Answer(documented_status(fault.kind), body)


def _code(fault: Fault) -> str:
    match fault.kind:
        case FaultKind.CONFLICT:
            return fault.reason or fault.kind.name
        case FaultKind.NOT_FOUND:
            return "CLIENT_NOT_FOUND"
        case _:
            return fault.kind.name


RELAY = Vendor(
    name="Relay Network",
    prefixes=("/messaging/client", "/platform/v3/api"),
    bases=("", "/platform/v3/api"),
    operations=(
        Operation(
            "PUT",
            "/messaging/client/{client_id}/consent/channel_addr/{channel_addr}/channel_type/{channel_type}",
            update_channel_consent,
            docs.UPDATE,
        ),
        Operation("PUT", "/messaging/client/{client_id}/consent/bulk", update_channel_consents, docs.BULK_UPDATE),
    ),
    credentials=(CredentialHeader("xx-relay-api-key"), CredentialHeader("x-relay-api-key")),
    render=render,
    manual=docs.MANUAL,
)
