from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import Pipe

import httpx
import pytest
from structlog.testing import capture_logs

from server.admin import Admin
from server.metrics.families import SERVING
from server.metrics.metrics import Metrics, Report
from server.metrics.reporting import Reporter, follow
from server.metrics.totals import SILENCE_SECONDS, Totals

SERVES: Report = {SERVING.name: {("grpc0",): (1.0,)}}
STOPPED: Report = {SERVING.name: {("grpc0",): (0.0,)}}
GATEWAY: Report = {SERVING.name: {("gateway",): (1.0,)}}


@pytest.fixture
def admin() -> Iterator[Admin]:
    listening = socket.create_server(("127.0.0.1", 0))
    made = Admin(listening)
    made.start()
    yield made
    made.stop()


def _ask(admin: Admin, path: str, method: str = "GET") -> httpx.Response:
    return httpx.request(method, f"http://127.0.0.1:{admin.port}{path}")


def _is_answered(admin: Admin) -> bool:
    try:
        return _ask(admin, "/healthz").status_code == 200
    except httpx.HTTPError:
        return False


def test_it_is_ready_while_the_gateway_and_a_worker_are_and_it_does_not_stop(admin: Admin) -> None:
    assert (_ask(admin, "/readyz").status_code, _ask(admin, "/healthz").status_code) == (503, 200)
    admin.totals.take("worker", SERVES)
    assert _ask(admin, "/readyz").status_code == 503
    admin.totals.take("gateway", GATEWAY)
    assert (_ask(admin, "/readyz").status_code, _ask(admin, "/readyz").text) == (200, "ok\n")
    admin.totals.take("worker", STOPPED)
    assert _ask(admin, "/readyz").status_code == 503
    admin.totals.take("worker", SERVES)
    admin.leave()
    assert (_ask(admin, "/readyz").status_code, _ask(admin, "/healthz").status_code) == (503, 200)


def test_it_answers_only_what_it_knows(admin: Admin) -> None:
    assert _ask(admin, "/metrics").headers["content-type"].startswith("text/plain; version=")
    head = _ask(admin, "/metrics", "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert [_ask(admin, path).status_code for path in ("/", "/metrics/", "/Metrics")] == [404] * 3
    refused = _ask(admin, "/metrics", "POST")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"SSH-2.0-x\r\n", b"400 Bad Request"),
        (b"GET /healthz HTTP/2.0\r\n\r\n", b"400 Bad Request"),
        (b"PATCH /healthz HTTP/0.9\r\n\r\n", b"405 Method Not Allowed"),
        (b"GET  /healthz HTTP/0.9 <b>\r\n\r\n", b"400 Bad Request"),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414 Request-URI Too Long"),
        (b"GET /healthz\r\n\r\n", b"200 OK"),
    ],
)
def test_what_is_no_request_is_answered_as_one_and_not_repeated(admin: Admin, sent: bytes, status: bytes) -> None:
    with socket.create_connection(("127.0.0.1", admin.port)) as caller:
        caller.sendall(sent)
        answer = b""
        with suppress(ConnectionResetError):
            while some := caller.recv(1 << 16):
                answer += some
    line, _, rest = answer.partition(b"\r\n")
    assert line == b"HTTP/1.0 " + status
    assert b"text/plain" in rest
    said = rest.partition(b"\r\n\r\n")[2]
    assert said in (b"ok\n", b"only GET and HEAD\n", status[4:] + b"\n")


def test_what_fails_within_is_told_to_the_log_only(admin: Admin) -> None:
    admin.totals.take("broken", {SERVING.name: {("grpc0",): "4711"}})  # type: ignore[dict-item]
    with capture_logs() as logs:
        answer = _ask(admin, "/metrics")
    assert (answer.status_code, answer.text) == (500, "failed; the log tells why\n")
    assert [entry["event"] for entry in logs] == ["the admin port failed"]
    assert _ask(admin, "/healthz").status_code == 200


def test_connections_beyond_the_bound_are_closed_unanswered_and_places_are_given_again(admin: Admin) -> None:
    place = ("127.0.0.1", admin.port)
    idle = [socket.create_connection(place) for _ in range(32)]
    with socket.create_connection(place) as late:
        assert late.recv(1) == b""
    for caller in idle:
        caller.close()
    while not _is_answered(admin):
        pass


def test_a_process_that_has_fallen_silent_is_not_believed_to_serve() -> None:
    now = 1000.0
    totals = Totals(lambda: now)
    totals.take("worker", SERVES)
    now += SILENCE_SECONDS - 1
    assert totals.newest(SERVING) == {("grpc0",): (1.0,)}
    now += 2
    assert totals.newest(SERVING) == {}


def test_the_younger_process_speaks_for_the_place_that_both_have() -> None:
    totals = Totals()
    totals.take("old", SERVES)
    totals.take("new", STOPPED)
    totals.take("old", SERVES)
    assert totals.newest(SERVING) == {("grpc0",): (0.0,)}


def test_the_last_word_of_a_process_is_heard() -> None:
    totals, metrics = Totals(), Metrics()
    heard, tell = Pipe(duplex=False)
    follow(totals, heard)
    reporter = Reporter(metrics, "grpc0", tell)
    reporter.start()
    metrics.limited("rate")
    reporter.stop()
    tell.close()
    while not heard.closed:
        pass
    limited = next(found for found in totals.collect() if found.name == "consent_limited_calls")
    assert [(sample.labels, sample.value) for sample in limited.samples] == [({"limit": "rate"}, 1)]
