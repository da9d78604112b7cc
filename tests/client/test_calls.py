"""Deadlines, credentials, and what is sent again: counted by the service."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import grpc
import pytest
from consent.v1.ledger_pb2 import RecordConsentResponse, RecordResult
from hypothesis import given
from hypothesis import strategies as st

from server.client import (
    ClientClosed,
    ConsentClient,
    ConsentClientError,
    DeadlineExceeded,
    Retries,
    Throttled,
    Unavailable,
)
from tests.client.script import Failure, Script, Server
from tests.client.things import NO, PERSON, answer

Connect = Callable[..., ConsentClient]
DOWN = Failure(grpc.StatusCode.UNAVAILABLE, "STORAGE_UNAVAILABLE")
RECORDED = RecordConsentResponse(result=RecordResult(applied=True, revision=8))
FINAL = [code for code in grpc.StatusCode if code not in (grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE)]


def ask(client: ConsentClient, **settings: Any) -> object:
    return client.check("acme", PERSON, "marketing", **settings)


def tell(client: ConsentClient, **settings: Any) -> object:
    return client.record(NO, **settings)


def test_every_call_has_a_deadline_an_id_and_the_credential(script: Script, client: ConsentClient) -> None:
    script.says(answer())
    ask(client)
    ask(client, timeout=2)
    first, second = script.asked
    # gRPC rounds a deadline up on its way.
    assert 4 < first.seconds_left < 5.2
    assert 1 < second.seconds_left < 2.2
    assert first.metadata["authorization"] == "Bearer secret-key"
    assert first.metadata["x-request-id"] != second.metadata["x-request-id"]


def test_a_user_and_password_are_sent_as_basic(script: Script, connect: Connect) -> None:
    script.says(answer())
    ask(connect(api_key=None, basic=("demo", "pässword")))
    (asked,) = script.asked
    assert asked.metadata["authorization"] == "Basic " + base64.b64encode("demo:pässword".encode()).decode()


@pytest.mark.parametrize(
    "given",
    [{}, {"api_key": "k", "basic": ("u", "p")}, {"api_key": ""}, {"api_key": "a\nb"}, {"basic": ("a:b", "p")}],
)
def test_a_credential_that_is_none_is_refused_at_once(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        ConsentClient("127.0.0.1:1", **given)


def test_a_service_that_does_not_answer_meets_the_deadline(script: Script, client: ConsentClient) -> None:
    done = threading.Event()
    script.answer = lambda _request, context: (context.add_callback(done.set), done.wait(), b"")[2]
    with pytest.raises(DeadlineExceeded) as caught:
        tell(client, timeout=0.1)
    assert caught.value.request_id == script.asked[0].request.request_id
    assert len(script.asked) == 1


def test_a_read_is_sent_again_while_the_service_is_unavailable(script: Script, client: ConsentClient) -> None:
    script.says(DOWN, DOWN, answer())
    assert ask(client)
    assert len(script.asked) == 3


def test_a_write_is_sent_again_under_the_same_id(script: Script, client: ConsentClient) -> None:
    script.says(DOWN, DOWN, RECORDED)
    assert client.record(NO).applied
    assert len(script.asked) == 3
    assert len({asked.request.request_id for asked in script.asked}) == 1
    assert {asked.request.request_id for asked in script.asked} == {a.metadata["x-request-id"] for a in script.asked}
    assert len({asked.request.SerializeToString(deterministic=True) for asked in script.asked}) == 1


def test_two_writes_have_two_ids_and_a_given_one_is_kept(script: Script, client: ConsentClient) -> None:
    script.says(RECORDED)
    tell(client)
    tell(client)
    tell(client, request_id="mine-1")
    ids = [asked.request.request_id for asked in script.asked]
    assert len(set(ids)) == 3
    assert all(ids)
    assert ids[2] == "mine-1"


@pytest.mark.parametrize("given", ["a b", "é", "x" * 121])
def test_a_request_id_that_no_header_holds_is_refused(client: ConsentClient, given: str) -> None:
    with pytest.raises(ValueError):
        tell(client, request_id=given)


@pytest.mark.parametrize("call", [ask, tell])
def test_it_gives_up_after_its_attempts(script: Script, client: ConsentClient, call: Callable[..., object]) -> None:
    script.says(DOWN)
    with pytest.raises(Unavailable) as caught:
        call(client)
    assert len(script.asked) == 4
    assert caught.value.reason == "STORAGE_UNAVAILABLE"


@pytest.mark.parametrize("call", [ask, tell])
def test_it_gives_up_when_the_next_attempt_would_miss_the_deadline(
    script: Script, connect: Connect, call: Callable[..., object]
) -> None:
    script.says(DOWN)
    with pytest.raises(Unavailable):
        call(connect(retries=Retries(attempts=9, first_wait=60, longest_wait=60)), timeout=1)
    assert len(script.asked) == 1


@pytest.mark.parametrize("call", [ask, tell])
@pytest.mark.parametrize("code", FINAL)
def test_no_other_failure_is_sent_again(
    script: Script, client: ConsentClient, call: Callable[..., object], code: grpc.StatusCode
) -> None:
    script.says(Failure(code, "SOME_REASON"))
    with pytest.raises(ConsentClientError) as caught:
        call(client)
    assert len(script.asked) == 1
    assert caught.value.code is code


@pytest.mark.parametrize("call", [ask, tell])
def test_a_throttled_call_waits_once_as_it_is_told(
    script: Script, client: ConsentClient, call: Callable[..., object]
) -> None:
    script.says(Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "LOGIN_THROTTLED", retry_after=0.3))
    with pytest.raises(Throttled) as caught:
        call(client)
    assert len(script.asked) == 2
    assert script.asked[0].seconds_left - script.asked[1].seconds_left >= 0.15
    assert caught.value.retry_after == pytest.approx(0.3)


@pytest.mark.parametrize("call", [ask, tell])
def test_a_service_that_has_too_much_to_do_is_left_alone_as_long_as_it_says(
    script: Script, connect: Connect, call: Callable[..., object]
) -> None:
    script.says(Failure(grpc.StatusCode.UNAVAILABLE, "OVERLOADED", retry_after=0.3))
    with pytest.raises(Unavailable) as caught:
        call(connect(retries=Retries(attempts=3, first_wait=0.001)))
    assert len(script.asked) == 3
    pauses = [first.seconds_left - next_.seconds_left for first, next_ in pairwise(script.asked)]
    assert min(pauses) >= 0.15
    assert caught.value.retry_after == pytest.approx(0.3)


def test_a_throttled_call_does_not_wait_past_its_deadline(script: Script, client: ConsentClient) -> None:
    script.says(Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "LOGIN_THROTTLED", retry_after=60))
    with pytest.raises(Throttled):
        ask(client)
    assert len(script.asked) == 1


def test_a_service_that_comes_back_is_found(script: Script, server: Server, connect: Connect) -> None:
    script.says(answer())
    client = connect(timeout=20, retries=Retries(attempts=1000, first_wait=0.01, longest_wait=0.02))
    server.stop()
    failing = threading.Thread(target=server.start)
    failing.start()
    assert ask(client)
    failing.join()


def test_nobody_there_is_unavailable(server: Server, client: ConsentClient) -> None:
    server.stop()
    with pytest.raises(Unavailable):
        ask(client)


def test_closing_wakes_what_waits_and_refuses_what_comes(script: Script, connect: Connect) -> None:
    script.says(DOWN)
    client = connect(retries=Retries(attempts=9, first_wait=500, longest_wait=500), timeout=900)
    failures: list[ConsentClientError] = []

    def call() -> None:
        with pytest.raises(ClientClosed) as caught:
            ask(client)
        failures.append(caught.value)

    waiting = threading.Thread(target=call)
    waiting.start()
    script.arrived.acquire()
    client.close()
    waiting.join()
    call()
    client.close()
    assert len(failures) == 2


def test_closing_ends_a_call_that_is_under_way(script: Script, client: ConsentClient) -> None:
    gone = threading.Event()
    script.answer = lambda _request, context: (context.add_callback(gone.set), gone.wait(), b"")[2]

    def close() -> None:
        script.arrived.acquire()
        client.close()

    closing = threading.Thread(target=close)
    closing.start()
    with pytest.raises(ClientClosed):
        ask(client)
    closing.join()


@given(st.integers(1, 10_000))
def test_a_wait_is_bounded_and_grows(failures: int) -> None:
    retries = Retries(attempts=5, first_wait=0.05, longest_wait=1.0)
    wait = retries.wait(failures)
    assert 0.025 <= wait <= 1.0
    assert retries.wait(1) <= 0.05
    assert retries.wait(50) >= 0.5
