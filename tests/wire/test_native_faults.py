"""The native error envelope, to the byte where it matters: which field, which reason, which code."""

from __future__ import annotations

import grpc
import httpx
import pytest
from google.protobuf import json_format
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo

from tests.wire import samples
from tests.wire.script import Failure, Script
from tests.wire.test_faults import JSON, LARGE, METHOD, MIB, MISSING, ROUTE, TYPE
from tests.wire.test_native import CHECK, CHECK_PATH, EVENTS_PATH, KEY

RPC = "type.googleapis.com/google.rpc."


def envelope(
    code: int,
    status: str,
    reason: str,
    message: str,
    *violations: tuple[str, str, str],
    metadata: dict[str, str] | None = None,
) -> samples.Json:
    """The envelope, with (field, reason, description) for each violation."""
    details: list[samples.Json] = [
        {
            "@type": RPC + "ErrorInfo",
            "reason": reason,
            "domain": "consent.v1",
            "metadata": {**(metadata or {}), "request_id": samples.REQUEST_ID},
        }
    ]
    if violations:
        found = [{"field": field, "description": text, "reason": word} for field, word, text in violations]
        details.append({"@type": RPC + "BadRequest", "fieldViolations": found})
    return {"error": {"code": code, "message": message, "status": status, "details": details}}


def invalid(field: str, reason: str, description: str) -> samples.Json:
    """What the gateway itself says of a field."""
    message = f"{field} {description}"
    return envelope(400, "INVALID_ARGUMENT", "INVALID_FIELD", message, (field, reason, description))


# --- what the gateway refuses -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "headers", "content", "expected"),
    [
        ("GET", "/v1/nothing", KEY, b"", envelope(404, "NOT_FOUND", "ROUTE_NOT_FOUND", ROUTE)),
        ("POST", "/v1", KEY, b"", envelope(404, "NOT_FOUND", "ROUTE_NOT_FOUND", ROUTE)),
        ("GET", CHECK_PATH, KEY, b"", envelope(405, "UNIMPLEMENTED", "METHOD_NOT_ALLOWED", METHOD)),
        ("POST", CHECK_PATH, {}, b"{}", envelope(401, "UNAUTHENTICATED", "CREDENTIAL_MISSING", MISSING)),
        (
            "POST",
            CHECK_PATH,
            {"authorization": "Bearer k\x80"},
            b"{}",
            envelope(401, "UNAUTHENTICATED", "CREDENTIAL_INVALID", "the credential is not valid"),
        ),
        (
            "POST",
            CHECK_PATH,
            KEY,
            b" " * (MIB + 1),
            envelope(413, "INVALID_ARGUMENT", "BODY_TOO_LARGE", LARGE),
        ),
        (
            "POST",
            CHECK_PATH,
            {**KEY, "content-type": "text/plain"},
            b"{}",
            envelope(415, "INVALID_ARGUMENT", "UNSUPPORTED_MEDIA_TYPE", TYPE),
        ),
        ("POST", CHECK_PATH, KEY, b"{", envelope(400, "INVALID_ARGUMENT", "MALFORMED_REQUEST", JSON)),
        (
            "POST",
            CHECK_PATH,
            KEY,
            b"[]",
            envelope(400, "INVALID_ARGUMENT", "MALFORMED_REQUEST", "the body must be a JSON object"),
        ),
    ],
)
def test_the_gateways_own(
    http: httpx.Client,
    script: Script,
    method: str,
    path: str,
    headers: dict[str, str],
    content: bytes,
    expected: samples.Json,
) -> None:
    raw = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    answer = http.request(method, path, content=content, headers=raw)
    assert (answer.status_code, answer.json()) == (expected["error"]["code"], expected)
    assert script.asked == []
    challenge = 'Bearer realm="consent", Basic realm="consent", charset="UTF-8"' if answer.status_code == 401 else None
    assert answer.headers.get("www-authenticate") == challenge


