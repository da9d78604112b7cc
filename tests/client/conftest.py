from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from server.client import ConsentClient, Retries
from tests.client.script import Script, Server

QUICK = Retries(attempts=4, first_wait=0.001, longest_wait=0.02)
# A server that was stopped is tried again at once.
RECONNECT = tuple((f"grpc.{name}_reconnect_backoff_ms", 10) for name in ("initial", "min", "max"))


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def server(script: Script) -> Iterator[Server]:
    found = Server(script)
    yield found
    found.close()


@pytest.fixture
def connect(server: Server) -> Iterator[Callable[..., ConsentClient]]:
    """Makes a client of the scripted server."""
    with ExitStack() as stack:

        def make(**settings: Any) -> ConsentClient:
            given = {"api_key": "secret-key", "retries": QUICK, "channel_options": RECONNECT, **settings}
            return stack.enter_context(ConsentClient(server.target, **given))

        yield make


@pytest.fixture
def client(connect: Callable[..., ConsentClient]) -> ConsentClient:
    return connect()
