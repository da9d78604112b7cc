"""Words that people send: however they are typed, equal words are equal text; and a setting cannot take a fixed one."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.errors import FieldFault, KeywordReserved, KeywordTaken
from server.domain.keywords import INFO_WORDS, START_WORDS, STOP_WORDS, check_keywords, comparable
from server.domain.model import AutoResponse, Op

WORDS = (*STOP_WORDS, *START_WORDS, *INFO_WORDS)
RESERVED = {**dict.fromkeys(STOP_WORDS, Op.STOP), "START": Op.START, "HELP": Op.INFO}

FULL_WIDTH = {ord(" "): "\u3000", **{code: chr(code + 0xFEE0) for code in range(0x21, 0x7F)}}
DISGUISES: dict[str, Callable[[str], str]] = {
    "lower case": str.lower,
    "title case": str.title,
    "mixed case": lambda word: "".join(c.lower() if i % 2 else c for i, c in enumerate(word)),
    "acute accents": lambda word: unicodedata.normalize("NFC", "".join(f"{c}\u0301" for c in word)),
    "loose accents": lambda word: "".join(f"{c}\u0308" if c != " " else c for c in word),
    "full stop": lambda word: f"{word}.",
    "quotes": lambda word: f"“{word}”!!!",
    "emoji": lambda word: f"{word} 🙏🏽✋",
    "emoji with variation selector": lambda word: f"❤️{word}☎️",
    "full width": lambda word: word.translate(FULL_WIDTH),
    "zero width": lambda word: "\u200b".join(f"\ufeff{word}\u200d"),
    "soft hyphens": "\u00ad".join,
    "right to left marks": lambda word: f"\u202e{word}\u2069",
    "blank lines": lambda word: f"\n\t {word}\r\n\u00a0",
    "wide gaps": lambda word: word.replace(" ", " \u2003 "),
    "hyphen for space": lambda word: word.replace(" ", "-"),
    "mathematical bold": lambda word: "".join(chr(0x1D400 + ord(c) - 65) if c != " " else c for c in word),
}


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES.keys())
@pytest.mark.parametrize("word", WORDS)
def test_a_disguised_word_is_the_word(word: str, disguise: Callable[[str], str]) -> None:
    assert comparable(disguise(word)) == comparable(word) == word.lower()


@pytest.mark.parametrize(
    ("sent", "word"),
    [("Arrêt", "ARRET"), ("ARRÊT.", "arret"), ("stop all", "STOP-ALL"), ("¡Alto!", "alto"), ("Opt-Out", "opt out"),
     ("İNFO", "info"), ("straße", "STRASSE"), ("ﬁn", "fin")],
)  # fmt: skip
def test_equal(sent: str, word: str) -> None:
    assert comparable(sent) == comparable(word)


@pytest.mark.parametrize(
    ("one", "other"),
    [("STOP", "STOPP"), ("STOP ALL", "STOPALL"), ("STOP 1", "STOP 2"), ("стоп", "stop")],
)
def test_different(one: str, other: str) -> None:
    assert comparable(one) != comparable(other)


@pytest.mark.parametrize("text", ["", " ", "!!!", "👍", "\u200b", "\u0301", "…"])
def test_what_holds_no_letter_is_nothing(text: str) -> None:
    assert comparable(text) == ""


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=30))
def test_folding_is_final_and_clean(text: str) -> None:
    folded = comparable(text)
    assert comparable(folded) == folded
    assert folded == " ".join(folded.split())
    assert comparable(f" {text} \u200b") == folded


@settings(max_examples=400, deadline=None)
@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x24F), max_size=20))
def test_case_and_composition_mean_nothing(text: str) -> None:
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert comparable(unicodedata.normalize(form, text)) == comparable(text)
    assert comparable(text.casefold()) == comparable(text)


def test_the_shipped_words_are_those_of_the_design() -> None:
    rule_of_the_united_states = {"stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe"}
    carriers = {"stopall", "stop all", "optout"}
    elsewhere = {"arret", "alto", "baja", "cancelar"}
    assert {comparable(word) for word in STOP_WORDS} == rule_of_the_united_states | carriers | elsewhere
    assert {comparable(word) for word in START_WORDS} == {"start", "unstop"}
    assert {comparable(word) for word in INFO_WORDS} == {"help", "info", "aide", "ayuda"}


def _setting(op: Op, *keywords: str, country: str = "US", name: str = "other") -> AutoResponse:
    return AutoResponse(name, country, keywords, op, None, 0, 0)


@pytest.mark.parametrize("op", Op)
@pytest.mark.parametrize(("word", "fixed"), RESERVED.items(), ids=RESERVED.keys())
def test_a_fixed_word_goes_to_its_own_op_only(word: str, fixed: Op, op: Op) -> None:
    for typed in (word, word.lower(), f"{word}!", DISGUISES["full width"](word)):
        if op is fixed:
            check_keywords([typed], op, "US", [])
        else:
            with pytest.raises(KeywordReserved) as refused:
                check_keywords(["JOIN", typed], op, "US", [])
            assert refused.value.facts == {"keyword": typed, "op": fixed.name.lower()}
            assert [(v.field, v.fault) for v in refused.value.violations] == [("keywords[1]", FieldFault.NOT_ALLOWED)]


@pytest.mark.parametrize("word", ["UNSTOP", "INFO", "AIDE", "AYUDA", "YES", "JOIN", "STOPP"])
@pytest.mark.parametrize("op", Op)
def test_every_other_word_is_free(word: str, op: Op) -> None:
    check_keywords([word], op, "US", [])


def test_one_word_has_one_op_in_a_country() -> None:
    others = [_setting(Op.START, "Join", "YES", name="s1"), _setting(Op.INFO, "hours", name="s2")]
    with pytest.raises(KeywordTaken) as refused:
        check_keywords(["fine", "HOURS!"], Op.START, "US", others, field="setting.keywords")
    assert refused.value.facts == {"keyword": "HOURS!", "auto_response": "s2"}
    assert [v.field for v in refused.value.violations] == ["setting.keywords[1]"]
    with pytest.raises(KeywordTaken):
        check_keywords(["ＪＯＩＮ"], Op.INFO, "US", others)


def test_the_same_op_or_another_country_may_have_the_word_too() -> None:
    others = [_setting(Op.START, "JOIN")]
    check_keywords(["JOIN"], Op.START, "US", others)
    check_keywords(["JOIN"], Op.INFO, "CA", others)
    check_keywords(["JOIN"], Op.INFO, "*", others)


def test_the_first_word_that_breaks_a_rule_is_named() -> None:
    with pytest.raises(KeywordTaken, match="JOIN"):
        check_keywords(["ok", "JOIN", "STOP"], Op.INFO, "US", [_setting(Op.START, "JOIN")])
