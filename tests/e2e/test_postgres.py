"""The service on PostgreSQL, as an operator runs it: migrated by hand, well again by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import grpc
import psycopg
import pytest
from consent.v1 import consent_pb2, decision_pb2
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub
from grpc_health.v1 import health_pb2, health_pb2_grpc

from server import demo
from server.storage.migrations import HEAD, MIGRATIONS
from tests.e2e.process import SETTINGS, Served, carry_out, run, serve_postgres, serving, settings_of
from tests.postgres.cluster import Cluster, private_cluster

CHECK = decision_pb2.CheckConsentRequest(
    sender=demo.BRAND,
    recipient=consent_pb2.Recipient(channel=consent_pb2.CHANNEL_SMS, address="+16505551234"),
    purposes=["transactional"],
)
METADATA = (("x-api-key", demo.API_KEY),)
NOT_SERVING, SERVING = health_pb2.HealthCheckResponse.NOT_SERVING, health_pb2.HealthCheckResponse.SERVING


@pytest.fixture
def unmigrated(folder: Path, cluster: Cluster) -> Iterator[Path]:
    """A folder whose servers work on a PostgreSQL database without tables, with a password in its URL."""
    with cluster.database() as name:
        url = cluster.url_of(name).replace("postgres@", "postgres:hidden@")
        (folder / SETTINGS).write_text(json.dumps({"CONSENT_DATABASE": url, "CONSENT_SERVICE_KEY": f"e2e:{'A' * 43}="}))
        yield folder


def statuses(channel: grpc.Channel) -> Iterator[int]:
    """The health of the server and each of its changes."""
    stub = health_pb2_grpc.HealthStub(channel)
    for answer in stub.Watch(health_pb2.HealthCheckRequest(), timeout=60):
        yield answer.status


def refusal(served: Served) -> grpc.StatusCode:
    """What a check is refused with."""
    with grpc.insecure_channel(served.grpc) as channel, pytest.raises(grpc.RpcError) as refused:
        ConsentServiceStub(channel).CheckConsent(CHECK, metadata=METADATA)
    code: grpc.StatusCode = refused.value.code()
    return code


def verdict(served: Served) -> int:
    """What a check is answered with."""
    with grpc.insecure_channel(served.grpc) as channel:
        (decision,) = ConsentServiceStub(channel).CheckConsent(CHECK, metadata=METADATA).decisions
    return decision.verdict


def test_it_serves_once_somebody_has_migrated(unmigrated: Path) -> None:
    with serving(unmigrated, "--processes", "1") as served, grpc.insecure_channel(served.grpc) as channel:
        health = statuses(channel)
        assert next(health) == NOT_SERVING
        assert refusal(served) is refusal(served) is grpc.StatusCode.UNAVAILABLE
        carry_out(unmigrated, "migrate", "up")
        assert next(health) == SERVING
        assert refusal(served) is grpc.StatusCode.UNAUTHENTICATED, "there is no such credential yet"
        settings = settings_of(unmigrated)
        with psycopg.connect(settings["CONSENT_DATABASE"], autocommit=True) as behind:
            behind.execute(f"INSERT INTO schema_migrations VALUES ({HEAD + 1}, 0)".encode())
            assert next(health) == NOT_SERVING
            assert refusal(served) is grpc.StatusCode.UNAVAILABLE
            behind.execute(f"DELETE FROM schema_migrations WHERE version = {HEAD + 1}".encode())
        assert next(health) == SERVING
    said = served.log
    assert said.count("bring it up to date with `consent migrate up`") == 1
    assert f"schema version {HEAD + 1}" in said
    assert "hidden" not in said


@pytest.mark.parametrize("command", [("tenant", "list"), ("serve", "--demo", "--grpc", "127.0.0.1:0")])
def test_a_command_says_that_the_database_is_to_be_migrated(unmigrated: Path, command: tuple[str, ...]) -> None:
    done = run(unmigrated, *command)
    assert done.returncode == 2
    assert "has no tables yet: bring it up to date with `consent migrate up`" in done.stderr
    assert "hidden" not in done.stderr


def test_migrate_says_how_far_it_is(unmigrated: Path) -> None:
    before = run(unmigrated, "migrate", "status")
    assert before.returncode == 1
    assert before.stdout.splitlines() == [f"missing {migration.name}" for migration in MIGRATIONS]
    assert "consent migrate up" in before.stderr
    assert carry_out(unmigrated, "migrate").splitlines()[:-1] == [
        f"applied migration {migration.name}" for migration in MIGRATIONS
    ]
    after = carry_out(unmigrated, "migrate", "status")
    assert f"is at schema version {HEAD}" in after
    assert "hidden" not in before.stderr + after


@pytest.mark.parametrize("command", [("serve",), ("migrate", "up"), ("tenant", "list")])
def test_the_service_key_must_be_given(unmigrated: Path, command: tuple[str, ...]) -> None:
    done = run(unmigrated, *command, CONSENT_SERVICE_KEY="")
    assert done.returncode == 2
    assert "on PostgreSQL the service key must be given" in done.stderr
    assert "hidden" not in done.stderr


def test_the_key_that_the_message_tells_to_make_is_one(unmigrated: Path) -> None:
    carry_out(unmigrated, "migrate", "up")
    done = run(unmigrated, "tenant", "list", CONSENT_SERVICE_KEY=f"0a1b2c3d:{'B' * 43}=")
    assert done.returncode == 2
    assert "made under the service key e2e, which is not given" in done.stderr


def test_it_is_well_again_after_the_database_was_away(folder: Path) -> None:
    with private_cluster() as own, own.database() as name:
        serve_postgres(folder, own.url_of(name))
        with serving(folder, "--demo") as served, grpc.insecure_channel(served.grpc) as channel:
            health = statuses(channel)
            assert next(health) == SERVING
            assert verdict(served) == decision_pb2.VERDICT_ALLOW
            for how in ("crash", "stop"):
                own.order(how)
                assert next(health) == NOT_SERVING
                assert refusal(served) is grpc.StatusCode.UNAVAILABLE
                own.order("start")
                assert verdict(served) == decision_pb2.VERDICT_ALLOW
                assert next(health) == SERVING
