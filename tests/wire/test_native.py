"""The native JSON API: every annotated path, proto3's JSON both ways, and what it says of a field that is wrong."""

from __future__ import annotations

import httpx
import pytest
from consent.v1 import consent_pb2, decision_pb2, inbound_pb2, ledger_pb2
from google.api import annotations_pb2
from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from server.gateway.bindings import BINDINGS
from server.gateway.fields import UNKNOWN
from server.gateway.message_printer import print_message
from server.gateway.message_reader import read_message
from tests.wire import samples
from tests.wire.script import Script
from tests.wire.test_companions import time

KEY = {"authorization": "Bearer wire-native-key"}
MOBILE = consent_pb2.Recipient(channel=consent_pb2.CHANNEL_SMS, address="+16105551212")
PRINTED_MOBILE = {"channel": "CHANNEL_SMS", "address": "+16105551212"}
CHECK = {"sender": "shop", "recipient": PRINTED_MOBILE, "purposes": ["marketing"]}
CHECK_PATH = "/v1/consents:check"
EVENTS_PATH = "/v1/consentEvents"


def test_the_six_methods_are_served() -> None:
    assert {(binding.method.name, binding.verb, binding.path, binding.has_body) for binding in BINDINGS} == {
        ("CheckConsent", "POST", "/v1/consents:check", True),
        ("BatchCheckConsent", "POST", "/v1/consents:batchCheck", True),
        ("RecordConsent", "POST", "/v1/consents:record", True),
        ("ListConsents", "GET", "/v1/consents", False),
        ("ListConsentEvents", "GET", "/v1/consentEvents", False),
        ("HandleInboundMessage", "POST", "/v1/inboundMessages:handle", True),
    }


def test_every_annotated_path_of_the_contract_is_served(http: httpx.Client) -> None:
    service = BINDINGS[0].method.containing_service
    paths = set()
    for method in service.methods:
        rule = method.GetOptions().Extensions[annotations_pb2.http]
        for binding in (rule, *rule.additional_bindings):
            verb = binding.WhichOneof("pattern")
            if verb:
                paths.add((verb.upper(), getattr(binding, verb).replace("{", "").replace("}", "")))
    assert len(paths) > 20
    for verb, path in paths:
        assert verb in http.options(path).headers["allow"], path


# --- what is asked and answered -----------------------------------------------------------------------------------


def test_check(http: httpx.Client, script: Script) -> None:
    script.answer = decision_pb2.CheckConsentResponse(
        decisions=[
            decision_pb2.Decision(
                purpose="marketing",
                verdict=decision_pb2.VERDICT_DENY,
                reason=decision_pb2.VERDICT_REASON_OPTED_OUT,
                deciding_consent=consent_pb2.Consent(
                    sender="*",
                    purpose="*",
                    state=consent_pb2.CONSENT_STATE_OPTED_OUT,
                    lifted_by=consent_pb2.LIFTED_BY_RECIPIENT,
                    actor=consent_pb2.ACTOR_RECIPIENT,
                    effective_time=time("2025-03-28T11:34:43.330Z"),
                    revision=2**53 + 1,
                ),
            )
        ],
        recipient=MOBILE,
        revision=2**53 + 1,
        check_time=time("2025-03-28T11:34:44Z"),
    )
    body = {**CHECK, "purposes": ["marketing", "informational"], "asOfRevision": "9007199254740993"}
    answer = http.post(CHECK_PATH, json=body, headers=KEY)
    assert answer.status_code == 200
    assert answer.content == (
        b'{"decisions":[{"purpose":"marketing","verdict":"VERDICT_DENY","reason":"VERDICT_REASON_OPTED_OUT",'
        b'"decidingConsent":{"sender":"*","purpose":"*","state":"CONSENT_STATE_OPTED_OUT",'
        b'"strength":"STRENGTH_UNSPECIFIED","liftedBy":"LIFTED_BY_RECIPIENT","suspected":false,'
        b'"actor":"ACTOR_RECIPIENT","effectiveTime":"2025-03-28T11:34:43.330Z","revision":"9007199254740993"}}],'
        b'"recipient":{"channel":"CHANNEL_SMS","address":"+16105551212"},'
        b'"revision":"9007199254740993","checkTime":"2025-03-28T11:34:44Z"}'
    )
    assert script.only.method == "CheckConsent"
    assert script.only.request == decision_pb2.CheckConsentRequest(
        sender="shop", recipient=MOBILE, purposes=["marketing", "informational"], as_of_revision=2**53 + 1
    )


