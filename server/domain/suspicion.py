"""What a reasonable person would read as a no although it is not a stop word (DESIGN section 5, Suspected).

47 CFR 64.1200(a)(10) counts any such wording, so a doubt is a suspicion: a person reviews it, and nobody is stopped for
good. Time is in proportion to the length of the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain

from server.domain import lookalikes, phrases, phrases_french, phrases_spanish
from server.domain.keywords import comparable
from server.domain.wordings import Wordings


def suspected(body: str) -> str | None:
    """The shipped wording by which a message that is not exactly a keyword reads as a no, or None.

    First a phrase anywhere, which no exception excuses; then politeness around STOP, one of the words in a short
    message, a stop word that is a sentence by itself. An exception excuses only the words that it covers.
    """
    clauses = _clauses(body)
    if not any(clauses):
        return next((sign for sign in phrases.SIGNS if sign in body), None)
    unfilled = [[word for word in clause if word not in phrases.FILLERS] for clause in clauses]
    readings = [clauses] if unfilled == clauses else [clauses, unfilled]
    for reading in readings:
        if found := next(_noes().find(list(chain(*reading))), None):
            return found.phrase
    short = sum(map(len, clauses)) <= 3 * phrases.SHORT and _count(body) <= phrases.SHORT
    for reading in readings:
        if phrase := next(_unexcused(reading, short), None):
            return phrase
    return next((phrase for clause in clauses if (phrase := _sentences().match(clause))), None)


def _unexcused(clauses: Sequence[Sequence[str]], short: bool) -> Iterator[str]:
    """Politeness around STOP, and in a short message the single words, but for those that an exception covers.

    An exception stands within a clause: in "not by bus. Stop, please" is none.
    """
    covered: set[int] = set()
    start = 0
    for clause in clauses:
        covered.update(start + place for found in _exceptions().find(clause) for place in range(found.start, found.end))
        start += len(clause)
    words = list(chain(*clauses))
    for wordings in (_polite(), _short()) if short else (_polite(),):
        for found in wordings.find(words):
            if covered.isdisjoint(range(found.start, found.end)):
                yield found.phrase


def _clauses(body: str) -> list[list[str]]:
    """The comparable words of each sentence, line or clause; a letter drawn out, as in stooooop, stands once."""
    folded = comparable(_BREAK.sub(f" {_BREAK_WORD} ", body))
    return [clause.split() for clause in _DRAWN_OUT.sub(r"\1", folded).split(_BREAK_WORD)]


def _count(body: str) -> int:
    """How many words a person would count: don't is one."""
    return len(comparable(_APOSTROPHE.sub("", body)).split())


_DRAWN_OUT = re.compile(r"([^\W\d])\1{2,}")
_APOSTROPHE = re.compile(r"(?<=\w)['’‘ʼ`´＇](?=\w)")
_BREAK = re.compile("[.!?;,:…。．！？；，：、¡¿|\n\r\u2028\u2029—–]|\\s-+\\s")
_BREAK_WORD = "\ua66e"  # a letter that no message holds, so that a break outlives the folding


@cache
def _noes() -> Wordings:
    return Wordings(phrases.ENGLISH + phrases_french.FRENCH + phrases_spanish.SPANISH)


@cache
def _polite() -> Wordings:
    return Wordings(phrases.POLITE)


@cache
def _short() -> Wordings:
    return Wordings("\n".join(phrases.WORDS) + phrases.SHORT_LIKE)


@cache
def _sentences() -> Wordings:
    return Wordings(phrases.ALONE)


@cache
def _exceptions() -> Wordings:
    return Wordings(lookalikes.EXCEPTIONS)
