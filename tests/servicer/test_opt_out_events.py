"""UpdateOptOutStatus: all eleven events with all three update types, and what each writes (WIRE, section 1)."""

from __future__ import annotations

import pytest
from consent.v1 import opt_out_status_pb2 as status

from tests.servicer import tenants
from tests.servicer.answers import (
    CALL,
    CUSTOMER,
    DEPLOYMENT,
    EMAIL,
    MAIL,
    MESSAGE,
    SMS,
    TEXT,
    VOICE,
    Told,
    attribute,
    hear,
    records,
    update,
    verdict,
)
from tests.servicer.world import Caller, World

HERE = tenants.DEPARTMENT
EVENTS = [value.name.removeprefix("OPT_OUT_EVENT_") for value in status.OptOutEvent.DESCRIPTOR.values if value.number]
TYPES = {"MESSAGE": MESSAGE, "CUSTOMER": CUSTOMER, "DEPLOYMENT": DEPLOYMENT}
BELONGS = {
    "STOP_MESSAGE_RECEIVED": "MESSAGE",
    "STOP_SUSPECTED_MESSAGE_RECEIVED": "MESSAGE",
    "OPTIN_MESSAGE_RECEIVED": "MESSAGE",
    "OPTIN_TEXT_CONSENT_VIA_MESSAGE_RECEIVED": "MESSAGE",
    "GENERIC_MESSAGE_RECEIVED": "MESSAGE",
    "USER_REQUESTED_SEND_OPTIN_REQUEST": "CUSTOMER",
    "USER_REQUESTED_OPT_OUT": "CUSTOMER",
    "COMMUNICATION_VALUE_CREATION": "CUSTOMER",
    "COMMUNICATION_STATUS_NOT_FOUND": "CUSTOMER",
    "DOUBLE_OPTIN_ROLLOUT": "DEPLOYMENT",
    "DOUBLE_OPTIN_ROLLBACK": "DEPLOYMENT",
}
STOPPED = Told("OPTED_OUT", lifted_by="RECIPIENT")
# Of a number that nobody knows, at a department without double opt-in, with okToCommunicate true: the record that
# stands afterwards, the verdicts for marketing, informational and transactional, and the warnings.
EFFECTS: dict[str, tuple[Told | None, tuple[str, str, str], list[str]]] = {
    "STOP_MESSAGE_RECEIVED": (STOPPED, ("OPTED_OUT", "OPTED_OUT", "OPTED_OUT"), []),
    "STOP_SUSPECTED_MESSAGE_RECEIVED": (
        Told("NO_STATEMENT", suspected=True),
        ("OPT_OUT_SUSPECTED", "OPT_OUT_SUSPECTED", "OPT_OUT_SUSPECTED"),
        [],
    ),
    "OPTIN_MESSAGE_RECEIVED": (
        Told("OPTED_IN", "EXPRESS"),
        ("INSUFFICIENT_STRENGTH", "OPTED_IN", "ALLOWED_BY_RULE"),
        [],
    ),
    "OPTIN_TEXT_CONSENT_VIA_MESSAGE_RECEIVED": (
        Told("OPTED_IN", "EXPRESS_WRITTEN"),
        ("OPTED_IN", "OPTED_IN", "ALLOWED_BY_RULE"),
        [],
    ),
    "GENERIC_MESSAGE_RECEIVED": (None, ("NO_CONSENT", "NO_CONSENT", "ALLOWED_BY_RULE"), []),
    "USER_REQUESTED_SEND_OPTIN_REQUEST": (None, ("NO_CONSENT", "NO_CONSENT", "ALLOWED_BY_RULE"), ["NO_CHANGE"]),
    "USER_REQUESTED_OPT_OUT": (
        Told("OPTED_OUT", lifted_by="RECIPIENT", actor="BUSINESS"),
        ("OPTED_OUT", "OPTED_OUT", "OPTED_OUT"),
        [],
    ),
    "COMMUNICATION_VALUE_CREATION": (
        Told("OPTED_IN", "IMPLIED", actor="BUSINESS"),
        ("INSUFFICIENT_STRENGTH", "INSUFFICIENT_STRENGTH", "ALLOWED_BY_RULE"),
        [],
    ),
    "COMMUNICATION_STATUS_NOT_FOUND": (
        Told("OPTED_IN", "IMPLIED", actor="BUSINESS"),
        ("INSUFFICIENT_STRENGTH", "INSUFFICIENT_STRENGTH", "ALLOWED_BY_RULE"),
        [],
    ),
    "DOUBLE_OPTIN_ROLLOUT": (None, ("NO_CONSENT", "NO_CONSENT", "NO_CONSENT"), []),
    "DOUBLE_OPTIN_ROLLBACK": (None, ("NO_CONSENT", "NO_CONSENT", "ALLOWED_BY_RULE"), ["NO_CHANGE"]),
}
KNOWLEDGE = ["COMMUNICATION_VALUE_CREATION", "COMMUNICATION_STATUS_NOT_FOUND"]


def test_each_event_of_the_contract_is_in_the_tables() -> None:
    assert len(EVENTS) == 11
    assert list(BELONGS) == list(EFFECTS) == EVENTS


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_of_its_type_has_its_effect(writer: Caller, event: str) -> None:
    record, reasons, warnings = EFFECTS[event]
    known = attribute(ok_to_communicate=True)
    assert update(writer, HERE, event, TYPES[BELONGS[event]], known, message_uuid="m") == warnings
    assert records(writer) == ({HERE: record} if record else {})
    purposes = ("marketing", "informational", "transactional")
    assert tuple(verdict(writer, HERE, purpose).split()[1] for purpose in purposes) == reasons
    assert verdict(writer, tenants.CLIENT).endswith("NO_CONSENT")


