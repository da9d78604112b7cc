"""UpdateChannelConsent: Relay Network's consent types (WIRE, section 2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from server.domain.errors import FieldFault, InvalidField, Violation
from server.domain.model import (
    Actor,
    Channel,
    Instant,
    LiftedBy,
    NotAppliedReason,
    Principal,
    Record,
    Scope,
    SenderKind,
    State,
    Strength,
)
from server.domain.transitions import Move, Statement
from server.storage.protocol import Transaction
from server.usecases import access
from server.usecases.addresses import read_recipient
from server.usecases.statements import Provenance, record_statement

SOURCE = "relay"
_NORTH_AMERICAN = re.compile(r"1?[0-9]{10}")


class ConsentType(IntEnum):
    """What the customer agreed to."""

    WRITTEN = 1
    EXPRESS = 2
    STOP = 3


@dataclass(frozen=True, slots=True)
class ChannelConsent:
    """What stands for a number at a client after a call."""

    consent_type: ConsentType
    create_time: Instant
    update_time: Instant
    not_applied_reason: NotAppliedReason | None


def update_channel_consent(
    tx: Transaction, principal: Principal, client_id: str, channel_addr: str, consent_type: ConsentType
) -> ChannelConsent:
    """State a consent type. Raises InvalidField, NotFound or SenderNotPermitted."""
    access.permit_sender(principal, client_id)
    if not _NORTH_AMERICAN.fullmatch(channel_addr):
        description = "a North American number: 10 digits, or 11 with the leading 1"
        raise InvalidField(Violation("channel_addr", FieldFault.INVALID_FORMAT, description))
    client = access.find_sender(tx, principal, client_id, SenderKind.CLIENT)
    recipient = read_recipient(tx, Channel.SMS, f"+1{channel_addr[-10:]}", "channel_addr", client)
    scope = Scope(sender=client.id)
    origin = Provenance(principal, SOURCE, {"consent_type": consent_type.name.lower()}, client.id)
    recorded = record_statement(tx, recipient, _statement(consent_type, scope, tx.now), origin)
    standing = _standing(tx.records(recipient), scope)
    return ChannelConsent(
        _consent_type(standing), standing.create_time, standing.update_time, recorded.not_applied_reason
    )


def _statement(consent_type: ConsentType, scope: Scope, moment: Instant) -> Statement:
    if consent_type is ConsentType.STOP:
        return Statement(Move.OPT_OUT, scope, Actor.BUSINESS, moment, lifted_by=LiftedBy.BUSINESS)
    strength = Strength.EXPRESS_WRITTEN if consent_type is ConsentType.WRITTEN else Strength.EXPRESS
    return Statement(Move.OPT_IN, scope, Actor.BUSINESS, moment, strength=strength)


def _standing(records: Sequence[Record], scope: Scope) -> Record:
    """The record that says what stands at a client: a no that covers it, the narrowest first, else its own."""
    covering = [record for record in records if record.scope.covers(scope)]
    noes = [record for record in covering if record.state is State.OPTED_OUT]
    return min(noes or [record for record in covering if record.scope == scope], key=lambda r: r.scope.width)


def _consent_type(record: Record) -> ConsentType:
    if record.state is not State.OPTED_IN:
        return ConsentType.STOP
    return ConsentType.WRITTEN if record.strength is Strength.EXPRESS_WRITTEN else ConsentType.EXPRESS
