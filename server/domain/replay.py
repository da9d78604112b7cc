"""Rebuilding what stood from the ledger: records and settings, from the `after` of the events that set them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from server.domain.ledger import Header
from server.domain.model import (
    Actor,
    LiftedBy,
    Purpose,
    Reach,
    Record,
    Rule,
    Scope,
    Sender,
    SenderKind,
    State,
    Strength,
)
from server.domain.transitions import Move

_RECORD_KINDS = frozenset(Move)


def replay(history: Iterable[Header]) -> dict[tuple[int, Scope], Record]:
    """The records that events, oldest first, left behind, by recipient and scope. Raises ValueError as `record_after`.

    An event that did not take effect left none, nor did one that is about the recipient and not about a consent.
    """
    records: dict[tuple[int, Scope], Record] = {}
    for header in history:
        if sets_record(header) and header.recipient_id is not None:
            key = (header.recipient_id, header.scope)
            records[key] = record_after(header, records.get(key))
    return records


def sets_record(header: Header) -> bool:
    """Whether an event made its `after` the record of its scope."""
    return header.applied and header.kind in _RECORD_KINDS


def record_after(header: Header, before: Record | None) -> Record:
    """The record that an event set, given the one before it. Raises ValueError where `after` is no such record."""
    if header.recipient_id is None:
        raise ValueError("the event is of no recipient")
    facts = _facts(header.after)
    try:
        return Record(
            recipient_id=header.recipient_id,
            scope=header.scope,
            state=State[facts["state"]],
            strength=Strength[facts["strength"]] if "strength" in facts else None,
            lifted_by=LiftedBy[facts["lifted_by"]] if "lifted_by" in facts else None,
            suspect_time=facts.get("suspect_time"),
            expire_time=facts.get("expire_time"),
            request_time=facts.get("request_time"),
            actor=Actor[facts["actor"]],
            effective_time=facts["effective_time"],
            create_time=before.create_time if before else header.record_time,
            update_time=header.record_time,
            revision=header.revision,
        )
    except KeyError as error:
        raise ValueError("what stood after the event is no record") from error


def sender_as_of(settings: Iterable[Header], today: Sender) -> Sender | None:
    """A sender as the newest of its SETTING events left it; None where it did not exist yet."""
    for header in settings:
        facts = _facts(header.after)
        if facts.get("sender") == today.id:
            return Sender(
                id=today.id,
                kind=SenderKind[facts["kind"]],
                double_opt_in=facts["double_opt_in"],
                country=facts.get("country"),
                reach=Reach[facts["reach"]],
                create_time=today.create_time,
                update_time=header.record_time,
            )
    return None


def purpose_as_of(settings: Iterable[Header], purpose_id: str) -> Purpose | None:
    """A purpose as the newest of its SETTING events left it; None where it did not exist yet."""
    for header in settings:
        facts = _facts(header.after)
        if facts.get("purpose") == purpose_id:
            minimum = Strength[facts["minimum"]] if "minimum" in facts else None
            return Purpose(purpose_id, Rule[facts["rule"]], minimum, facts["ignores_opt_out"])
    return None


def _facts(after: str) -> dict[str, Any]:
    facts = json.loads(after)
    if not isinstance(facts, dict):
        raise ValueError("a snapshot is a JSON object")
    return facts