def test_record(http: httpx.Client, script: Script) -> None:
    script.answer = ledger_pb2.RecordConsentResponse(
        result=ledger_pb2.RecordResult(not_applied_reason=consent_pb2.NOT_APPLIED_REASON_WIDER_OPT_OUT, revision=7)
    )
    body = {
        "statement": {
            "recipient": PRINTED_MOBILE,
            "sender": "shop",
            "purpose": "*",
            "state": "CONSENT_STATE_OPTED_IN",
            "actor": "ACTOR_RECIPIENT",
            "strength": "STRENGTH_EXPRESS_WRITTEN",
            "effectiveTime": "2025-03-28T12:34:43.33+01:00",
            "evidence": {"method": "EVIDENCE_METHOD_WEB_FORM", "url": "https://shop.example/sms", "textShown": "é"},
        },
        "validateOnly": True,
        "requestId": "r-1",
    }
    answer = http.post("/v1/consents:record", json=body, headers=KEY)
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "result": {
                "applied": False,
                "unchanged": False,
                "notAppliedReason": "NOT_APPLIED_REASON_WIDER_OPT_OUT",
                "revision": "7",
                "liftedCount": 0,
            }
        },
    )
    assert script.only.request == ledger_pb2.RecordConsentRequest(
        statement=ledger_pb2.ConsentStatement(
            recipient=MOBILE,
            sender="shop",
            purpose="*",
            state=consent_pb2.CONSENT_STATE_OPTED_IN,
            actor=consent_pb2.ACTOR_RECIPIENT,
            strength=consent_pb2.STRENGTH_EXPRESS_WRITTEN,
            effective_time=time("2025-03-28T11:34:43.330Z"),
            evidence=ledger_pb2.Evidence(
                method=ledger_pb2.EVIDENCE_METHOD_WEB_FORM, url="https://shop.example/sms", text_shown="é"
            ),
        ),
        validate_only=True,
        request_id="r-1",
    )


def test_inbound(http: httpx.Client, script: Script) -> None:
    script.answer = inbound_pb2.HandleInboundMessageResponse(
        intent=inbound_pb2.INTENT_STOP,
        matched_word="STOP",
        reply=inbound_pb2.Reply(text="bye", permit="p", permit_expire_time=time("2025-03-28T11:39:43.123456789Z")),
    )
    body = {
        "sender": "shop",
        "channel": "CHANNEL_SMS",
        "from": "+16105551212",
        "body": "Stop ✋",
        "providerMessageId": "m-1",
    }
    answer = http.post("/v1/inboundMessages:handle", json=body, headers=KEY)
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "intent": "INTENT_STOP",
            "matchedWord": "STOP",
            "reply": {"text": "bye", "permit": "p", "permitExpireTime": "2025-03-28T11:39:43.123456789Z"},
            "reviewItemId": "",
            "repeatedMessage": False,
        },
    )
    sender: samples.Json = {"from": "+16105551212"}
    assert script.only.request == inbound_pb2.HandleInboundMessageRequest(
        sender="shop",
        channel=consent_pb2.CHANNEL_SMS,
        body="Stop ✋",
        provider_message_id="m-1",
        **sender,
    )


@pytest.mark.parametrize("size", ["pageSize", "page_size"])
def test_list_consents(http: httpx.Client, script: Script, size: str) -> None:
    query = f"recipient.channel=CHANNEL_SMS&recipient.address=+16105551212&sender=*&{size}=50&asOfRevision=7"
    answer = http.get(f"/v1/consents?{query}", headers=KEY)
    assert (answer.status_code, answer.content) == (200, b'{"consents":[],"nextPageToken":"","revision":"0"}')
    assert script.only.request == decision_pb2.ListConsentsRequest(
        recipient=MOBILE, sender="*", page_size=50, as_of_revision=7
    )


def test_list_events(http: httpx.Client, script: Script) -> None:
    event = ledger_pb2.ConsentEvent(
        revision=3,
        kind=ledger_pb2.CONSENT_EVENT_KIND_OPT_OUT,
        recipient_id=2**62,
        applied=True,
        before="{}",
        payload_digest=b"\xff\x00",
        record_time=time("2025-03-28T11:34:43.858535Z"),
    )
    script.answer = ledger_pb2.ListConsentEventsResponse(events=[event], next_page_token="more", revision=9)
    query = (
        "recipient.channel=1&recipient.address=a%40b.example&kind=CONSENT_EVENT_KIND_OPT_OUT&actor=2&batchId=b"
        "&recordTimeFrom=2025-03-28T00:00:00+01:00&recordTimeBefore=2025-03-29T00:00:00Z&newestFirst=true&pageToken=t"
    )
    answer = http.get(f"{EVENTS_PATH}?{query}", headers=KEY)
    assert answer.json() == json_format.MessageToDict(script.answer, always_print_fields_with_no_presence=True)
    assert answer.json()["events"][0]["payloadDigest"] == "/wA="
    assert answer.json()["events"][0]["recipientId"] == "4611686018427387904"
    assert script.only.request == ledger_pb2.ListConsentEventsRequest(
        recipient=consent_pb2.Recipient(channel=consent_pb2.CHANNEL_SMS, address="a@b.example"),
        kind=ledger_pb2.CONSENT_EVENT_KIND_OPT_OUT,
        actor=consent_pb2.ACTOR_BUSINESS,
        batch_id="b",
        record_time_from=time("2025-03-27T23:00:00Z"),
        record_time_before=time("2025-03-29T00:00:00Z"),
        newest_first=True,
        page_token="t",
    )


