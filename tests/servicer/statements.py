"""Statements that no RPC makes yet: an expiry, a purpose of its own, a no on RCS."""

from __future__ import annotations

from server.domain.model import Actor, Channel, LiftedBy, Recipient, Scope, Strength
from server.domain.transitions import Move, Statement
from server.storage.protocol import Transaction
from server.usecases.statements import Provenance, record_statement
from server.usecases.tenants import operator
from tests.servicer import tenants
from tests.servicer.answers import PHONE
from tests.servicer.world import World


def state(world: World, statement: Statement, channel: Channel = Channel.SMS) -> None:
    """Say it, by the one function that writes every statement."""
    tenant_id = world.tenant_id(tenants.ACME)

    def work(tx: Transaction) -> None:
        origin = Provenance(operator(tenant_id), "test", {})
        record_statement(tx, Recipient(channel, PHONE), statement, origin)

    world.storage.write(tenant_id, work)


def yes(
    world: World, scope: Scope, strength: Strength = Strength.EXPRESS_WRITTEN, seconds: float | None = None
) -> Statement:
    now = world.clock.moment()
    ends = None if seconds is None else now + round(seconds * 1_000_000)
    return Statement(Move.OPT_IN, scope, Actor.BUSINESS, now, strength=strength, expire_time=ends)


def no(world: World, scope: Scope) -> Statement:
    return Statement(Move.OPT_OUT, scope, Actor.RECIPIENT, world.clock.moment(), lifted_by=LiftedBy.RECIPIENT)
