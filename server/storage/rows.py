"""Between rows and the domain's dataclasses. A row is a tuple of all columns in the order of the model's fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from typing import Any, TypeVar

from peewee import DatabaseError

from server.domain.ledger import Header
from server.domain.model import (
    Actor,
    AutoResponse,
    Channel,
    Contact,
    Credential,
    Instant,
    LiftedBy,
    NotAppliedReason,
    Op,
    Purpose,
    Reach,
    Recipient,
    Record,
    Role,
    Rule,
    Scope,
    Sender,
    SenderKind,
    State,
    Strength,
    Tenant,
)
from server.storage.protocol import Glimpse, StoredEvent
from server.storage.tables import PurposeRow, SenderRow

Row = tuple[Any, ...]
T = TypeVar("T")

# Where the columns of the sender and of the purpose begin and end in a row of a glimpse.
_ENDS_BEGIN = 3
_SENDER_END = len(SenderRow._meta.sorted_fields)
_ENDS_END = _ENDS_BEGIN + _SENDER_END + len(PurposeRow._meta.sorted_fields)
# How many senders and purposes are not read anew from a row that was seen before.
_KEPT = 1024
_STATES: dict[int, State] = {int(state): state for state in State}
_STRENGTHS: dict[int | None, Strength | None] = {None: None, **{int(strength): strength for strength in Strength}}
_LIFTERS: dict[int | None, LiftedBy | None] = {None: None, **{int(lifter): lifter for lifter in LiftedBy}}
_ACTORS: dict[int, Actor] = {int(actor): actor for actor in Actor}


class UnreadableRow(DatabaseError, ValueError):
    """A row holds what nobody ever wrote there: the database is damaged."""


def _readable(read: Callable[[Any], T]) -> Callable[[Any], T]:
    """Raise UnreadableRow where a row cannot be read."""

    @wraps(read)
    def reading(row: Any) -> T:
        try:
            return read(row)
        except (KeyError, TypeError, ValueError) as error:
            raise UnreadableRow(f"a {read.__name__} cannot be read: the database is damaged") from error

    return reading


@_readable
def tenant(row: Row) -> Tenant:
    """Read a row of tenants."""
    identifier, name, country, head_revision, head_hash, head_time, create_time, epoch, erased_count = row
    return Tenant(
        identifier, name, country, head_revision, _blob(head_hash), head_time, create_time, epoch, erased_count
    )


@lru_cache(_KEPT)
def _known_ends(row: Row) -> tuple[Sender | None, Purpose | None]:
    """Read columns of senders and purposes, of which many rows hold the same."""
    return (
        sender(row[:_SENDER_END]) if row[0] is not None else None,
        purpose(row[_SENDER_END:]) if row[_SENDER_END] is not None else None,
    )


def is_forgetful(found: Sequence[Row]) -> bool:
    """Whether rows of a glimpse are of a tenant of which somebody was forgotten."""
    return bool(found[0][2])


def glimpse(found: Sequence[Row], now: Instant) -> Glimpse:
    """Read rows of Sql.glimpse: the same in each but for the consent, which may be none."""
    first = found[0]
    revision, head_time = first[:2]
    known_sender, known_purpose = _known_ends(first[_ENDS_BEGIN:_ENDS_END])
    records = [record(row[_ENDS_END:]) for row in found if row[_ENDS_END] is not None]
    return Glimpse(revision, max(now, head_time), known_sender, known_purpose, records)


def _blob(value: Any) -> bytes:
    """A column of bytes; what somebody has put there as text is read as its bytes, so that no hash will fit it."""
    return value.encode() if isinstance(value, str) else bytes(value)


@_readable
def sender(row: Row) -> Sender:
    """Read a row of senders."""
    _, identifier, kind, double_opt_in, country, reach, create_time, update_time = row
    return Sender(identifier, SenderKind(kind), bool(double_opt_in), country, Reach(reach), create_time, update_time)


@_readable
def purpose(row: Row) -> Purpose:
    """Read a row of purposes."""
    _, identifier, rule, minimum, ignores_opt_out = row
    return Purpose(identifier, Rule(rule), Strength(minimum) if minimum else None, bool(ignores_opt_out))


@_readable
def channel(number: int) -> Channel:
    """Read the number of a channel."""
    return Channel(number)


@_readable
def recipient(row: Row) -> Recipient:
    """Read a channel and an address."""
    number, address = row
    return Recipient(Channel(number), address)


@_readable
def record(row: Row) -> Record:
    """Read a row of consents."""
    (
        _,
        recipient_id,
        sender_id,
        purpose_id,
        state,
        strength,
        lifted_by,
        suspect_time,
        expire_time,
        request_time,
        actor,
        effective_time,
        create_time,
        update_time,
        revision,
    ) = row
    if not isinstance(sender_id, str) or not isinstance(purpose_id, str):
        raise TypeError
    return Record(
        recipient_id,
        Scope(sender_id, purpose_id),
        _STATES[state],
        _STRENGTHS[strength],
        _LIFTERS[lifted_by],
        suspect_time,
        expire_time,
        request_time,
        _ACTORS[actor],
        effective_time,
        create_time,
        update_time,
        revision,
    )


def consent_row(tenant_id: int, record: Record, revision: int, now: Instant) -> Row:
    """Write a row of consents as the event of `revision`, appended now, leaves it."""
    return (
        tenant_id,
        record.recipient_id,
        record.scope.sender,
        record.scope.purpose,
        record.state,
        record.strength,
        record.lifted_by,
        record.suspect_time,
        record.expire_time,
        record.request_time,
        record.actor,
        record.effective_time,
        record.create_time or now,
        now,
        revision,
    )


def event_row(header: Header, event_hash: bytes) -> Row:
    """Write a row of consent_events."""
    return (
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
        header.not_applied_reason,
        header.actor,
        header.credential_id,
        header.source,
        header.batch_id,
        header.payload_digest,
        event_hash,
    )


@_readable
def stored_event(row: Row) -> StoredEvent:
    """Read a row of consent_events, with the salt and payload behind it."""
    *columns, event_hash, salt, payload = row
    tenant_id, revision, kind, effective_time, record_time, recipient_id, sender_id, purpose_id, *rest = columns
    before, after, applied, not_applied_reason, actor, credential_id, source, batch_id, payload_digest = rest
    header = Header(
        tenant_id,
        revision,
        kind,
        effective_time,
        record_time,
        recipient_id,
        Scope(sender_id, purpose_id),
        before,
        after,
        bool(applied),
        NotAppliedReason(not_applied_reason) if not_applied_reason else None,
        Actor(actor),
        credential_id,
        source,
        batch_id,
        _blob(payload_digest),
    )
    return StoredEvent(
        header,
        _blob(event_hash),
        None if salt is None else _blob(salt),
        None if payload is None else _blob(payload),
    )


@_readable
def contact(row: Row) -> Contact:
    """Read a row of contacts."""
    _, identifier, external_id, first, last, email, _, mobile, create_time, update_time, opt_out_mobile = row
    return Contact(identifier, external_id, first, last, email, mobile, create_time, update_time, opt_out_mobile)


@_readable
def credential(row: Row) -> Credential:
    """Read a row of credentials."""
    identifier, tenant_id, role, senders, *rest = row
    basic_user, allow_force, expire_time, create_time, revoke_time, last_used_time = rest
    return Credential(
        identifier,
        tenant_id,
        Role(role),
        frozenset(json.loads(senders)),
        basic_user,
        bool(allow_force),
        expire_time,
        create_time,
        revoke_time,
        last_used_time,
    )


@_readable
def auto_response(row: Row) -> AutoResponse:
    """Read a row of auto_responses."""
    _, _, identifier, country_code, keywords, op, resp_text, create_time, update_time = row
    return AutoResponse(
        identifier, country_code, tuple(json.loads(keywords)), Op(op), resp_text, create_time, update_time
    )
