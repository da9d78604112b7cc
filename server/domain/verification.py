"""Holding a ledger to its promises: what is wrong with an event, or with a record, for a person to read.

No description holds an address.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.domain.ledger import GENESIS, Header, chain_hash, payload_digest
from server.domain.model import Instant, Record


@dataclass(frozen=True, slots=True)
class VerifyFailure:
    """The first thing that is wrong: the revision of the bad event, 0 for a bad record."""

    revision: int
    description: str


@dataclass(frozen=True, slots=True)
class Link:
    """Where the chain has been verified to: the last good event's revision, hash and record_time."""

    revision: int = 0
    hash: bytes = GENESIS
    record_time: Instant = 0


def fault_of_header(previous: Link, header: Header, event_hash: bytes) -> VerifyFailure | None:
    """What is wrong with an event as the next in the chain."""
    expected = previous.revision + 1
    if header.revision != expected:
        return VerifyFailure(expected, f"the event is missing; the next one that is there is {header.revision}")
    if header.record_time < previous.record_time:
        return VerifyFailure(header.revision, "it was recorded before the event that precedes it")
    if chain_hash(previous.hash, header) != event_hash:
        return VerifyFailure(header.revision, "its hash does not follow from the hash before it and its header")
    return None


def fault_of_payload(
    header: Header, salt: bytes | None, payload: bytes | None, *, deleted_later: bool
) -> VerifyFailure | None:
    """What is wrong with an event's payload. It may be missing only where a later event says so: ERASED, PRUNED."""
    if salt is None or payload is None:
        if deleted_later:
            return None
        return VerifyFailure(
            header.revision, "its payload is missing, and no later event says that it was erased or pruned"
        )
    if payload_digest(salt, payload) != header.payload_digest:
        return VerifyFailure(header.revision, "its payload is not the one that its header names")
    return None


def fault_of_head(last: Link, head: Link) -> VerifyFailure | None:
    """What is wrong where the events end, held against what the tenant keeps of its head."""
    if last.revision < head.revision:
        return VerifyFailure(last.revision + 1, f"the event is missing: the ledger was cut off before {head.revision}")
    if last.revision > head.revision:
        return VerifyFailure(head.revision + 1, "the event stands beyond the head of the ledger")
    if last.hash != head.hash:
        return VerifyFailure(last.revision, "its hash is not the one that the tenant keeps of its head")
    if last.record_time != head.record_time:
        return VerifyFailure(last.revision, "its record time is not the one that the tenant keeps of its head")
    return None


def fault_of_record(replayed: Record | None, stands: Record | None) -> VerifyFailure | None:
    """What is wrong with a record, held against the last applied event of its scope."""
    if replayed == stands:
        return None
    named = replayed or stands
    if named is None:
        return None
    where = f"recipient {named.recipient_id} at sender {named.scope.sender}, purpose {named.scope.purpose}"
    if replayed is None:
        return VerifyFailure(0, f"the record of {where} has no event that set it")
    if stands is None:
        return VerifyFailure(0, f"the record of {where}, set by event {replayed.revision}, is missing")
    return VerifyFailure(0, f"the record of {where} is not what event {replayed.revision} set")
