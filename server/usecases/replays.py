"""Holding what stands, records and settings, against a replay of the ledger, some at a time.

Each page is read in a snapshot of its own, and compared with the events that the same snapshot shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import orjson

from server.domain.model import Purpose, Recipient, Record, Scope, Sender
from server.domain.replay import record_after, sets_record
from server.domain.verification import VerifyFailure, fault_of_record
from server.storage.protocol import ConsentPosition, Snapshot, StoredEvent
from server.usecases.settings import purpose_snapshot, sender_snapshot

RECIPIENTS_A_PAGE = 200
_ROWS_A_PAGE = 1000

OpenSnapshot = Callable[[], AbstractContextManager[Snapshot]]


def replayed(open_snapshot: OpenSnapshot) -> Iterator[VerifyFailure | None]:
    """Hold what stands against the ledger; answer after each page what is wrong, and end with the first that is."""
    with open_snapshot() as snapshot:
        failure = _verify_settings(snapshot)
    yield failure
    after = 0
    while failure is None:
        with open_snapshot() as snapshot:
            ids = snapshot.recipient_ids(after, RECIPIENTS_A_PAGE)
            if not ids:
                return
            failure = _verify_recipients(snapshot, after, ids)
        yield failure
        after = ids[-1]


def _verify_recipients(snapshot: Snapshot, after: int, ids: Sequence[int]) -> VerifyFailure | None:
    """Verify all recipients with ids after one, up to the last of `ids`, and the records that they have."""
    replayed: dict[tuple[int, Scope], Record] = {}
    told: dict[int, dict[str, Any]] = {}
    for event in snapshot.histories(after + 1, ids[-1]):
        header = event.header
        recipient_id = header.recipient_id or 0
        told[recipient_id] = _told_of_recipient(event) or told.get(recipient_id, {})
        if sets_record(header):
            key = (recipient_id, header.scope)
            try:
                replayed[key] = record_after(header, replayed.get(key))
            except ValueError as error:
                return VerifyFailure(header.revision, str(error))
    known = snapshot.recipients(ids)
    for recipient_id in ids:
        failure = _fault_of_recipient(known.get(recipient_id), recipient_id, told.get(recipient_id, {}))
        if failure is not None:
            return failure
    stand = {(record.recipient_id, record.scope): record for record in _records_between(snapshot, after, ids)}
    for key in sorted(replayed.keys() | stand.keys(), key=lambda key: (key[0], key[1].sender, key[1].purpose)):
        failure = fault_of_record(replayed.get(key), stand.get(key))
        if failure is not None:
            return failure
    return None


def _told_of_recipient(event: StoredEvent) -> dict[str, Any]:
    """Whom the payload of an event names, where it names anybody."""
    told = orjson.loads(event.payload) if event.payload else {}
    return told if isinstance(told, dict) and "address" in told else {}


def _fault_of_recipient(known: Recipient | None, recipient_id: int, told: dict[str, Any]) -> VerifyFailure | None:
    """Whether the id still stands for the address that the newest payload names."""
    if known is None:
        return VerifyFailure(0, f"the recipient {recipient_id}, of whom the ledger speaks, is missing")
    if told and not known.forgotten and (known.channel.name, known.address) != (told.get("channel"), told["address"]):
        return VerifyFailure(0, f"the recipient {recipient_id} has another address than its newest event names")
    return None


def _records_between(snapshot: Snapshot, after: int, ids: Sequence[int]) -> Iterator[Record]:
    """The records of all recipients with ids after one, up to the last of `ids`."""
    position = ConsentPosition(after + 1, "", "")
    # Most have one: more would mostly be read in vain, and again for the next recipients.
    limit = len(ids) + 1
    while True:
        page = [record for _, record in snapshot.consents(position, limit)]
        for record in page:
            if record.recipient_id > ids[-1]:
                return
            yield record
        if len(page) < limit:
            return
        position = ConsentPosition(page[-1].recipient_id, page[-1].scope.sender, page[-1].scope.purpose)


def _verify_settings(snapshot: Snapshot) -> VerifyFailure | None:
    """Each sender and purpose is what the newest of its events set, and none is without one."""
    seen: set[tuple[str, str]] = set()
    for header in snapshot.settings_before(None, snapshot.tenant.head_revision):
        facts = orjson.loads(header.after)
        for kind in {"sender", "purpose"} & facts.keys():
            if (kind, facts[kind]) not in seen and _standing(snapshot, kind, facts[kind]) != header.after:
                return VerifyFailure(0, f"the {kind} {facts[kind]} is not what event {header.revision} set")
            seen.add((kind, facts[kind]))
    for name in _names(lambda after: snapshot.senders(after, _ROWS_A_PAGE)):
        if ("sender", name) not in seen:
            return VerifyFailure(0, f"the sender {name} has no event that set it")
    for name in _names(lambda after: snapshot.purposes(after, _ROWS_A_PAGE)):
        if ("purpose", name) not in seen:
            return VerifyFailure(0, f"the purpose {name} has no event that set it")
    return None


def _standing(snapshot: Snapshot, kind: str, name: str) -> str:
    """What stands of a sender or purpose, as its event would tell it."""
    if kind == "sender":
        return sender_snapshot(snapshot.sender(name))
    purpose = snapshot.purpose(name)
    return purpose_snapshot(purpose) if purpose else "{}"


def _names(fetch: Callable[[str], Sequence[Sender] | Sequence[Purpose]]) -> Iterator[str]:
    after = ""
    while page := fetch(after):
        yield from (row.id for row in page)
        after = page[-1].id
