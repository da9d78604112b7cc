"""The log of a real service, both of whose doors are told private things in every place that there is."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from server.client import ConsentClient, ConsentClientError, sms
from server.demo import API_KEY, BRAND, CLIENT
from tests.e2e.process import DATABASE, serving
from tests.logs import BODY, EMAIL, PHONE, PRIVATE, SECRET, leaks, parsed
from tests.torture.fuzz import http2

ALL = ("--demo", "--log-format", "json", "--log-level", "debug", "--access-log", "all")
RELAY = f"/messaging/client/{CLIENT}/consent/channel_addr/{{}}/channel_type/sms"
QUESTION = {"sender": BRAND, "recipient": {"channel": "CHANNEL_SMS", "address": PHONE}, "purposes": ["marketing"]}
GARBAGE = f"GET /{BODY} HTTP/9\r\nx: {PHONE}\r\n\r\n".encode()
# What grpc itself would tell of, in a form of its own and in the caller's bytes.
ODD_CALL = b"".join(
    (
        http2.PREFACE + http2.settings(),
        http2.frame(http2.HEADERS, http2.END_HEADERS, 1, http2.Http2(Random(0)).block(("te", SECRET))),
        http2.frame(http2.GOAWAY, 0, 0, bytes(8) + f"\n{SECRET}".encode()),
    )
)
_NO_TEXT = f"{SECRET}\xff".encode("latin-1")
# A literal field of HPACK, not to be indexed.
NO_TEXT_CALL = b"".join(
    (
        http2.PREFACE + http2.settings(),
        http2.frame(
            http2.HEADERS,
            http2.END_HEADERS,
            1,
            http2.Http2(Random(0)).block() + b"\x00\x05x-odd" + bytes((len(_NO_TEXT),)) + _NO_TEXT,
        ),
    )
)


def _requests(private: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    quoted = quote(private, safe="")
    yield "GET", f"/{quoted}", {}
    yield "GET", f"/v1/consents?recipient.address={quoted}&{quoted}={quoted}", {}
    yield "PUT", RELAY.format(quoted), {"json": {"consent_type": private}}
    yield "PUT", f"/api/user/actions/optout/email/{quoted}", {}
    yield "POST", "/v1/consents:check", {"json": {**QUESTION, "sender": private}}
    yield "POST", "/v1/consents:check", {"content": private.encode(), "headers": {"content-type": "application/json"}}
    yield "POST", "/v1/inboundMessages:handle", {"json": {"sender": BRAND, "from": private, "body": private}}
    # An id is the caller's word for its call, and written: unless it may be a phone number.
    own_id = {} if private == SECRET else {"x-request-id": private}
    yield "GET", "/v1/consents", {"headers": {"x-api-key": private, "user-agent": private, **own_id}}
    yield "GET", "/v1/consents", {"auth": (private, private)}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> str:
    """All that a service wrote that was asked much, and whose database went away at last."""
    folder = tmp_path_factory.mktemp("logs")
    with serving(folder, *ALL) as served:
        with httpx.Client(base_url=served.http, headers={"x-api-key": API_KEY}) as http:
            for private in PRIVATE:
                for method, path, how in _requests(private):
                    http.request(method, path, **how)
            http.post("/v1/consents:check", json=QUESTION, headers={"x-request-id": "good-1"}).raise_for_status()
            http.post("/v1/consents:check", json={}, headers={"x-request-id": "bad-1"})
            with ConsentClient(served.grpc, api_key=API_KEY) as client:
                client.check(BRAND, sms(PHONE), "marketing")
            with ConsentClient(served.grpc, api_key=SECRET) as stranger, pytest.raises(ConsentClientError):
                stranger.check(BODY, sms(EMAIL), BODY)
            http_address = served.http.removeprefix("http://")
            at_grpc = (GARBAGE, ODD_CALL, NO_TEXT_CALL)
            for address, sent in (*((served.grpc, sent) for sent in at_grpc), (http_address, GARBAGE)):
                host, _, port = address.rpartition(":")
                with socket.create_connection((host, int(port))) as raw:
                    raw.sendall(sent)
                    raw.shutdown(socket.SHUT_WR)
                    while raw.recv(4096):
                        pass
            database = folder / DATABASE
            database.rename(folder / "away.db")
            gone = http.post("/v1/consents:check", json=QUESTION, headers={"x-request-id": "gone-1"})
            assert gone.status_code == 503
            Path(folder / "away.db").rename(database)
        served.stop()
        return served.log


def _of(log: str, request_id: str) -> list[dict[str, Any]]:
    return [line for line in parsed(log) if line.get("request_id") == request_id]


def test_nothing_private_is_in_it(log: str) -> None:
    assert len(parsed(log)) > 80
    assert leaks(log) == []
    assert API_KEY not in log


def test_each_line_is_one_object_and_nobody_else_writes_any(log: str) -> None:
    assert [line for line in log.splitlines() if not line.startswith(("{", "applied migration "))] == []


@pytest.mark.parametrize(
    ("request_id", "status", "code", "events"),
    [
        ("good-1", 200, "OK", {"call answered", "request answered"}),
        ("bad-1", 400, "INVALID_ARGUMENT", {"call refused", "request refused"}),
        (
            "gone-1",
            503,
            "UNAVAILABLE",
            {"the database failed", "call refused", "a call to a server failed", "request refused"},
        ),
    ],
)
def test_one_request_has_one_id_through_both_doors(
    log: str, request_id: str, status: int, code: str, events: set[str]
) -> None:
    lines = {line["event"]: line for line in _of(log, request_id)}
    assert set(lines) == events
    (call,) = (line for event, line in lines.items() if event.startswith("call "))
    (request,) = (line for event, line in lines.items() if event.startswith("request "))
    assert (call["method"], call["code"]) == ("CheckConsent", code)
    assert (request["api"], request["method"], request["status"]) == ("consent", "POST", status)
    assert 0 < call["seconds"] < request["seconds"]
    assert isinstance(call["tenant"], int)
