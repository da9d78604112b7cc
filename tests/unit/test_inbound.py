"""What inbound messages mean: heard in the words that people use, and not misheard."""

from __future__ import annotations

import pytest

from server.domain.inbound import Heard, Intent, hear
from server.domain.keywords import INFO_WORDS, START_WORDS, STOP_WORDS, YES_WORDS
from server.domain.model import AutoResponse, Op
from tests.unit import inbound_messages
from tests.unit.test_keywords import DISGUISES

TABLES = {
    Intent.STOP: ("STOP",),
    Intent.START: ("START",),
    Intent.HELP: ("HELP",),
    Intent.STOP_SUSPECTED: ("SUSPECTED_ENGLISH", "SUSPECTED_FRENCH", "SUSPECTED_SPANISH"),
    Intent.NONE: ("NONE_ENGLISH", "NONE_FRENCH", "NONE_SPANISH"),
}
MESSAGES = [
    (message.replace("⏎", "\n"), intent)
    for intent, names in TABLES.items()
    for name in names
    for message in getattr(inbound_messages, name).strip("\n").split("\n")
]
SHIPPED = [
    *((word, Intent.STOP) for word in STOP_WORDS),
    *((word, Intent.START) for word in START_WORDS),
    *((word, Intent.HELP) for word in INFO_WORDS),
]


def test_the_table_is_long_enough() -> None:
    assert len({message for message, _ in MESSAGES}) >= 500


@pytest.mark.parametrize(("message", "intent"), MESSAGES)
def test_a_message_has_its_intent(message: str, intent: Intent) -> None:
    heard = hear(message, [], "US", request_open=False)
    assert heard.intent is intent, heard.word
    assert bool(heard.word) is (intent is not Intent.NONE)
    assert (heard.reply, heard.setting_id) == (None, None)


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize(("word", "intent"), SHIPPED)
def test_a_shipped_word_is_heard_in_any_disguise(word: str, intent: Intent, disguise: str) -> None:
    assert hear(DISGUISES[disguise](word), [], None, request_open=False) == Heard(intent, word)


FIXED = [*((word, Op.STOP) for word in STOP_WORDS), ("START", Op.START), ("HELP", Op.INFO)]

MORE_DISGUISES = [
    "STOP™", "STOP1️⃣", "®STOP©", "STOPℹ️", "🇺🇸STOP🇺🇸", "👨‍👩‍👧STOP", "STOP👍🏽",
    "S\u200dT\u200dO\u200dP", "ST\x00OP", "\x07STOP\x1b", "STOP\u3164",
    "S\u0336T\u0336O\u0336P\u0336", "\u2067STOP\u2069", "STOP\u200f", "\ufeffSTOP", "STOP\u2028",
    "STOP\x85", "\tSTOP\v", "ⓢⓣⓞⓟ", "ｓｔｏｐ！", "ſtop", "STOP\ufe0f", "STOP\U000e0061", "¿STOP?",
    "S͎T͎O͎P͎", "stop\ud83d", "STOP №", "⛔STOP⛔", "~~STOP~~", "<STOP>", "STOP\U0001f6d1",
    "STOP❗️❗️", "STOP ❤️", "STOP Ⓜ️",
]  # fmt: skip


@pytest.mark.parametrize("message", MORE_DISGUISES, ids=ascii)
def test_signs_and_invisible_characters_do_not_hide_a_stop(message: str) -> None:
    assert hear(message, [], None, request_open=False) == Heard(Intent.STOP, "STOP")


@pytest.mark.parametrize(
    "message", ["don't text me", "don’t text me", "dont text me", "don´t text me", "donʼt text me", "DON`T TEXT ME"]
)
def test_apostrophes_may_be_any_or_none(message: str) -> None:
    assert hear(message, [], None, request_open=False) == Heard(Intent.STOP_SUSPECTED, "don't text")


def test_the_word_that_matched_is_told_as_shipped() -> None:
    assert hear("opt-out!", [], None, request_open=False).word == "OPT OUT"
    assert hear("ok stop", [], None, request_open=False).word == "STOP"
    assert hear("Ne m’écrivez PLUS", [], None, request_open=False).word == "m'écrivez plus"
    assert hear("🛑🛑", [], None, request_open=False).word == "🛑"


