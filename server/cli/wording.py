"""Consent in sentences for a person, and as facts for programs."""

from __future__ import annotations

from server.cli.output import Facts, second, stamp
from server.domain.model import (
    ALL,
    Actor,
    Channel,
    LiftedBy,
    NotAppliedReason,
    Recipient,
    Record,
    Scope,
    State,
    Strength,
)

ACTORS = {
    Actor.RECIPIENT: "the recipient",
    Actor.BUSINESS: "the business",
    Actor.CARRIER: "the carrier",
    Actor.IMPORT: "an import",
    Actor.SYSTEM: "this service",
}
STRENGTHS = {
    Strength.IMPLIED: "implied",
    Strength.EXPRESS: "express",
    Strength.EXPRESS_WRITTEN: "express written",
}
LIFTERS = {
    LiftedBy.RECIPIENT: "only the recipient can lift it",
    LiftedBy.BUSINESS: "the recipient or the business can lift it",
}
NOT_APPLIED = {
    NotAppliedReason.PROTECTED_OPT_OUT: "a no stands there that this actor cannot lift",
    NotAppliedReason.WIDER_OPT_OUT: "a no of a wider scope stands",
    NotAppliedReason.SUPERSEDED: "a newer statement stands",
}
CHANNELS = {
    Channel.SMS: "SMS",
    Channel.VOICE: "voice",
    Channel.EMAIL: "e-mail",
    Channel.WHATSAPP: "WhatsApp",
    Channel.RCS: "RCS",
}


def scope_words(scope: Scope) -> str:
    """What a scope covers: `marketing of relay_dev`, `every purpose of every sender`."""
    purpose = "every purpose" if scope.purpose == ALL else scope.purpose
    sender = "every sender" if scope.sender == ALL else scope.sender
    return f"{purpose} of {sender}"


def person_words(recipient: Recipient | None) -> str:
    """An address with its channel; a forgotten one is not told."""
    if recipient is None:
        return "-"
    return f"{'(forgotten)' if recipient.forgotten else recipient.address} by {CHANNELS[recipient.channel]}"


def state_words(record: Record) -> str:
    """What a record says, in short."""
    match record.state:
        case State.OPTED_IN:
            strength = STRENGTHS[record.strength] if record.strength else "unknown"
            ends = f", until {second(record.expire_time)}" if record.expire_time is not None else ""
            told = f"yes ({strength}{ends})"
        case State.OPTED_OUT:
            told = f"no ({LIFTERS[record.lifted_by]})" if record.lifted_by else "no"
        case State.NO_STATEMENT:
            told = "neither yes nor no"
    if record.suspect_time is not None:
        told += f"; suspected to be a no since {second(record.suspect_time)}"
    if record.request_time is not None:
        told += f"; asked to opt in on {second(record.request_time)}"
    return told


def recipient_facts(recipient: Recipient | None) -> Facts | None:
    """A recipient for programs; the address of a forgotten one is null."""
    if recipient is None:
        return None
    return {"channel": recipient.channel.name, "address": None if recipient.forgotten else recipient.address}


def record_facts(record: Record) -> Facts:
    """A record for programs, in the contract's names."""
    return {
        "sender": record.scope.sender,
        "purpose": record.scope.purpose,
        "state": record.state.name,
        "strength": record.strength.name if record.strength else None,
        "lifted_by": record.lifted_by.name if record.lifted_by else None,
        "suspected": record.suspect_time is not None,
        "suspect_time": stamp(record.suspect_time),
        "expire_time": stamp(record.expire_time),
        "request_time": stamp(record.request_time),
        "actor": record.actor.name,
        "effective_time": stamp(record.effective_time),
        "create_time": stamp(record.create_time),
        "update_time": stamp(record.update_time),
        "revision": record.revision,
    }
