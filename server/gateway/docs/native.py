"""What is told of the native API: what its annotations do not say."""

from __future__ import annotations

from dataclasses import dataclass, field

from google.protobuf.descriptor import Descriptor
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp

from server.gateway.bindings import Binding
from server.gateway.docs.comments import tell
from server.gateway.docs.doc import FAILURES, Doc, Manual, Maybe, Parameter, Spelling, Style

_RECIPIENT = {"channel": "CHANNEL_SMS", "address": "+16105551212"}
_TIME = "2025-03-28T11:34:43.330Z"
_CONSENT = {
    "recipient": _RECIPIENT,
    "sender": "shop",
    "purpose": "*",
    "state": "CONSENT_STATE_OPTED_OUT",
    "strength": "STRENGTH_UNSPECIFIED",
    "liftedBy": "LIFTED_BY_RECIPIENT",
    "suspected": False,
    "actor": "ACTOR_RECIPIENT",
    "effectiveTime": _TIME,
    "createTime": _TIME,
    "updateTime": _TIME,
    "revision": "41",
}
_RESULT = {
    "applied": True,
    "unchanged": False,
    "notAppliedReason": "NOT_APPLIED_REASON_UNSPECIFIED",
    "consent": _CONSENT,
    "revision": "41",
    "liftedCount": 0,
}


@dataclass(frozen=True, slots=True)
class _Words:
    title: str
    about: str
    sample: object
    asked: object = None
    """A body."""
    query: dict[str, str] = field(default_factory=dict)
    """The values of an example query."""


_WORDS = {
    "CheckConsent": _Words(
        "Ask whether a message may be sent, and why",
        "One decision for each purpose. A DENY is an answer, not an error; an error is never a yes. With a revision or "
        "a time, as the ledger stood then.",
        asked={"sender": "shop", "recipient": _RECIPIENT, "purposes": ["marketing"]},
        sample={
            "decisions": [
                {
                    "purpose": "marketing",
                    "verdict": "VERDICT_DENY",
                    "reason": "VERDICT_REASON_OPTED_OUT",
                    "decidingConsent": {key: value for key, value in _CONSENT.items() if key != "recipient"},
                }
            ],
            "recipient": _RECIPIENT,
            "revision": "41",
            "checkTime": _TIME,
        },
    ),
    "BatchCheckConsent": _Words(
        "Ask for up to 10,000 recipients, answered in order",
        "One channel for all, or one for each. An address that is none is that item's DENY.",
        asked={
            "sender": "shop",
            "purpose": "marketing",
            "channels": ["CHANNEL_SMS"],
            "addresses": ["+16105551212", "+16105551213"],
        },
        sample={
            "verdicts": ["VERDICT_DENY", "VERDICT_ALLOW"],
            "reasons": ["VERDICT_REASON_OPTED_OUT", "VERDICT_REASON_OPTED_IN"],
            "details": [],
            "revision": "41",
            "checkTime": _TIME,
        },
    ),
    "RecordConsent": _Words(
        "Record a yes or a no",
        "A statement that does not prevail is recorded without effect and answered so. The recipient's own words need "
        "evidence: a method, and a message id, URL, IP address or artifact hash. A `requestId` makes a repeat safe.",
        asked={
            "statement": {
                "recipient": _RECIPIENT,
                "sender": "shop",
                "purpose": "*",
                "state": "CONSENT_STATE_OPTED_OUT",
                "actor": "ACTOR_RECIPIENT",
                "evidence": {"method": "EVIDENCE_METHOD_PREFERENCE_PAGE", "url": "https://shop.example/preferences"},
            },
            "requestId": "5d0f7c1e-6f0b-4c33-9a55-0d3c5b7f2a10",
        },
        sample={"result": _RESULT},
    ),
    "ListConsents": _Words(
        "List consent records",
        "",
        query={"recipient.channel": "CHANNEL_SMS", "recipient.address": "+16105551212"},
        sample={"consents": [_CONSENT], "nextPageToken": "", "revision": "41"},
    ),
    "ListConsentEvents": _Words(
        "List events of the ledger",
        "",
        query={"recipient.channel": "CHANNEL_SMS", "recipient.address": "+16105551212", "newestFirst": "true"},
        sample={
            "events": [
                {
                    "revision": "41",
                    "kind": "CONSENT_EVENT_KIND_OPT_OUT",
                    "recipient": _RECIPIENT,
                    "recipientId": "7",
                    "sender": "shop",
                    "purpose": "*",
                    "before": "",
                    "after": "",
                    "applied": True,
                    "notAppliedReason": "NOT_APPLIED_REASON_UNSPECIFIED",
                    "actor": "ACTOR_RECIPIENT",
                    "credentialId": "",
                    "source": "api",
                    "batchId": "",
                    "effectiveTime": _TIME,
                    "recordTime": _TIME,
                    "payloadDigest": "",
                    "hash": "",
                    "payload": "",
                    "salt": "",
                }
            ],
            "nextPageToken": "",
            "revision": "41",
        },
    ),
    "HandleInboundMessage": _Words(
        "Hear a message that a person sent",
        "STOP, START, HELP, what may be a STOP, or nothing. The service sends nothing itself: it answers the reply to "
        "send. With `validateOnly` nothing is recorded: the keyword tester.",
        asked={
            "sender": "shop",
            "channel": "CHANNEL_SMS",
            "from": "+16105551212",
            "body": "Stop",
            "providerMessageId": "m-2001",
        },
        sample={
            "intent": "INTENT_STOP",
            "matchedWord": "STOP",
            "result": _RESULT,
            "reply": {"text": "You have unsubscribed.", "permit": "…", "permitExpireTime": "2025-03-28T11:39:43.330Z"},
            "reviewItemId": "",
            "repeatedMessage": False,
        },
    ),
}

