"""Words that people send: the shipped ones, and how any message or keyword is made comparable.

Sources: the documented APIs' default words (Telnyx); 47 CFR 64.1200(a)(10) for the United States; the carriers'
(CTIA); Canada's ARRET and AIDE; Spanish. YES is DESIGN's (Twilio documents it as an opt-in); Y, SI and OUI, its short
form and its Spanish and French, are our decision. The list is data with a version: a change of it raises WORDS_VERSION.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from server.domain.errors import KeywordReserved, KeywordTaken
from server.domain.model import AutoResponse, Op

WORDS_VERSION = 2

STOP_WORDS = (
    *("STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"),
    *("REVOKE", "OPT OUT", "OPTOUT"),
    *("ARRET", "ALTO", "BAJA", "CANCELAR"),
)
START_WORDS = ("START", "UNSTOP")
INFO_WORDS = ("HELP", "INFO", "AIDE", "AYUDA")
YES_WORDS = ("YES", "Y", "SI", "OUI")  # a START only while a request is open
FRENCH_WORDS = frozenset({"ARRET", "AIDE", "OUI"})
SPANISH_WORDS = frozenset({"ALTO", "BAJA", "CANCELAR", "AYUDA", "SI"})  # the rest is English


def comparable(text: str) -> str:
    """Fold a message or keyword so that equal meaning is equal text.

    NFKC, format and control characters removed, case folded, accents stripped, punctuation, symbols and emoji to
    spaces, spaces collapsed. Folding a folded text changes nothing. Takes time in proportion to the length: each
    character is folded by itself, because to normalise a whole text takes quadratic time where accents are heaped.
    """
    plain = _EMOJI_SEQUENCE.sub(" ", text)
    return " ".join(plain.translate({ord(character): _folded(character) for character in set(plain)}).split())


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    """What one character comes to: letters and digits, a space, or nothing."""
    if not unicodedata.decomposition(character) and character.casefold() == character and not "가" <= character <= "힣":
        return _kept(character)
    standard = unicodedata.normalize("NFKC", character)
    if _is_sign(character, standard):
        return " "
    return "".join(map(_kept, unicodedata.normalize("NFKD", standard.casefold())))


def _kept(character: str) -> str:
    category = unicodedata.category(character)
    if category in _DROPPED or character in _INVISIBLE or (category == "Cc" and not character.isspace()):
        return ""
    spelt = category[0] in "LN" and character not in _MARKS_AMONG_LETTERS
    return character if spelt or category == "Mc" else " "


def _is_sign(character: str, standard: str) -> bool:
    """Whether it is a symbol or emoji whose standard form would put letters into a message that has none there.

    Enclosed single letters (Ⓢ) are letters; ™, ℹ, № and 🈁 are signs.
    """
    return character in _LETTERED_EMOJI or (unicodedata.category(character) == "So" and len(standard) > 1)


_DROPPED = frozenset({"Cf", "Mn", "Me"})
_INVISIBLE = frozenset(map(chr, (0x2065, *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000))))  # not assigned yet
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")  # Hangul's blank letters
_APOSTROPHES = frozenset(map(chr, (*range(0x2B9, 0x2C2), *range(0x2C6, 0x2D2), 0x2EC, 0x2EE, 0x374)))
_MARKS_AMONG_LETTERS = _FILLERS | _APOSTROPHES
_LETTERED_EMOJI = frozenset(map(chr, (0x2139, 0x3297, 0x3299, *range(0x1F200, 0x1F266))))
_EMOJI_SEQUENCE = re.compile("[0-9#*]\ufe0f?\u20e3|\u24c2\ufe0f")  # keycaps, and Ⓜ shown as an emoji

_RESERVED: dict[str, Op] = {
    **{comparable(word): Op.STOP for word in STOP_WORDS},
    comparable("START"): Op.START,
    comparable("HELP"): Op.INFO,
}


def fixed_op(folded: str) -> Op | None:
    """The op that no setting can take from a comparable word; None for a word that is free."""
    return _RESERVED.get(folded)


def check_keywords(
    keywords: Sequence[str], op: Op, country_code: str, others: Iterable[AutoResponse], field: str = "keywords"
) -> None:
    """Hold the rules of a setting's words against the shipped words and the profile's `others`.

    Raises KeywordReserved or KeywordTaken, naming the first word that breaks one.
    """
    taken = {
        comparable(word): other.id
        for other in others
        if other.country_code == country_code and other.op is not op
        for word in other.keywords
    }
    for index, keyword in enumerate(keywords):
        folded = comparable(keyword)
        fixed = fixed_op(folded)
        if fixed is not None and fixed is not op:
            raise KeywordReserved(f"{field}[{index}]", keyword, fixed.name.lower())
        if folded in taken:
            raise KeywordTaken(f"{field}[{index}]", keyword, taken[folded])
