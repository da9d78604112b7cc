"""One person's events in the ledger: read, and told as a timeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from rich.text import Text

from server.cli.output import Facts, plain, second, stamp
from server.cli.wording import ACTORS, CHANNELS, LIFTERS, NOT_APPLIED, STRENGTHS, recipient_facts, scope_words
from server.domain.ledger import Header
from server.domain.model import Channel, LiftedBy, Recipient, Strength
from server.storage.protocol import ERASED, HOLD, Addressee, EventFilter, Snapshot, StoredEvent
from server.usecases.addresses import read_recipient
from server.usecases.pages import MAX_PAGE_SIZE

_KINDS = {
    "OPT_IN": ("YES", "green"),
    "OPT_OUT": ("NO", "red"),
    "SUSPECT": ("MAYBE A NO", "yellow"),
    "REQUEST": ("ASKED TO OPT IN", "cyan"),
    "LIFT": ("NO LIFTED by a yes", "green"),
    "REVERT": ("TAKEN BACK with its batch", "yellow"),
    "CLEAR": ("JUDGED TO BE NO NO", "green"),
    "ERASED": ("FORGOTTEN", "magenta"),
    "HOLD": ("LEGAL HOLD", "magenta"),
}
_OF_THE_PERSON = frozenset({ERASED, HOLD})
_NOTICED_DELAY = 1_000_000


@dataclass(frozen=True, slots=True)
class Seen:
    """An event with whom it concerns."""

    event: StoredEvent
    recipient: Recipient


def find_people(snapshot: Snapshot, address: str, channel: Channel, only: bool) -> Sequence[Addressee]:
    """Who is known by an address: on every channel that it may belong to, or on one only. Raises InvalidField."""
    recipient = read_recipient(snapshot, channel, address, "recipient.address")
    return [found for found in snapshot.addressees(recipient) if not only or found.channel is channel]


def events_of(snapshot: Snapshot, people: Sequence[Addressee]) -> list[Seen]:
    """All their events, in the order of the ledger."""
    found = [seen for person in people for seen in _events(snapshot, person.recipient_id)]
    return sorted(found, key=lambda seen: seen.event.header.revision)


def _events(snapshot: Snapshot, recipient_id: int) -> Iterator[Seen]:
    owner = snapshot.recipient(recipient_id)
    first, head = 1, snapshot.tenant.head_revision
    while owner is not None:
        page = snapshot.events_where(EventFilter(first, head, recipient_id), MAX_PAGE_SIZE)
        yield from (Seen(event, owner) for event, _ in page)
        if len(page) < MAX_PAGE_SIZE:
            return
        first = page[-1][0].header.revision + 1


def event_facts(seen: Seen) -> Facts:
    """An event for programs, in the contract's names; `payload` is null where it was erased or pruned."""
    header, payload = seen.event.header, seen.event.payload
    return {
        "revision": header.revision,
        "kind": header.kind,
        "recipient": recipient_facts(seen.recipient),
        "recipient_id": str(header.recipient_id),
        "sender": header.scope.sender,
        "purpose": header.scope.purpose,
        "before": orjson.loads(header.before),
        "after": orjson.loads(header.after),
        "applied": header.applied,
        "not_applied_reason": header.not_applied_reason.name if header.not_applied_reason else None,
        "actor": header.actor.name,
        "credential_id": header.credential_id,
        "source": header.source,
        "batch_id": header.batch_id,
        "effective_time": stamp(header.effective_time),
        "record_time": stamp(header.record_time),
        "payload": orjson.loads(payload) if payload is not None else None,
        "hash": seen.event.hash.hex(),
    }


def event_lines(seen: Seen) -> list[Text]:
    """An event for a person."""
    header = seen.event.header
    title, colour = _KINDS.get(header.kind, (header.kind, ""))
    lines = [
        Text.assemble(
            f"{second(header.effective_time)}  ",
            (title, f"bold {colour}"),
            f"  {_scope(header)}by {CHANNELS[seen.recipient.channel]}",
        ),
        Text(f"    by {ACTORS[header.actor]}, {_told(header)}"),
        Text(f"    {_effect(header)}"),
    ]
    evidence = _evidence(seen.event.payload)
    return [*lines, Text(f"    {evidence}"), Text("")] if evidence else [*lines, Text("")]


def _scope(header: Header) -> str:
    return "" if header.kind in _OF_THE_PERSON else f"{scope_words(header.scope)}, "


def _told(header: Header) -> str:
    late = header.record_time - header.effective_time > _NOTICED_DELAY
    when = f" on {second(header.record_time)}" if late else ""
    credential = f" with credential {header.credential_id}" if header.credential_id else ""
    batch = f" in batch {header.batch_id}" if header.batch_id else ""
    return f"recorded{when} as revision {header.revision}, from {plain(header.source)}{credential}{batch}"


def _effect(header: Header) -> str:
    before, after = _state(header.before), _state(header.after)
    if header.kind in _OF_THE_PERSON:
        return after
    if header.not_applied_reason is not None:
        reason = header.not_applied_reason
        return f"without effect: {NOT_APPLIED[reason]} ({reason.name}); still: {after}"
    return f"{before} → {after}" if before != after else after


def _state(snapshot: str) -> str:
    """What a JSON snapshot of a record says; of anything else, its facts."""
    told: dict[str, Any] = orjson.loads(snapshot)
    if not told:
        return "nothing on record"
    state = told.get("state")
    if state is None:
        return ", ".join(f"{name}: {_value(value)}" for name, value in told.items())
    parts = ["neither yes nor no"]
    if state == "OPTED_IN":
        ends = f", until {second(told['expire_time'])}" if "expire_time" in told else ""
        parts = [f"yes ({STRENGTHS[Strength[told['strength']]]}{ends})"]
    elif state == "OPTED_OUT":
        parts = [f"no ({LIFTERS[LiftedBy[told['lifted_by']]]})"]
    if "suspect_time" in told:
        parts.append(f"suspected to be a no since {second(told['suspect_time'])}")
    if "request_time" in told:
        parts.append(f"asked to opt in on {second(told['request_time'])}")
    return "; ".join(parts)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return plain(str(value))


def _evidence(payload: bytes | None) -> str:
    if payload is None:
        return "evidence: not kept any longer"
    told = orjson.loads(payload).get("evidence", {})
    return "evidence: " + ", ".join(f"{name} “{_value(value)}”" for name, value in told.items()) if told else ""
