"""DESIGN sections 2 and 3 in plain Python: what a statement does to a book of entries, and what the book answers.

It shares no code with the product. Numbers of channels, actors and strengths are the contract's; a moment is a count of
microseconds. A book maps (recipient, sender, purpose) to an entry; nothing is changed in place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

SMS, VOICE, EMAIL, WHATSAPP, RCS = range(1, 6)
RECIPIENT, BUSINESS, CARRIER, IMPORT, SYSTEM = range(1, 6)
IMPLIED, EXPRESS, WRITTEN = range(1, 4)
BY_BUSINESS, BY_RECIPIENT = 1, 2
NEEDS_YES, NEEDS_NO_NO, ALWAYS = range(1, 4)


class Who(NamedTuple):
    channel: int
    address: str

    @property
    def reached(self) -> tuple[str, str]:
        """What a no stops: SMS and RCS reach the same message list."""
        return ("message" if self.channel in (SMS, RCS) else str(self.channel), self.address)


class Key(NamedTuple):
    who: Who
    sender: str
    purpose: str

    def covers(self, sender: str, purpose: str) -> bool:
        return self.sender in ("*", sender) and self.purpose in ("*", purpose)


@dataclass(frozen=True)
class Entry:
    """What stands at a scope. `said` is none, yes or no."""

    said: str = "none"
    strength: int = 0
    expires: int | None = None
    lifted_by: int = 0
    doubted: int | None = None
    asked: int | None = None
    actor: int = 0
    moment: int = 0


@dataclass(frozen=True)
class Said:
    """A statement: yes, no, doubt (it may be a no), request (to opt in) or clear (a doubt was none)."""

    what: str
    key: Key
    actor: int
    moment: int
    strength: int = 0
    expires: int | None = None
    lifted_by: int = BY_RECIPIENT
    force: bool = False


Book = dict[Key, Entry]
BLANK = Entry()


@dataclass(frozen=True)
class Outcome:
    """`word` is applied, unchanged, or why it does not prevail; `after` holds an entry an event, the own one first."""

    word: str
    after: Book

    @property
    def effective(self) -> bool:
        return self.word in ("applied", "unchanged")

    @property
    def events(self) -> int:
        return 0 if self.word == "unchanged" else max(1, len(self.after))


def judge(book: Book, said: Said) -> Outcome:
    match said.what:
        case "yes":
            return _yes(book, said)
        case "no":
            return _no(book, said)
        case "doubt":
            return _doubt(book, said)
        case "request":
            return _request(book, said)
        case "clear":
            return _clear(book, said)
    raise AssertionError(said.what)


def _same_reach(book: Book, who: Who) -> Iterator[tuple[Key, Entry]]:
    return ((key, entry) for key, entry in book.items() if key.who.reached == who.reached)


def _may_lift(yes: Said, no: Entry) -> bool:
    if yes.actor == IMPORT:
        return False
    lifters = (RECIPIENT,) if no.lifted_by == BY_RECIPIENT else (RECIPIENT, BUSINESS)
    return yes.force or yes.actor in lifters


def _lifts(yes: Said, no: Entry) -> bool:
    return _may_lift(yes, no) and (yes.force or yes.moment > no.moment)


def _calmed(entry: Entry, yes: Said) -> Entry:
    answered = yes.actor == RECIPIENT and entry.doubted is not None and entry.doubted < yes.moment
    return replace(entry, doubted=None) if answered else entry


def _yes(book: Book, yes: Said) -> Outcome:
    key, scope = yes.key, yes.key[1:]
    noes = [(k, e) for k, e in _same_reach(book, key.who) if e.said == "no" and k.covers(*scope)]
    if any(k[1:] != scope for k, _ in noes):
        return Outcome("WIDER_OPT_OUT", {})
    if not all(_may_lift(yes, e) for _, e in noes):
        return Outcome("PROTECTED_OPT_OUT", {})
    if not all(_lifts(yes, e) for _, e in noes):
        return Outcome("SUPERSEDED", {})
    own = book.get(key, BLANK)
    mine, others = _own_yes(own, yes), _lifted_by_yes(book, yes)
    if own.said == "yes" and yes.moment <= own.moment:
        if (mine.strength, mine.expires) == (own.strength, own.expires):
            return Outcome("applied", {key: own} | others) if others else Outcome("unchanged", {})
        if yes.moment < own.moment and not yes.force:
            return Outcome("SUPERSEDED", {})
    return Outcome("applied", {key: mine} | others)


def _lifted_by_yes(book: Book, yes: Said) -> Book:
    lifted = {}
    for key, entry in _same_reach(book, yes.key.who):
        if key == yes.key or not yes.key.covers(*key[1:]):
            continue
        after = _calmed(entry, yes)
        if entry.said == "no" and _lifts(yes, entry):
            after = replace(after, said="none", lifted_by=0, actor=yes.actor, moment=yes.moment)
        if after != entry:
            lifted[key] = after
    return lifted


def _own_yes(own: Entry, yes: Said) -> Entry:
    strength, expires = yes.strength, yes.expires
    in_force = own.said == "yes" and (own.expires is None or yes.moment < own.expires)
    if yes.actor == RECIPIENT and in_force and own.strength > strength:
        strength, expires = own.strength, own.expires  # a START or YES never lowers
    return Entry(
        said="yes",
        strength=strength,
        expires=expires,
        doubted=_calmed(own, yes).doubted,
        asked=None if yes.actor == RECIPIENT else own.asked,
        actor=yes.actor,
        moment=yes.moment,
    )


def _answered(book: Book, said: Said) -> bool:
    """Whether the recipient's own newer yes at the same or a wider scope stands against a late no."""
    return any(
        key.who == said.key.who
        and key.covers(*said.key[1:])
        and (entry.said, entry.actor) == ("yes", RECIPIENT)
        and entry.moment > said.moment
        for key, entry in book.items()
    )


