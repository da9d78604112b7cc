"""What is told of Relay Network's API."""

from __future__ import annotations

from consent.v1.channel_consent_pb2 import (
    BatchUpdateChannelConsentsRequest,
    ChannelConsent,
    ChannelType,
    UpdateChannelConsentRequest,
)

from server.gateway.docs.doc import FAILURES, Doc, Manual, Parameter, Spelling, Style, member

_CONSENT = {
    "client_id": "relay_developer",
    "created_at": "2024-07-05T22:16:12.934Z",
    "updated_at": "2024-07-05T22:16:12.934Z",
    "channel_type": "sms",
    "channel_addr": "6105551212",
    "consent_type": "written",
}
_CONFLICT = {
    "channel_addr": "6105551213",
    "channel_type": "sms",
    "code": "PROTECTED_OPT_OUT",
    "message": "the statement was recorded without effect: a no stands that it cannot lift",
}

UPDATE = Doc(
    "updateChannelConsent",
    "Update the consent type of a phone number",
    answer={"consent": ChannelConsent},
    sample={"consent": _CONSENT},
    about="Consent belongs to the number, not to the person. A number that was not seen before is created.",
    body=UpdateChannelConsentRequest,
    body_sample={"consent_type": "written"},
    failures={409: "The statement was recorded without effect: a no stands that it cannot lift."},
)
BULK_UPDATE = Doc(
    "updateChannelConsents",
    "Update the consent types of up to 200 phone numbers",
    answer={
        "consents": [ChannelConsent],
        "conflicts": [
            {"channel_addr": str, "channel_type": ChannelType.DESCRIPTOR, "code": str, "message": str},
        ],
    },
    sample={"consents": [_CONSENT], "conflicts": [_CONFLICT]},
    about=(
        "All are written, or none: one that is invalid refuses the batch and is named by its index. What a no protects "
        "is recorded without effect and stands under `conflicts`."
    ),
    body=BatchUpdateChannelConsentsRequest,
    body_sample={
        "batch": [
            {"channel_addr": "6105551212", "channel_type": "sms", "consent_type": "written"},
            {"channel_addr": "6105551213", "channel_type": "sms", "consent_type": "express"},
        ]
    },
)

MANUAL = Manual(
    about="Relay Network's consent of phone numbers at a client.",
    style=Style("Relay.", Spelling.LOWER, snake=True, hidden=frozenset({"request_id"})),
    envelope={"message": str, "code": str, "request_id": str},
    failures={
        **FAILURES,
        413: "The body is too large.",
        415: "The body is not JSON, plain or gzip.",
    },
    values={
        "client_id": Parameter(member(UpdateChannelConsentRequest, "client_id"), "The client.", "relay_developer"),
        "channel_addr": Parameter(
            member(UpdateChannelConsentRequest, "channel_addr"),
            "A North American number of 10 digits, or 11 with the 1.",
            "6105551212",
        ),
        "channel_type": Parameter(ChannelType.DESCRIPTOR, "The channel.", "sms"),
    },
)
