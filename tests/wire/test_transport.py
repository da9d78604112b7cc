"""What all paths share: ids, metadata, path values, methods, encodings, health."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import socket
import tempfile
import uuid

import httpx
import pytest
from consent.v1 import auto_response_pb2, user_opt_out_pb2
from grpc_health.v1.health import HealthServicer
from grpc_health.v1.health_pb2 import HealthCheckResponse

from tests.wire import samples
from tests.wire.conftest import client_of, gateway_at
from tests.wire.script import Script, serving

OPTED_OUT = user_opt_out_pb2.OptOutUserByEmailResponse(
    user=user_opt_out_pb2.User(opt_status_detail=user_opt_out_pb2.OPT_STATUS_DETAIL_OPTED_OUT)
)
BODY = json.dumps(samples.MYKAARMA_REQUEST).encode()


# --- ids and metadata ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [samples.MYKAARMA_PATH, "/v2/nothing", "/nothing", "/healthz"])
def test_the_callers_request_id_comes_back(http: httpx.Client, path: str) -> None:
    assert http.get(path).headers["x-request-id"] == samples.REQUEST_ID


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "id;1"])
def test_another_request_id_is_replaced(http: httpx.Client, script: Script, given: str) -> None:
    answer = http.post(
        samples.MYKAARMA_PATH,
        json=samples.MYKAARMA_REQUEST,
        headers={**samples.MYKAARMA_HEADERS, "x-request-id": given},
    )
    made = answer.headers["x-request-id"]
    assert uuid.UUID(made).version == 4
    assert script.only.metadata["x-request-id"] == made


def test_metadata(http: httpx.Client, script: Script) -> None:
    script.answer = OPTED_OUT
    sent = {
        "x-api-key": "key one",
        "authorization": "bearer token",
        "xx-relay-api-key": "not Hi Marley's",
        "x-forwarded-for": "203.0.113.9",
        "x-consent-peer": "203.0.113.9",
        "cookie": "a=b",
    }
    http.put(samples.HIMARLEY_PATH, headers=sent).raise_for_status()
    metadata = {key: value for key, value in script.only.metadata.items() if key != "user-agent"}
    assert metadata == {
        "x-api-key": "key one",
        "authorization": "bearer token",
        "x-request-id": samples.REQUEST_ID,
        "x-consent-peer": "127.0.0.1",
    }


def test_only_the_scheme_that_a_vendor_knows_is_forwarded(http: httpx.Client, script: Script) -> None:
    script.answer = OPTED_OUT
    sent = {"x-api-key": "key", "authorization": "Basic dXNlcjpwYXNz"}
    http.put(samples.HIMARLEY_PATH, headers=sent).raise_for_status()
    assert "authorization" not in script.only.metadata


def test_every_call_has_ten_seconds(http: httpx.Client, script: Script) -> None:
    http.get(samples.TELNYX_PATH, headers=samples.TELNYX_HEADERS).raise_for_status()
    # gRPC rounds the deadline up on its way.
    assert 5 < script.only.seconds_left < 11


# --- paths --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "email"),
    [
        ("a@b.example", "a@b.example"),
        ("a%40b.example", "a@b.example"),
        ("a+tag@b.example", "a+tag@b.example"),
        ("a%2Btag@b.example", "a+tag@b.example"),
        ("a%2Fb@c.example", "a/b@c.example"),
        ("%C3%A9@b.example", "é@b.example"),
        ("100%25@b.example", "100%@b.example"),
        ("a%0A@b.example", "a\n@b.example"),
        ("..%2F..@b.example", "../..@b.example"),
    ],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_path_values_are_decoded_once(http: httpx.Client, script: Script, sent: str, email: str, slash: str) -> None:
    script.answer = OPTED_OUT
    answer = http.put(f"/api/user/actions/optout/email/{sent}{slash}", headers=samples.HIMARLEY_HEADERS)
    assert answer.status_code == 200
    assert script.only.request.email == email


@pytest.mark.parametrize(
    "path", ["/api/user/actions/optout/email/", "/api/user/actions/optout/email//", "/department//optoutstatus"]
)
def test_an_empty_path_value_is_no_route(http: httpx.Client, path: str) -> None:
    assert http.put(path, headers=samples.HIMARLEY_HEADERS).status_code == 404


def test_fixed_parts_of_a_path_may_be_encoded(http: httpx.Client, script: Script) -> None:
    path = samples.TELNYX_PATH.replace("_", "%5F")
    assert http.get(path, headers=samples.TELNYX_HEADERS).status_code == 200
    assert script.only.request.profile_id == samples.PROFILE


# --- methods ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        (samples.MYKAARMA_PATH, "OPTIONS, POST"),
        (samples.RELAY_PATH, "OPTIONS, PUT"),
        (samples.TELNYX_PATH, "GET, HEAD, OPTIONS, POST"),
        ("/v2" + samples.TELNYX_SETTING_PATH, "DELETE, GET, HEAD, OPTIONS, PUT"),
        (samples.HIMARLEY_PATH, "OPTIONS, PUT"),
        ("/healthz", "GET, HEAD, OPTIONS"),
    ],
)
def test_options_needs_no_credential(http: httpx.Client, path: str, allow: str) -> None:
    answer = http.options(path)
    assert (answer.status_code, answer.content, answer.headers["allow"]) == (204, b"", allow)
    assert answer.headers["x-request-id"] == samples.REQUEST_ID


def test_options_of_no_path_is_404(http: httpx.Client) -> None:
    assert http.options("/v2/nothing").status_code == 404


def test_head_is_a_get_without_its_body(http: httpx.Client, script: Script) -> None:
    got = http.get(samples.TELNYX_PATH, headers=samples.TELNYX_HEADERS)
    head = http.head(samples.TELNYX_PATH, headers=samples.TELNYX_HEADERS)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]
    assert {asked.method for asked in script.asked} == {"ListAutoResponses"}


# --- bodies -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "application/json; charset=utf-8"},
        {"content-type": "Application/JSON"},
        {"content-encoding": "identity"},
    ],
)
def test_content_types_that_are_json(http: httpx.Client, headers: dict[str, str]) -> None:
    answer = http.post(samples.MYKAARMA_PATH, content=BODY, headers={**samples.MYKAARMA_HEADERS, **headers})
    assert (answer.status_code, answer.json()) == (200, samples.MYKAARMA_ANSWER)


@pytest.mark.parametrize("packed", [gzip.compress(BODY), gzip.compress(BODY[:40]) + gzip.compress(BODY[40:])])
@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
def test_gzip_body(http: httpx.Client, script: Script, packed: bytes, encoding: str) -> None:
    headers = {**samples.MYKAARMA_HEADERS, "content-encoding": encoding, "content-type": "application/json"}
    http.post(samples.MYKAARMA_PATH, content=packed, headers=headers).raise_for_status()
    assert script.only.request.user_uuid == "string"


def test_chunked_body(http: httpx.Client, script: Script) -> None:
    chunks = iter([BODY[:10], BODY[10:]])
    http.post(samples.MYKAARMA_PATH, content=chunks, headers=samples.MYKAARMA_HEADERS).raise_for_status()
    assert script.only.request.user_uuid == "string"


def test_body_of_just_1_mib(http: httpx.Client) -> None:
    body = BODY + b" " * (2**20 - len(BODY))
    http.post(samples.MYKAARMA_PATH, content=body, headers=samples.MYKAARMA_HEADERS).raise_for_status()


def test_unknown_members_are_ignored_and_null_is_absent(http: httpx.Client, script: Script) -> None:
    body = {"customerUUID": None, "communicationAttributesList": None, "request_id": "mine", "more": {"deep": [1]}}
    http.post(samples.MYKAARMA_PATH, json=body, headers=samples.MYKAARMA_HEADERS).raise_for_status()
    assert not script.only.request.customer_uuid
    assert not script.only.request.request_id


@pytest.mark.parametrize("content", [b"", b"not json"])
@pytest.mark.parametrize("media_type", ["application/json", "text/plain"])
def test_a_body_that_is_not_documented_is_not_looked_at(
    http: httpx.Client, script: Script, content: bytes, media_type: str
) -> None:
    script.answer = OPTED_OUT
    headers = {**samples.HIMARLEY_HEADERS, "content-type": media_type}
    assert http.put(samples.HIMARLEY_PATH, content=content, headers=headers).status_code == 200
    script.answer = auto_response_pb2.DeleteAutoResponseResponse()
    headers = {**samples.TELNYX_HEADERS, "content-type": media_type}
    answer = http.request("DELETE", samples.TELNYX_SETTING_PATH, content=content, headers=headers)
    assert (answer.status_code, answer.content) == (200, b"null")


def expect_100(gateway: socket.socket, length: int) -> socket.socket:
    """A connection on which the head of a request with `Expect: 100-continue` was sent."""
    connection = socket.create_connection(gateway.getsockname())
    credential = samples.MYKAARMA_HEADERS["authorization"]
    connection.sendall(
        f"POST {samples.MYKAARMA_PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: {credential}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n".encode()
    )
    return connection


def test_expect_100_continue(gateway: socket.socket, script: Script) -> None:
    with expect_100(gateway, len(BODY)) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(BODY)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert json.loads(answer.read()) == samples.MYKAARMA_ANSWER


def test_expect_100_continue_with_a_body_too_large(gateway: socket.socket, script: Script) -> None:
    with expect_100(gateway, 2**21) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_caller_that_leaves_harms_nobody(gateway: socket.socket, http: httpx.Client, script: Script) -> None:
    with expect_100(gateway, len(BODY)) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
    assert http.get("/healthz").status_code == 200
    assert script.asked == []


# --- health -------------------------------------------------------------------------------------------------------


def test_alive(http: httpx.Client) -> None:
    answer = http.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_ready_as_the_server_is(http: httpx.Client, upstream: tuple[Script, HealthServicer, str]) -> None:
    health = upstream[1]
    assert (http.get("/readyz").status_code, http.get("/readyz/").json()) == (200, {"status": "ok"})
    health.set("", HealthCheckResponse.NOT_SERVING)
    try:
        answer = http.get("/readyz")
    finally:
        health.set("", HealthCheckResponse.SERVING)
    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable"})


def test_alive_but_not_ready_without_a_server(serverless_http: httpx.Client) -> None:
    assert serverless_http.get("/healthz").status_code == 200
    answer = serverless_http.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable"})


def test_a_server_that_comes_back_is_found_again(script: Script) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        gateway_at(f"unix:{folder}/s") as sock,
        client_of(sock) as client,
    ):
        for _ in range(2):
            assert client.get("/readyz").status_code == 503
            with serving(script, f"{folder}/s"):
                # A server that is not found again is the test's timeout.
                while client.get("/readyz").status_code == 503:
                    pass


def test_the_house_knows_its_methods(http: httpx.Client) -> None:
    answer = http.post("/healthz")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert re.fullmatch(r"[A-Z_]+", answer.json()["code"])
