"""Clients of the last release talk to this server: their messages are made from the contract as it was released."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from server.api.server import ADMIN_SERVICE, CONSENT_SERVICE
from server.app import build
from server.storage.protocol import PRUNED
from tests.conformance.things import entry
from tests.servicer import tenants
from tests.servicer.samples import REQUESTS, sample
from tests.servicer.world import KEYS

RELEASED = Path(__file__).resolve().parents[2] / "protos" / "released.binpb"
METADATA = (("x-api-key", tenants.ADMIN),)


def _released() -> dict[str, MethodDescriptor]:
    """Every method of the contract as it was released, by name."""
    pool = DescriptorPool()
    for file in FileDescriptorSet.FromString(RELEASED.read_bytes()).file:
        pool.Add(file)
    services = [pool.FindServiceByName(service.full_name) for service in (CONSENT_SERVICE, ADMIN_SERVICE)]
    return {method.name: method for service in services for method in service.methods}


METHODS = _released()


@pytest.fixture(scope="module")
def channel(supplied: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[grpc.Channel]:
    """A line to a server of today, with all that a good request speaks of."""
    folder = tmp_path_factory.mktemp("today")
    socket = f"unix:{folder}/s"
    application = build(str(shutil.copy(supplied, folder / "consent.db")), KEYS, [socket])
    application.storage.write(1, lambda tx: tx.append(entry(kind=PRUNED, after="{}")))
    application.start()
    with grpc.insecure_channel(socket) as made:
        yield made
    application.stop(1)


def old_stub(channel: grpc.Channel, method: MethodDescriptor) -> Callable[[Message], Message]:
    """What an old stub does: it sends and reads the messages that it knows."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    answer = GetMessageClass(method.output_type)
    serialize = GetMessageClass(method.input_type).SerializeToString
    if not method.server_streaming:
        unary = channel.unary_unary(path, request_serializer=serialize, response_deserializer=answer.FromString)
        return lambda request: unary(request, metadata=METADATA, timeout=30)
    stream = channel.unary_stream(path, request_serializer=serialize, response_deserializer=answer.FromString)

    def first(request: Message) -> Message:
        call = stream(request, metadata=METADATA, timeout=30)
        found: Message = next(call)
        call.cancel()
        return found

    return first


def old_request(method: MethodDescriptor) -> Any:
    """The good request, in the words of then."""
    return GetMessageClass(method.input_type).FromString(sample(method.name).SerializeToString())


def unknown(message: Message) -> bool:
    """Whether a message holds what its reader does not know."""
    known = type(message).FromString(message.SerializeToString())
    before = known.ByteSize()
    known.DiscardUnknownFields()
    return bool(known.ByteSize() != before)


def _turn(name: str) -> int:
    """What takes away what others ask for comes late, and last what forbids taking away."""
    return 2 if name == "SetLegalHold" else int(name.startswith(("Delete", "Revoke", "Forget")))


ORDERED: list[str] = sorted(METHODS, key=_turn)


@pytest.mark.parametrize("name", ORDERED)
def test_an_old_stub_is_understood_and_understands(channel: grpc.Channel, name: str) -> None:
    request = old_request(METHODS[name])
    assert not unknown(request), "the sample says what the released contract cannot: give old clients one of their own"
    answer = old_stub(channel, METHODS[name])(request)
    assert answer.DESCRIPTOR.full_name == METHODS[name].output_type.full_name


def test_no_method_of_the_release_is_gone() -> None:
    assert set(METHODS) <= set(REQUESTS)


def test_an_old_reader_lists_events_of_kinds_that_it_does_not_know(channel: grpc.Channel) -> None:
    """The number of a kind that came later is kept, as proto3 keeps it; the events around it are read."""
    method = METHODS["ListConsentEvents"]
    answer: Any = old_stub(channel, method)(GetMessageClass(method.input_type)())
    known = {value.number for value in answer.events[0].DESCRIPTOR.fields_by_name["kind"].enum_type.values}
    kinds = {event.kind for event in answer.events}
    assert kinds & known
    assert kinds - known
    assert [event.revision for event in answer.events] == list(range(1, len(answer.events) + 1))


def test_an_old_stub_asks_and_is_answered_by_the_verdict(channel: grpc.Channel) -> None:
    method = METHODS["CheckConsent"]
    answer: Any = old_stub(channel, method)(old_request(method))
    (decision,) = answer.decisions
    verdict = decision.DESCRIPTOR.fields_by_name["verdict"].enum_type.values_by_number[decision.verdict].name
    assert verdict in ("VERDICT_ALLOW", "VERDICT_DENY")