@pytest.mark.parametrize(
    "header",
    [
        ("authorization", "Bearer key"),
        ("authorization", "Basic dTpw"),
        ("x-api-key", "key"),
        ("xx-relay-api-key", "key"),
        ("x-relay-api-key", "key"),
    ],
)
def test_any_of_the_credential_headers_counts(http: httpx.Client, script: Script, header: tuple[str, str]) -> None:
    assert http.post(CHECK_PATH, json=CHECK, headers=[header]).status_code == 200
    assert script.only.metadata[header[0]] == header[1]


def test_faults_are_judged_in_order(http: httpx.Client, script: Script) -> None:
    script.answer = Failure(grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_INVALID")
    large, text = b"{" * (MIB + 1), {"content-type": "text/plain"}
    answers = [
        http.patch("/v1/nothing", content=large, headers=text),
        http.patch(CHECK_PATH, content=large, headers=text),
        http.post(CHECK_PATH, content=large, headers=text),
        http.post(CHECK_PATH, content=large, headers={**KEY, **text}),
        http.post(CHECK_PATH, content=b"{", headers={**KEY, **text}),
        http.post(CHECK_PATH, content=b"{", headers=KEY),
        http.post(CHECK_PATH, content=b'{"foo": 1}', headers=KEY),
    ]
    assert script.asked == []
    answers.append(http.post(CHECK_PATH, content=b'{"recipient": {"channel": "FAX"}}', headers=KEY))
    assert [answer.status_code for answer in answers] == [404, 405, 401, 413, 415, 400, 400, 401]


@pytest.mark.parametrize(
    ("body", "field", "reason", "description"),
    [
        ({"foo": 1}, "foo", "NOT_ALLOWED", "there is no such field"),
        ({"foo": None}, "foo", "NOT_ALLOWED", "there is no such field"),
        ({"foo_bar": 1}, "foo_bar", "NOT_ALLOWED", "there is no such field"),
        ({"Sender": "x"}, "Sender", "NOT_ALLOWED", "there is no such field"),
        ({"recipient": {"adress": "x"}}, "recipient.adress", "NOT_ALLOWED", "there is no such field"),
        ({"asOfRevision": 1, "as_of_revision": 1}, "as_of_revision", "NOT_ALLOWED", "is given twice"),
        ({"sender": 5}, "sender", "INVALID_FORMAT", "must be a string"),
        ({"recipient": "x"}, "recipient", "INVALID_FORMAT", "must be an object"),
        ({"recipient": {"address": ["x"]}}, "recipient.address", "INVALID_FORMAT", "must be a string"),
        ({"purposes": "x"}, "purposes", "INVALID_FORMAT", "must be a list"),
        ({"purposes": ["x", None]}, "purposes[1]", "INVALID_FORMAT", "must be a string"),
        ({"recipient": {"channel": 1.5}}, "recipient.channel", "INVALID_FORMAT", "must be an integer"),
        ({"recipient": {"channel": True}}, "recipient.channel", "INVALID_FORMAT", "must be an integer"),
        ({"recipient": {"channel": 2**31}}, "recipient.channel", "OUT_OF_RANGE", "is no integer of 32 bits"),
        ({"asOfRevision": "x"}, "asOfRevision", "INVALID_FORMAT", "must be an integer"),
        ({"asOfRevision": "٣"}, "asOfRevision", "INVALID_FORMAT", "must be an integer"),
        ({"asOfRevision": 2**63}, "asOfRevision", "OUT_OF_RANGE", "is no integer of 64 bits"),
        ({"asOfRevision": "9" * 20}, "asOfRevision", "OUT_OF_RANGE", "is no integer of 64 bits"),
        *(
            (
                {"asOfTime": given},
                "asOfTime",
                "INVALID_FORMAT",
                "must be an RFC 3339 date-time with its offset, as 2025-03-28T11:34:43Z",
            )
            for given in (
                "soon",
                "",
                "2025-03-28",
                "2025-03-28T11:34:43",
                "2025-02-30T00:00:00Z",
                "T",
                "2025-1-1T0:0:0Z",
            )
        ),
        ({"asOfTime": 1743161683}, "asOfTime", "INVALID_FORMAT", "must be a string"),
    ],
)
def test_fields_that_cannot_be_read(
    http: httpx.Client, script: Script, body: samples.Json, field: str, reason: str, description: str
) -> None:
    answer = http.post(CHECK_PATH, json=body, headers=KEY)
    assert (answer.status_code, answer.json()) == (400, invalid(field, reason, description))
    assert script.asked == []


@pytest.mark.parametrize(
    ("query", "field", "reason", "description"),
    [
        ("foo=1", "foo", "NOT_ALLOWED", "there is no such field"),
        ("recipient=x", "recipient", "NOT_ALLOWED", "there is no such field"),
        ("recipient.adress=x", "recipient.adress", "NOT_ALLOWED", "there is no such field"),
        ("recipient.address.more=x", "recipient.address.more", "NOT_ALLOWED", "there is no such field"),
        ("sender.id=x", "sender.id", "NOT_ALLOWED", "there is no such field"),
        ("recordTimeFrom.seconds=1", "recordTimeFrom.seconds", "NOT_ALLOWED", "there is no such field"),
        ("=x", "", "NOT_ALLOWED", "there is no such field"),
        ("sender=a&sender=b", "sender", "NOT_ALLOWED", "is given twice"),
        ("pageSize=1&page_size=1", "page_size", "NOT_ALLOWED", "is given twice"),
        ("newestFirst=yes", "newestFirst", "INVALID_FORMAT", "must be true or false"),
        ("pageSize=", "pageSize", "INVALID_FORMAT", "must be an integer"),
        ("pageSize=2147483648", "pageSize", "OUT_OF_RANGE", "is no integer of 32 bits"),
        ("sender=%FF", "sender", "INVALID_FORMAT", "is not UTF-8"),
    ],
)
def test_queries_that_cannot_be_read(
    http: httpx.Client, script: Script, query: str, field: str, reason: str, description: str
) -> None:
    answer = http.get(f"{EVENTS_PATH}?{query}", headers=KEY)
    assert (answer.status_code, answer.json()) == (400, invalid(field, reason, description))
    assert script.asked == []


def test_a_query_beside_a_body_is_refused(http: httpx.Client, script: Script) -> None:
    answer = http.post("/v1/consents:record?validateOnly=true", json={}, headers=KEY)
    assert (answer.status_code, answer.json()) == (400, invalid("validateOnly", "NOT_ALLOWED", "belongs into the body"))
    assert script.asked == []


# --- what the server refuses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "http_code", "status"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, 400, "INVALID_ARGUMENT"),
        (grpc.StatusCode.FAILED_PRECONDITION, 400, "FAILED_PRECONDITION"),
        (grpc.StatusCode.OUT_OF_RANGE, 400, "OUT_OF_RANGE"),
        (grpc.StatusCode.UNAUTHENTICATED, 401, "UNAUTHENTICATED"),
        (grpc.StatusCode.PERMISSION_DENIED, 403, "PERMISSION_DENIED"),
        (grpc.StatusCode.NOT_FOUND, 404, "NOT_FOUND"),
        (grpc.StatusCode.ALREADY_EXISTS, 409, "ALREADY_EXISTS"),
    ],
)
def test_the_servers_codes_and_words(
    http: httpx.Client, script: Script, code: grpc.StatusCode, http_code: int, status: str
) -> None:
    script.answer = Failure(code, "PURPOSE_NOT_FOUND", "its words", metadata={"purpose": "x"})
    answer = http.post(CHECK_PATH, json=CHECK, headers=KEY)
    expected = envelope(http_code, status, "PURPOSE_NOT_FOUND", "its words", metadata={"purpose": "x"})
    assert (answer.status_code, answer.json()) == (http_code, expected)


