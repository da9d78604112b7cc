"""Every fault of every vendor, in its own envelope, and the order in which they are judged."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass

import grpc
import httpx
import pytest
from consent.v1 import channel_consent_pb2
from google.protobuf.duration_pb2 import Duration

from tests.wire import samples
from tests.wire.script import Failure, Script

MIB = 2**20


@dataclass(frozen=True)
class Api:
    """One operation of a vendor, with a good request."""

    name: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: samples.Json

    def send(self, http: httpx.Client, **changes: samples.Json) -> httpx.Response:
        """Sends the good request with changes; headers are added to the credential's."""
        body = {} if self.body is None or "content" in changes else {"json": self.body}
        headers = {**self.headers, **changes.pop("headers", {})}
        return http.request(**{"method": self.method, "url": self.path, **body, "headers": headers, **changes})


MYKAARMA = Api("myKaarma", "POST", samples.MYKAARMA_PATH, samples.MYKAARMA_HEADERS, samples.MYKAARMA_REQUEST)
RELAY = Api("Relay", "PUT", samples.RELAY_PATH, samples.RELAY_HEADERS, samples.RELAY_REQUEST)
TELNYX = Api("Telnyx", "POST", samples.TELNYX_PATH, samples.TELNYX_HEADERS, samples.TELNYX_REQUEST)
HIMARLEY = Api("HiMarley", "PUT", samples.HIMARLEY_PATH, samples.HIMARLEY_HEADERS, None)
ALL = [MYKAARMA, RELAY, TELNYX, HIMARLEY]
WITH_BODY = [MYKAARMA, RELAY, TELNYX]

each = pytest.mark.parametrize("api", ALL, ids=lambda api: api.name)
each_with_body = pytest.mark.parametrize("api", WITH_BODY, ids=lambda api: api.name)

# What each vendor says of a fault that is the same at all: (its code, and at Telnyx the title).
CODES: dict[str, dict[str, str]] = {
    "myKaarma": {"MALFORMED_REQUEST": "MALFORMED_JSON", "NOT_PERMITTED": "NOT_AUTHORIZED_FOR_DEPARTMENT"},
    "Relay": {},
    "HiMarley": {
        "MISSING_CREDENTIALS": "INVALID_API_KEY",
        "WRONG_CREDENTIALS": "INVALID_API_KEY",
        "TOO_MANY_REQUESTS": "THROTTLED",
    },
    "Telnyx": {
        "ROUTE_NOT_FOUND": "10005",
        "METHOD_NOT_ALLOWED": "10030",
        "MISSING_CREDENTIALS": "10009",
        "BODY_TOO_LARGE": "10015",
        "UNSUPPORTED_MEDIA_TYPE": "10029",
        "MALFORMED_JSON": "10023",
        "MALFORMED_REQUEST": "10015",
        "WRONG_CREDENTIALS": "10009",
        "NOT_PERMITTED": "10010",
        "TOO_MANY_REQUESTS": "10011",
        "INTERNAL_ERROR": "10007",
        "UNAVAILABLE": "10007",
        "TIMEOUT": "10008",
    },
}
TITLES = {
    "10005": "Resource not found",
    "10007": "Unexpected error",
    "10008": "Request timeout",
    "10009": "Authentication failed",
    "10010": "Authorization failed",
    "10011": "Too many requests",
    "10015": "Bad Request",
    "10023": "Invalid JSON",
    "10029": "Unsupported Content-Type",
    "10030": "Method not allowed",
}


def envelope(api: Api, kind: str, message: str, *, method: str = "", path: str = "") -> samples.Json:
    code = CODES[api.name].get(kind, kind)
    match api.name:
        case "myKaarma":
            return samples.mykaarma_errors((code, message))
        case "Relay":
            return samples.relay_error(code, message)
        case "Telnyx":
            return samples.telnyx_error(code, TITLES[code], message)
    category = {"TOO_MANY_REQUESTS": "ThrottleError", "INTERNAL_ERROR": "ServerError"}.get(kind, "ClientError")
    if kind in {"UNAVAILABLE", "TIMEOUT"}:
        category = "ServerError"
    return samples.himarley_error(
        code, message, category=category, method=method or api.method, path=path or samples.HIMARLEY_PATH
    )


