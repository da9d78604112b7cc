"""The chain that every call passes: its order, what each layer promises, and what a defect tells to whom."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, cast

import grpc
import pytest
from consent.v1 import admin_pb2
from structlog.testing import capture_logs

from server.api import pipeline
from server.api.auth import Authenticator
from server.api.call import Call, Handler, Layer, Method
from server.api.capacity import USUAL
from server.api.rates import CallRates
from server.domain.model import Role
from server.metrics.metrics import Metrics
from tests.servicer import tenants
from tests.servicer.conftest import MakeWorld
from tests.servicer.refusals import refused
from tests.servicer.scenarios import Defective
from tests.servicer.world import GRPC_TESTING, KEYS, METHODS, PEER, Caller, Mounted, World

ORDER = ["identified", "errors_told", "metered", "logged", "in_time", "authenticated", "rated", "validated"]
QUESTION = {"sender": tenants.BRAND, "recipient": {"channel": 1, "address": "+16505551234"}, "purposes": ["marketing"]}
GENERATED = 32


@pytest.fixture
def defective(make_world: MakeWorld) -> World:
    return make_world(Defective)


def test_layers_stand_in_the_documented_order(world: World) -> None:
    authenticator = Authenticator(world.storage, KEYS, world.clock.moment, world.clock.seconds)
    rates = CallRates(USUAL, world.clock.seconds, world.metrics)
    chain = pipeline.build_chain(authenticator, Metrics(), rates)
    assert [name.strip("_") for name in pipeline.layer_names(chain)] == ORDER
    assert len(chain.layers) == len(ORDER)


def test_each_method_is_wrapped_once_and_from_the_outside_in() -> None:
    passed: list[str] = []

    def layer(name: str) -> Layer:
        def wrap(_: Method, inner: Handler) -> Handler:
            passed.append(f"wrap {name}")

            def run(call: Call, request: Any) -> Any:
                passed.append(name)
                return inner(call, request)

            return run

        return wrap

    chain = pipeline.Chain((layer("outer"), layer("inner")))
    method, context = Method("/s/M", Role.READER), cast("grpc.ServicerContext", None)
    handler = chain.around(method, lambda _, request: request)
    assert [handler(Call(method, context), asked) for asked in ("one", "two")] == ["one", "two"]
    assert passed == ["wrap inner", "wrap outer", "outer", "inner", "outer", "inner"]


@pytest.mark.parametrize("rpc", METHODS)
def test_authentication_comes_before_validation(world: World, rpc: str) -> None:
    assert refused(getattr(world.anybody(), rpc)).reason == "CREDENTIAL_MISSING"
    assert refused(getattr(world.holder("no such key at all"), rpc)).reason == "CREDENTIAL_INVALID"


def test_the_role_comes_before_validation(reader: Caller) -> None:
    assert refused(reader.UpdateChannelConsent).reason == "ROLE_INSUFFICIENT"


def test_the_deadline_comes_before_authentication(world: World) -> None:
    late = Caller(world.line, seconds_left=0.0)
    assert refused(late.CheckConsent).reason == "DEADLINE_PASSED"


def test_a_passed_deadline_changes_nothing(world: World) -> None:
    before = world.contents()
    late = Caller(world.line, (("x-api-key", tenants.ADMIN),), seconds_left=0.0)
    found = refused(late.CreateSender, sender={"id": "late", "kind": 4})
    assert (found.code, found.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_PASSED")
    assert world.contents() == before


def test_a_deadline_that_is_still_ahead_changes_nothing_either(world: World) -> None:
    early = Caller(world.line, (("x-api-key", tenants.ADMIN),), seconds_left=0.001)
    assert early.CheckConsent(**QUESTION).decisions


def test_a_call_whose_deadline_passes_while_it_waits_is_refused_before_it_works(world: World) -> None:
    time = GRPC_TESTING.strict_fake_time(0)
    begin, ended = threading.Event(), threading.Event()
    server = GRPC_TESTING.server_from_dictionary(_late_server(world.mounted, begin, ended), time)
    method = METHODS["CreateSender"]
    before = world.contents()
    request = admin_pb2.CreateSenderRequest(sender=admin_pb2.Sender(id="waits", kind=admin_pb2.SENDER_KIND_OTHER))
    rpc = server.invoke_unary_unary(method, (("x-api-key", tenants.ADMIN),), request, 5)
    time.sleep_for(10)
    begin.set()
    assert rpc.termination()[2] is grpc.StatusCode.DEADLINE_EXCEEDED
    ended.wait()
    assert world.contents() == before
    assert _counted(world, "CreateSender", "DEADLINE_EXCEEDED") == 1


def _late_server(mounted: Mounted, begin: threading.Event, ended: threading.Event) -> Mounted:
    """The services, with a queue before CreateSender in which calls wait for `begin`."""
    (service,) = (service for service in mounted if "CreateSender" in service.methods_by_name)

    def create_sender(request: Any, context: Any) -> Any:
        begin.wait()
        try:
            return mounted[service].CreateSender(request, context)
        finally:
            ended.set()

    return {service: SimpleNamespace(CreateSender=create_sender)}


def test_a_defect_tells_nothing_internal_and_is_logged_under_the_request_id(defective: World) -> None:
    caller = defective.holder(tenants.READER).with_metadata(("x-request-id", "find-me-1"))
    with capture_logs() as logs:
        found = refused(caller.CheckConsent, **QUESTION)
    assert (found.code, found.reason, found.request_id) == (grpc.StatusCode.INTERNAL, "INTERNAL", "find-me-1")
    assert found.metadata == {}
    for hint in (Defective.SAYS, "4711", "ValueError", "Traceback", "consent.db", "+1650"):
        assert hint not in str(found.status)
    (entry,) = [entry for entry in logs if entry["log_level"] == "error"]
    assert (entry["request_id"], entry["method"]) == ("find-me-1", "CheckConsent")
    assert entry["exc_info"]


def test_a_defect_is_counted_as_internal(defective: World) -> None:
    refused(defective.holder(tenants.READER).CheckConsent, **QUESTION)
    assert _counted(defective, "CheckConsent", "INTERNAL") == 1


@pytest.mark.parametrize("exit_", [SystemExit(1), KeyboardInterrupt()])
def test_an_exit_is_a_defect_and_ends_no_thread(make_world: MakeWorld, exit_: BaseException) -> None:
    def leave(*_: object) -> None:
        raise exit_

    def wrap(storage: Any) -> Any:
        leaving = Defective(storage)
        leaving.glimpse = leave  # type: ignore[method-assign]
        return leaving

    found = refused(make_world(wrap).holder(tenants.READER).CheckConsent, **QUESTION)
    assert (found.code, found.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")


def _counted(world: World, method: str, code: str) -> float | None:
    return world.sample("consent_calls_total", method=method, code=code)


def test_calls_are_counted_by_method_and_code_and_timed_by_method(world: World, reader: Caller) -> None:
    reader.CheckConsent(**QUESTION)
    reader.CheckConsent(**QUESTION)
    refused(reader.CheckConsent)
    refused(world.anybody().CheckConsent)
    reader.ListConsents()
    assert _counted(world, "CheckConsent", "OK") == 2
    assert _counted(world, "CheckConsent", "INVALID_ARGUMENT") == 1
    assert _counted(world, "CheckConsent", "UNAUTHENTICATED") == 1
    assert _counted(world, "ListConsents", "OK") == 1
    timed = world.sample("consent_call_seconds_count", method="CheckConsent")
    spent = world.sample("consent_call_seconds_sum", method="CheckConsent")
    assert timed == 4
    assert spent is not None
    assert spent > 0


@pytest.mark.parametrize("given", ["a", "A-1_b.c", "0" * 128])
def test_a_well_formed_request_id_is_kept(world: World, given: str) -> None:
    assert refused(world.anybody(("x-request-id", given)).CheckConsent).request_id == given


@pytest.mark.parametrize("given", ["", "a b", "a\nb", "a/b", "ü", "0" * 129, "<script>", 'a"', "a\x00"])
def test_an_ill_formed_request_id_is_replaced(world: World, given: str) -> None:
    found = refused(world.anybody(("x-request-id", given)).CheckConsent).request_id
    assert found != given
    assert len(found) == GENERATED
    int(found, 16)


def test_requests_without_an_id_get_different_ones(world: World) -> None:
    first, second = (refused(world.anybody().CheckConsent).request_id for _ in range(2))
    assert first != second


def test_binary_metadata_does_not_disturb(world: World) -> None:
    caller = world.holder(tenants.READER).with_metadata(("x-request-id-bin", b"\xff\x00"))
    assert caller.CheckConsent(**QUESTION).decisions


def test_a_refused_call_is_logged_with_its_reason_and_without_the_address(world: World, reader: Caller) -> None:
    caller = reader.with_metadata(("x-request-id", "find-me-2"))
    with capture_logs() as logs:
        refused(caller.CheckConsent, **{**QUESTION, "sender": tenants.UNKNOWN})
    (entry,) = [entry for entry in logs if entry["event"] == "call refused"]
    assert (entry["reason"], entry["request_id"], entry["method"]) == ("SENDER_NOT_FOUND", "find-me-2", "CheckConsent")
    assert entry["tenant"] == world.tenant_id(tenants.ACME)
    assert "6505551234" not in str(logs)
    assert tenants.READER not in str(logs)


def test_neither_secret_nor_address_reaches_the_log_of_an_unauthenticated_call(world: World) -> None:
    with capture_logs() as logs:
        refused(world.holder("a wrong but secret key").CheckConsent, **QUESTION)
    assert logs
    assert "a wrong but secret key" not in str(logs)
    assert PEER not in str(logs)
