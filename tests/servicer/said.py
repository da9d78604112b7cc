"""Statements and messages as callers send them, and what became of them."""

from __future__ import annotations

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from server.domain.model import Role
from server.usecases.credentials import CredentialDraft
from server.usecases.tenants import operator
from tests.servicer import tenants
from tests.servicer.answers import PHONE, SMS
from tests.servicer.world import Caller, World

OPTED_IN, OPTED_OUT = 2, 3
RECIPIENT, BUSINESS, CARRIER, IMPORT, SYSTEM = range(1, 6)
IMPLIED, EXPRESS, WRITTEN = range(1, 4)
PROTECTED, WIDER, SUPERSEDED = range(1, 4)
STOPPED, STARTED, HELPED, SUSPECTED, NOTHING = range(1, 6)
PROOF = {"method": 2, "url": "https://example.com/join"}
FORCER = "acme-forcer-key-0001"


def after(world: World, seconds: float) -> Timestamp:
    """A moment, counted from the next call's."""
    found = Timestamp()
    found.FromMicroseconds(world.clock.moment() + 1000 + round(seconds * 1_000_000))
    return found


def yes(sender: str = tenants.DEPARTMENT, actor: int = BUSINESS, **fields: Any) -> dict[str, Any]:
    """A written yes for every purpose, proved where the recipient says it."""
    return _statement(sender, actor, {"state": OPTED_IN, "strength": WRITTEN, **fields})


def no(sender: str = tenants.DEPARTMENT, actor: int = RECIPIENT, **fields: Any) -> dict[str, Any]:
    """A no for every purpose, proved where the recipient says it."""
    return _statement(sender, actor, {"state": OPTED_OUT, **fields})


def _statement(sender: str, actor: int, fields: dict[str, Any]) -> dict[str, Any]:
    proof = {"evidence": PROOF} if actor == RECIPIENT else {}
    address, channel = fields.pop("address", PHONE), fields.pop("channel", SMS)
    recipient = {"channel": channel, "address": address}
    return {"recipient": recipient, "sender": sender, "purpose": "*", "actor": actor, **proof, **fields}


def record(caller: Caller, statement: dict[str, Any], **terms: Any) -> Any:
    """Record one statement; answer the result."""
    return caller.RecordConsent(statement=statement, **terms).result


def forcer(world: World) -> Caller:
    """A writer that may force."""
    tenant_id = world.tenant_id(tenants.ACME)
    draft = CredentialDraft(Role.WRITER, allow_force=True)
    world.storage.write(tenant_id, lambda tx: tenants.add_key(tx, operator(tenant_id), FORCER, draft))
    return world.holder(FORCER)


def say(caller: Caller, body: str, sender: str = tenants.DEPARTMENT, message: str = "", **fields: Any) -> Any:
    """Let the phone write to a sender, under an id of its own unless one is given."""
    request = {
        "sender": sender,
        "channel": SMS,
        "from": PHONE,
        "to": "+18005550100",
        "body": body,
        "provider_message_id": message or f"inbound-{caller.line.calls}",
        **fields,
    }
    return caller.HandleInboundMessage(**request)