ROUTE = "there is no such path"
METHOD = "the path does not know this method"
MISSING = "the request carries no credential"
LARGE = "the body is larger than 1 MiB"
TYPE = "the body must be application/json, plain or gzip"
JSON = "the body is not JSON in UTF-8"


@each
def test_unknown_route(http: httpx.Client, api: Api) -> None:
    path = api.path + "/nothing/here"
    answer = api.send(http, url=path)
    assert (answer.status_code, answer.json()) == (404, envelope(api, "ROUTE_NOT_FOUND", ROUTE, path=path))


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/communications", "errors"),
        ("/communications/department/d/communicationType/TEXT/optoutstatus", "errors"),
        ("/department/d", "errors"),
        ("/messaging/client/c/consent/bulk/more", "code"),
        ("/platform/v3/api/anything", "code"),
        ("/messaging_profiles", "errors"),
        ("/v2/messaging_optouts/more", "errors"),
        ("/api/user/actions/status/name/bondd", "errors"),
        ("/api/anything", "errors"),
    ],
)
def test_each_vendor_owns_what_is_under_its_prefixes(http: httpx.Client, path: str, key: str) -> None:
    answer = http.get(path)
    assert answer.status_code == 404
    assert key in answer.json()


@pytest.mark.parametrize("path", ["/", "/messaging", "/healthz/deep", "/apifoo", "/%0A", "//api"])
def test_nobodys_path_is_a_plain_404(http: httpx.Client, path: str) -> None:
    answer = http.get(path)
    assert answer.status_code == 404
    assert answer.json() == {"code": "ROUTE_NOT_FOUND", "message": ROUTE, "request_id": samples.REQUEST_ID}
    assert answer.headers["x-request-id"] == samples.REQUEST_ID


@each
def test_wrong_method(http: httpx.Client, api: Api) -> None:
    answer = api.send(http, method="PATCH", headers={})
    allow = "GET, HEAD, OPTIONS, POST" if api is TELNYX else f"OPTIONS, {api.method}"
    expected = (405, envelope(api, "METHOD_NOT_ALLOWED", METHOD, method="PATCH"), allow)
    assert (answer.status_code, answer.json(), answer.headers["allow"]) == expected


@each
@pytest.mark.parametrize("value", ["", "Digest abc", "Bearer", "Basic"])
def test_absent_credential(http: httpx.Client, api: Api, value: str) -> None:
    sent = {"authorization": value} if value else {}
    answer = http.request(api.method, api.path, json=api.body, headers=sent)
    assert (answer.status_code, answer.json()) == (401, envelope(api, "MISSING_CREDENTIALS", MISSING))
    assert answer.headers.get("www-authenticate") == CHALLENGES[api.name]


CHALLENGES = {
    "myKaarma": 'Basic realm="consent", charset="UTF-8"',
    "Relay": None,
    "Telnyx": 'Bearer realm="consent"',
    "HiMarley": 'Bearer realm="consent"',
}


@each
def test_another_vendors_credential_is_absent_here(http: httpx.Client, api: Api, script: Script) -> None:
    own = {MYKAARMA.name: "x-api-key", RELAY.name: "x-api-key"}.get(api.name, "x-relay-api-key")
    answer = http.request(api.method, api.path, json=api.body, headers={own: "key"})
    assert answer.status_code == 401
    assert script.asked == []


