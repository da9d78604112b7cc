"""Whatever arrives: never an error, never a lost STOP, never slow."""

from __future__ import annotations

import contextlib
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.errors import KeywordReserved, KeywordTaken
from server.domain.inbound import Intent, hear
from server.domain.keywords import INFO_WORDS, START_WORDS, STOP_WORDS, YES_WORDS, check_keywords, comparable
from server.domain.model import AutoResponse, Op
from server.domain.suspicion import suspected
from tests.unit import inbound_messages

ANY_TEXT = st.text(st.characters(), max_size=60)  # lone surrogates and unassigned characters too
NOISE = st.lists(
    st.one_of(
        st.characters(categories=["P", "S", "Z", "Cf", "Cc", "Cs", "Co", "Cn", "Mn", "Me"]).filter(
            lambda character: comparable(character) == ""
        ),
        st.sampled_from(
            ["👍🏽", "❤️", "1️⃣", "#️⃣", "Ⓜ️", "ℹ️", "™️", "🇺🇸", "👨‍👩‍👧", "🏴\U000e0067\U000e007f", "🈁", "㊙️", "№"]
        ),
    ),
    max_size=12,
).map("".join)
WORD = st.sampled_from(
    [*STOP_WORDS, *START_WORDS, *INFO_WORDS, *YES_WORDS, "JOIN", "HOURS", "stop!", "please stop", "ＳＴＯＰ"]
)
KEYWORD = st.one_of(WORD, st.text(st.characters(), min_size=1, max_size=8))
DRAFT = st.tuples(
    st.sampled_from(Op),
    st.lists(KEYWORD, min_size=1, max_size=4).map(tuple),
    st.sampled_from(["*", "US", "CA"]),
    st.sampled_from([None, "", "text"]),
    st.integers(0, 5),
)


def _accepted(drafts: list[tuple[Op, tuple[str, ...], str, str | None, int]]) -> list[AutoResponse]:
    """The settings that the rules let in, one after the other."""
    kept: list[AutoResponse] = []
    for number, (op, keywords, country, text, updated) in enumerate(drafts):
        with contextlib.suppress(KeywordReserved, KeywordTaken):
            check_keywords(keywords, op, country, kept)
            kept.append(AutoResponse(str(number), country, keywords, op, text, 0, updated))
    return kept


@settings(max_examples=500, deadline=None)
@given(ANY_TEXT, st.lists(DRAFT, max_size=4), st.sampled_from([None, "US", "CA", "", "us"]), st.booleans())
def test_anything_is_heard_without_an_error(
    body: str, drafts: list[tuple[Op, tuple[str, ...], str, str | None, int]], country: str | None, request_open: bool
) -> None:
    heard = hear(body, _accepted(drafts), country, request_open)
    assert (heard.word == "") is (heard.intent is Intent.NONE)
    assert heard.setting_id is not None or heard.reply is None


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(STOP_WORDS), NOISE, NOISE, st.sampled_from([str.upper, str.lower, str.title, str.swapcase]))
def test_noise_around_a_stop_word_leaves_it_a_stop(word: str, before: str, after: str, case: object) -> None:
    assert callable(case)
    assert hear(f"{before} {case(word)}{after}", [], "US", request_open=True).intent is Intent.STOP


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(STOP_WORDS),
    st.lists(st.sampled_from(["\u200b", "\u0301", "\u00ad", "\u2060", "\ufe0f", "\x00", "\u202e"]), max_size=12),
    st.randoms(use_true_random=False),
)
def test_invisible_characters_inside_leave_it_a_stop(word: str, hidden: list[str], random: object) -> None:
    letters = list(word)
    for number, character in enumerate(hidden):
        letters.insert(1 + (number * 7) % len(letters), character)
    assert hear("".join(letters), [], None, request_open=False).intent is Intent.STOP


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(STOP_WORDS), st.lists(DRAFT, max_size=6), st.sampled_from([None, "US", "CA", "MX"]), st.booleans()
)
def test_a_stop_word_is_a_stop_whatever_the_settings(
    word: str, drafts: list[tuple[Op, tuple[str, ...], str, str | None, int]], country: str | None, request_open: bool
) -> None:
    kept = _accepted(drafts)
    heard = hear(word, kept, country, request_open)
    assert heard.intent is Intent.STOP
    assert heard.setting_id is None or {s.id: s.op for s in kept}[heard.setting_id] is Op.STOP


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["please stop", "don't text me", "ne m'écrivez plus", "no me escriban", "wrong number"]),
    NOISE,
    NOISE,
)
def test_noise_around_a_no_leaves_it_suspected(phrase: str, before: str, after: str) -> None:
    heard = hear(f"{before} {phrase}{after}", [], "US", request_open=True)
    assert heard.intent is Intent.STOP_SUSPECTED


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["stop texting me", "remove me from your list", "dejen de molestar", "je me désabonne"]),
    ANY_TEXT,
    ANY_TEXT,
)
def test_no_words_before_or_after_a_phrase_hide_it(phrase: str, before: str, after: str) -> None:
    assert suspected(f"{before} {phrase} {after}") is not None


@settings(max_examples=300, deadline=None)
@given(ANY_TEXT)
def test_composition_and_case_mean_nothing(body: str) -> None:
    heard = hear(body, [], "US", request_open=True)
    assert hear(unicodedata.normalize("NFC", body), [], "US", request_open=True) == heard
    assert hear(unicodedata.normalize("NFD", body), [], "US", request_open=True) == heard


def test_folding_is_final_for_every_character() -> None:
    for code in range(0x110000):
        folded = comparable(chr(code))
        assert comparable(folded) == folded, hex(code)


LONG = 300_000
HOSTILE = {
    "a stop word": "stop ",
    "a started phrase": "I don't want to get any more ",
    "a started phrase in Spanish": "no quiero recibir más de sus ",
    "short words": "no ",
    "exceptions": "bus stop by ",
    "heaped accents": "\u0327\u0301",
    "one letter": "o",
    "drawn out": "oooa",
    "apostrophes": "'a",
    "quotations": "“”",
    "nested quotations": "“",
    "clauses": ".a",
    "dashes": " - ",
    "keycaps": "1\ufe0f",
    "zero width": "\u200b",
    "blanks": " ",
    "emoji": "👨‍👩‍👧",
    "full width": "ｓｔｏ",
    "fillers": "just ever ",
}


@pytest.mark.timeout(60)  # 10 to 60 ms; what grows with the square of the length takes minutes
@pytest.mark.parametrize("opening", ["", "Liked “", "a"])
@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_long_body_is_heard_out_and_opts_nobody_in(unit: str, opening: str) -> None:
    body = (opening + unit * LONG)[:LONG]
    assert hear(body, [], "US", request_open=True).intent is not Intent.START


@pytest.mark.timeout(60)
def test_every_character_once_is_heard_out_and_opts_nobody_in() -> None:
    assert hear("".join(map(chr, range(LONG))), [], "US", request_open=True).intent is not Intent.START


def test_the_tables_stay_heard_in_the_middle_of_noise() -> None:
    for message in inbound_messages.STOP.strip("\n").split("\n"):
        assert hear(f"\u200f ~ {message} ~ 🙏", [], "CA", request_open=False).intent is Intent.STOP, message
