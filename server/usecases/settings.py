"""SETTING events: changes of what decides, in the same ledger as the statements that are decided on."""

from __future__ import annotations

import orjson

from server.domain.ledger import snapshot
from server.domain.model import ALL, Actor, AutoResponse, Principal, Purpose, Scope, Sender
from server.storage.protocol import SETTING, Entry, Transaction


def sender_snapshot(sender: Sender | None) -> str:
    """What a sender's settings say, as JSON; `{}` for none."""
    if sender is None:
        return "{}"
    return snapshot(
        {
            "sender": sender.id,
            "kind": sender.kind.name,
            "double_opt_in": sender.double_opt_in,
            "country": sender.country,
            "reach": sender.reach.name,
        }
    )


def purpose_snapshot(purpose: Purpose) -> str:
    """What a purpose asks for, as JSON."""
    return snapshot(
        {
            "purpose": purpose.id,
            "rule": purpose.rule.name,
            "minimum": purpose.minimum.name if purpose.minimum else None,
            "ignores_opt_out": purpose.ignores_opt_out,
        }
    )


def auto_response_snapshot(setting: AutoResponse | None) -> str:
    """What an auto-response setting says, as JSON; `{}` for none."""
    if setting is None:
        return "{}"
    return snapshot(
        {
            "auto_response": setting.id,
            "country_code": setting.country_code,
            "keywords": list(setting.keywords),
            "op": setting.op.name,
            "resp_text": setting.resp_text,
        }
    )


def append_setting(
    tx: Transaction, principal: Principal, source: str, before: str, after: str, scope: Scope | None = None
) -> int:
    """Append the event of a changed setting; answer its revision."""
    return tx.append(
        Entry(
            kind=SETTING,
            scope=scope or Scope(ALL, ALL),
            before=before,
            after=after,
            actor=Actor.BUSINESS if principal.credential_id else Actor.SYSTEM,
            source=source,
            payload=orjson.dumps({}),
            effective_time=tx.now,
            credential_id=principal.credential_id,
        )
    )
