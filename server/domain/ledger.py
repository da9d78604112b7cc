"""The ledger's arithmetic: what a header holds, and the hash chain over it.

An event is a header, kept for ever, and a payload, erasable. The header names its payload by digest only, so that the
chain still verifies when a payload was forgotten. Fields are hashed length-prefixed in the written order below, never
as protobuf bytes, so that anybody can compute the chain from the documentation alone:

    digest = SHA-256(field(salt) field(payload))
    hash   = SHA-256(field(version) field(previous hash) field(each header field in HEADER_FIELDS order))
    field  = 4 bytes of length, big-endian, then the bytes; absent is the length 0xFFFFFFFF and no bytes

Text is UTF-8, whole numbers are decimal text, yes and no are `1` and `0`. The first event follows 32 zero bytes.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Any

import orjson

from server.domain.model import Actor, Instant, NotAppliedReason, Record, Scope

HASH_VERSION = 1
GENESIS = bytes(32)
SALT_LENGTH = 32
_ABSENT = b"\xff\xff\xff\xff"
_LENGTH = struct.Struct(">I")
_SHORT = 256
_LENGTHS = [_LENGTH.pack(length) for length in range(_SHORT)]


@dataclass(frozen=True, slots=True)
class Header:
    """The part of an event that is kept for ever. Holds no personal data.

    `kind` is a transitions.Move, SETTING, ERASED, HOLD or PRUNED; `before` and `after` are JSON snapshots of what
    changed.
    """

    tenant_id: int
    revision: int
    kind: str
    effective_time: Instant
    record_time: Instant
    recipient_id: int | None
    scope: Scope
    before: str
    after: str
    applied: bool
    not_applied_reason: NotAppliedReason | None
    actor: Actor
    credential_id: str | None
    source: str
    batch_id: str | None
    payload_digest: bytes


def payload_digest(salt: bytes, payload: bytes) -> bytes:
    """The digest by which a header names its payload."""
    return hashlib.sha256(_encoded(salt, payload)).digest()


def chain_hash(previous: bytes, header: Header) -> bytes:
    """The hash of an event, given the hash of the one before it in its tenant."""
    fields = _encoded(
        HASH_VERSION,
        previous,
        header.tenant_id,
        header.revision,
        header.kind,
        header.effective_time,
        header.record_time,
        header.recipient_id,
        header.scope.sender,
        header.scope.purpose,
        header.before,
        header.after,
        header.applied,
        header.not_applied_reason.name if header.not_applied_reason else None,
        header.actor.name,
        header.credential_id,
        header.source,
        header.batch_id,
        header.payload_digest,
    )
    return hashlib.sha256(fields).digest()


def _encoded(*fields: str | bytes | int | None) -> bytes:
    parts = []
    for value in fields:
        if value is None:
            parts.append(_ABSENT)
            continue
        if isinstance(value, int):
            value = b"%d" % value
        raw = value.encode() if isinstance(value, str) else value
        length = len(raw)
        parts += (_LENGTHS[length] if length < _SHORT else _LENGTH.pack(length), raw)
    return b"".join(parts)


def record_snapshot(record: Record, *, forced: bool = False, reverted: str | None = None) -> str:
    """What a record says, as JSON; an absent field says nothing. A record that was never written is `{}`.

    `forced` marks what FORCE set, so that an override shows for ever, whatever becomes of the payload with its reason;
    `reverted` names the batch that was taken back.
    """
    if not record.revision and not record.effective_time:
        return "{}"
    return snapshot(
        {
            "state": record.state.name,
            "strength": record.strength.name if record.strength else None,
            "lifted_by": record.lifted_by.name if record.lifted_by else None,
            "suspect_time": record.suspect_time,
            "expire_time": record.expire_time,
            "request_time": record.request_time,
            "actor": record.actor.name,
            "effective_time": record.effective_time,
            "forced": forced or None,
            "reverted": reverted,
        }
    )


def snapshot(facts: dict[str, Any]) -> str:
    """Facts as JSON text with sorted keys, absent ones left out."""
    present = {key: value for key, value in facts.items() if value is not None}
    return orjson.dumps(present, option=orjson.OPT_SORT_KEYS).decode()
