"""A revoked credential stops working in every process within thirty seconds, by the processes' own clocks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest
from consent.v1 import admin_pb2, decision_pb2
from consent.v1.admin_service_pb2_grpc import AdminServiceStub
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub

from server.api.auth import REMEMBERED_SECONDS
from server.app import build
from server.demo import API_KEY, create_demo
from server.settings import load_service_keys
from server.storage.database import open_storage, wall_clock
from server.storage.preparation import prepare
from tests.e2e.process import DATABASE

AS_ADMIN = (("x-api-key", API_KEY),)
KEY = "a-key-that-is-revoked-0123456789"


@dataclass
class Clock:
    """Seconds that go on when they are told to."""

    seconds: float = field(default=0.0)

    def __call__(self) -> float:
        return self.seconds


@contextmanager
def two_servers(folder: Path, clock: Clock) -> Iterator[list[grpc.Channel]]:
    """Two servers on one database, each with a memory of its own; the channels to them."""
    database = str(folder / DATABASE)
    keys = load_service_keys(database, None)
    prepare(database, keys, wall_clock())
    with ExitStack() as stack:
        storage = open_storage(database, keys)
        create_demo(storage, keys)
        storage.close()
        sockets = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp")))
        channels = []
        for name in ("a", "b"):
            application = build(database, keys, [f"unix:{sockets / name}"], monotonic=clock)
            application.start()
            stack.callback(application.stop, 1.0)
            channels.append(stack.enter_context(grpc.insecure_channel(f"unix:{sockets / name}")))
        yield channels


def answers(channel: grpc.Channel) -> bool:
    """Whether the credential is taken."""
    ask = ConsentServiceStub(channel).ListConsents.future
    call = ask(decision_pb2.ListConsentsRequest(), metadata=(("x-api-key", KEY),))
    assert call.code() in {grpc.StatusCode.OK, grpc.StatusCode.UNAUTHENTICATED}
    return call.code() is grpc.StatusCode.OK


@pytest.mark.parametrize("by", [0, 1])
def test_a_revoked_credential_ends_everywhere(folder: Path, by: int) -> None:
    clock = Clock()
    with two_servers(folder, clock) as channels:
        admin = AdminServiceStub(channels[by])
        wanted = admin_pb2.CreateCredentialRequest(
            credential=admin_pb2.Credential(role=admin_pb2.ROLE_READER), secret=KEY
        )
        made = admin.CreateCredential(wanted, metadata=AS_ADMIN).credential
        assert [answers(channel) for channel in channels] == [True, True]
        admin.RevokeCredential(admin_pb2.RevokeCredentialRequest(id=made.id), metadata=AS_ADMIN)
        clock.seconds = REMEMBERED_SECONDS
        assert [answers(channel) for channel in channels] == [False, False]
        assert REMEMBERED_SECONDS <= 30


def test_a_process_that_has_not_seen_a_credential_refuses_it_once_it_is_revoked(folder: Path) -> None:
    with two_servers(folder, Clock()) as channels:
        admin = AdminServiceStub(channels[0])
        wanted = admin_pb2.CreateCredentialRequest(
            credential=admin_pb2.Credential(role=admin_pb2.ROLE_READER), secret=KEY
        )
        made = admin.CreateCredential(wanted, metadata=AS_ADMIN).credential
        assert answers(channels[0])
        admin.RevokeCredential(admin_pb2.RevokeCredentialRequest(id=made.id), metadata=AS_ADMIN)
        assert not answers(channels[1])
