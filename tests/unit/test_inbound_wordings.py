"""The shipped wordings: each is heard wherever it stands, each exception excuses itself and hides nothing."""

from __future__ import annotations

import pytest

from server.domain import lookalikes, phrases, phrases_french, phrases_spanish
from server.domain.inbound import Intent, hear
from server.domain.keywords import comparable
from server.domain.suspicion import suspected
from server.domain.wordings import Found, Wordings

NOES = Wordings(phrases.ENGLISH + phrases_french.FRENCH + phrases_spanish.SPANISH)
TEXTS = {
    "FRENCH": phrases_french.FRENCH,
    "SPANISH": phrases_spanish.SPANISH,
    **{name: getattr(phrases, name) for name in ("ENGLISH", "POLITE", "SHORT_LIKE", "ALONE")},
    **{name: getattr(lookalikes, name) for name in ("EXCEPTIONS", "REACTIONS", "EMOJI_REACTIONS")},
}
LONG = "Good morning from the shop on Elm, {} because the weather has been lovely over here since last Tuesday"


def _intent(body: str) -> Intent:
    return hear(body, [], None, request_open=False).intent


def test_every_phrase_is_heard_in_a_long_message() -> None:
    for phrase in NOES:
        assert suspected(LONG.format(phrase)) is not None, phrase
        assert _intent(LONG.format(f"{phrase.upper()}!")) is Intent.STOP_SUSPECTED, phrase


def test_no_phrase_is_hidden_by_an_exception_beside_it() -> None:
    for phrase in list(NOES)[::37]:
        for exception in ("stop by", "bus stop", "can't stop", "palo alto", "sans arrêt"):
            assert suspected(f"{exception} {phrase}") is not None, (exception, phrase)
            assert suspected(f"{phrase} {exception}") is not None, (exception, phrase)


def test_every_exception_excuses_its_own_word() -> None:
    noes = {"don't stop", "en baja"}
    for exception in set(Wordings(lookalikes.EXCEPTIONS)) - noes:
        assert _intent(f"{exception} today") is Intent.NONE, exception


def test_no_exception_excuses_another_word() -> None:
    for exception in Wordings(lookalikes.EXCEPTIONS):
        if len(exception.split()) <= phrases.SHORT - 2:
            assert suspected(f"{exception} hmm stop") is not None, exception
        assert suspected(LONG.format(exception) + ". Stop!") is not None, exception


@pytest.mark.parametrize("word", phrases.WORDS)
@pytest.mark.parametrize("count", range(1, 13))
def test_a_word_counts_in_a_short_message_only(word: str, count: int) -> None:
    others = ["hm"] * (count - len(word.split()))
    for place in range(len(others) + 1):
        body = " ".join([*others[:place], word, *others[place:]])
        if len(others) + len(word.split()) <= phrases.SHORT:
            assert suspected(body) is not None, body
        elif len(others) > phrases.SHORT:
            assert suspected(body) is None, body


def test_a_word_with_an_apostrophe_counts_once() -> None:
    assert suspected("I'm sure it's Bob's STOP y'all") == "STOP"
    assert suspected("I am sure it is Bob's STOP y'all") is None


@pytest.mark.parametrize("name", TEXTS)
def test_the_data_is_well_formed(name: str) -> None:
    for line in TEXTS[name].strip().split("\n"):
        assert line.strip(), name
    depth = 0
    for character in TEXTS[name]:
        depth += (character == "(") - (character == ")")
        assert depth in (0, 1), name
        assert depth == 0 or character != "?"
    assert depth == 0
    for group in TEXTS[name].replace("\n    ", "").split("(")[1:]:
        assert all(comparable(choice) for choice in group.split(")")[0].split("|")), group


def test_no_phrase_is_a_stop_word_or_a_single_common_word() -> None:
    single = {phrase for phrase in NOES if len(comparable(phrase).split()) == 1}
    common = {
        "stop",
        "cancel",
        "end",
        "quit",
        "no",
        "yes",
        "help",
        "start",
        "text",
        "remove",
        "de",
        "baja",
        "alto",
        "para",
    }
    assert not {comparable(phrase) for phrase in single} & common


def test_a_line_spells_out_its_choices() -> None:
    wordings = Wordings("\n(a|b) (c)? d\ne (f|\n    g h)\nisn't\n")
    assert sorted(set(wordings)) == ["a c d", "a d", "b c d", "b d", "e f", "e g h", "isn't"]
    assert wordings.match(["e", "g", "h"]) == "e g h"
    assert [wordings.match(words) for words in (["isn", "t"], ["isnt"])] == ["isn't", "isn't"]
    assert [wordings.match(words) for words in (["e"], ["e", "f", "x"], [])] == [None, None, None]


def test_every_occurrence_is_found_in_order() -> None:
    found = Wordings("a\na b\nb").find(["a", "b", "x", "b"])
    assert list(found) == [Found("a", 0, 1), Found("a b", 0, 2), Found("b", 1, 2), Found("b", 3, 4)]
