"""What the gateway takes on: callers that are slow or many, and a server that has too much to do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import grpc
import httpx
import pytest
from google.protobuf.duration_pb2 import Duration

from server.gateway.bounds import Bounds
from tests.wire.conftest import client_of, gateway_at
from tests.wire.script import Failure, Script
from tests.wire.test_faults import ALL, HIMARLEY, RELAY, TELNYX, Api, each, envelope

HEAD = f"{RELAY.method} {RELAY.path} HTTP/1.1\r\nHost: h\r\n" + "".join(
    f"{name}: {value}\r\n" for name, value in RELAY.headers.items()
)
FAST = 0.05


@pytest.fixture
def narrow(upstream: tuple[Script, object, str], script: Script) -> Iterator[socket.socket]:
    """A gateway that takes one request at a time and small bodies, and has no patience."""
    bounds = Bounds(body_bytes=2048, requests=1, body_seconds=FAST)
    with gateway_at(upstream[2], bounds=bounds) as sock:
        yield sock
    script.go_on.set()


def _said(sock: socket.socket, *parts: str) -> bytes:
    """What is answered on a connection until it is closed, to bytes after which nothing more comes."""
    with closing(socket.create_connection(sock.getsockname())) as connection:
        for part in parts:
            connection.sendall(part.encode())
        answer = b""
        while more := connection.recv(65_536):
            answer += more
        return answer


@each
def test_an_overloaded_server_is_503_and_told_when_to_come_again(http: httpx.Client, script: Script, api: Api) -> None:
    words, delay = "more than can be answered", Duration(seconds=1)
    script.answer = Failure(grpc.StatusCode.UNAVAILABLE, "OVERLOADED", words, retry_after=delay)
    answer = api.send(http)
    assert (answer.status_code, answer.json()) == (503, envelope(api, "UNAVAILABLE", words))
    assert answer.headers["retry-after"] == "1"
    # Nothing was done, so the SDK may repeat what it would not repeat after any other failure.
    assert "x-should-retry" not in answer.headers


def test_what_is_unavailable_for_another_reason_has_no_such_header(http: httpx.Client, script: Script) -> None:
    script.answer = Failure(grpc.StatusCode.UNAVAILABLE, "STORAGE_UNAVAILABLE")
    answer = TELNYX.send(http)
    assert (answer.status_code, "retry-after" in answer.headers) == (503, False)
    assert answer.headers["x-should-retry"] == "false"


def test_more_requests_than_it_takes_are_refused_and_health_is_told(narrow: socket.socket, script: Script) -> None:
    script.answer = Failure(grpc.StatusCode.NOT_FOUND, "CONTACT_NOT_FOUND")
    script.go_on.clear()
    with ExitStack() as stack:
        http, other = (stack.enter_context(client_of(narrow)) for _ in range(2))
        first = stack.enter_context(ThreadPoolExecutor(1)).submit(HIMARLEY.send, http)
        stack.callback(script.go_on.set)
        script.entered.wait()
        for api in ALL:
            answer = api.send(other)
            assert answer.status_code == 503
            assert answer.json() == envelope(
                api, "UNAVAILABLE", "there is more to do than can be done now; nothing was done"
            )
            assert answer.headers["retry-after"] == "1"
        assert other.get("/healthz").status_code == 200
        assert other.get("/readyz").status_code == 200
        script.go_on.set()
        assert first.result().status_code == 404
        assert HIMARLEY.send(other).status_code == 404
    assert len(script.asked) == 2


def test_a_body_that_does_not_come_is_not_waited_for(narrow: socket.socket, script: Script) -> None:
    answer = _said(narrow, HEAD + "content-length: 20\r\n\r\n", '{"consent')
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in head
    assert b"the body did not come in time; nothing was done" in body
    assert not script.asked


def test_a_larger_body_than_it_takes_is_refused_as_sent_and_as_unpacked(narrow: socket.socket, script: Script) -> None:
    with client_of(narrow) as http:
        answer = RELAY.send(http, content=b'"' + b"x" * 2048)
        assert (answer.status_code, answer.json()) == (
            413,
            envelope(RELAY, "BODY_TOO_LARGE", "the body is larger than 2048 bytes"),
        )
    assert not script.asked
