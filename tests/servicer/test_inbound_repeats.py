"""Inbound messages that come twice, are only tried, or hold anything at all (DESIGN, sections 3 and 5)."""

from __future__ import annotations

from typing import Any

import grpc
import orjson
import pytest

from tests.servicer import tenants
from tests.servicer.answers import CUSTOMER, PHONE, RCS, attribute, records, update, verdict
from tests.servicer.refusals import refused
from tests.servicer.said import HELPED, NOTHING, STARTED, STOPPED, SUSPECTED, no, record, say
from tests.servicer.world import Caller, World

HERE = tenants.DEPARTMENT


@pytest.mark.parametrize("body", ["STOP", "START", "HELP", "please stop texting me", "Hello"])
def test_a_repeated_message_is_answered_the_same_and_changes_nothing(world: World, writer: Caller, body: str) -> None:
    first = say(writer, body, message="m")
    before = world.contents()
    world.clock.advance(30)
    again = say(writer, body, message="m", **{"from": "(650) 555-1234", "to": ""})
    assert again.repeated_message
    again.repeated_message = False
    assert again == first
    assert world.contents() == before


def test_an_old_stop_that_is_sent_again_does_not_undo_a_start(writer: Caller) -> None:
    say(writer, "STOP", message="m-1")
    say(writer, "START", message="m-2")
    assert say(writer, "STOP", message="m-1").repeated_message
    assert verdict(writer, HERE, "informational") == "ALLOW OPTED_IN"


@pytest.mark.parametrize(
    "other",
    [
        {"body": "STOP"},
        {"body": "start"},
        {"body": "START "},
        {"from": "+16505559876"},
        {"channel": RCS},
        {"sender": tenants.CLIENT},
        {"provider_message_id": "M"},
    ],
    ids=str,
)
def test_what_differs_in_anything_is_another_message(writer: Caller, other: dict[str, Any]) -> None:
    """DESIGN, section 3: "another body under one id is a new message, never an error, so that no STOP is lost"."""
    say(writer, "START", message="m")
    answer = say(writer, **{"body": "START", "message": "m", **other})
    assert not answer.repeated_message
    assert answer.intent == (STOPPED if other.get("body") == "STOP" else STARTED)
    if other.get("body") == "STOP":
        assert verdict(writer, HERE, "transactional") == "DENY OPTED_OUT"


def test_the_messages_of_the_tenants_are_their_own(writer: Caller, rival: Caller) -> None:
    say(writer, "STOP", message="m")
    answer = say(rival, "STOP", tenants.RIVAL_DEPARTMENT, message="m")
    assert not answer.repeated_message
    assert refused(say, rival, "STOP").reason == "SENDER_NOT_FOUND"


def test_a_request_id_is_for_one_body(world: World, writer: Caller) -> None:
    first = say(writer, "STOP", message="m", request_id="r")
    before = world.contents()
    assert say(writer, "STOP", message="m", request_id="r") == first
    assert refused(say, writer, "START", message="m", request_id="r").reason == "REQUEST_ID_REUSED"
    assert world.contents() == before


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("body", "intent"),
    [
        ("STOP", STOPPED),
        ("START", STARTED),
        ("HELP", HELPED),
        ("please stop texting me", SUSPECTED),
        ("Hello", NOTHING),
    ],
)
def test_what_is_only_tried_changes_nothing_and_permits_nothing(
    world: World, writer: Caller, known: bool, body: str, intent: int
) -> None:
    """A tester that gave out permits would let a caller reply to whom it never heard."""
    if known:
        record(writer, no(tenants.CLIENT))
        record(writer, no(actor=2))
    before = world.contents()
    tried = say(writer, body, message="m", validate_only=True, request_id="r")
    assert world.contents() == before
    assert (tried.intent, tried.result.revision, tried.review_item_id, tried.reply.permit) == (intent, 0, "", "")
    assert not tried.reply.HasField("permit_expire_time")
    real = say(writer, body, message="m", request_id="r")
    assert not real.repeated_message
    assert (tried.matched_word, tried.result.applied, tried.HasField("reply")) == (
        *(real.matched_word, real.result.applied, real.HasField("reply")),
    )


def test_the_tester_tells_a_settings_reply(writer: Caller) -> None:
    setting = {"country_code": "US", "keywords": ["HOURS"], "op": 3, "resp_text": "9 to 5"}
    writer.CreateAutoResponse(profile_id=tenants.PROFILE, **setting)
    tried = say(writer, "hours?", tenants.PROFILE, validate_only=True)
    assert (tried.intent, tried.matched_word, tried.reply.text) == (HELPED, "HOURS", "9 to 5")


def test_the_tester_knows_an_open_request(writer: Caller) -> None:
    update(writer, HERE, "DOUBLE_OPTIN_ROLLOUT", 3)
    assert say(writer, "YES", validate_only=True).intent == NOTHING
    update(writer, HERE, "USER_REQUESTED_SEND_OPTIN_REQUEST", CUSTOMER, attribute())
    assert say(writer, "YES", validate_only=True).intent == STARTED
    assert say(writer, "YES").intent == STARTED


