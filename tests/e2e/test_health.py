"""Health says what the database is, and neither health nor reflection asks who calls."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import grpc
import pytest
from consent.v1.admin_service_pb2 import DESCRIPTOR as ADMIN
from consent.v1.consent_service_pb2 import DESCRIPTOR as CONSENT
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1.health_pb2 import HealthCheckRequest
from grpc_health.v1.health_pb2_grpc import HealthStub

from server.demo import API_KEY
from tests.e2e.accounts import web
from tests.e2e.process import DATABASE, Served, serving
from tests.e2e.refusals import refusal
from tests.e2e.watches import NOT_SERVING, SERVING, await_status, watching

SERVICES = ("", "consent.v1.ConsentService", "consent.v1.AdminService")
Harm = Callable[[Path], None]
METHODS = [
    *CONSENT.services_by_name["ConsentService"].methods,
    *ADMIN.services_by_name["AdminService"].methods,
]


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_told(served: Served, service: str) -> None:
    with grpc.insecure_channel(served.grpc) as channel:
        assert HealthStub(channel).Check(HealthCheckRequest(service=service)).status == SERVING


def test_an_unknown_service_is_not_found(served: Served) -> None:
    with grpc.insecure_channel(served.grpc) as channel, pytest.raises(grpc.RpcError) as refused:
        HealthStub(channel).Check(HealthCheckRequest(service="consent.v1.Nothing"))
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_all_else_needs_a_credential(served: Served, method: MethodDescriptor) -> None:
    with grpc.insecure_channel(served.grpc) as channel:
        call = channel.unary_unary(
            f"/{method.containing_service.full_name}/{method.name}",
            request_serializer=GetMessageClass(method.input_type).SerializeToString,
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        found = refusal(lambda: call(GetMessageClass(method.input_type)()))
    assert (found.code, found.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_MISSING")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_the_gateway_is_alive_and_ready(served: Served, path: str) -> None:
    with web(served) as http:
        answer = http.get(path)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def move_away(folder: Path) -> None:
    (folder / DATABASE).rename(folder / "away")


def move_back(folder: Path) -> None:
    (folder / "away").rename(folder / DATABASE)


def put_a_newer_schema(folder: Path) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as database, database:
        database.execute("INSERT INTO schema_migrations VALUES (999, 0)")


def take_the_newer_schema_back(folder: Path) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as database, database:
        database.execute("DELETE FROM schema_migrations WHERE version = 999")


@pytest.mark.parametrize(
    ("harm", "mend"),
    [(move_away, move_back), (put_a_newer_schema, take_the_newer_schema_back)],
    ids=["moved away", "newer schema"],
)
def test_not_serving_while_the_database_cannot_be_used(folder: Path, harm: Harm, mend: Harm) -> None:
    with (
        serving(folder) as served,
        web(served) as http,
        watching(served) as whole,
        watching(served, SERVICES[1]) as service,
    ):
        await_status(whole, SERVING)
        harm(folder)
        await_status(whole, NOT_SERVING)
        await_status(service, NOT_SERVING)
        assert (http.get("/readyz").status_code, http.get("/healthz").status_code) == (503, 200)
        mend(folder)
        await_status(whole, SERVING)
        await_status(service, SERVING)
        assert http.get("/readyz").status_code == 200


def overwrite(folder: Path) -> None:
    with (folder / DATABASE).open("r+b") as file:
        file.write(b"garbage!" * ((folder / DATABASE).stat().st_size // 8))


def replace(folder: Path) -> None:
    (folder / "other").write_bytes(b"garbage!" * 10_000)
    (folder / "other").rename(folder / DATABASE)


@pytest.mark.parametrize("harm", [move_away, overwrite, replace])
def test_nothing_is_acknowledged_that_a_restart_would_not_find(folder: Path, harm: Harm) -> None:
    with serving(folder, "--demo") as served, web(served) as http:
        with watching(served) as statuses:
            await_status(statuses, SERVING)
            harm(folder)
            await_status(statuses, NOT_SERVING)
        path = "/messaging/client/relay_developer/consent/channel_addr/6105551212/channel_type/sms"
        answer = http.put(path, json={"consent_type": "stop"}, headers={"xx-relay-api-key": API_KEY})
        assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
