"""HandleInboundMessage: what is heard, what it changes, and the reply (DESIGN, section 5)."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.servicer import tenants
from tests.servicer.answers import (
    CUSTOMER,
    EMAIL,
    PHONE,
    RCS,
    SMS,
    VOICE,
    WHATSAPP,
    Told,
    attribute,
    hear,
    records,
    relay,
    update,
    verdict,
)
from tests.servicer.refusals import refused
from tests.servicer.said import (
    HELPED,
    NOTHING,
    RECIPIENT,
    STARTED,
    STOPPED,
    SUPERSEDED,
    SUSPECTED,
    WIDER,
    after,
    no,
    record,
    say,
    yes,
)
from tests.servicer.world import Caller, World

HERE, WIDE, PROFILE = tenants.DEPARTMENT, tenants.WIDE_DEPARTMENT, tenants.PROFILE
NO = Told("OPTED_OUT", lifted_by="RECIPIENT")
DOUBT = "please stop texting me"


def _setting(caller: Caller, op: int, *words: str, country: str = "US", text: str = "") -> str:
    fields = {"resp_text": text} if text else {}
    made = caller.CreateAutoResponse(profile_id=PROFILE, country_code=country, keywords=words, op=op, **fields)
    return str(made.data.id)


@pytest.mark.parametrize(
    ("body", "intent", "word"),
    [
        ("STOP", STOPPED, "STOP"),
        (" stop! ", STOPPED, "STOP"),
        ("Ｓｔｏｐ 🛑", STOPPED, "STOP"),
        ("opt-out", STOPPED, "OPT OUT"),
        ("Arrêt", STOPPED, "ARRET"),
        ("start", STARTED, "START"),
        ("UNSTOP", STARTED, "UNSTOP"),
        ("help?", HELPED, "HELP"),
        ("ayuda", HELPED, "AYUDA"),
        (DOUBT, SUSPECTED, "please stop"),
        ("No, wrong number", SUSPECTED, "wrong number"),
        ("STOP this now", SUSPECTED, "STOP"),
        ("See you at 5", NOTHING, ""),
        ("We have got to stop this terrible bill", NOTHING, ""),
        ("I will stop by at 5", NOTHING, ""),
        ("Liked “STOP”", NOTHING, ""),
        ("YES", NOTHING, ""),
        ("👍", NOTHING, ""),
    ],
)
def test_what_a_message_means_and_changes(writer: Caller, body: str, intent: int, word: str) -> None:
    answer = say(writer, body)
    assert answer.intent == intent
    if intent == SUSPECTED:
        assert answer.matched_word
    else:
        assert answer.matched_word == word
    assert answer.HasField("result") == (intent in (STOPPED, STARTED, SUSPECTED))
    assert answer.HasField("reply") == (intent in (STOPPED, STARTED, HELPED))
    assert bool(answer.review_item_id) == (intent == SUSPECTED)
    assert not answer.repeated_message
    assert verdict(writer, HERE, "transactional") == {
        STOPPED: "DENY OPTED_OUT",
        SUSPECTED: "DENY OPT_OUT_SUSPECTED",
    }.get(intent, "ALLOW ALLOWED_BY_RULE")


@pytest.mark.parametrize(
    ("body", "event"),
    [
        ("STOP", "STOP_MESSAGE_RECEIVED"),
        ("START", "OPTIN_MESSAGE_RECEIVED"),
        (DOUBT, "STOP_SUSPECTED_MESSAGE_RECEIVED"),
        ("Hello", "GENERIC_MESSAGE_RECEIVED"),
    ],
)
@pytest.mark.parametrize("sender", [HERE, WIDE])
@pytest.mark.parametrize("before", ["nothing", "no", "yes", "wide no", "doubt"])
def test_one_stop_one_rule(make_world: Any, body: str, event: str, sender: str, before: str) -> None:
    """What a message does, the myKaarma event of the same message does."""
    found = []
    for way in ("native", "event"):
        caller = make_world(lambda storage: storage).holder(tenants.WRITER)
        match before:
            case "no":
                record(caller, no(sender))
            case "yes":
                record(caller, yes(sender, actor=RECIPIENT))
            case "wide no":
                record(caller, no("*"))
            case "doubt":
                say(caller, DOUBT, sender)
        if way == "native":
            say(caller, body, sender)
        else:
            hear(caller, sender, event)
        items = [(item.kind, item.sender) for item in caller.ListReviewItems().items]
        found.append((records(caller), items))
    assert found[0] == found[1]


def test_a_message_is_kept_as_evidence(world: World, writer: Caller) -> None:
    say(writer, "Stop!\u202e", message="m-7")
    event = world.events(tenants.ACME)[-1]
    assert event.header.source == "inbound"
    evidence = orjson.loads(event.payload or b"")["evidence"]
    assert evidence.pop("words_version") >= 1
    assert evidence == {
        "method": "MESSAGE",
        "message_id": "m-7",
        "body": "Stop!\u202e",
        "to": "+18005550100",
        "word": "STOP",
    }


def test_what_says_nothing_writes_no_event(world: World, writer: Caller) -> None:
    before = len(world.events(tenants.ACME))
    for body in ("Hello", "HELP", "YES"):
        say(writer, body)
    assert len(world.events(tenants.ACME)) == before


def test_a_stop_covers_the_tenant_where_the_sender_reaches_so_far(writer: Caller) -> None:
    for sender in (WIDE, tenants.BRAND):
        assert say(writer, "STOP", sender).result.consent.sender == "*"
    assert records(writer) == {"*": NO}


@pytest.mark.parametrize("channel", [SMS, RCS, WHATSAPP])
def test_messages_come_by_three_channels(writer: Caller, channel: int) -> None:
    assert say(writer, "STOP", channel=channel).result.applied
    assert records(writer, PHONE, channel) == {HERE: NO}


@pytest.mark.parametrize("channel", [VOICE, EMAIL])
def test_no_message_comes_by_call_or_mail(writer: Caller, channel: int) -> None:
    origin = {"from": "ann@example.com"} if channel == EMAIL else {}
    assert refused(say, writer, "STOP", channel=channel, **origin).violations == {"channel": "NOT_ALLOWED"}


def test_a_settings_word_and_reply_go_before_the_shipped_ones(writer: Caller) -> None:
    _setting(writer, 2, "PAUSE", "STOP", country="*", text="You are out, everywhere.")
    _setting(writer, 2, "PAUSE", text="You are out.")
    for body in ("pause", "Pause!"):
        answer = say(writer, body, PROFILE)
        assert (answer.intent, answer.matched_word, answer.reply.text) == (STOPPED, "PAUSE", "You are out.")
    assert say(writer, "STOP", PROFILE).reply.text == "You are out, everywhere."
    assert say(writer, "PAUSE", PROFILE, **{"from": "+442071838750"}).reply.text == "You are out, everywhere."
    assert say(writer, "PAUSE", tenants.OTHER_PROFILE).intent == NOTHING


def test_a_setting_without_text_leaves_the_reply_to_the_sender(writer: Caller) -> None:
    reply = say(writer, "hush", PROFILE).reply
    assert (reply.text, bool(reply.permit)) == ("", True)


def test_yes_is_heard_while_a_request_is_open(world: World, writer: Caller) -> None:
    update(writer, HERE, "USER_REQUESTED_SEND_OPTIN_REQUEST", CUSTOMER, attribute())
    assert say(writer, "YES").intent == NOTHING
    update(writer, HERE, "DOUBLE_OPTIN_ROLLOUT", 3)
    update(writer, HERE, "USER_REQUESTED_SEND_OPTIN_REQUEST", CUSTOMER, attribute())
    assert say(writer, "YES", tenants.CLIENT).intent == NOTHING
    answer = say(writer, "yes!")
    assert (answer.intent, answer.matched_word, answer.result.applied) == (STARTED, "YES", True)
    assert verdict(writer, HERE, "informational") == "ALLOW OPTED_IN"
    assert say(writer, "YES").intent == NOTHING


@pytest.mark.parametrize("sender", [HERE, WIDE])
@pytest.mark.parametrize("first", ["STOP", "YES"])
def test_a_request_that_was_answered_is_not_open(writer: Caller, sender: str, first: str) -> None:
    """DESIGN, section 5: "YES opts in only while a request is open". A STOP, too, answers it, whatever it covers."""
    update(writer, sender, "DOUBLE_OPTIN_ROLLOUT", 3)
    update(writer, sender, "USER_REQUESTED_SEND_OPTIN_REQUEST", CUSTOMER, attribute())
    say(writer, first, sender)
    say(writer, "STOP", sender)
    assert say(writer, "YES", sender).intent == NOTHING
    assert verdict(writer, sender, "transactional") == "DENY OPTED_OUT"


def test_yes_is_heard_where_a_setting_says_so(writer: Caller) -> None:
    _setting(writer, 1, "YES", text="Welcome.")
    answer = say(writer, "Yes", PROFILE)
    assert (answer.intent, answer.reply.text) == (STARTED, "Welcome.")
    assert say(writer, "Yes", tenants.OTHER_PROFILE).intent == NOTHING


def test_a_start_against_a_wider_no_asks_a_person_and_welcomes_nobody(world: World, writer: Caller) -> None:
    _setting(writer, 1, "START", text="Welcome.")
    say(writer, "STOP", WIDE)
    answer = say(writer, "START", PROFILE)
    assert (answer.intent, answer.result.applied, answer.result.not_applied_reason) == (STARTED, False, WIDER)
    assert not answer.HasField("reply")
    (item,) = writer.ListReviewItems().items
    assert (item.id, item.kind, item.sender, item.body) == (answer.review_item_id, 2, PROFILE, "START")
    assert verdict(writer, PROFILE, "transactional") == "DENY OPTED_OUT"
    assert say(writer, "START", WIDE).reply.permit
    assert verdict(writer, PROFILE, "informational") == "ALLOW OPTED_IN"


def test_a_start_lifts_the_sibling_channels_no(writer: Caller) -> None:
    say(writer, "STOP", channel=RCS)
    assert say(writer, "START").result.lifted_count == 1
    assert verdict(writer, HERE, "transactional", PHONE, RCS) == "ALLOW ALLOWED_BY_RULE"


def test_a_start_never_lowers_a_written_yes(writer: Caller) -> None:
    relay(writer, tenants.CLIENT, 1)
    assert say(writer, "START", tenants.CLIENT).result.applied
    assert verdict(writer, tenants.CLIENT, "marketing") == "ALLOW OPTED_IN"


def test_messages_that_come_late_count_from_when_they_were_received(world: World, writer: Caller) -> None:
    say(writer, "STOP")
    late = say(writer, "START", receive_time=after(world, -60))
    assert (late.result.applied, late.result.not_applied_reason, late.HasField("reply")) == (False, SUPERSEDED, False)
    assert verdict(writer, HERE, "transactional") == "DENY OPTED_OUT"
    assert say(writer, "START").result.applied
    late = say(writer, "STOP", receive_time=after(world, -60))
    assert (late.intent, late.result.not_applied_reason) == (STOPPED, SUPERSEDED)
    assert verdict(writer, HERE, "informational") == "ALLOW OPTED_IN"


def test_a_late_stop_goes_before_a_yes_of_the_business(world: World, writer: Caller) -> None:
    record(writer, yes())
    assert say(writer, "STOP", receive_time=after(world, -3600)).result.applied
    assert verdict(writer, HERE, "transactional") == "DENY OPTED_OUT"
    assert not record(writer, yes()).applied


@pytest.mark.parametrize(("seconds", "accepted"), [(300, True), (300.000001, False), (10**9, False)])
def test_a_message_is_at_most_five_minutes_ahead(world: World, writer: Caller, seconds: float, accepted: bool) -> None:
    if accepted:
        assert say(writer, "STOP", receive_time=after(world, seconds)).result.applied
    else:
        found = refused(say, writer, "STOP", receive_time=after(world, seconds))
        assert found.violations == {"receive_time": "OUT_OF_RANGE"}