@pytest.mark.parametrize("field", ["sender", "channel", "from", "body", "provider_message_id"])
def test_what_a_message_needs(world: World, writer: Caller, field: str) -> None:
    before = world.contents()
    found = refused(say, writer, **{"body": "STOP", field: 0 if field == "channel" else ""})
    assert found.violations == {field: "REQUIRED"}
    assert world.contents() == before


@pytest.mark.parametrize(
    ("changes", "violation"),
    [
        ({"channel": 6}, {"channel": "UNKNOWN_VALUE"}),
        ({"from": "12"}, {"from": "INVALID_FORMAT"}),
        ({"from": "TELCO"}, {"from": "INVALID_FORMAT"}),
        ({"from": "1" * 321}, {"from": "TOO_LONG"}),
        ({"to": "1" * 321}, {"to": "TOO_LONG"}),
        ({"body": "x" * 100_001}, {"body": "TOO_LONG"}),
        ({"provider_message_id": "x" * 129}, {"provider_message_id": "TOO_LONG"}),
        ({"receive_time": {"seconds": 1, "nanos": -1}}, {"receive_time": "OUT_OF_RANGE"}),
    ],
    ids=lambda value: next(iter(value)),
)
def test_what_no_field_of_a_message_may_hold(
    world: World, writer: Caller, changes: dict[str, Any], violation: dict[str, str]
) -> None:
    before = world.contents()
    assert refused(say, writer, **{"body": "STOP", **changes}).violations == violation
    assert world.contents() == before


@pytest.mark.parametrize(
    ("body", "intent"),
    [
        ("x" * 100_000, NOTHING),
        ("STOP" + " " * 99_996, STOPPED),
        (" " * 9_996 + "STOP", STOPPED),
        (" " * 9_998 + "STOP", NOTHING),
        (" " * 10_000 + "STOP", NOTHING),
        ("please stop texting me " * 4_000, SUSPECTED),
        ("a\u0301" * 50_000, NOTHING),
        ("\u200f\u202eSTOP\u202c", STOPPED),
        ("S\u200bT\u200dO\u2060P", STOPPED),
        ("\x01S\x02TOP\x1b\r\n", STOPPED),
        ("\n", NOTHING),
        ("\u2028", NOTHING),
        ("قف", NOTHING),
        ("🛑", SUSPECTED),
        ("﷽" * 5_000, NOTHING),
    ],
    ids=lambda value: f"{len(value)} characters" if isinstance(value, str) else "",
)
def test_a_body_is_any_text(writer: Caller, body: str, intent: int) -> None:
    """inbound.proto: "The text, 1 to 10,000 characters; what is beyond that in a longer one is not looked at" """
    assert say(writer, body).intent == intent


def test_no_more_of_a_long_body_is_kept_than_is_heard(world: World, writer: Caller) -> None:
    say(writer, "STOP" + " " * 99_996)
    assert len(orjson.loads(world.events(tenants.ACME)[-1].payload or b"")["evidence"]["body"]) == 10_000


def test_two_long_bodies_that_differ_at_the_end_are_two_messages(writer: Caller) -> None:
    assert not say(writer, "STOP" + " " * 50_000, message="m").repeated_message
    assert not say(writer, "STOP" + " " * 50_001, message="m").repeated_message


def test_a_message_is_heard_at_its_own_sender_whatever_its_case(writer: Caller) -> None:
    assert say(writer, "STOP", HERE.upper(), message="m").result.consent.sender == HERE
    assert say(writer, "STOP", HERE, message="m").repeated_message


def test_a_bound_credential_hears_at_its_own_senders(world: World, bound_writer: Caller) -> None:
    before = world.contents()
    for sender in (tenants.BRAND, tenants.UNKNOWN, tenants.RIVAL_BRAND):
        found = refused(say, bound_writer, "STOP", sender)
        assert (found.code, found.reason) == (grpc.StatusCode.PERMISSION_DENIED, "SENDER_NOT_PERMITTED")
    assert world.contents() == before
    assert say(bound_writer, "STOP").result.applied


def test_a_reader_hears_nothing_not_even_to_try(reader: Caller) -> None:
    assert refused(say, reader, "STOP", validate_only=True).reason == "ROLE_INSUFFICIENT"


def test_an_answer_holds_no_address_and_an_error_neither(writer: Caller) -> None:
    answer = say(writer, "STOP")
    assert PHONE not in str(answer)
    assert "4711" not in str(refused(say, writer, "STOP", **{"from": "no-number-4711"}).status)
    assert list(records(writer)) == [HERE]


def test_a_stop_with_a_nul_in_it_is_heard(writer: Caller) -> None:
    assert say(writer, "STOP\0").intent == STOPPED
