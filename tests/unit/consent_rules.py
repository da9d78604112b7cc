"""The transition table once more, in plain Python, from DESIGN section 3: the oracle of test_transitions_model.

It shares no code with server.domain.transitions; only the vocabulary of what is said. A book maps (recipient, sender,
purpose) to an entry; `judge` answers the new book and a word: applied, unchanged, or the reason of a refusal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from server.domain.model import Actor, LiftedBy, Strength
from server.domain.transitions import Move, Statement


@dataclass(frozen=True)
class Entry:
    """What one record says. `said` is none, yes or no."""

    said: str = "none"
    strength: Strength | None = None
    expires: int | None = None
    lifted_by: LiftedBy | None = None
    suspected: int | None = None
    requested: int | None = None
    actor: Actor | None = None
    moment: int = 0


Key: TypeAlias = tuple[int, str, str]
Book: TypeAlias = dict[Key, Entry]
BLANK = Entry()


def judge(book: Book, who: int, said: Statement) -> tuple[Book, str]:
    key = (who, said.scope.sender, said.scope.purpose)
    if said.move is Move.OPT_IN:
        return _yes(book, key, said)
    if said.move is Move.OPT_OUT:
        return _no(book, key, said)
    if said.move is Move.SUSPECT:
        return _doubt(book, key, said)
    return _request(book, key, said)


def _reaches(wide: Key, narrow: Key) -> bool:
    """Whether a statement at the scope of `wide` speaks for that of `narrow`, whichever channel."""
    return all(w in ("*", n) for w, n in zip(wide[1:], narrow[1:], strict=True))


def _may_lift(yes: Statement, no: Entry) -> bool:
    if yes.actor is Actor.IMPORT:
        return False
    if yes.force:
        return True
    if no.lifted_by is LiftedBy.RECIPIENT:
        return yes.actor is Actor.RECIPIENT
    return yes.actor in (Actor.RECIPIENT, Actor.BUSINESS)


def _lifts(yes: Statement, no: Entry) -> bool:
    return _may_lift(yes, no) and (yes.force or yes.effective_time > no.moment)


def _calmed(entry: Entry, yes: Statement) -> Entry:
    """A later yes of the recipient answers a suspicion; nobody else's does."""
    if yes.actor is Actor.RECIPIENT and entry.suspected is not None and entry.suspected < yes.effective_time:
        return replace(entry, suspected=None)
    return entry


def _yes(book: Book, key: Key, yes: Statement) -> tuple[Book, str]:
    noes = {k: e for k, e in book.items() if e.said == "no"}
    if any(k[1:] != key[1:] and _reaches(k, key) for k in noes):
        return book, "WIDER_OPT_OUT"
    here = [e for k, e in noes.items() if k[1:] == key[1:]]
    if not all(_may_lift(yes, e) for e in here):
        return book, "PROTECTED_OPT_OUT"
    if not all(_lifts(yes, e) for e in here):
        return book, "SUPERSEDED"
    others = {}
    for k, e in book.items():
        if k == key or not _reaches(key, k):
            continue
        if k[0] != key[0] and e.said != "no" and e.suspected is None:
            continue  # a sibling's record without a no or a doubt is nobody's business here
        after = _calmed(e, yes)
        if e.said == "no" and _lifts(yes, e):
            after = replace(after, said="none", lifted_by=None, actor=yes.actor, moment=yes.effective_time)
        if after != e:
            others[k] = after
    own = book.get(key, BLANK)
    mine = _own_yes(own, yes)
    if own.said == "yes" and yes.effective_time <= own.moment:
        if (mine.strength, mine.expires) == (own.strength, own.expires):
            return book | others, "applied" if others else "unchanged"
        if yes.effective_time < own.moment and not yes.force:
            return book, "SUPERSEDED"
    return book | others | {key: mine}, "applied"


def _own_yes(own: Entry, yes: Statement) -> Entry:
    strength, expires = yes.strength, yes.expire_time
    heard = yes.actor is Actor.RECIPIENT
    stands = own.said == "yes" and (own.expires is None or yes.effective_time < own.expires)
    if heard and stands and own.strength is not None and strength is not None and own.strength > strength:
        strength, expires = own.strength, own.expires  # a START never lowers
    return replace(
        _calmed(own, yes),
        said="yes",
        strength=strength,
        expires=expires,
        lifted_by=None,
        requested=None if heard else own.requested,
        actor=yes.actor,
        moment=yes.effective_time,
    )


def _answered(book: Book, key: Key, moment: int) -> bool:
    """Whether the recipient's own newer yes, at the same or a wider scope of the same channel, stands against a no."""
    return any(
        k[0] == key[0] and e.said == "yes" and e.actor is Actor.RECIPIENT and e.moment > moment and _reaches(k, key)
        for k, e in book.items()
    )


def _no(book: Book, key: Key, no: Statement) -> tuple[Book, str]:
    if not no.force and _answered(book, key, no.effective_time):
        return book, "SUPERSEDED"
    own = book.get(key, BLANK)
    asked = no.lifted_by or LiftedBy.RECIPIENT
    stood = own.said == "no"
    firmest = LiftedBy.RECIPIENT if LiftedBy.RECIPIENT in (asked, own.lifted_by) else LiftedBy.BUSINESS
    if stood and firmest is own.lifted_by and no.effective_time <= own.moment:
        return book, "unchanged"
    doubted_since = own.suspected is not None and own.suspected > no.effective_time
    after = Entry(
        said="no",
        lifted_by=firmest,
        suspected=own.suspected if firmest is LiftedBy.BUSINESS or doubted_since else None,
        actor=no.actor,
        moment=max(own.moment, no.effective_time) if stood else no.effective_time,
    )
    return book | {key: after}, "applied"


def _doubt(book: Book, key: Key, doubt: Statement) -> tuple[Book, str]:
    if _answered(book, key, doubt.effective_time):
        return book, "SUPERSEDED"
    own = book.get(key, BLANK)
    said_so = own.said == "no" and own.lifted_by is LiftedBy.RECIPIENT and doubt.effective_time <= own.moment
    doubted = own.suspected is not None and doubt.effective_time <= own.suspected
    if said_so or doubted:
        return book, "unchanged"
    return book | {key: replace(_begun(own, doubt), suspected=doubt.effective_time)}, "applied"


def _request(book: Book, key: Key, asked: Statement) -> tuple[Book, str]:
    own = book.get(key, BLANK)
    if own.requested is not None and asked.effective_time <= own.requested:
        return book, "unchanged"
    return book | {key: replace(_begun(own, asked), requested=asked.effective_time)}, "applied"


def _begun(own: Entry, said: Statement) -> Entry:
    return own if own != BLANK else replace(own, actor=said.actor, moment=said.effective_time)
