"""What a recorded history and the ledger that it left say of each other: cases in which a promise was broken."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from itertools import accumulate

from server.demo import BRAND, CLIENT, DEPARTMENT
from server.domain.model import Actor, LiftedBy, Strength
from server.storage.protocol import StoredEvent
from tests.model.rules import EXPRESS, NEEDS_NO_NO, NEEDS_YES, SMS, Book, Key, Purpose, Said, Who, decide
from tests.model.rules import judge as judge_statement
from tests.torture.kill.history import Looked, Told

SENDERS = (BRAND, CLIENT, DEPARTMENT)
RULES = {"transactional": Purpose(NEEDS_NO_NO), "informational": Purpose(NEEDS_YES, EXPRESS)}
_SAID = {"OPT_IN": "yes", "OPT_OUT": "no"}


def names(events: Sequence[StoredEvent]) -> Counter[str]:
    """How often each statement stands in the ledger."""
    found: Counter[str] = Counter()
    for event in events:
        if event.header.kind in _SAID:
            payload = json.loads(event.payload or b"{}")
            proof = payload["evidence"]
            known = proof.get("message_id") or proof.get("message_uuid")
            found[known or f"{payload['address'][1:]}-{event.header.kind}"] += 1
    return found


def lost_or_doubled(told: Sequence[Told], found: Counter[str]) -> Iterator[str]:
    """Acknowledged statements that are not in the ledger exactly once."""
    for each in told:
        if each.answered is not None and found[each.name] != 1:
            yield f"{each.name}, acknowledged, is there {found[each.name]} times"


def doubled_or_made_up(told: Sequence[Told], found: Counter[str]) -> Iterator[str]:
    """Statements in the ledger that nobody heard acknowledged and that stand more than once, or that nobody made."""
    unheard = {each.name for each in told if each.answered is None}
    known = {each.name for each in told}
    for name, count in found.items():
        if name not in known:
            yield f"{name} is there and nobody told it"
        elif name in unheard and count > 1:
            yield f"{name}, never acknowledged, is there {count} times"


def allowed_after_a_no(told: Sequence[Told], looked: Sequence[Looked]) -> Iterator[str]:
    """Checks that began after a no was acknowledged and say ALLOW, though no yes can have come in between.

    A yes can have come in between unless it was answered before the no began, or began after the check had ended: what
    was not answered may have happened at any time. So each case is a fault beyond doubt.
    """
    by_address: defaultdict[str, list[Told]] = defaultdict(list)
    for each in told:
        by_address[each.address].append(each)
    for look in looked:
        if not look.allowed:
            continue
        said = by_address[look.address]
        for no in said:
            stands = not no.yes and no.applied and no.answered is not None and no.answered < look.began
            if stands and not any(_may_lift(yes, no, look) for yes in said):
                later = look.began - (no.answered or 0)
                yield f"{look.address} for {look.purpose}: ALLOW, asked {later:.6f} s after {no.name}"


def _may_lift(yes: Told, no: Told, look: Looked) -> bool:
    return yes.yes and yes.began < look.ended and not (yes.answered is not None and yes.answered < no.began)


def behind(told: Sequence[Told], looked: Sequence[Looked]) -> Iterator[str]:
    """Checks that judged an older state than was known when they began, by a write's or another check's answer."""
    known = sorted(
        [(each.answered, each.revision) for each in told if each.answered is not None]
        + [(look.ended, look.revision) for look in looked]
    )
    moments = [moment for moment, _ in known]
    newest = list(accumulate((revision for _, revision in known), max))
    for look in looked:
        place = bisect_left(moments, look.began)
        if place and newest[place - 1] > look.revision:
            yield f"{look.address}: judged at revision {look.revision} when {newest[place - 1]} was known"


def wrong_verdicts(events: Sequence[StoredEvent], looked: Sequence[Looked]) -> Iterator[str]:
    """Checks whose verdict is not what a plain model makes of the ledger at the revision that they judged."""
    asked: defaultdict[str, list[Looked]] = defaultdict(list)
    for look in looked:
        asked[look.address].append(look)
    said: defaultdict[str, list[StoredEvent]] = defaultdict(list)
    for event in events:
        if event.header.kind in _SAID:
            said[json.loads(event.payload or b"{}")["address"]].append(event)
    for address, looks in asked.items():
        book: Book = {}
        ahead = deque(said[address])
        for look in sorted(looks, key=lambda each: each.revision):
            while ahead and ahead[0].header.revision <= look.revision:
                book = book | judge_statement(book, _read(ahead.popleft(), address)).after
            who = Who(SMS, address)
            verdict, reason, _ = decide(book, who, look.sender, False, look.purpose, RULES[look.purpose], 0)
            if (verdict == "ALLOW") != look.allowed:
                told = "ALLOW" if look.allowed else "DENY"
                yield f"{address} for {look.purpose} at revision {look.revision}: {told}, by the model {reason}"


def _read(event: StoredEvent, address: str) -> Said:
    """The statement behind an event, as the model takes it."""
    header, after = event.header, json.loads(event.header.after)
    key = Key(Who(SMS, address), header.scope.sender, header.scope.purpose)
    what = _SAID[header.kind]
    strength = Strength[after["strength"]].value if what == "yes" and header.applied else EXPRESS
    lifted_by = LiftedBy[after["lifted_by"]].value if what == "no" and header.applied else LiftedBy.RECIPIENT.value
    actor = Actor[header.actor.name].value
    return Said(what, key, actor, header.effective_time, strength, lifted_by=lifted_by)


def missed_or_repeated(seen: Sequence[tuple[int, bytes]], events: Sequence[StoredEvent], whose: str) -> Iterator[str]:
    """Where what a watcher saw is not the ledger, each event once and in order."""
    ledger = [(event.header.revision, event.hash) for event in events]
    if list(seen) == ledger:
        return
    for place, (saw, stands) in enumerate(zip(seen, ledger, strict=False)):
        if saw != stands:
            yield f"{whose}: saw {saw[0]} at place {place + 1}, where the ledger has {stands[0]}"
            return
    yield f"{whose}: saw {len(seen)} events of {len(ledger)}"