@pytest.mark.parametrize(
    ("code", "http_code", "status", "reason"),
    [
        (grpc.StatusCode.INTERNAL, 500, "INTERNAL", "INTERNAL"),
        (grpc.StatusCode.UNKNOWN, 500, "INTERNAL", "INTERNAL"),
        (grpc.StatusCode.UNIMPLEMENTED, 500, "INTERNAL", "INTERNAL"),
        (grpc.StatusCode.UNAVAILABLE, 503, "UNAVAILABLE", "UNAVAILABLE"),
        (grpc.StatusCode.CANCELLED, 503, "UNAVAILABLE", "UNAVAILABLE"),
        (grpc.StatusCode.DEADLINE_EXCEEDED, 504, "DEADLINE_EXCEEDED", "TIMEOUT"),
    ],
)
def test_the_servers_own_failures_keep_their_words(
    http: httpx.Client, script: Script, code: grpc.StatusCode, http_code: int, status: str, reason: str
) -> None:
    script.answer = Failure(code, message="secret detail")
    answer = http.post(CHECK_PATH, json=CHECK, headers=KEY)
    assert answer.status_code == http_code
    error = answer.json()["error"]
    assert (error["status"], error["details"][0]["reason"]) == (status, reason)
    assert "secret" not in answer.text
    assert len(script.asked) == 1


