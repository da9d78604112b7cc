"""Taking back what a batch said: what stood before it stands again, where nothing was said since.

* A yes of the batch, and what it lifted, is taken back: an opt-out that it lifted stands again.
* A no is taken back only where that is asked in so many words, and only one of an import: what was a no because a file
  said so becomes what it was, which may be a yes. What a person, the business or a carrier said is never taken back.
* A suspicion or a request that came since stays, and so does a suspicion that the batch had answered.
* A no or a suspicion that had no effect since because of a yes that is taken back is heard again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.domain.ledger import Header
from server.domain.model import Actor, LiftedBy, Record, Scope, State
from server.domain.replay import record_after, sets_record
from server.domain.transitions import Move, Statement

# What is no word on whether there is a yes or a no.
_ASIDE = frozenset({Move.SUSPECT, Move.REQUEST, Move.CLEAR})
_UNHEARD = frozenset({Move.OPT_OUT, Move.SUSPECT})


@dataclass(frozen=True, slots=True)
class Reversal:
    """One record as it stands and as it stands again; `first_revision` is the first event that is taken back."""

    now: Record
    again: Record
    first_revision: int


@dataclass(frozen=True, slots=True)
class Reversals:
    """What is taken back of one recipient, which noes of the batch stay, and how many records were restated since."""

    reversals: Sequence[Reversal]
    kept_noes: int
    restated: int


def reverse(history: Iterable[Header], batch_id: str, *, noes: bool) -> Reversals:
    """Judge all of one recipient's events, oldest first. Raises ValueError as `record_after`."""
    lines: dict[Scope, list[tuple[Header, Record]]] = {}
    for header in history:
        if sets_record(header):
            line = lines.setdefault(header.scope, [])
            line.append((header, record_after(header, line[-1][1] if line else None)))
    found: list[Reversal] = []
    kept_noes = restated = 0
    for line in lines.values():
        if not any(_says_something(header) and header.batch_id == batch_id for header, _ in line):
            continue
        stated, now = max(i for i, (header, _) in enumerate(line) if _says_something(header)), line[-1][1]
        if line[stated][0].batch_id != batch_id:
            restated += 1
        elif not _may_go(line[stated][0], batch_id, noes=noes):
            kept_noes += 1
        else:
            reversal = _reversal(line, batch_id, noes=noes)
            found += [reversal] if reversal.again != now else []
    return Reversals(found, kept_noes, restated)


def unheard_since(history: Iterable[Header], reversals: Sequence[Reversal]) -> list[Statement]:
    """The noes and suspicions that had no effect since, at scopes of a yes that is taken back: to be heard again.

    The ledger's headers do not tell who may lift such a no, so only the recipient may.
    """
    return [
        Statement(
            Move(header.kind),
            header.scope,
            header.actor,
            header.effective_time,
            lifted_by=LiftedBy.RECIPIENT if header.kind == Move.OPT_OUT else None,
        )
        for header in history
        if not header.applied
        and header.kind in _UNHEARD
        and any(
            reversal.now.state is State.OPTED_IN
            and reversal.now.scope.covers(header.scope)
            and header.revision > reversal.first_revision
            for reversal in reversals
        )
    ]


def _says_something(header: Header) -> bool:
    return header.kind not in _ASIDE


def _may_go(header: Header, batch_id: str, *, noes: bool) -> bool:
    if header.batch_id != batch_id:
        return False
    if header.kind == Move.OPT_OUT:
        return noes and header.actor is Actor.IMPORT
    return header.kind in (Move.OPT_IN, Move.LIFT)


def _reversal(line: Sequence[tuple[Header, Record]], batch_id: str, *, noes: bool) -> Reversal:
    """Go back over the batch's events at the end of a scope's line to what stood before the first of them."""
    now, first = line[-1][1], len(line)
    for place in reversed(range(len(line))):
        header = line[place][0]
        if _may_go(header, batch_id, noes=noes):
            first = place
        elif _says_something(header):
            break
    before = line[first - 1][1] if first else Record(now.recipient_id, now.scope)
    cleared_since = any(header.kind == Move.CLEAR for header, _ in line[first:])
    doubts = [now.suspect_time, None if cleared_since else before.suspect_time]
    again = before._replace(
        suspect_time=max((doubt for doubt in doubts if doubt is not None), default=None),
        request_time=now.request_time,
        create_time=now.create_time,
        update_time=now.update_time,
        revision=now.revision,
    )
    return Reversal(now, again, line[first][0].revision)
