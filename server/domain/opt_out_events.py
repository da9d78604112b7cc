"""myKaarma's events: to which update type each belongs, and what the events of messages state (WIRE, section 1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from server.domain.model import Actor, Instant, LiftedBy, Scope, Strength
from server.domain.transitions import Move, Statement


class OptOutEvent(IntEnum):
    """What happened."""

    STOP_MESSAGE_RECEIVED = 1
    STOP_SUSPECTED_MESSAGE_RECEIVED = 2
    OPTIN_MESSAGE_RECEIVED = 3
    OPTIN_TEXT_CONSENT_VIA_MESSAGE_RECEIVED = 4
    GENERIC_MESSAGE_RECEIVED = 5
    USER_REQUESTED_SEND_OPTIN_REQUEST = 6
    USER_REQUESTED_OPT_OUT = 7
    COMMUNICATION_VALUE_CREATION = 8
    COMMUNICATION_STATUS_NOT_FOUND = 9
    DOUBLE_OPTIN_ROLLOUT = 10
    DOUBLE_OPTIN_ROLLBACK = 11

    @property
    def update_type(self) -> UpdateType:
        """The one update type that the event belongs to."""
        if self <= OptOutEvent.GENERIC_MESSAGE_RECEIVED:
            return UpdateType.MESSAGE
        if self <= OptOutEvent.COMMUNICATION_STATUS_NOT_FOUND:
            return UpdateType.CUSTOMER
        return UpdateType.DEPLOYMENT


class UpdateType(IntEnum):
    """What an update is about."""

    MESSAGE = 1
    CUSTOMER = 2
    DEPLOYMENT = 3


@dataclass(frozen=True, slots=True)
class _Said:
    move: Move
    strength: Strength | None = None
    lifted_by: LiftedBy | None = None


_MESSAGES = {
    OptOutEvent.STOP_MESSAGE_RECEIVED: _Said(Move.OPT_OUT, lifted_by=LiftedBy.RECIPIENT),
    OptOutEvent.STOP_SUSPECTED_MESSAGE_RECEIVED: _Said(Move.SUSPECT),
    OptOutEvent.OPTIN_MESSAGE_RECEIVED: _Said(Move.OPT_IN, strength=Strength.EXPRESS),
    OptOutEvent.OPTIN_TEXT_CONSENT_VIA_MESSAGE_RECEIVED: _Said(Move.OPT_IN, strength=Strength.EXPRESS_WRITTEN),
}


def message_statement(event: OptOutEvent, heard: Scope, moment: Instant) -> Statement | None:
    """What a received message states at the scope that it was heard for; None where it states nothing."""
    said = _MESSAGES.get(event)
    if said is None:
        return None
    return Statement(said.move, heard, Actor.RECIPIENT, moment, strength=said.strength, lifted_by=said.lifted_by)


def knowledge_statement(ok_to_communicate: bool, scope: Scope, moment: Instant) -> Statement:
    """What the business states when it says what it knows of a number or address."""
    if ok_to_communicate:
        return Statement(Move.OPT_IN, scope, Actor.BUSINESS, moment, strength=Strength.IMPLIED)
    return Statement(Move.OPT_OUT, scope, Actor.BUSINESS, moment, lifted_by=LiftedBy.BUSINESS)
