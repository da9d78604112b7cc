"""UpdateChannelConsent: Relay Network's consent types (WIRE, section 2)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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
    Recipient,
    Record,
    Scope,
    Sender,
    SenderKind,
    State,
    Strength,
)
from server.domain.recipients import InvalidAddress, canonical
from server.domain.transitions import Move, Statement
from server.storage.protocol import Transaction
from server.usecases import access
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


@dataclass(frozen=True, slots=True)
class ConsentUpdate:
    """A new consent type for a number."""

    channel_addr: str
    consent_type: ConsentType


def update_channel_consent(
    tx: Transaction, principal: Principal, client_id: str, update: ConsentUpdate
) -> ChannelConsent:
    """State a consent type. Raises InvalidField, NotFound or SenderNotPermitted."""
    return _update_all(tx, principal, client_id, {"channel_addr": update})[0]


def update_channel_consents(
    tx: Transaction, principal: Principal, client_id: str, batch: Sequence[ConsentUpdate]
) -> Sequence[ChannelConsent]:
    """State consent types of numbers that are each there once: all, or none where one is wrong. Raises as above."""
    return _update_all(
        tx, principal, client_id, {f"batch[{index}].channel_addr": update for index, update in enumerate(batch)}
    )


def _update_all(
    tx: Transaction, principal: Principal, client_id: str, updates: Mapping[str, ConsentUpdate]
) -> list[ChannelConsent]:
    """State all updates, by the fields that their numbers stand in."""
    access.permit_sender(principal, client_id)
    recipients, violations = _read_numbers(updates)
    if violations:
        raise InvalidField(*violations)
    client = access.find_sender(tx, principal, client_id, SenderKind.CLIENT)
    return [
        _update(tx, principal, client, recipient, update.consent_type)
        for recipient, update in zip(recipients, updates.values(), strict=True)
    ]


def _read_numbers(updates: Mapping[str, ConsentUpdate]) -> tuple[list[Recipient], list[Violation]]:
    recipients: dict[Recipient, None] = {}
    violations = []
    for field, update in updates.items():
        if not _NORTH_AMERICAN.fullmatch(update.channel_addr):
            description = "a North American number: 10 digits, or 11 with the leading 1"
            violations.append(Violation(field, FieldFault.INVALID_FORMAT, description))
            continue
        try:
            recipient = canonical(Channel.SMS, f"+1{update.channel_addr[-10:]}")
        except InvalidAddress as error:
            violations.append(Violation(field, FieldFault.INVALID_FORMAT, str(error)))
            continue
        if recipient in recipients:
            violations.append(Violation(field, FieldFault.NOT_ALLOWED, "is in the batch already"))
        recipients[recipient] = None
    return list(recipients), violations


def _update(
    tx: Transaction, principal: Principal, client: Sender, recipient: Recipient, consent_type: ConsentType
) -> ChannelConsent:
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
