"""Words that people send: the shipped ones, and how any message or keyword is made comparable.

Sources: the documented APIs' default words (Telnyx); 47 CFR 64.1200(a)(10) for the United States; the carriers'
(CTIA); Canada's ARRET and AIDE; Spanish. The list is data with a version: a change of it raises WORDS_VERSION.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from server.domain.errors import KeywordReserved, KeywordTaken
from server.domain.model import AutoResponse, Op

WORDS_VERSION = 1

STOP_WORDS = (
    *("STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"),
    *("REVOKE", "OPT OUT", "OPTOUT"),
    *("ARRET", "ALTO", "BAJA", "CANCELAR"),
)
START_WORDS = ("START", "UNSTOP")
INFO_WORDS = ("HELP", "INFO", "AIDE", "AYUDA")


def comparable(text: str) -> str:
    """Fold a message or keyword so that equal meaning is equal text.

    NFKC, format characters removed, case folded, accents stripped, punctuation and symbols to spaces, spaces collapsed.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = "".join(
        character if (category := unicodedata.category(character))[0] in "LN" else "" if category in _DROPPED else " "
        for character in folded
    )
    return " ".join(kept.split())


_DROPPED = frozenset({"Cf", "Mn", "Me"})

_RESERVED: dict[str, Op] = {
    **{comparable(word): Op.STOP for word in STOP_WORDS},
    comparable("START"): Op.START,
    comparable("HELP"): Op.INFO,
}


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
        fixed = _RESERVED.get(folded)
        if fixed is not None and fixed is not op:
            raise KeywordReserved(f"{field}[{index}]", keyword, fixed.name.lower())
        if folded in taken:
            raise KeywordTaken(f"{field}[{index}]", keyword, taken[folded])
