"""Decisions in a sentence that a person understands: what decided, who said so, when, and what would change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from server.cli.output import Facts, second, stamp
from server.cli.wording import ACTORS, CHANNELS, LIFTERS, STRENGTHS, recipient_facts, record_facts, scope_words
from server.domain.model import Purpose, Recipient, Record, Rule, Sender
from server.domain.policy import Decision, Reason
from server.storage.protocol import Snapshot
from server.usecases.as_of import AsOf, standing
from server.usecases.checks import Check


@dataclass(frozen=True, slots=True)
class Explained:
    """A decision for one purpose, with its sentence."""

    purpose: str
    decision: Decision
    sentence: str


def explain_check(snapshot: Snapshot, sender: Sender, answer: Check, as_of: AsOf) -> list[Explained]:
    """Say why each purpose was decided so, by the settings that were in force. `sender` is as it is today."""
    stood = standing(snapshot, as_of)
    then = stood.sender(sender)
    return [
        Explained(
            purpose_id,
            decision,
            _by_record(snapshot, answer.recipient, decision.record, decision.reason)
            if decision.record
            else _by_settings(stood.purpose(purpose_id), then, decision.reason),
        )
        for purpose_id, decision in answer.decisions
    ]


def check_facts(answer: Check, explained: list[Explained]) -> Facts:
    """A check for programs, in the contract's names."""
    return {
        "recipient": recipient_facts(answer.recipient),
        "decisions": [
            {
                "purpose": each.purpose,
                "verdict": each.decision.verdict.name,
                "reason": each.decision.reason.name,
                "explanation": each.sentence,
                "deciding_consent": record_facts(each.decision.record) if each.decision.record else None,
                "valid_until": stamp(each.decision.valid_until),
            }
            for each in explained
        ],
        "revision": answer.revision,
        "check_time": stamp(answer.check_time),
    }


def _by_record(snapshot: Snapshot, recipient: Recipient, record: Record, reason: Reason) -> str:
    told = _told(record, reason)
    owner = snapshot.recipient(record.recipient_id)
    if owner is not None and owner.channel is not recipient.channel:
        told += f" It was said on {CHANNELS[owner.channel]}, and counts here too."
    event = snapshot.event(record.revision)
    source = f", from {event.header.source}" if event is not None and event.header.source else ""
    return f"{told} [revision {record.revision}{source}]"


def _by_settings(purpose: Purpose, sender: Sender, reason: Reason) -> str:
    match reason, purpose.rule:
        case Reason.REPLY_PERMIT, _:
            return "It replies to a message of the recipient."
        case Reason.ALLOWED_BY_RULE, Rule.ALWAYS_ALLOWED:
            scruple = "even against a no" if purpose.ignores_opt_out else "as long as no no stands"
            return f"{purpose.id} is always allowed, {scruple}."
        case Reason.ALLOWED_BY_RULE, _:
            return f"{purpose.id} needs no yes, and no no stands."
        case _, Rule.OPT_IN_REQUIRED:
            return f"Nobody ever said yes, and {purpose.id} needs one."
        case _:
            return f"Nobody ever said yes, and {sender.id} needs one for every purpose (double opt-in)."


def _told(record: Record, reason: Reason) -> str:
    who = ACTORS[record.actor]
    who = who[0].upper() + who[1:]
    when, scope = second(record.effective_time), scope_words(record.scope)
    strength = STRENGTHS[record.strength] if record.strength else "unknown"
    match reason:
        case Reason.OPTED_OUT:
            lifter = f"; {LIFTERS[record.lifted_by]}" if record.lifted_by else ""
            return f"{who} said no to {scope} on {when} UTC{lifter}."
        case Reason.OPT_OUT_SUSPECTED:
            return (
                f"A message of {second(record.suspect_time)} UTC may have been a no to {scope}; it waits to be judged: "
                "consent review list."
            )
        case Reason.OPTED_IN:
            ends = f"; it ends on {second(record.expire_time)} UTC" if record.expire_time is not None else ""
            return f"{who} said yes ({strength}) to {scope} on {when} UTC{ends}."
        case Reason.PENDING_CONFIRMATION:
            return f"The recipient was asked to opt in on {second(record.request_time)} UTC and has not answered."
        case Reason.EXPIRED:
            return f"The yes to {scope} of {when} UTC ended on {second(record.expire_time)} UTC."
        case Reason.INSUFFICIENT_STRENGTH:
            return f"The yes to {scope} of {when} UTC is only {strength}, and a stronger one is needed."
        case Reason.ALLOWED_BY_RULE | Reason.REPLY_PERMIT | Reason.NO_CONSENT | Reason.INVALID_RECIPIENT:
            raise ValueError(f"{reason.name} is not decided by a record")
        case _:
            assert_never(reason)
