"""Reactions that arrive as text: Liked “…”, 👍 to “…”. They quote our message and say nothing of their own."""

from __future__ import annotations

import unicodedata
from functools import cache

from server.domain import lookalikes
from server.domain.keywords import comparable
from server.domain.wordings import Wordings

_QUOTES = {"“": "”", "«": "»", '"': '"', "„": "“", "＂": "＂", "”": "”"}
_LONGEST_OPENING = 80  # characters before the quotation


def is_reaction(body: str) -> bool:
    """Whether the whole message is a shipped reaction and one quotation to the very end.

    With a word before or after it is a message like any other: a no beside a quotation is not lost.
    """
    start = next((i for i, character in enumerate(body[:_LONGEST_OPENING]) if character in _QUOTES), None)
    if start is None or not _ends_with_quotation(body, start):
        return False
    opening = body[:start]
    words = comparable(opening).split()
    return _verbs().match(words) is not None or (_holds_symbol(opening) and _bare().match(words) is not None)


def _ends_with_quotation(body: str, start: int) -> bool:
    """Whether the quotation that starts there closes once, and nothing but blanks follows."""
    opens, closes = body[start], _QUOTES[body[start]]
    end = len(body)
    while end > start + 1 and (body[end - 1].isspace() or unicodedata.category(body[end - 1]) == "Cf"):
        end -= 1
    if end - 1 == start or body[end - 1] != closes:
        return False
    if opens == closes:
        return body.find(closes, start + 1) == end - 1
    depth = 0
    for place in range(start, end):
        depth += (body[place] == opens) - (body[place] == closes)
        if depth == 0:
            return place == end - 1
    return False


def _holds_symbol(opening: str) -> bool:
    return any(unicodedata.category(character) == "So" or character in "‼⁉" for character in opening)


@cache
def _verbs() -> Wordings:
    return Wordings(lookalikes.REACTIONS)


@cache
def _bare() -> Wordings:
    return Wordings(lookalikes.EMOJI_REACTIONS)
