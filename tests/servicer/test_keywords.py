"""The words of auto-response settings: which are fixed, which clash, and how many there may be (WIRE, section 3)."""

from __future__ import annotations

import grpc
import pytest

from server.domain.keywords import STOP_WORDS
from tests.servicer import tenants
from tests.servicer.auto_responses import INFO, PROFILE, START, STOP, create, get, replace
from tests.servicer.refusals import refused
from tests.servicer.world import Caller, World

TELNYX_STOP_WORDS = ("STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT")
DISGUISED = ("stop", " Stop. ", "ＳＴＯＰ", "S\u200bTOP", "arrêt", "Stop-All", "opt   out!", "«END»")


@pytest.mark.parametrize("word", [*STOP_WORDS, *DISGUISED])
@pytest.mark.parametrize("op", [START, INFO])
def test_no_stop_word_is_given_to_another_op(world: World, writer: Caller, word: str, op: int) -> None:
    before = world.contents()
    found = refused(create, writer, "fine", word, op=op)
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "KEYWORD_RESERVED")
    assert found.metadata == {"keyword": word, "op": "stop"}
    assert found.violations == {"keywords[1]": "NOT_ALLOWED"}
    assert world.contents() == before


@pytest.mark.parametrize(
    ("word", "op", "owner"),
    [("START", STOP, "start"), ("start", INFO, "start"), ("HELP", STOP, "info"), ("help!", START, "info")],
)
def test_start_and_help_are_fixed_too(writer: Caller, word: str, op: int, owner: str) -> None:
    found = refused(create, writer, word, op=op)
    assert (found.reason, found.metadata) == ("KEYWORD_RESERVED", {"keyword": word, "op": owner})


def test_a_replacement_is_held_to_the_same(world: World, writer: Caller) -> None:
    before = world.contents()
    assert refused(replace, writer, tenants.AUTO_RESPONSE, "STOP", op=START).reason == "KEYWORD_RESERVED"
    assert world.contents() == before


@pytest.mark.parametrize("word", TELNYX_STOP_WORDS)
def test_a_fixed_word_may_be_repeated_under_its_own_op(writer: Caller, word: str) -> None:
    assert list(create(writer, word, op=STOP).keywords) == [word]


def test_words_that_are_not_fixed_go_to_any_op(writer: Caller) -> None:
    for op, word in ((STOP, "UNSTOP"), (START, "INFO"), (INFO, "YES"), (START, "STOP NOW PLEASE")):
        assert create(writer, word, op=op).op == op


@pytest.mark.parametrize("given", ["PAUSE", "pause", " Pause! ", "PÀUSE"])
def test_one_word_belongs_to_one_op_in_a_profile_and_country(world: World, writer: Caller, given: str) -> None:
    other = create(writer, "REST", "Pause", op=STOP)
    before = world.contents()
    found = refused(create, writer, "fine", given, op=START)
    assert (found.code, found.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "KEYWORD_TAKEN")
    assert found.metadata == {"keyword": given, "auto_response": other.id}
    assert found.violations == {"keywords[1]": "NOT_ALLOWED"}
    assert other.id in found.message
    assert world.contents() == before


def test_the_same_word_under_the_same_op_is_accepted(writer: Caller) -> None:
    first, second = (create(writer, "PAUSE", op=STOP, resp_text=text) for text in ("one", "two"))
    assert first.id != second.id


def test_other_countries_and_other_profiles_are_other_words(writer: Caller) -> None:
    create(writer, "PAUSE", op=STOP)
    for country, profile in (("CA", PROFILE), ("*", PROFILE), ("US", tenants.OTHER_PROFILE)):
        assert create(writer, "PAUSE", op=START, country=country, profile=profile).op == START


def test_a_setting_does_not_clash_with_what_it_replaces(writer: Caller) -> None:
    made = create(writer, "PAUSE", op=STOP)
    assert replace(writer, made.id, "PAUSE", op=START).op == START


def test_a_replacement_clashes_with_the_others(writer: Caller) -> None:
    first, second = create(writer, "PAUSE", op=STOP), create(writer, "WAKE", op=START)
    found = refused(replace, writer, second.id, "WAKE", "PAUSE", op=START)
    assert (found.reason, found.metadata["auto_response"]) == ("KEYWORD_TAKEN", first.id)
    assert get(writer, second.id) == second


def test_a_word_is_free_again_once_its_setting_is_gone(writer: Caller) -> None:
    made = create(writer, "PAUSE", op=STOP)
    writer.DeleteAutoResponse(profile_id=PROFILE, autoresp_cfg_id=made.id)
    create(writer, "PAUSE", op=START)


def test_twenty_words_and_no_more(world: World, writer: Caller) -> None:
    words = [f"WORD{number}" for number in range(21)]
    before = world.contents()
    assert refused(create, writer, *words).violations == {"keywords": "TOO_MANY"}
    assert refused(replace, writer, tenants.AUTO_RESPONSE, *words).violations == {"keywords": "TOO_MANY"}
    assert world.contents() == before
    assert list(create(writer, *words[:20]).keywords) == words[:20]


@pytest.mark.parametrize("word", ["!", "…", "🛑", "\u200b", "- -"])
def test_a_word_that_no_message_could_match_is_refused(writer: Caller, word: str) -> None:
    assert refused(create, writer, "fine", word).violations in (
        {"keywords[1]": "INVALID_FORMAT"},
        {"keywords[1]": "REQUIRED"},
    )


def test_a_word_has_at_most_sixty_four_characters(writer: Caller) -> None:
    assert refused(create, writer, "x" * 65).violations == {"keywords[0]": "TOO_LONG"}
    create(writer, "ü" * 64)
