"""What only a real socket can show: bytes that are no message, faults too large for a trailer, open doors."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from server.api.server import SERVICES, build_server
from tests.servicer import tenants
from tests.servicer.refusals import Refused
from tests.servicer.samples import sample
from tests.servicer.world import METHODS, World

pytestmark = pytest.mark.supplied
GARBAGE = {
    "no tag": b"\xff\xff\xff\xff",
    "cut off": b"\x0a\x10abc",
    "not UTF-8": b"\x0a\x02\xff\xfe",
    "surrogates": b"\x0a\x06\xed\xa0\xbd\xed\xb8\x80",
    "group without end": b"\x0b",
}


@pytest.fixture
def channel(world: World) -> Iterator[grpc.Channel]:
    # Not tmp_path: the path of a unix socket may have about 100 characters.
    with tempfile.TemporaryDirectory() as folder:
        address = f"unix:{Path(folder) / 's'}"
        server = build_server(world.storage, dict(world.mounted), [address], lanes=world.lanes)
        server.start()
        with grpc.insecure_channel(address) as channel:
            yield channel
        server.stop(5)


def _send(channel: grpc.Channel, rpc: str, data: bytes, *metadata: tuple[str, str]) -> bytes:
    """The answer; of a stream the first message."""
    method = METHODS[rpc]
    path, told = f"/{method.containing_service.full_name}/{rpc}", metadata or (("x-api-key", tenants.ADMIN),)
    try:
        if method.server_streaming:
            streaming: Any = channel.unary_stream(path)
            stream = streaming(data, metadata=told)
            answer: bytes = next(stream)
            stream.cancel()
        else:
            call: Any = channel.unary_unary(path)
            answer = call(data, metadata=told)
    except grpc.RpcError as error:
        found: Any = error
        raise Refused(found.code(), found.details(), dict(found.trailing_metadata())) from error
    return answer


def _refused(channel: grpc.Channel, rpc: str, data: bytes, *metadata: tuple[str, str]) -> Refused:
    with pytest.raises(Refused) as caught:
        _send(channel, rpc, data, *metadata)
    return caught.value


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE)
def test_bytes_that_are_no_message_are_malformed(world: World, channel: grpc.Channel, data: bytes) -> None:
    before = world.contents()
    for rpc in ("CheckConsent", "UpdateChannelConsent", "CreateSender"):
        found = _refused(channel, rpc, data, ("x-api-key", tenants.ADMIN), ("x-request-id", "malformed-1"))
        assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST")
        assert (found.metadata, found.request_id) == ({}, "malformed-1")
    assert world.contents() == before
    assert world.sample("consent_calls_total", method="CheckConsent", code="INVALID_ARGUMENT") == 1


def test_malformed_bytes_without_a_credential_are_unauthenticated_first(channel: grpc.Channel) -> None:
    found = _refused(channel, "CheckConsent", GARBAGE["no tag"], ("x-other", ""))
    assert found.reason == "CREDENTIAL_MISSING"


def test_no_bytes_are_a_message_without_fields(channel: grpc.Channel) -> None:
    found = _refused(channel, "CheckConsent", b"")
    assert found.violations == {"sender": "REQUIRED", "recipient": "REQUIRED", "purposes": "REQUIRED"}


def test_unknown_fields_are_ignored(channel: grpc.Channel) -> None:
    _send(channel, "ListSenders", b"\xfa\x3f\x03abc")


@pytest.mark.parametrize("rpc", METHODS)
def test_each_rpc_is_served(channel: grpc.Channel, rpc: str) -> None:
    _send(channel, rpc, sample(rpc).SerializeToString())


def test_an_unknown_method_is_unimplemented(channel: grpc.Channel) -> None:
    for name in ("/consent.v1.ConsentService/Unknown", "/consent.v1.Unknown/CheckConsent"):
        call: Any = channel.unary_unary(name)
        with pytest.raises(grpc.RpcError) as caught:
            call(b"")
        found: Any = caught.value
        assert found.code() is grpc.StatusCode.UNIMPLEMENTED


def test_as_many_faults_as_a_request_can_hold_still_arrive_as_faults(world: World, channel: grpc.Channel) -> None:
    """A client accepts about 8 KiB of trailers; two hundred bad entries must not turn into RESOURCE_EXHAUSTED."""
    request = sample("UpdateOptOutStatus")
    (entry,) = request.communication_attributes_list
    entry.communication_value = "1"
    request.communication_attributes_list.extend([entry] * 199)
    found = _refused(channel, "UpdateOptOutStatus", request.SerializeToString())
    assert found.reason == "INVALID_FIELD"
    assert found.violations["communication_attributes_list[0].communication_value"] == "INVALID_FORMAT"
    entry.Clear()
    del request.communication_attributes_list[:]
    request.communication_attributes_list.extend([entry] * 200)
    found = _refused(channel, "UpdateOptOutStatus", request.SerializeToString())
    assert found.violations["communication_attributes_list[0].communication_type"] == "REQUIRED"


def test_names_of_the_greatest_length_in_any_script_still_arrive(channel: grpc.Channel) -> None:
    request = sample("CheckConsent")
    request.sender = "🛑" * 128
    found = _refused(channel, "CheckConsent", request.SerializeToString())
    assert (found.reason, found.metadata) == ("SENDER_NOT_FOUND", {"sender": "🛑" * 128})
    request = sample("CreateAutoResponse")
    request.keywords[:] = ["ＳＴＯＰ" + "\u200b" * 60]
    request.op = 1
    assert _refused(channel, "CreateAutoResponse", request.SerializeToString()).reason == "KEYWORD_RESERVED"


def test_health_and_reflection_need_no_credential(channel: grpc.Channel) -> None:
    health = health_pb2_grpc.HealthStub(channel)
    for name in ("", *(service.full_name for service in SERVICES)):
        assert health.Check(health_pb2.HealthCheckRequest(service=name)).status == 1
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    (answer,) = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(iter([asked]))
    listed = {service.name for service in answer.list_services_response.service}
    assert {service.full_name for service in SERVICES} <= listed
    assert "grpc.health.v1.Health" in listed


def test_reflection_names_the_true_files(channel: grpc.Channel) -> None:
    asked = reflection_pb2.ServerReflectionRequest(file_by_filename="consent/v1/consent_service.proto")
    (answer,) = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(iter([asked]))
    assert answer.file_descriptor_response.file_descriptor_proto


def test_health_tells_when_the_database_is_gone(world: World) -> None:
    server = build_server(world.storage, dict(world.mounted), [], lanes=world.lanes)
    servicer: Any = server.health.servicer
    told = []
    for gone in (False, True):
        if gone:
            world.storage.close()
        server.health.judge()
        told.append(servicer.Check(health_pb2.HealthCheckRequest(), None).status)
    assert told == [1, 2]
