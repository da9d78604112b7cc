"""What a watch does with time: heartbeats, the credential's new look, and its end. The time is told, not waited for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from server.domain.errors import CredentialInvalid, ServerStopping
from server.usecases.pages import PageTokens
from server.usecases.tenants import operator
from server.usecases.watching import WatchMessage, WatchQuery, WatchSignals, watch_events
from tests.servicer import tenants
from tests.servicer.test_ledger_watch import write
from tests.servicer.world import KEYS, World


@dataclass
class Surroundings:
    """Each look at the surroundings is `step` seconds after the one before."""

    step: float = 3.0
    now: float = 0.0
    looks: int = 0
    checks: list[float] = field(default_factory=list)
    at_look: Callable[[int], bool] = lambda _: True
    at_check: Callable[[], object] = lambda: None

    def check_open(self) -> bool:
        self.looks += 1
        self.now += self.step
        return self.at_look(self.looks)

    def check_credential(self) -> None:
        self.checks.append(self.now)
        self.at_check()

    def signals(self) -> WatchSignals:
        return WatchSignals(self.check_open, self.check_credential, lambda _: None, lambda: self.now)


def watched(world: World, around: Surroundings, **asked: int) -> list[WatchMessage]:
    principal = operator(world.tenant_id(tenants.ACME))
    query = WatchQuery(after_revision=asked.get("after_revision", 0))
    return list(watch_events(world.storage, principal, PageTokens(KEYS), query, around.signals()))


def test_a_heartbeat_comes_after_ten_quiet_seconds(world: World) -> None:
    head = len(world.events(tenants.ACME))
    around = Surroundings(at_look=lambda look: look <= 9)
    messages = watched(world, around, after_revision=head)
    assert [len(message.events) for message in messages] == [0, 0]  # of 27 seconds
    assert {message.revision for message in messages} == {head}
    assert all(message.resume_token for message in messages)


def test_the_credential_is_looked_at_every_ten_seconds_whether_quiet_or_busy(world: World) -> None:
    head = len(world.events(tenants.ACME))

    def busy(look: int) -> bool:
        write(world.storage, world.tenant_id(tenants.ACME), look)
        return look <= 10

    around = Surroundings(at_look=busy)
    messages = watched(world, around, after_revision=head)
    assert sum(len(message.events) for message in messages) == 10
    assert around.checks == [12.0, 24.0]


def test_a_revoked_credential_ends_the_watch(world: World) -> None:
    def refuse() -> None:
        raise CredentialInvalid

    with pytest.raises(CredentialInvalid):
        watched(world, Surroundings(at_check=refuse))


def test_a_server_that_stops_ends_the_watch(world: World) -> None:
    def stop(look: int) -> bool:
        if look == 3:
            raise ServerStopping
        return True

    with pytest.raises(ServerStopping):
        watched(world, Surroundings(at_look=stop))


def test_a_heartbeat_carries_the_position_past_events_of_others(world: World) -> None:
    head = len(world.events(tenants.ACME))
    principal = operator(world.tenant_id(tenants.ACME))
    around = Surroundings(at_look=lambda look: look <= 5)
    for number in range(3):
        write(world.storage, principal.tenant_id, number, tenants.BRAND)
    query = WatchQuery(after_revision=head, senders=frozenset({tenants.CLIENT}))
    (message,) = watch_events(world.storage, principal, PageTokens(KEYS), query, around.signals())
    assert (len(message.events), message.revision) == (0, head + 3)