def test_a_page_of_events_larger_than_grpcs_usual_limit(http: httpx.Client, script: Script) -> None:
    script.answer = ledger_pb2.ListConsentEventsResponse(
        events=[ledger_pb2.ConsentEvent(revision=number, payload=b"x" * 10_000) for number in range(1000)]
    )
    answer = http.get(EVENTS_PATH, headers=KEY)
    assert answer.status_code == 200
    assert len(answer.json()["events"]) == 1000


def test_a_batch_of_10_000(http: httpx.Client, script: Script) -> None:
    script.answer = decision_pb2.BatchCheckConsentResponse(
        verdicts=[decision_pb2.VERDICT_ALLOW, decision_pb2.VERDICT_DENY] * 5000,
        reasons=[decision_pb2.VERDICT_REASON_OPTED_IN, decision_pb2.VERDICT_REASON_NO_CONSENT] * 5000,
        revision=7,
    )
    addresses = [f"+1610555{number:04}" for number in range(10_000)]
    body = {"sender": "shop", "purpose": "marketing", "channels": ["CHANNEL_SMS"], "addresses": addresses}
    answer = http.post("/v1/consents:batchCheck", json=body, headers=KEY)
    assert answer.json() == {
        "verdicts": ["VERDICT_ALLOW", "VERDICT_DENY"] * 5000,
        "reasons": ["VERDICT_REASON_OPTED_IN", "VERDICT_REASON_NO_CONSENT"] * 5000,
        "details": [],
        "revision": "7",
    }
    assert script.only.request == decision_pb2.BatchCheckConsentRequest(
        sender="shop", purpose="marketing", channels=[consent_pb2.CHANNEL_SMS], addresses=addresses
    )


# --- proto3's JSON ------------------------------------------------------------------------------------------------

FORMS: list[tuple[type[Message], samples.Json]] = [
    (decision_pb2.CheckConsentRequest, {}),
    (decision_pb2.CheckConsentRequest, {"recipient": {}}),
    (decision_pb2.CheckConsentRequest, {"as_of_revision": 5, "reply_permit": "x"}),
    (decision_pb2.CheckConsentRequest, {"asOfRevision": -(2**63)}),
    (decision_pb2.CheckConsentRequest, {"asOfRevision": 5.0}),
    (decision_pb2.CheckConsentRequest, {"asOfRevision": "-7", "sender": None, "purposes": None}),
    (decision_pb2.CheckConsentRequest, {"asOfTime": "0001-01-01T00:00:00Z"}),
    (decision_pb2.CheckConsentRequest, {"asOfTime": "2025-03-28T11:34:43.123456789-07:30"}),
    (decision_pb2.BatchCheckConsentRequest, {"channels": ["CHANNEL_SMS", 3, 77], "withDetails": True}),
    (decision_pb2.ListConsentsRequest, {"pageSize": "2147483647"}),
    (ledger_pb2.ListConsentEventsRequest, {"kind": "CONSENT_EVENT_KIND_UNSPECIFIED", "newestFirst": False}),
]


@pytest.mark.parametrize(("kind", "body"), FORMS)
def test_json_is_read_as_protobuf_reads_it(
    http: httpx.Client, script: Script, kind: type[Message], body: samples.Json
) -> None:
    assert read_message(kind, body) == json_format.ParseDict(body, kind())


@pytest.mark.parametrize(
    "text",
    [
        "1970-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999Z",
        "1969-12-31T23:59:59.500Z",
        "2025-03-28T11:34:43.000001Z",
        "2025-03-28T11:34:43.000000001Z",
    ],
)
def test_times_are_printed_as_protobuf_prints_them(text: str) -> None:
    stamp = time(text)
    assert print_message(decision_pb2.CheckConsentResponse(check_time=stamp))["checkTime"] == stamp.ToJsonString()


def test_a_number_that_the_enum_does_not_have_is_printed_as_it_is() -> None:
    message = decision_pb2.Decision()
    message.verdict = 77  # type: ignore[assignment]
    assert print_message(message)["verdict"] == 77


def test_a_time_that_is_none_is_500(http: httpx.Client, script: Script) -> None:
    script.answer = decision_pb2.CheckConsentResponse(check_time=Timestamp(seconds=2**62))
    answer = http.post(CHECK_PATH, json=CHECK, headers=KEY)
    assert (answer.status_code, answer.json()["error"]["status"]) == (500, "INTERNAL")


@pytest.mark.parametrize("word", ["SMS", "channel_sms", "", "CHANNEL_FAX"])
def test_an_unknown_word_is_the_servers_to_refuse(http: httpx.Client, script: Script, word: str) -> None:
    body = {**CHECK, "recipient": {"channel": word, "address": "a"}}
    http.post(CHECK_PATH, json=body, headers=KEY).raise_for_status()
    assert script.only.request.recipient.channel == UNKNOWN
