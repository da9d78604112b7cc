"""Bytes that are no HTTP, or that two readers would read in two ways: refused once, and the connection ends."""

from __future__ import annotations

import json
import logging
import socket
import uuid

import pytest
from structlog.testing import capture_logs

from tests.wire import samples
from tests.wire.script import Script

HEAD = f"GET {samples.TELNYX_PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key\r\n".encode()
INSIDE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
NO_HTTP = {
    "other bytes": b"\x16\x03\x01\x02\x00\x01\x00",
    "no version": b"GET /healthz\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a length that is none": HEAD + b"Content-Length: +5\r\n\r\nhello",
    "a coding that is none": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a NUL": HEAD + b"X-A: \0\r\n\r\n",
    "a space before the colon": HEAD + b"X-A : b\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
}


def all_answers(gateway: socket.socket, sent: bytes) -> bytes:
    """What comes back on a connection until the gateway ends it."""
    with socket.create_connection(gateway.getsockname()) as connection:
        connection.sendall(sent)
        heard = b""
        while more := connection.recv(65_536):
            heard += more
    return heard


@pytest.mark.parametrize("sent", NO_HTTP.values(), ids=NO_HTTP)
def test_what_is_no_http_is_refused_with_a_request_id(gateway: socket.socket, script: Script, sent: bytes) -> None:
    with capture_logs() as logs:
        head, _, body = all_answers(gateway, sent).partition(b"\r\n\r\n")
    lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    told = json.loads(body)
    assert head.startswith(b"HTTP/1.1 400 ")
    assert uuid.UUID(lines["x-request-id"]).version == 4
    assert told == {
        "code": "MALFORMED_REQUEST",
        "message": "the bytes are no HTTP/1.1 request",
        "request_id": lines["x-request-id"],
    }
    assert (lines["content-type"], lines["connection"]) == ("application/json", "close")
    # Threads of tests that ran before in this process may have something to say too.
    ours = [one for one in logs if one["event"] == "no http request"]
    assert [(one["log_level"], one["request_id"]) for one in ours] == [("info", told["request_id"])]
    assert script.asked == []


@pytest.mark.parametrize("chunks", [b"zz\r\n", b"-5\r\nhello\r\n", b"F" * 30 + b"\r\n"])
def test_a_body_that_breaks_off_is_refused_once_and_quietly(
    gateway: socket.socket, caplog: pytest.LogCaptureFixture, chunks: bytes
) -> None:
    """What was on its way to be answered would come behind the refusal, as the answer to something else."""
    sent = b"POST /nothing HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    with caplog.at_level(logging.WARNING):
        answers = all_answers(gateway, sent)
    assert answers.count(b"HTTP/1.1 4") == 1
    assert answers.startswith(b"HTTP/1.1 400 ")
    assert not caplog.records


def test_what_follows_an_answered_request_is_refused_quietly(
    gateway: socket.socket, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        answers = all_answers(gateway, INSIDE + b"\0garbage\r\n\r\n")
    assert answers.endswith(b"}")
    assert answers.count(b"HTTP/1.1 4") == 1
    assert not caplog.records


@pytest.mark.parametrize("path", [samples.TELNYX_PATH.encode(), b"/v1/consents:check", b"/healthz", b"/nothing"])
def test_two_ways_to_state_a_length_end_the_connection(gateway: socket.socket, script: Script, path: bytes) -> None:
    """RFC 9112, 6.1: a proxy before the gateway may believe the one, and the gateway the other."""
    sent = b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key\r\n"
    sent += b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + INSIDE
    answers = all_answers(gateway, sent)
    assert answers.count(b"HTTP/1.1 4") == 1
    assert answers.startswith(b"HTTP/1.1 400 ")
    assert b"the request states its length in two ways" in answers
    assert script.asked == []


def test_a_request_to_upgrade_is_an_ordinary_one(gateway: socket.socket, caplog: pytest.LogCaptureFixture) -> None:
    asked = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n"
    with caplog.at_level(logging.WARNING):
        assert all_answers(gateway, asked).startswith(b"HTTP/1.1 200 ")
    assert not caplog.records