@pytest.mark.parametrize("word", [*YES_WORDS, "yes!", "Yes 👍", "Sí", "¡SÍ!", "Oui.", "ＹＥＳ"])
def test_yes_opts_in_only_while_a_request_is_open(word: str) -> None:
    assert hear(word, [], "US", request_open=True).intent is Intent.START
    assert hear(word, [], "US", request_open=False) == Heard(Intent.NONE)


@pytest.mark.parametrize("message", ["yes stop", "Yes, please stop", "STOP", "no", "ok", "sure", "Liked “YES”", "yess"])
def test_nothing_else_opts_in_while_a_request_is_open(message: str) -> None:
    assert hear(message, [], "US", request_open=True).intent is not Intent.START


def test_yes_opts_in_where_a_setting_names_it_under_start() -> None:
    settings = [_setting("in", Op.START, "YES", text="Welcome")]
    assert hear("yes!", settings, "US", request_open=False) == Heard(Intent.START, "YES", "Welcome", "in")
    assert hear("oui", settings, "US", request_open=False) == Heard(Intent.NONE)


def test_a_setting_that_names_yes_otherwise_goes_before_the_open_request() -> None:
    assert hear("YES", [_setting("i", Op.INFO, "yes")], "US", request_open=True).intent is Intent.HELP


def _setting(
    name: str, op: Op, *keywords: str, country: str = "*", text: str | None = "text", updated: int = 0
) -> AutoResponse:
    return AutoResponse(name, country, keywords, op, text, 0, updated)


def test_the_countrys_setting_goes_before_the_one_for_all_however_old() -> None:
    settings = [
        _setting("all", Op.INFO, "JOIN", updated=9),
        _setting("us", Op.START, "Join!", country="US", updated=1),
        _setting("ca", Op.STOP, "JOIN", country="CA", updated=5),
    ]
    assert hear("join", settings, "US", request_open=False) == Heard(Intent.START, "Join!", "text", "us")
    assert hear("join", settings, "us", request_open=False).setting_id == "us"
    assert hear("join", settings, "CA", request_open=False).setting_id == "ca"
    assert hear("join", settings, "MX", request_open=False).setting_id == "all"
    assert hear("join", settings, None, request_open=False).setting_id == "all"


def test_of_two_settings_with_the_word_the_one_updated_last_replies() -> None:
    settings = [_setting("new", Op.STOP, "CHAU", updated=2), _setting("old", Op.STOP, "chau", updated=1)]
    assert hear("¡Chau!", settings, "US", request_open=False) == Heard(Intent.STOP, "CHAU", "text", "new")
    assert hear("¡Chau!", settings[::-1], "US", request_open=False).setting_id == "new"


def test_a_setting_without_text_replies_nothing_and_nothing_replies_for_it() -> None:
    settings = [
        _setting("mute", Op.STOP, "STOP", text=None, updated=2),
        _setting("old", Op.STOP, "STOP", updated=1),
    ]
    assert hear("STOP", settings, "US", request_open=False) == Heard(Intent.STOP, "STOP", None, "mute")


def test_a_sender_with_other_words_hears_the_shipped_ones() -> None:
    settings = [_setting("de", Op.STOP, "ABMELDEN", text="Abgemeldet", country="DE")]
    assert hear("STOP", settings, "DE", request_open=False) == Heard(Intent.STOP, "STOP", "Abgemeldet", "de")
    assert hear("STOP", settings, "US", request_open=False) == Heard(Intent.STOP, "STOP")
    assert hear("abmelden", settings, "US", request_open=False) == Heard(Intent.NONE)


def test_a_shipped_word_that_no_setting_names_is_answered_by_the_op_in_the_words_language() -> None:
    settings = [
        _setting("other", Op.STOP, "CHAU", text="other", updated=4),
        _setting("fr", Op.STOP, "ARRÊT", text="fr", updated=3),
        _setting("es", Op.STOP, "ALTO", text="es", updated=2),
        _setting("en", Op.STOP, "STOP", text="en", updated=1),
        _setting("mute", Op.STOP, "END", text=None, updated=5),
    ]
    replies = {word: hear(word, settings, "US", request_open=False).reply for word in ("QUIT", "BAJA", "CANCELAR")}
    assert replies == {"QUIT": "en", "BAJA": "es", "CANCELAR": "es"}
    assert hear("QUIT", settings[:3], "US", request_open=False).reply == "fr"
    assert hear("QUIT", settings[:1], "US", request_open=False).reply == "other"
    assert hear("QUIT", settings[4:], "US", request_open=False) == Heard(Intent.STOP, "QUIT")


