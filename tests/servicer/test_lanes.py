"""Behind a port: who waits where, who is refused, and that nobody who says nothing stops the others."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from consent.v1 import decision_pb2
from consent.v1.consent_pb2 import CHANNEL_SMS, Recipient
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub
from grpc_health.v1 import health_pb2, health_pb2_grpc

from server.api import lane, lanes
from server.api.arrivals import Stage
from server.api.capacity import Capacity
from server.api.lanes import Lanes
from server.api.server import ConsentServer, build_server
from server.storage.protocol import Storage
from tests.servicer import tenants
from tests.servicer.conftest import MakeWorld
from tests.servicer.refusals import Refused
from tests.servicer.world import World

CHECK = "/consent.v1.ConsentService/CheckConsent"
KEY = ("x-api-key", tenants.READER)
QUESTION = decision_pb2.CheckConsentRequest(
    sender=tenants.BRAND, recipient=Recipient(channel=CHANNEL_SMS, address="+16505551234"), purposes=["marketing"]
)
THREADS = lanes.CHECKING_THREADS


class Gate:
    """A storage that no check passes until the gate is open."""

    def __init__(self, storage: Storage) -> None:
        self._storage: Any = storage
        self.open = threading.Event()
        self.passed = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._storage, name)
        if name not in ("read", "glimpse"):
            return found

        def wait(*given: Any, **named: Any) -> Any:
            self.open.wait()
            self.passed += 1
            return found(*given, **named)

        return wait


@dataclass
class Served:
    """A server on a socket of its own, and a gate before its storage."""

    server: ConsentServer
    lanes: Lanes
    gate: Gate
    channel: grpc.Channel
    world: World

    def begin(self, *metadata: tuple[str, str]) -> Any:
        """A check, under way."""
        return ConsentServiceStub(self.channel).CheckConsent.future(QUESTION, metadata=(KEY, *metadata), timeout=60)

    def begin_without_message(self) -> Any:
        """A check whose headers are sent, and nothing else."""
        silent = threading.Event()

        def say_nothing() -> Iterator[bytes]:
            silent.wait()
            yield from ()

        rpc: Any = self.channel.stream_unary(CHECK)
        call = rpc.future(say_nothing(), metadata=(KEY,), timeout=60)
        call.add_done_callback(lambda _: silent.set())
        return call

    def await_open(self, count: int) -> None:
        """Return once so many checks are open."""
        while len(self.lanes.checks.open) != count:
            pass

    def await_running(self, count: int) -> None:
        """Return once threads are at so many checks."""
        while sum(one.stage is Stage.RUNNING for one in [*self.lanes.checks.open]) != count:
            pass


@pytest.fixture
def serve(make_world: MakeWorld) -> Iterator[Callable[..., Served]]:
    with ExitStack() as stack:
        yield lambda **limits: stack.enter_context(_serving(make_world, Capacity(**limits)))


@contextmanager
def _serving(make_world: MakeWorld, capacity: Capacity) -> Iterator[Served]:
    gates: list[Any] = []

    def wrap(storage: Storage) -> Any:
        gates.append(Gate(storage))
        return gates[0]

    world = make_world(wrap)
    own = Lanes(world.metrics, capacity)
    mounted = world.mount(gates[0], lanes=own)
    with tempfile.TemporaryDirectory() as folder:
        address = f"unix:{Path(folder) / 's'}"
        server = build_server(world.storage, dict(mounted), [address], lanes=own)
        server.start()
        with grpc.insecure_channel(address) as channel:
            yield Served(server, own, gates[0], channel, world)
            gates[0].open.set()
        server.stop(5)


def _told(call: Any) -> Refused:
    """How a call was refused."""
    return Refused(call.code(), call.details(), dict(call.trailing_metadata()))


def _limited(served: Served, limit: str) -> float:
    return served.world.metrics.report()["consent_limited_calls"].get((limit,), (0,))[0]


def test_callers_that_send_no_message_hold_no_thread(serve: Callable[..., Served]) -> None:
    served = serve()
    served.gate.open.set()
    silent = [served.begin_without_message() for _ in range(4 * THREADS)]
    served.await_open(len(silent))
    assert served.begin().result().decisions
    for call in silent:
        call.cancel()
    served.await_open(0)


def test_a_message_that_does_not_come_is_not_waited_for(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    served = serve()
    call = served.begin_without_message()
    served.await_open(1)
    monkeypatch.setattr(lanes, "MESSAGE_SECONDS", 0.0)
    served.lanes.sweep()
    found = _told(call)
    assert (found.code, found.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_PASSED")
    served.await_open(0)


def test_more_calls_than_the_process_takes_are_refused_at_once(serve: Callable[..., Served]) -> None:
    served = serve(calls=2)
    held = [served.begin(), served.begin()]
    served.await_open(2)
    found = _told(served.begin(("x-request-id", "one-too-many")))
    assert (found.code.name, found.reason) == ("UNAVAILABLE", "OVERLOADED")
    assert (found.metadata, found.retry_after_seconds) == ({"retry_after_seconds": "1"}, 1)
    assert found.request_id == "one-too-many"
    assert _told(served.begin(("x-request-id", "a b"))).request_id != "a b"
    # Callers are told first, and counted then.
    while sum(served.world.metrics.report()["consent_calls"].get(("CheckConsent", "UNAVAILABLE"), (0,))) != 2:
        pass
    assert _limited(served, "overloaded") == 2
    served.gate.open.set()
    assert all(call.result().decisions for call in held)
    served.await_open(0)
    assert served.begin().result().decisions


def test_health_answers_however_many_wait(serve: Callable[..., Served]) -> None:
    served = serve(calls=3 * THREADS)
    held = [served.begin() for _ in range(3 * THREADS)]
    served.await_open(len(held))
    health: Any = health_pb2_grpc.HealthStub(served.channel)
    assert health.Check(health_pb2.HealthCheckRequest(), timeout=60).status == 1
    assert set(health.List(health_pb2.HealthListRequest(), timeout=60).statuses) >= {""}
    watch = health.Watch(health_pb2.HealthCheckRequest(), timeout=60)
    assert next(watch).status == 1
    watch.cancel()


def test_bytes_that_are_no_message_end_a_health_check(serve: Callable[..., Served]) -> None:
    check: Any = serve().channel.unary_unary("/grpc.health.v1.Health/Check")
    with pytest.raises(grpc.RpcError) as caught:
        check(b"\xff\xff", timeout=60)
    found: Any = caught.value
    assert found.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.fixture
def crowd(serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch) -> tuple[Served, list[Any]]:
    """A server whose threads are busy, whose room is full, and two calls that are put off."""
    monkeypatch.setattr(lanes, "CHECKS_WAITING", 1)
    served = serve()
    calls = []
    for count in range(1, THREADS + 4):
        calls.append(served.begin())
        served.await_open(count)
        served.await_running(min(count, THREADS))
    while not served.lanes.checks.has_put_off:
        pass
    return served, calls


def test_a_burst_is_answered_to_its_end(crowd: tuple[Served, list[Any]]) -> None:
    served, calls = crowd
    served.gate.open.set()
    assert all(call.result().decisions for call in calls)
    assert _limited(served, "overloaded") == 0


def test_who_is_put_off_for_long_is_refused_and_the_others_are_answered(
    crowd: tuple[Served, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    served, calls = crowd
    monkeypatch.setattr(lane, "PATIENCE_SECONDS", 0.0)
    assert [_told(call).reason for call in calls[-2:]] == ["OVERLOADED", "OVERLOADED"]
    assert not any(call.done() for call in calls[:-2])
    served.gate.open.set()
    assert all(call.result().decisions for call in calls[:-2])
    served.await_open(0)


def test_work_is_not_begun_for_a_caller_that_has_gone(crowd: tuple[Served, list[Any]]) -> None:
    served, calls = crowd
    for call in calls[THREADS:]:
        call.cancel()
    while sum(one.is_awaited for one in [*served.lanes.checks.open]) > THREADS:
        pass
    served.gate.open.set()
    assert all(call.result().decisions for call in calls[:THREADS])
    served.await_open(0)
    assert served.gate.passed == THREADS


def test_a_call_that_takes_too_long_is_told_so_and_its_answer_dropped(
    serve: Callable[..., Served], capfd: pytest.CaptureFixture[str]
) -> None:
    served = serve(call_seconds=0)
    call = served.begin()
    served.await_running(1)
    served.lanes.sweep()
    found = _told(call)
    assert (found.code, found.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "CALL_TOO_LONG")
    assert found.metadata == {"seconds": "0"}
    served.gate.open.set()
    served.await_open(0)
    assert "Traceback" not in capfd.readouterr().err


def test_a_larger_message_than_the_process_takes_is_refused(serve: Callable[..., Served]) -> None:
    served = serve(request_bytes=1000)
    call: Any = served.channel.unary_unary(CHECK)
    with pytest.raises(grpc.RpcError) as caught:
        call(bytes(1001), metadata=(KEY,), timeout=60)
    found: Any = caught.value
    assert found.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