@each
@pytest.mark.parametrize("value", ["k\u00e9y", "k\u0080y", "a\tb", "a\x01", "k" * 5000])
def test_a_credential_that_is_no_metadata_is_wrong(http: httpx.Client, api: Api, script: Script, value: str) -> None:
    ((name, good),) = api.headers.items()
    scheme = good.partition(" ")[0] + " " if " " in good else ""
    sent = {name.encode(): (scheme + value).encode("latin-1")}
    answer = http.request(api.method, api.path, json=api.body, headers=sent)
    assert answer.json() == envelope(api, "WRONG_CREDENTIALS", "the credential is not valid")
    assert answer.status_code == 401
    assert answer.headers.get("www-authenticate") == CHALLENGES[api.name]
    assert script.asked == []


@each
def test_body_too_large(http: httpx.Client, api: Api) -> None:
    answer = api.send(http, content=b" " * (2 * MIB))
    assert (answer.status_code, answer.json()) == (413, envelope(api, "BODY_TOO_LARGE", LARGE))


@each
def test_chunked_body_too_large(http: httpx.Client, api: Api) -> None:
    answer = api.send(http, content=iter([b" " * MIB, b" "]))
    assert (answer.status_code, answer.json()) == (413, envelope(api, "BODY_TOO_LARGE", LARGE))


@each_with_body
def test_unpacked_body_too_large(http: httpx.Client, api: Api) -> None:
    bomb = gzip.compress(b" " * (64 * MIB))
    assert len(bomb) < MIB
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    answer = api.send(http, content=bomb, headers=headers)
    assert (answer.status_code, answer.json()) == (413, envelope(api, "BODY_TOO_LARGE", LARGE))


@each_with_body
@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json", "content-encoding": "br"},
        {"content-type": "application/json", "content-encoding": "gzip, gzip"},
    ],
)
def test_wrong_type(http: httpx.Client, api: Api, headers: dict[str, str]) -> None:
    answer = api.send(http, content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()) == (415, envelope(api, "UNSUPPORTED_MEDIA_TYPE", TYPE))


@each_with_body
@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"a":}', b'{"a":"\xff"}', b'{"a":"\\ud800"}', b'\xef\xbb\xbf{"a":1}', b"[" * 5000, b'{"a":NaN}'],
    ids=["empty", "cut", "hole", "bad UTF-8", "lone surrogate", "BOM", "deep", "NaN"],
)
def test_malformed_json(http: httpx.Client, api: Api, script: Script, content: bytes) -> None:
    answer = api.send(http, content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()) == (400, envelope(api, "MALFORMED_JSON", JSON))
    assert script.asked == []


@each_with_body
@pytest.mark.parametrize("content", [b"[]", b"null", b'"text"', b"1", b"true"])
def test_json_that_is_no_object(http: httpx.Client, api: Api, content: bytes) -> None:
    answer = api.send(http, content=content)
    message = "the body must be a JSON object"
    assert (answer.status_code, answer.json()) == (400, envelope(api, "MALFORMED_REQUEST", message))


@each_with_body
@pytest.mark.parametrize("cut", [None, -9], ids=["no gzip", "cut gzip"])
def test_broken_gzip(http: httpx.Client, api: Api, cut: int | None) -> None:
    content = b"{}" if cut is None else gzip.compress(b"{}")[:cut]
    answer = api.send(http, content=content, headers={"content-encoding": "gzip"})
    assert (answer.status_code, answer.json()) == (400, envelope(api, "MALFORMED_REQUEST", "the body is not gzip"))