def test_throttled(http: httpx.Client, script: Script) -> None:
    script.answer = Failure(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "LOGIN_THROTTLED",
        "wait",
        metadata={"retry_after_seconds": "7"},
        retry_after=Duration(seconds=7),
    )
    answer = http.post(CHECK_PATH, json=CHECK, headers=KEY)
    expected = envelope(429, "RESOURCE_EXHAUSTED", "LOGIN_THROTTLED", "wait", metadata={"retry_after_seconds": "7"})
    expected["error"]["details"].append({"@type": RPC + "RetryInfo", "retryDelay": "7s"})
    assert (answer.status_code, answer.json()) == (429, expected)
    assert answer.headers["retry-after"] == "7"


def test_violations_go_by_json_names_and_enum_names(http: httpx.Client, script: Script) -> None:
    script.answer = Failure(
        grpc.StatusCode.INVALID_ARGUMENT,
        "INVALID_FIELD",
        "the server's names are not JSON's",
        violations=[
            ("recipient.channel", "UNKNOWN_VALUE", "must be one of SMS, VOICE"),
            ("as_of_revision", "OUT_OF_RANGE", "is in the future"),
            ("purposes[2]", "TOO_LONG", "at most 64 characters"),
        ],
    )
    answer = http.post(CHECK_PATH, json=CHECK, headers=KEY)
    channels = "CHANNEL_SMS, CHANNEL_VOICE, CHANNEL_EMAIL, CHANNEL_WHATSAPP, CHANNEL_RCS"
    assert answer.json() == envelope(
        400,
        "INVALID_ARGUMENT",
        "INVALID_FIELD",
        f"recipient.channel: must be one of {channels}; asOfRevision: is in the future; "
        "purposes[2]: at most 64 characters",
        ("recipient.channel", "UNKNOWN_VALUE", f"must be one of {channels}"),
        ("asOfRevision", "OUT_OF_RANGE", "is in the future"),
        ("purposes[2]", "TOO_LONG", "at most 64 characters"),
    )


def test_details_are_those_messages_in_protobufs_own_json(http: httpx.Client, script: Script) -> None:
    script.answer = Failure(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "INVALID_FIELD",
        violations=[("sender", "TOO_LONG", "is too long")],
        retry_after=Duration(seconds=3),
    )
    answer = http.post(CHECK_PATH, json=CHECK, headers=KEY)
    kinds = {"ErrorInfo": ErrorInfo, "BadRequest": BadRequest, "RetryInfo": RetryInfo}
    for detail in answer.json()["error"]["details"]:
        name = detail.pop("@type").removeprefix(RPC)
        message = json_format.ParseDict(detail, kinds.pop(name)())
        assert json_format.MessageToDict(message) == detail
    assert kinds == {}


def test_server_down(serverless_http: httpx.Client) -> None:
    answer = serverless_http.post(CHECK_PATH, json=CHECK, headers=KEY)
    expected = envelope(503, "UNAVAILABLE", "UNAVAILABLE", "the service cannot be reached now")
    assert (answer.status_code, answer.json()) == (503, expected)
