"""Which payloads need not be kept any longer, and how an event tells which were deleted.

A payload is evidence. It is kept as long as what its event said stands, and a time beyond: a yes is proved by the event
with which the record became a yes and by all that came after it, since a later yes may have kept the strength of an
earlier one; a suspicion or an open request by the event that raised it. What was recorded without effect proves
nothing of what stands. Headers, and so every verdict of now and of then, are kept for ever.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from server.domain.ledger import Header
from server.domain.model import Instant, Record, Scope
from server.domain.replay import record_after, sets_record
from server.domain.transitions import Move

_MOVES = frozenset(Move)
# What an event proves as long as it stands; no suspicion and no open request are nothing to prove.
_STANDING = ("state", "suspect_time", "request_time")
_STATED = ("state", "strength", "lifted_by", "expire_time", "actor", "effective_time")


def prunable(history: Iterable[Header], before: Instant) -> list[int]:
    """The revisions of one recipient's events, given oldest first, whose payloads may go, in order.

    What each of them said has not stood since before a moment, or never did and was recorded before it. Raises
    ValueError as `record_after`.
    """
    ended: dict[int, Instant] = {}
    scopes: dict[Scope, _Line] = {}
    for header in history:
        if sets_record(header):
            scopes.setdefault(header.scope, _Line()).add(header, ended)
        elif header.kind in _MOVES:
            ended[header.revision] = header.record_time
    return sorted(revision for revision, moment in ended.items() if moment < before)


class _Line:
    """The events that set the record of one scope, in order, and which of them prove what stands."""

    def __init__(self) -> None:
        self._records: list[Record] = []
        # Where, among them, that which stands after each began; and what proves what it restored.
        self._begins: list[int] = []
        self._restored: dict[int, frozenset[int]] = {}
        self._since: dict[str, int] = {}

    def add(self, header: Header, ended: dict[int, Instant]) -> None:
        """Take the next event; note in `ended` when the events before it ceased to prove what stands."""
        place = len(self._records)
        last = self._records[-1] if place else None
        record = record_after(header, last)
        begun = self._begins[-1] if place else 0
        begins = self._begin(record, last)
        for spent in range(begun, begins):
            for revision in {self._records[spent].revision, *self._restored.get(spent, ())}:
                ended[revision] = header.record_time
        if header.kind == Move.REVERT:
            self._restored[place] = self._proofs_of(record)
            for revision in self._restored[place]:
                ended.pop(revision, None)
        self._records.append(record)
        self._begins.append(begins)

    def _begin(self, record: Record, last: Record | None) -> int:
        """The first event since which something that stands has stood without a break."""
        place = len(self._records)
        for name in _STANDING:
            if last is None or getattr(last, name) != getattr(record, name):
                self._since[name] = place
        return min(self._since[name] for name in _STANDING if getattr(record, name) is not None)

    def _proofs_of(self, now: Record) -> frozenset[int]:
        """What proved, when it was made, the statement that stands again."""
        for place in reversed(range(len(self._records))):
            if _statement(self._records[place]) == _statement(now):
                proofs = range(self._begins[place], place + 1)
                again = (self._restored.get(proof, frozenset()) for proof in proofs)
                return frozenset({self._records[proof].revision for proof in proofs}).union(*again)
        return frozenset()


def _statement(record: Record) -> tuple[object, ...]:
    return tuple(getattr(record, name) for name in _STATED)


def ranges(revisions: Iterable[int]) -> list[tuple[int, int]]:
    """Revisions as ranges, first and last, in order."""
    return _joined([(revision, revision) for revision in revisions])


@dataclass(slots=True)
class Pruned:
    """Which payloads the PRUNED events that were read so far name; `read_to` is the last of these events."""

    read_to: int = 0
    _ranges: list[tuple[int, int]] = field(default_factory=list)

    def add(self, prunings: Sequence[Header]) -> None:
        """Take more PRUNED events, later than those before. One speaks only of events before itself."""
        for header in prunings:
            told = json.loads(header.after).get("revisions", ())
            self._ranges += [(first, last) for first, last in told if last < header.revision]
            self.read_to = header.revision
        self._ranges = _joined(self._ranges)

    def names(self, revision: int) -> bool:
        """Whether the payload of an event was pruned."""
        place = bisect_right(self._ranges, (revision, 1 << 63))
        return bool(place) and self._ranges[place - 1][1] >= revision


def _joined(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges in order, of which none touches the next."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(found):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined
