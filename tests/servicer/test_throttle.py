"""Failed logins are held back, each caller for itself, and nobody who was let in before."""

from __future__ import annotations

import grpc
import pytest

from tests.servicer import tenants
from tests.servicer.refusals import Refused, refused
from tests.servicer.world import World

BURST = 20
OTHER_PORT, OTHER_ADDRESS = "ipv4:192.0.2.1:6000", "ipv4:192.0.2.2:5000"


def _fail(world: World, peer: str = "ipv4:192.0.2.1:5000", *metadata: tuple[str, str]) -> Refused:
    return refused(world.anybody(("x-api-key", "a-wrong-key"), *metadata, peer=peer).ListConsents)


def _fail_until_throttled(world: World, peer: str = "ipv4:192.0.2.1:5000", *metadata: tuple[str, str]) -> int:
    for failures in range(BURST * 2):
        if _fail(world, peer, *metadata).reason == "LOGIN_THROTTLED":
            return failures
    raise AssertionError("never throttled")


def test_a_burst_of_failures_is_let_through_and_then_held_back(world: World) -> None:
    assert _fail_until_throttled(world) == BURST
    found = _fail(world)
    assert (found.code, found.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "LOGIN_THROTTLED")
    assert found.metadata == {"retry_after_seconds": "1"}
    assert found.retry_after_seconds == 1


def test_what_is_held_back_does_not_lengthen_the_wait(world: World) -> None:
    _fail_until_throttled(world)
    for _ in range(BURST):
        assert _fail(world).retry_after_seconds == 1
    world.clock.advance(1)
    assert _fail(world).reason == "CREDENTIAL_INVALID"


def test_one_failure_a_second_is_let_through_after_the_burst(world: World) -> None:
    _fail_until_throttled(world)
    for _ in range(3):
        world.clock.advance(1)
        assert _fail(world).reason == "CREDENTIAL_INVALID"
        assert _fail(world).reason == "LOGIN_THROTTLED"


def test_the_burst_is_full_again_after_a_while(world: World) -> None:
    _fail_until_throttled(world)
    world.clock.advance(BURST + 1)
    assert _fail_until_throttled(world) == BURST


def test_another_address_is_not_held_back_and_another_port_is(world: World) -> None:
    _fail_until_throttled(world)
    assert _fail(world, OTHER_PORT).reason == "LOGIN_THROTTLED"
    assert _fail(world, OTHER_ADDRESS).reason == "CREDENTIAL_INVALID"
    assert _fail(world, "ipv6:[2001:db8::1]:5000").reason == "CREDENTIAL_INVALID"


def test_even_a_right_secret_waits_when_it_was_never_verified(world: World) -> None:
    _fail_until_throttled(world)
    caller = world.holder(tenants.READER)
    assert refused(caller.ListConsents).reason == "LOGIN_THROTTLED"
    world.clock.advance(1)
    caller.ListConsents()


def test_a_secret_that_was_verified_before_is_not_held_back(world: World) -> None:
    caller = world.holder(tenants.READER)
    caller.ListConsents()
    _fail_until_throttled(world)
    caller.ListConsents()
    world.clock.advance(31)
    _fail_until_throttled(world)
    caller.ListConsents()


def test_a_verified_secret_that_ceased_to_open_is_held_back_like_any(world: World) -> None:
    caller = world.holder(tenants.SPARE_KEY)
    caller.ListConsents()
    world.holder(tenants.ADMIN).RevokeCredential(id=tenants.SPARE)
    world.clock.advance(31)
    _fail_until_throttled(world)
    assert refused(caller.ListConsents).reason == "CREDENTIAL_INVALID"
    assert refused(caller.ListConsents).reason == "LOGIN_THROTTLED"


def test_a_missing_credential_is_no_failed_login(world: World) -> None:
    for _ in range(BURST * 2):
        assert refused(world.anybody().ListConsents).reason == "CREDENTIAL_MISSING"
    assert _fail(world).reason == "CREDENTIAL_INVALID"


def test_behind_the_gateways_socket_each_peer_that_it_names_counts_for_itself(world: World) -> None:
    first, second = ("x-consent-peer", "198.51.100.1"), ("x-consent-peer", "198.51.100.2")
    assert _fail_until_throttled(world, "unix:", first) == BURST
    assert _fail(world, "unix:", second).reason == "CREDENTIAL_INVALID"


@pytest.mark.parametrize("peer", ["ipv4:192.0.2.1:5000", "ipv6:[::1]:5000"])
def test_over_the_network_nobody_names_a_peer(world: World, peer: str) -> None:
    _fail_until_throttled(world, peer, ("x-consent-peer", "198.51.100.1"))
    assert _fail(world, peer, ("x-consent-peer", "198.51.100.2")).reason == "LOGIN_THROTTLED"