def test_the_country_goes_before_the_language_for_the_reply() -> None:
    settings = [
        _setting("en", Op.STOP, "STOP", text="en", updated=9),
        _setting("mx", Op.STOP, "ALTO", text="mx", country="MX"),
    ]
    assert hear("QUIT", settings, "MX", request_open=False).reply == "mx"
    assert hear("STOP", settings, "MX", request_open=False).reply == "en"  # named, so it goes before a stand-in


def test_help_is_not_answered_by_a_setting_that_answers_another_question() -> None:
    hours = _setting("hours", Op.INFO, "HOURS", text="9 to 5")
    contact = _setting("help", Op.INFO, "AIDE", text="Call us")
    assert hear("HELP", [hours], "US", request_open=False) == Heard(Intent.HELP, "HELP")
    assert hear("HELP", [hours, contact], "US", request_open=False) == Heard(Intent.HELP, "HELP", "Call us", "help")


def test_yes_to_an_open_request_is_answered_by_the_start_setting() -> None:
    assert hear("yes", [_setting("in", Op.START, "START")], "US", request_open=True).setting_id == "in"


def test_another_ops_setting_never_replies() -> None:
    settings = [_setting("in", Op.START, "START"), _setting("info", Op.INFO, "HELP")]
    assert hear("STOP", settings, "US", request_open=False) == Heard(Intent.STOP, "STOP")


@pytest.mark.parametrize("op", Op)
@pytest.mark.parametrize(
    ("word", "fixed"), [*((w, Op.STOP) for w in STOP_WORDS), ("START", Op.START), ("HELP", Op.INFO)]
)
def test_a_setting_that_took_a_fixed_word_before_it_was_shipped_does_not_have_it(word: str, fixed: Op, op: Op) -> None:
    intents = {Op.STOP: Intent.STOP, Op.START: Intent.START, Op.INFO: Intent.HELP}
    assert hear(word, [_setting("old", op, word)], "US", request_open=False).intent is intents[fixed]


def test_a_free_shipped_word_goes_to_the_setting_that_names_it() -> None:
    assert hear("INFO", [_setting("in", Op.START, "INFO")], "US", request_open=False).intent is Intent.START


def test_where_two_ops_claim_a_word_the_no_goes_first() -> None:
    settings = [_setting("in", Op.START, "VIP", updated=9), _setting("out", Op.STOP, "VIP")]
    assert hear("vip", settings, "US", request_open=False).intent is Intent.STOP


def test_a_setting_is_heard_as_the_whole_message_only() -> None:
    settings = [_setting("in", Op.START, "JOIN NOW")]
    assert hear("JOIN-NOW!", settings, "US", request_open=False).intent is Intent.START
    assert hear("I will join now", settings, "US", request_open=False) == Heard(Intent.NONE)


@pytest.mark.parametrize("quotes", ["“%s”", '"%s"', "« %s »", "“%s”\n", "“%s”\u200b "])
@pytest.mark.parametrize(
    "opening", ["Liked", "laughed at", "Le encantó", "N'a pas aimé", "👍 to", "❤️ à", "Reacted 🙏🏽 to"]
)
def test_a_reaction_to_any_of_our_messages_says_nothing(opening: str, quotes: str) -> None:
    for quoted in ("STOP", "Sale! Reply STOP to end", "Please stop texting me", "YES", "Bob’s offer…\nEnds today"):
        assert hear(f"{opening} {quotes % quoted}", [], "US", request_open=True) == Heard(Intent.NONE)


@pytest.mark.parametrize(
    "message",
    [
        "Liked “x” stop texting me",
        "stop texting me. Liked “x”",
        "Liked “x”. Stop texting me “now”",
        'Liked "x". Stop "me"',
        "I liked “x”, please stop",
        "to “please stop”",
        "“please stop”",
        "Liked “please stop",
        "Liked please stop”",
    ],
)
def test_what_only_looks_like_a_reaction_hides_no_no(message: str) -> None:
    assert hear(message, [], "US", request_open=False).intent is Intent.STOP_SUSPECTED
