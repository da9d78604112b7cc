"""The rate of a credential, what calls cost of it, and how many items a process takes in one call."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from server.api.capacity import Capacity
from tests.servicer import tenants
from tests.servicer.refusals import refused
from tests.servicer.samples import sample
from tests.servicer.world import Caller, World

pytestmark = pytest.mark.supplied


def _callers(world: World, *keys: str, **limits: Any) -> list[Caller]:
    line = world.another_process(capacity=Capacity(**limits))
    return [Caller(line, (("x-api-key", key),)) for key in keys]


def _batch(items: int) -> Any:
    request = sample("BatchCheckConsent")
    request.channels[:], request.addresses[:] = [1] * items, ["+16505551234"] * items
    return request


def _make(caller: Caller, most: int) -> int:
    """How many calls are answered before one is refused."""
    for made in range(most):
        try:
            caller.ListConsents(sample("ListConsents"))
        except Exception:
            return made
    return most


def test_a_burst_is_let_through_and_then_so_many_a_second(world: World) -> None:
    (caller,) = _callers(world, tenants.READER, rate=2, burst=5)
    assert _make(caller, 100) == 5
    found = refused(caller.ListConsents)
    assert (found.code, found.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED")
    assert (found.metadata, found.retry_after_seconds) == ({"retry_after_seconds": "1"}, 1)
    world.clock.advance(1)
    assert _make(caller, 100) == 2
    world.clock.advance(1000)
    assert _make(caller, 100) == 5


def test_each_credential_has_its_own_and_none_is_the_default(world: World) -> None:
    reader, writer = _callers(world, tenants.READER, tenants.WRITER, rate=1, burst=3)
    assert (_make(reader, 100), _make(writer, 100)) == (3, 3)
    (anybody,) = _callers(world, tenants.READER)
    assert _make(anybody, 50) == 50


def test_what_is_refused_costs_nothing_and_is_counted(world: World) -> None:
    (caller,) = _callers(world, tenants.READER, rate=1, burst=1)
    assert _make(caller, 100) == 1
    for _ in range(20):
        assert refused(caller.ListConsents).retry_after_seconds == 1
    world.clock.advance(1)
    assert _make(caller, 100) == 1
    assert world.metrics.report()["consent_limited_calls"]["rate_limited",] == (22,)


@pytest.mark.parametrize(("items", "calls"), [(1, 100), (99, 100), (100, 50), (900, 10), (10_000, 1)])
def test_a_batch_counts_as_one_more_for_each_hundred_items(world: World, items: int, calls: int) -> None:
    (caller,) = _callers(world, tenants.READER, rate=1, burst=100)
    for _ in range(calls):
        caller.BatchCheckConsent(_batch(items))
    assert refused(caller.BatchCheckConsent, _batch(items)).reason == "RATE_LIMITED"


def test_a_call_counts_before_its_fields_are_judged(world: World) -> None:
    (caller,) = _callers(world, tenants.READER, rate=1, burst=1)
    assert refused(caller.CheckConsent).reason == "INVALID_FIELD"
    assert refused(caller.CheckConsent).reason == "RATE_LIMITED"


def test_who_is_nobody_uses_up_nobodys_rate(world: World) -> None:
    line = world.another_process(capacity=Capacity(rate=1, burst=1))
    for _ in range(5):
        assert refused(Caller(line).ListConsents).reason == "CREDENTIAL_MISSING"
    assert _make(Caller(line, (("x-api-key", tenants.READER),)), 100) == 1


def test_more_items_than_the_process_takes_are_refused(world: World) -> None:
    (caller,) = _callers(world, tenants.READER, batch_items=3)
    assert len(caller.BatchCheckConsent(_batch(3)).verdicts) == 3
    found = refused(caller.BatchCheckConsent, _batch(4))
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert found.violations == {"channels": "TOO_MANY", "addresses": "TOO_MANY"}
    assert "at most 3, not 4" in found.message