def _no(book: Book, no: Said) -> Outcome:
    if _answered(book, no) and not no.force:
        return Outcome("SUPERSEDED", {})
    own = book.get(no.key, BLANK)
    stood = own.said == "no"
    lifted_by = max(own.lifted_by, no.lifted_by)
    if stood and lifted_by == own.lifted_by and no.moment <= own.moment:
        return Outcome("unchanged", {})
    keeps_doubt = lifted_by == BY_BUSINESS or (own.doubted or 0) > no.moment
    moment = max(own.moment, no.moment) if stood else no.moment
    doubted = own.doubted if keeps_doubt else None
    return Outcome("applied", {no.key: Entry("no", 0, None, lifted_by, doubted, None, no.actor, moment)})


def _doubt(book: Book, doubt: Said) -> Outcome:
    if _answered(book, doubt):
        return Outcome("SUPERSEDED", {})
    own = book.get(doubt.key, BLANK)
    said_so = own.said == "no" and own.lifted_by == BY_RECIPIENT and doubt.moment <= own.moment
    if said_so or (own.doubted is not None and doubt.moment <= own.doubted):
        return Outcome("unchanged", {})
    return Outcome("applied", {doubt.key: replace(_begun(own, doubt), doubted=doubt.moment)})


def _request(book: Book, request: Said) -> Outcome:
    own = book.get(request.key, BLANK)
    if own.asked is not None and request.moment <= own.asked:
        return Outcome("unchanged", {})
    return Outcome("applied", {request.key: replace(_begun(own, request), asked=request.moment)})


def _clear(book: Book, judged: Said) -> Outcome:
    own = book.get(judged.key, BLANK)
    if own.doubted is None or own.doubted > judged.moment:
        return Outcome("unchanged", {})
    return Outcome("applied", {judged.key: replace(own, doubted=None)})


def _begun(own: Entry, said: Said) -> Entry:
    return own if own != BLANK else Entry(actor=said.actor, moment=said.moment)


@dataclass(frozen=True)
class Purpose:
    rule: int
    minimum: int = 0
    ignores_no: bool = False


def decide(
    book: Book, who: Who, sender: str, double_opt_in: bool, purpose: str, rule: Purpose, now: int
) -> tuple[str, str, list[Key]]:
    """Verdict, reason, and the records of the narrowest scope that the reason speaks of."""
    near = {k: e for k, e in _same_reach(book, who) if k.covers(sender, purpose)}
    own = {k: e for k, e in near.items() if k.who == who}
    always = rule.rule == ALWAYS
    needed = 0 if always else max(rule.minimum, EXPRESS if double_opt_in else 0)
    yeses = {k: e for k, e in own.items() if e.said == "yes"}
    good = {k: e for k, e in yeses.items() if e.expires is None or now < e.expires}
    noes = [] if always and rule.ignores_no else [k for k, e in near.items() if e.said == "no"]
    doubts = [] if always else [k for k, e in near.items() if e.doubted is not None]
    if noes:
        return _because("DENY OPTED_OUT", noes)
    if doubts:
        return _because("DENY OPT_OUT_SUSPECTED", doubts)
    if always or (rule.rule == NEEDS_NO_NO and not double_opt_in):
        return _because("ALLOW ALLOWED_BY_RULE", [])
    if strong := [k for k, e in good.items() if e.strength >= needed]:
        return _because("ALLOW OPTED_IN", strong)
    if asked := [k for k, e in own.items() if e.asked is not None]:
        return _because("DENY PENDING_CONFIRMATION", asked)
    if ended := [k for k in yeses if k not in good]:
        return _because("DENY EXPIRED", ended)
    if good:
        return _because("DENY INSUFFICIENT_STRENGTH", list(good))
    return _because("DENY NO_CONSENT", [])


def _because(answer: str, keys: list[Key]) -> tuple[str, str, list[Key]]:
    verdict, reason = answer.split()
    widths = {key: key[1:].count("*") for key in keys}
    return verdict, reason, [key for key in keys if widths[key] == min(widths.values())]
