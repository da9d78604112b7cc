"""What an inbound message means: pure, by DESIGN section 5."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from server.domain.keywords import (
    FRENCH_WORDS,
    INFO_WORDS,
    SPANISH_WORDS,
    START_WORDS,
    STOP_WORDS,
    YES_WORDS,
    comparable,
    fixed_op,
)
from server.domain.model import ALL, AutoResponse, Op
from server.domain.reactions import is_reaction
from server.domain.suspicion import suspected


class Intent(IntEnum):
    """What the recipient wants."""

    STOP = 1
    START = 2
    HELP = 3
    STOP_SUSPECTED = 4
    NONE = 5


@dataclass(frozen=True, slots=True)
class Heard:
    """What a message means, the word that says so, as shipped or as configured, and what the sender replies to it.

    `setting_id` is the setting that decides the reply; its `reply` is None where it has no text, and then nothing else
    replies either. Without a setting there is no reply: the service ships none.
    """

    intent: Intent
    word: str = ""
    reply: str | None = None
    setting_id: str | None = None


def hear(body: str, settings: Sequence[AutoResponse], country: str | None, request_open: bool) -> Heard:
    """Tell what a message means; never raises.

    `settings` are the sender's, of any country; `country` is the recipient's, ISO 3166-1 alpha-2, None where it is not
    known; `request_open` says whether the recipient was asked to opt in and has not answered.

    The whole message is a word of a setting for the country, else of one for `*`, else a shipped word, else YES while
    a request is open, else it may be a suspected no. No setting takes a fixed word from its op (keywords.fixed_op),
    whenever it was made.
    """
    if is_reaction(body):
        return Heard(Intent.NONE)
    said = comparable(body)
    groups = _groups(settings, country)
    if said and (heard := _configured(said, groups) or _shipped(said, groups, request_open)):
        return heard
    phrase = suspected(body)
    return Heard(Intent.NONE) if phrase is None else Heard(Intent.STOP_SUSPECTED, phrase)


def _groups(settings: Sequence[AutoResponse], country: str | None) -> list[list[AutoResponse]]:
    """The settings that may speak, the country's before those for all, each group the last updated first."""
    newest = sorted(settings, key=lambda s: (s.update_time, s.create_time, s.id), reverse=True)
    places = [country.upper(), ALL] if country else [ALL]
    return [[setting for setting in newest if setting.country_code.upper() == place] for place in places]


def _configured(said: str, groups: Sequence[Sequence[AutoResponse]]) -> Heard | None:
    """The setting that names the word. Where two ops claim it, which no new setting may, the no goes first."""
    fixed = fixed_op(said)
    for group in groups:
        for setting in sorted(group, key=lambda s: s.op is not Op.STOP):
            named = next((keyword for keyword in setting.keywords if comparable(keyword) == said), None)
            if named is not None and fixed in (None, setting.op):
                return Heard(_INTENTS[setting.op], named, setting.resp_text, setting.id)
    return None


def _shipped(said: str, groups: Sequence[Sequence[AutoResponse]], request_open: bool) -> Heard | None:
    op, word = _SHIPPED.get(said) or (_YES.get(said) if request_open else None) or (None, "")
    if op is None:
        return None
    setting = next((best for group in groups if (best := _stand_in(op, word, group))), None)
    return Heard(_INTENTS[op], word, setting.resp_text if setting else None, setting.id if setting else None)


def _stand_in(op: Op, word: str, group: Sequence[AutoResponse]) -> AutoResponse | None:
    """The setting whose text answers a shipped word that no setting names: the effect is the op's, and so is the text.

    Of those of the same op that have a text: first one that names a shipped word of the word's language, then one that
    names any shipped word, then any; the last updated of them. HELP is answered only by one that names a shipped word
    of help: another INFO setting answers its own question, opening hours perhaps.
    """
    ranked = [(_kinship(word, setting), setting) for setting in group if setting.op is op and setting.resp_text]
    best = max((kinship for kinship, _ in ranked), default=0)
    if op is Op.INFO and best == 0:
        return None
    return next((setting for kinship, setting in ranked if kinship == best), None)


def _kinship(word: str, setting: AutoResponse) -> int:
    """2 where the setting names a shipped word of this word's language, 1 where it names another one, else 0."""
    named = [shipped[1] for keyword in setting.keywords if (shipped := _SHIPPED.get(comparable(keyword)))]
    if any(_language(other) == _language(word) for other in named):
        return 2
    return 1 if named else 0


def _language(word: str) -> str:
    return "fr" if word in FRENCH_WORDS else "es" if word in SPANISH_WORDS else "en"


def _table(op: Op, words: Sequence[str]) -> Iterator[tuple[str, tuple[Op, str]]]:
    return ((comparable(word), (op, word)) for word in words)


_INTENTS = {Op.STOP: Intent.STOP, Op.START: Intent.START, Op.INFO: Intent.HELP}
_SHIPPED = dict([*_table(Op.STOP, STOP_WORDS), *_table(Op.START, START_WORDS), *_table(Op.INFO, INFO_WORDS)])
_YES = dict(_table(Op.START, YES_WORDS))
