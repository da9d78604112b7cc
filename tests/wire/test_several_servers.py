"""The gateway in front of several servers: it goes around one that is gone, and never says a thing twice."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import grpc
import httpx
import pytest
from consent.v1 import channel_consent_pb2

from server.gateway.upstream import Upstream
from tests.wire import samples
from tests.wire.conftest import client_of, gateway_at
from tests.wire.script import Failure, Script, serving
from tests.wire.test_native import CHECK, CHECK_PATH, KEY


@dataclass(frozen=True)
class Lost(Failure):
    """A connection that broke in the middle of a call, as the caller sees it: no word of the server's own."""

    def abort(self, context: grpc.ServicerContext) -> NoReturn:
        context.abort(self.code, "Socket closed")


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not tmp_path: the path of a unix socket may have about 100 characters.
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


@pytest.fixture
def scripts(folder: Path) -> Iterator[list[Script]]:
    """Two servers, at `a` and `b`."""
    with ExitStack() as stack:
        found = [Script(), Script()]
        for script, name in zip(found, "ab", strict=True):
            stack.enter_context(serving(script, str(folder / name)))
        yield found


@pytest.fixture
def http(folder: Path, scripts: list[Script]) -> Iterator[httpx.Client]:
    """A client of the gateway in front of both, and of one that is not there."""
    assert len(scripts) == 2
    with gateway_at(*(f"unix:{folder / name}" for name in ("gone", "a", "b"))) as sock, client_of(sock) as client:
        yield client


def asked(scripts: list[Script]) -> list[int]:
    return [len(script.asked) for script in scripts]


def write(http: httpx.Client) -> httpx.Response:
    return http.put(samples.RELAY_PATH, json=samples.RELAY_REQUEST, headers=samples.RELAY_HEADERS)


def test_calls_are_spread_and_go_around_the_one_that_is_gone(http: httpx.Client, scripts: list[Script]) -> None:
    assert {http.post(CHECK_PATH, json=CHECK, headers=KEY).status_code for _ in range(30)} == {200}
    assert sum(asked(scripts)) == 30
    assert min(asked(scripts)) >= 10


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED])
def test_a_write_that_may_have_been_done_is_not_sent_again(
    http: httpx.Client, scripts: list[Script], code: grpc.StatusCode
) -> None:
    for script in scripts:
        script.answer = Lost(code)
    for count in range(1, 7):
        assert write(http).status_code == 503
        assert sum(asked(scripts)) == count


def test_a_read_is_asked_of_each_server_once(http: httpx.Client, scripts: list[Script]) -> None:
    for script in scripts:
        script.answer = Lost(grpc.StatusCode.UNAVAILABLE)
    assert http.post(CHECK_PATH, json=CHECK, headers=KEY).status_code == 503
    assert asked(scripts) == [1, 1]


def test_a_read_gets_the_other_servers_answer(http: httpx.Client, scripts: list[Script]) -> None:
    scripts[0].answer = Lost(grpc.StatusCode.UNAVAILABLE)
    assert {http.post(CHECK_PATH, json=CHECK, headers=KEY).status_code for _ in range(6)} == {200}


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.NOT_FOUND])
def test_what_a_server_says_itself_is_the_answer(
    http: httpx.Client, scripts: list[Script], code: grpc.StatusCode
) -> None:
    for script in scripts:
        script.answer = Failure(code, "INTERNAL")
    http.post(CHECK_PATH, json=CHECK, headers=KEY)
    assert sum(asked(scripts)) == 1


@pytest.mark.parametrize(("request_id", "count"), [("", 1), ("once", 2)])
def test_a_write_with_a_request_id_may_be_sent_again(
    folder: Path, scripts: list[Script], request_id: str, count: int
) -> None:
    for script in scripts:
        script.answer = Lost(grpc.StatusCode.UNAVAILABLE)

    async def call() -> grpc.aio.AioRpcError:
        request = channel_consent_pb2.UpdateChannelConsentRequest(request_id=request_id)
        async with Upstream([f"unix:{folder / name}" for name in "ab"]) as upstream:
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await upstream.consent.UpdateChannelConsent(request, timeout=10)
            return failed.value

    assert asyncio.run(call()).details() == "Socket closed"
    assert sum(asked(scripts)) == count


def test_the_words_of_a_call_that_was_never_sent(folder: Path) -> None:
    """The gateway goes by them: a version of grpcio with others makes it careful, and this test says so."""

    async def call() -> grpc.aio.AioRpcError:
        async with Upstream([f"unix:{folder}/nobody"]) as upstream:
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await upstream.consent.UpdateChannelConsent(
                    channel_consent_pb2.UpdateChannelConsentRequest(), timeout=10
                )
            return failed.value

    error = asyncio.run(call())
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert (error.details() or "").startswith("failed to connect to all addresses")
