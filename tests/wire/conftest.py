from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from grpc_health.v1.health import HealthServicer

from server.gateway.bounds import USUAL, Bounds
from server.gateway.process import Server
from tests.wire.samples import REQUEST_ID
from tests.wire.script import Script, serving


@pytest.fixture(scope="session")
def upstream() -> Iterator[tuple[Script, HealthServicer, str]]:
    script = Script()
    # Not tmp_path: the path of a unix socket may have about 100 characters.
    with tempfile.TemporaryDirectory() as folder, serving(script, str(Path(folder) / "s")) as health:
        yield script, health, f"unix:{folder}/s"


@pytest.fixture
def script(upstream: tuple[Script, HealthServicer, str]) -> Iterator[Script]:
    """The server behind the gateway."""
    found = upstream[0]
    found.clear()
    yield found
    found.clear()


@contextmanager
def gateway_at(*targets: str, bounds: Bounds = USUAL) -> Iterator[socket.socket]:
    """The gateway in front of targets, in a thread; yields its listening socket."""
    ready = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as sock:
        server = Server(targets, ready.set, bounds=bounds)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        ready.wait()
        try:
            yield sock
        finally:
            server.should_exit = True
            thread.join()


def client_of(sock: socket.socket) -> httpx.Client:
    host, port = sock.getsockname()
    return httpx.Client(base_url=f"http://{host}:{port}", headers={"x-request-id": REQUEST_ID}, trust_env=False)


@pytest.fixture(scope="session")
def gateway(upstream: tuple[Script, HealthServicer, str]) -> Iterator[socket.socket]:
    with gateway_at(upstream[2]) as sock:
        yield sock


@pytest.fixture
def http(gateway: socket.socket, script: Script) -> Iterator[httpx.Client]:
    """A client of the gateway that names its requests REQUEST_ID."""
    with client_of(gateway) as client:
        yield client


@pytest.fixture
def serverless_http() -> Iterator[httpx.Client]:
    """A client of a gateway that has no server behind it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        gateway_at(f"unix:{folder}/nobody") as sock,
        client_of(sock) as client,
    ):
        yield client