MANUAL = Manual(
    about=(
        "The service's own API: what gRPC offers, in proto3's JSON. Any of the credential headers will do. Fields that "
        "do not exist are refused. Failures are google.rpc.Status with the same details as over gRPC; `reason` says "
        "exactly what went wrong."
    ),
    style=Style("", Spelling.WHOLE),
    envelope={
        "error": {
            "code": int,
            "message": str,
            "status": str,
            "details": [
                {
                    "@type": str,
                    "reason": Maybe(str),
                    "domain": Maybe(str),
                    "metadata": Maybe({"request_id": str}),
                    "fieldViolations": Maybe([{"field": str, "description": str, "reason": str}]),
                    "retryDelay": Maybe(str),
                }
            ],
        }
    },
    failures={
        **FAILURES,
        401: "The credential is missing or wrong.",
        403: "The credential may not do this.",
        413: "The body is too large.",
        415: "The body is not JSON, plain or gzip.",
    },
)


def document_binding(binding: Binding) -> Doc:
    """What is told of an annotated path. Raises KeyError for a method that nobody wrote of."""
    words = _WORDS[binding.method.name]
    return Doc(
        binding.method.name[0].lower() + binding.method.name[1:],
        words.title,
        answer=GetMessageClass(binding.method.output_type),
        sample=words.sample,
        about=words.about,
        body=GetMessageClass(binding.method.input_type) if binding.has_body else None,
        body_sample=words.asked,
        query={} if binding.has_body else _query(binding.method.input_type, "", words.query),
    )


def _query(descriptor: Descriptor, above: str, samples: dict[str, str]) -> dict[str, Parameter]:
    """The parameters by name, with dots into messages."""
    found: dict[str, Parameter] = {}
    for one in descriptor.fields:
        name = above + one.json_name
        if one.message_type is None or one.message_type is Timestamp.DESCRIPTOR:
            found[name] = Parameter(Maybe(one), tell(one.full_name), samples.get(name, ""))
        else:
            found |= _query(one.message_type, name + ".", samples)
    return found