@each
def test_wrong_credential(http: httpx.Client, api: Api, script: Script) -> None:
    script.answer = Failure(grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_INVALID", "not valid")
    answer = api.send(http)
    assert (answer.status_code, answer.json()) == (401, envelope(api, "WRONG_CREDENTIALS", "not valid"))
    assert answer.headers.get("www-authenticate") == CHALLENGES[api.name]


@each
@pytest.mark.parametrize("reason", ["ROLE_INSUFFICIENT", "SENDER_NOT_PERMITTED", "TENANT_WIDE_NOT_PERMITTED"])
def test_what_the_credential_may_not_do(http: httpx.Client, api: Api, script: Script, reason: str) -> None:
    script.answer = Failure(grpc.StatusCode.PERMISSION_DENIED, reason, "not yours")
    answer = api.send(http)
    assert answer.json() == envelope(api, "NOT_PERMITTED", "not yours")
    assert answer.status_code == (403 if api is TELNYX else 401)


@each
@pytest.mark.parametrize(
    ("delay", "seconds"), [(None, "1"), (Duration(seconds=7), "7"), (Duration(seconds=2, nanos=500_000_000), "3")]
)
def test_throttled(http: httpx.Client, api: Api, script: Script, delay: Duration | None, seconds: str) -> None:
    metadata = {"retry_after_seconds": "7"}
    script.answer = Failure(
        grpc.StatusCode.RESOURCE_EXHAUSTED, "LOGIN_THROTTLED", "wait", metadata=metadata, retry_after=delay
    )
    answer = api.send(http)
    assert (answer.status_code, answer.json()) == (429, envelope(api, "TOO_MANY_REQUESTS", "wait"))
    assert answer.headers["retry-after"] == seconds
    assert "x-should-retry" not in answer.headers


@each
@pytest.mark.parametrize(
    ("code", "status", "kind", "message"),
    [
        (grpc.StatusCode.INTERNAL, 500, "INTERNAL_ERROR", "something went wrong here"),
        (grpc.StatusCode.UNKNOWN, 500, "INTERNAL_ERROR", "something went wrong here"),
        (grpc.StatusCode.UNIMPLEMENTED, 500, "INTERNAL_ERROR", "something went wrong here"),
        (grpc.StatusCode.UNAVAILABLE, 503, "UNAVAILABLE", "the service cannot be reached now"),
        (grpc.StatusCode.CANCELLED, 503, "UNAVAILABLE", "the service cannot be reached now"),
        (
            grpc.StatusCode.DEADLINE_EXCEEDED,
            504,
            "TIMEOUT",
            "the service did not answer in time; whether the request was carried out is not known",
        ),
    ],
)
def test_the_servers_own_failures_keep_their_words(
    http: httpx.Client, api: Api, script: Script, code: grpc.StatusCode, status: int, kind: str, message: str
) -> None:
    script.answer = Failure(code, "INTERNAL", "secret detail")
    answer = api.send(http)
    assert (answer.status_code, answer.json()) == (status, envelope(api, kind, message))
    assert len(script.asked) == 1, "a write is sent once"


@each
def test_server_down(serverless_http: httpx.Client, api: Api) -> None:
    answer = api.send(serverless_http)
    message = "the service cannot be reached now"
    assert (answer.status_code, answer.json()) == (503, envelope(api, "UNAVAILABLE", message))


@pytest.mark.parametrize("api", [RELAY, TELNYX, HIMARLEY], ids=lambda api: api.name)
def test_an_answer_that_cannot_be_printed_is_500(http: httpx.Client, api: Api, script: Script) -> None:
    script.answer = channel_consent_pb2.UpdateChannelConsentResponse(applied=True) if api is RELAY else None
    answer = api.send(http)
    assert (answer.status_code, answer.json()) == (500, envelope(api, "INTERNAL_ERROR", "something went wrong here"))


@each
def test_faults_are_judged_in_order(http: httpx.Client, api: Api, script: Script) -> None:
    script.answer = Failure(grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_INVALID")
    large, text = b"{" * (MIB + 1), {"content-type": "text/plain"}
    bare = Api(api.name, api.method, api.path, {}, None)
    statuses = [
        bare.send(http, method="PATCH", url=api.path + "/nothing/here", content=large, headers=text).status_code,
        bare.send(http, method="PATCH", content=large, headers=text).status_code,
        bare.send(http, content=large, headers=text).status_code,
        api.send(http, content=large, headers=text).status_code,
    ]
    if api in WITH_BODY:
        statuses.append(api.send(http, content=b"{", headers=text).status_code)
        statuses.append(api.send(http, content=b"{").status_code)
    assert script.asked == []
    statuses.append(api.send(http).status_code)
    assert statuses == [404, 405, 401, 413, *([415, 400] if api in WITH_BODY else []), 401]