@pytest.mark.parametrize(
    ("event", "update_type"), [(event, kind) for event in EVENTS for kind in TYPES if BELONGS[event] != kind]
)
def test_an_event_of_another_type_changes_nothing_and_is_told(
    world: World, writer: Caller, event: str, update_type: str
) -> None:
    before = world.contents()
    told = update(writer, HERE, event, TYPES[update_type], attribute(ok_to_communicate=True), message_uuid="m")
    assert told == ["EVENT_NOT_APPLICABLE"]
    assert world.contents() == before


@pytest.mark.parametrize(("kind", "value", "channel"), [(TEXT, "+16505551234", SMS), (CALL, "+16505551234", VOICE)])
def test_each_type_of_communication_is_a_channel_of_its_own(
    writer: Caller, kind: int, value: str, channel: int
) -> None:
    update(writer, HERE, "STOP_MESSAGE_RECEIVED", MESSAGE, attribute(value, kind), message_uuid="m")
    for asked in (SMS, VOICE):
        assert records(writer, value, asked) == ({HERE: STOPPED} if asked == channel else {})


def test_mail_is_a_channel_of_its_own(writer: Caller) -> None:
    update(writer, HERE, "USER_REQUESTED_OPT_OUT", CUSTOMER, attribute("Ann@Example.COM", MAIL))
    (found,) = writer.ListConsents(recipient={"channel": EMAIL, "address": "ann@example.com"}).consents
    assert found.recipient.address == "ann@example.com"
    assert verdict(writer, HERE, "transactional", "ANN@example.com", EMAIL) == "DENY OPTED_OUT"


@pytest.mark.parametrize("event", KNOWLEDGE)
def test_what_the_business_knows_may_be_a_no_that_it_lifts_itself(writer: Caller, event: str) -> None:
    assert update(writer, HERE, event, CUSTOMER, attribute(ok_to_communicate=False)) == []
    assert records(writer) == {HERE: Told("OPTED_OUT", lifted_by="BUSINESS", actor="BUSINESS")}


@pytest.mark.parametrize("event", KNOWLEDGE)
def test_what_the_business_does_not_say_is_nothing(world: World, writer: Caller, event: str) -> None:
    before = world.events(tenants.ACME)
    assert update(writer, HERE, event, CUSTOMER, attribute()) == ["NO_CHANGE"]
    assert world.events(tenants.ACME) == before


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("event", KNOWLEDGE)
@pytest.mark.parametrize("heard", ["STOP_MESSAGE_RECEIVED", "OPTIN_MESSAGE_RECEIVED"])
def test_what_the_business_knows_never_replaces_a_record(writer: Caller, event: str, known: bool, heard: str) -> None:
    hear(writer, HERE, heard)
    before = records(writer)
    assert update(writer, HERE, event, CUSTOMER, attribute(ok_to_communicate=known)) == ["NO_CHANGE"]
    assert records(writer) == before


def test_wider_records_are_neither_copied_nor_undone_by_knowledge(writer: Caller) -> None:
    hear(writer, tenants.WIDE_DEPARTMENT, "STOP_MESSAGE_RECEIVED")
    told = update(writer, HERE, "COMMUNICATION_STATUS_NOT_FOUND", CUSTOMER, attribute(ok_to_communicate=True))
    assert told == ["PROTECTED_OPT_OUT"]
    assert records(writer) == {"*": STOPPED}


def test_the_recipients_yes_lifts_the_no_and_the_suspicion(writer: Caller) -> None:
    hear(writer, HERE, "STOP_MESSAGE_RECEIVED")
    hear(writer, HERE, "STOP_SUSPECTED_MESSAGE_RECEIVED")
    assert hear(writer, HERE, "OPTIN_MESSAGE_RECEIVED") == []
    assert records(writer) == {HERE: Told("OPTED_IN", "EXPRESS")}


def test_a_suspicion_keeps_the_state(writer: Caller) -> None:
    hear(writer, HERE, "OPTIN_TEXT_CONSENT_VIA_MESSAGE_RECEIVED")
    assert hear(writer, HERE, "STOP_SUSPECTED_MESSAGE_RECEIVED") == []
    assert records(writer) == {HERE: Told("OPTED_IN", "EXPRESS_WRITTEN", suspected=True)}
    assert verdict(writer, HERE) == "DENY OPT_OUT_SUSPECTED"
    hear(writer, HERE, "OPTIN_MESSAGE_RECEIVED")
    assert verdict(writer, HERE) == "ALLOW OPTED_IN"


def test_a_suspicion_makes_a_review_item(world: World, writer: Caller) -> None:
    hear(writer, HERE, "STOP_SUSPECTED_MESSAGE_RECEIVED")
    (item,) = world.contents()["review_items"]
    assert "STOP_SUSPECTED" in item
    assert HERE in item


def test_a_recipients_start_never_lowers_the_strength(writer: Caller) -> None:
    hear(writer, HERE, "OPTIN_TEXT_CONSENT_VIA_MESSAGE_RECEIVED")
    hear(writer, HERE, "OPTIN_MESSAGE_RECEIVED")
    assert records(writer) == {HERE: Told("OPTED_IN", "EXPRESS_WRITTEN")}


def test_a_no_on_the_customers_word_is_lifted_by_the_customer_only(writer: Caller) -> None:
    update(writer, HERE, "COMMUNICATION_VALUE_CREATION", CUSTOMER, attribute(ok_to_communicate=False))
    update(writer, HERE, "USER_REQUESTED_OPT_OUT", CUSTOMER, attribute())
    assert records(writer)[HERE].lifted_by == "RECIPIENT"
    hear(writer, HERE, "OPTIN_MESSAGE_RECEIVED")
    assert verdict(writer, HERE, "informational") == "ALLOW OPTED_IN"
