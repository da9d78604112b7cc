"""`consent health` against a server of the test's own that says what the test wants."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthServicer, add_HealthServicer_to_server

from tests.cli.conftest import Consent

SERVING, NOT_SERVING = HealthCheckResponse.SERVING, HealthCheckResponse.NOT_SERVING


@dataclass
class Told(HealthServicer):
    """Answers one status after the other, the last one for ever; an error for a code."""

    statuses: list[HealthCheckResponse.ServingStatus | grpc.StatusCode]
    services: list[str] = field(default_factory=list)

    def Check(self, request: HealthCheckRequest, context: grpc.ServicerContext) -> HealthCheckResponse:  # noqa: N802
        self.services.append(request.service)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if isinstance(status, grpc.StatusCode):
            context.abort(status, "as the test says")
        return HealthCheckResponse(status=status)


@pytest.fixture
def told() -> Told:
    return Told([SERVING])


@pytest.fixture
def port(told: Told) -> Iterator[int]:
    with ThreadPoolExecutor(2) as pool:
        server = grpc.server(pool)
        add_HealthServicer_to_server(told, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield port
        server.stop(None).wait()


@pytest.fixture
def nobody() -> int:
    """A port where nobody answers."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port: int = taken.getsockname()[1]
    return port


def test_it_serves(fresh: Consent, told: Told, port: int) -> None:
    target = f"127.0.0.1:{port}"
    assert fresh.run("health", "--target", target).stdout == f"{target} serves\n"
    answer = fresh.json("health", "--target", target, "--service", "consent.v1.ConsentService")
    assert answer == {"target": target, "service": "consent.v1.ConsentService", "serving": True}
    assert told.services == ["", "consent.v1.ConsentService"]
    assert not fresh.database.exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "localhost"])
def test_where_it_listens_everywhere_this_machine_is_asked(fresh: Consent, port: int, host: str) -> None:
    shown = "127.0.0.1" if host == "0.0.0.0" else host
    assert fresh.run("health", "--target", f"{host}:{port}").stdout == f"{shown}:{port} serves\n"


def test_it_answers_that_it_does_not_serve(fresh: Consent, told: Told, port: int) -> None:
    told.statuses = [NOT_SERVING]
    assert "does not serve" in fresh.refusal("health", "--target", f"127.0.0.1:{port}")
    assert fresh.json("health", "--target", f"127.0.0.1:{port}", code=1)["serving"] is False


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (grpc.StatusCode.NOT_FOUND, "has no service consent.v1.Nothing"),
        (grpc.StatusCode.UNIMPLEMENTED, "does not tell its health: UNIMPLEMENTED"),
        (grpc.StatusCode.UNAVAILABLE, "does not answer"),
    ],
)
def test_it_cannot_be_asked(fresh: Consent, told: Told, port: int, status: grpc.StatusCode, reason: str) -> None:
    told.statuses = [status]
    target = f"127.0.0.1:{port}"
    assert reason in fresh.refusal("health", "--target", target, "--service", "consent.v1.Nothing", code=2)


def test_nobody_answers(fresh: Consent, nobody: int) -> None:
    assert "Connection refused" in fresh.refusal("health", "--target", f"127.0.0.1:{nobody}", code=2)
    assert "does not answer" in fresh.refusal("health", "--target", "nowhere.invalid", code=2)


def test_it_waits_until_it_serves(fresh: Consent, told: Told, port: int) -> None:
    told.statuses = [grpc.StatusCode.UNAVAILABLE, NOT_SERVING, SERVING]
    assert fresh.run("health", "--target", f"127.0.0.1:{port}", "--wait", "60").stdout.endswith(" serves\n")
    assert len(told.services) == 3


def test_it_waits_so_long_and_no_longer(fresh: Consent, told: Told, port: int, nobody: int) -> None:
    told.statuses = [NOT_SERVING]
    assert "does not serve" in fresh.refusal("health", "--target", f"127.0.0.1:{port}", "--wait", "0.3")
    assert len(told.services) > 1
    assert "does not answer" in fresh.refusal("health", "--target", f"127.0.0.1:{nobody}", "--wait", "0.1", code=2)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--certificate", "c.pem", "--tls"), "give --certificate and --key together"),
        (("--certificate", "c.pem", "--key", "k.pem"), "need --tls or --ca"),
        (("--tls-name", "consent.example"), "need --tls or --ca"),
        (("--ca", "/nowhere/ca.pem"), "/nowhere/ca.pem cannot be read"),
        (("--ca", "/dev/null"), "/dev/null holds no certificate in PEM"),
        (("--wait", "-1"), "not in the range"),
    ],
)
def test_options_that_cannot_be_used(fresh: Consent, options: tuple[str, ...], reason: str) -> None:
    assert reason in fresh.refusal("health", *options, code=2)
