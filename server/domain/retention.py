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
    """The events that set the record of one scope, and which of them prove what stands."""

    def __init__(self) -> None:
        self._proofs: list[tuple[Record, frozenset[int]]] = []

    def add(self, header: Header, ended: dict[int, Instant]) -> None:
        """Take the next event; note in `ended` when the events before it ceased to prove what stands."""
        before = self._proofs[-1] if self._proofs else None
        record = record_after(header, before[0] if before else None)
        proofs = {header.revision} | self._lasting(record)
        if header.kind == Move.REVERT:
            proofs |= self._restored(record)
        for revision in proofs:
            ended.pop(revision, None)
        for revision in (before[1] if before else frozenset()) - proofs:
            ended[revision] = header.record_time
        self._proofs.append((record, frozenset(proofs)))

    def _lasting(self, now: Record) -> set[int]:
        """The events since which something that stands has stood without a break."""
        begins = len(self._proofs)
        for holds in (
            lambda record: record.state is now.state,
            lambda record: now.suspect_time is not None and record.suspect_time == now.suspect_time,
            lambda record: now.request_time is not None and record.request_time == now.request_time,
        ):
            place = len(self._proofs)
            while place and holds(self._proofs[place - 1][0]):
                place -= 1
            begins = min(begins, place)
        return {record.revision for record, _ in self._proofs[begins:]}

    def _restored(self, now: Record) -> frozenset[int]:
        """What proved the statement that stands again."""
        told = (now.state, now.strength, now.lifted_by, now.expire_time, now.actor, now.effective_time)
        for record, proofs in reversed(self._proofs):
            if told == (
                record.state,
                record.strength,
                record.lifted_by,
                record.expire_time,
                record.actor,
                record.effective_time,
            ):
                return proofs
        return frozenset()


def ranges(revisions: Iterable[int]) -> list[tuple[int, int]]:
    """Revisions as ranges, first and last, in order."""
    found: list[tuple[int, int]] = []
    for revision in sorted(set(revisions)):
        if found and found[-1][1] == revision - 1:
            found[-1] = (found[-1][0], revision)
        else:
            found.append((revision, revision))
    return found


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
        self._ranges.sort()

    def names(self, revision: int) -> bool:
        """Whether the payload of an event was pruned."""
        place = bisect_right(self._ranges, (revision, 1 << 63))
        return bool(place) and self._ranges[place - 1][1] >= revision
