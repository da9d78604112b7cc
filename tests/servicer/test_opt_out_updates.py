"""UpdateOptOutStatus: what an update must hold, what refuses it whole, repeats, requests, and double opt-in."""

from __future__ import annotations

import json
from typing import Any

import grpc
import pytest

from tests.servicer import tenants
from tests.servicer.answers import (
    CUSTOMER,
    DEPLOYMENT,
    MAIL,
    MESSAGE,
    OTHER_PHONE,
    PHONE,
    Told,
    attribute,
    hear,
    records,
    update,
    verdict,
)
from tests.servicer.refusals import refused
from tests.servicer.world import Caller, World

HERE = tenants.DEPARTMENT
STOP, START = "STOP_MESSAGE_RECEIVED", "OPTIN_MESSAGE_RECEIVED"
REQUEST = "USER_REQUESTED_SEND_OPTIN_REQUEST"
STOPPED = Told("OPTED_OUT", lifted_by="RECIPIENT")


@pytest.mark.parametrize(
    ("update_type", "fields", "missing"),
    [
        (MESSAGE, {"attributes": [attribute()]}, {"message_uuid": "REQUIRED"}),
        (CUSTOMER, {"attributes": [attribute()]}, {"customer_uuid": "REQUIRED"}),
        (CUSTOMER, {"customer_uuid": "c"}, {"communication_attributes_list": "REQUIRED"}),
        (CUSTOMER, {}, {"customer_uuid": "REQUIRED", "communication_attributes_list": "REQUIRED"}),
    ],
)
def test_what_an_update_type_needs_is_asked_for(
    world: World, writer: Caller, update_type: int, fields: dict[str, Any], missing: dict[str, str]
) -> None:
    before = world.contents()
    attributes = fields.pop("attributes", [])
    event = 1 if update_type == MESSAGE else 7
    found = refused(
        writer.UpdateOptOutStatus,
        department_uuid=HERE,
        event=event,
        update_type=update_type,
        communication_attributes_list=attributes,
        **fields,
    )
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert found.violations == missing
    assert world.contents() == before


@pytest.mark.parametrize("event", [STOP, START, "STOP_SUSPECTED_MESSAGE_RECEIVED", "GENERIC_MESSAGE_RECEIVED"])
def test_any_bad_entry_refuses_the_whole_update(world: World, writer: Caller, event: str) -> None:
    before = world.contents()
    bad = [attribute(), attribute("12"), attribute(OTHER_PHONE), attribute("no at sign", MAIL), attribute(kind=MAIL)]
    found = refused(update, writer, HERE, event, MESSAGE, *bad, message_uuid="m")
    path = "communication_attributes_list[{}].communication_value"
    assert found.violations == {path.format(index): "INVALID_FORMAT" for index in (1, 3, 4)}
    assert PHONE not in str(found.status)
    assert "no at sign" not in str(found.status)
    assert world.contents() == before


def test_the_department_is_found_in_either_case_and_among_departments_only(writer: Caller) -> None:
    assert update(writer, HERE.upper(), STOP, MESSAGE, attribute(), message_uuid="m") == []
    assert records(writer) == {HERE: STOPPED}
    found = refused(update, writer, tenants.UNKNOWN_UUID, STOP, MESSAGE, attribute(), message_uuid="m")
    assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "SENDER_NOT_FOUND")
    assert found.metadata == {"sender": tenants.UNKNOWN_UUID}
    malformed = refused(update, writer, tenants.CLIENT, STOP, MESSAGE, attribute(), message_uuid="m")
    assert malformed.violations == {"department_uuid": "INVALID_FORMAT"}


@pytest.mark.parametrize("customer", [tenants.CONTACT, "external-1"])
def test_a_message_without_values_is_the_customers_mobile(writer: Caller, customer: str) -> None:
    assert update(writer, HERE, STOP, MESSAGE, message_uuid="m", customer_uuid=customer) == []
    assert records(writer, tenants.MOBILE) == {HERE: STOPPED}


@pytest.mark.parametrize("customer", ["", tenants.UNKNOWN, tenants.RIVAL_CONTACT, "no-mobile"])
def test_a_message_without_values_and_without_a_mobile_is_refused(
    world: World, admin: Caller, writer: Caller, customer: str
) -> None:
    admin.CreateContact(contact={"id": "no-mobile", "email": "no@mobile.example"})
    before = world.contents()
    found = refused(update, writer, HERE, STOP, MESSAGE, message_uuid="m", customer_uuid=customer)
    assert found.violations == {"communication_attributes_list": "REQUIRED"}
    assert world.contents() == before


def test_a_message_that_says_nothing_needs_no_value(world: World, writer: Caller) -> None:
    before = world.contents()
    assert update(writer, HERE, "GENERIC_MESSAGE_RECEIVED", MESSAGE, message_uuid="m") == []
    assert world.contents() == before


def test_one_message_event_and_value_is_one_statement(world: World, writer: Caller) -> None:
    assert hear(writer, HERE, STOP, message="m-1") == []
    events = world.events(tenants.ACME)
    assert hear(writer, HERE, STOP, message="m-1") == ["NO_CHANGE"]
    assert world.events(tenants.ACME) == events
    assert hear(writer, HERE, STOP, PHONE, OTHER_PHONE, message="m-1") == ["NO_CHANGE"]
    assert len(world.events(tenants.ACME)) == len(events) + 1
    assert records(writer, OTHER_PHONE) == {HERE: STOPPED}


def test_a_value_that_stands_twice_in_one_update_is_one_statement(world: World, writer: Caller) -> None:
    events = len(world.events(tenants.ACME))
    assert hear(writer, HERE, STOP, PHONE, "(650) 555-1234") == ["NO_CHANGE"]
    assert len(world.events(tenants.ACME)) == events + 1


def test_the_same_message_with_another_event_is_a_new_statement(writer: Caller) -> None:
    hear(writer, HERE, STOP, message="m-1")
    assert hear(writer, HERE, START, message="m-1") == []
    assert verdict(writer, HERE, "informational") == "ALLOW OPTED_IN"


def test_a_repeated_old_stop_does_not_undo_the_newer_start(writer: Caller) -> None:
    hear(writer, HERE, STOP, message="m-1")
    hear(writer, HERE, START, message="m-2")
    assert hear(writer, HERE, STOP, message="m-1") == ["NO_CHANGE"]
    assert verdict(writer, HERE, "informational") == "ALLOW OPTED_IN"
    assert hear(writer, HERE, STOP, message="m-3") == []
    assert verdict(writer, HERE, "informational") == "DENY OPTED_OUT"


def test_the_same_message_id_at_another_department_is_another_message(writer: Caller) -> None:
    hear(writer, HERE, STOP, message="m-1")
    assert hear(writer, tenants.WIDE_DEPARTMENT, STOP, message="m-1") == []
    assert set(records(writer)) == {HERE, "*"}


def test_a_refused_update_is_not_taken_for_a_repeat_later(writer: Caller) -> None:
    refused(hear, writer, HERE, STOP, PHONE, "bad", message="m-1")
    assert hear(writer, HERE, STOP, PHONE, message="m-1") == []
    assert records(writer) == {HERE: STOPPED}


def test_a_stop_counts_even_where_the_clock_ran_backwards(world: World, writer: Caller) -> None:
    hear(writer, HERE, START)
    world.clock.advance(-3600)
    assert hear(writer, HERE, STOP) == []
    assert verdict(writer, HERE, "informational") == "DENY OPTED_OUT"
    times = [event.header.record_time for event in world.events(tenants.ACME)]
    assert times == sorted(times)


def test_warnings_name_the_entry(writer: Caller) -> None:
    hear(writer, HERE, STOP, OTHER_PHONE, message="m-1")
    answer = writer.UpdateOptOutStatus(
        department_uuid=HERE,
        event=1,
        update_type=MESSAGE,
        message_uuid="m-1",
        communication_attributes_list=[attribute(), attribute(OTHER_PHONE)],
    )
    (warning,) = answer.warnings
    assert "[1]" in warning.warning_description
    assert OTHER_PHONE not in warning.warning_description


def test_a_request_is_opened_once_where_one_can_be_sent(world: World, writer: Caller) -> None:
    update(writer, HERE, "DOUBLE_OPTIN_ROLLOUT", DEPLOYMENT)
    assert update(writer, HERE, REQUEST, CUSTOMER, attribute()) == []
    assert records(writer) == {HERE: Told("NO_STATEMENT", requested=True, actor="BUSINESS")}
    assert verdict(writer, HERE) == "DENY PENDING_CONFIRMATION"
    events = world.events(tenants.ACME)
    assert update(writer, HERE, REQUEST, CUSTOMER, attribute()) == ["NO_CHANGE"]
    assert world.events(tenants.ACME) == events
    hear(writer, HERE, START)
    assert records(writer) == {HERE: Told("OPTED_IN", "EXPRESS")}


def test_a_no_that_the_business_lifts_may_be_asked_about(writer: Caller) -> None:
    update(writer, HERE, "COMMUNICATION_VALUE_CREATION", CUSTOMER, attribute(ok_to_communicate=False))
    assert update(writer, HERE, REQUEST, CUSTOMER, attribute()) == []
    assert verdict(writer, HERE) == "DENY OPTED_OUT"
    assert records(writer) == {HERE: Told("OPTED_OUT", lifted_by="BUSINESS", requested=True, actor="BUSINESS")}


@pytest.mark.parametrize("event", [STOP, "STOP_SUSPECTED_MESSAGE_RECEIVED", START])
@pytest.mark.parametrize("department", [HERE, tenants.WIDE_DEPARTMENT])
def test_no_request_is_opened_where_only_the_recipient_may_speak(writer: Caller, event: str, department: str) -> None:
    update(writer, HERE, "DOUBLE_OPTIN_ROLLOUT", DEPLOYMENT)
    hear(writer, department, event)
    before = records(writer)
    assert update(writer, HERE, REQUEST, CUSTOMER, attribute()) == ["NO_CHANGE"]
    assert records(writer) == before


def test_double_opt_in_changes_what_is_read_and_no_record(world: World, writer: Caller) -> None:
    for number in range(10, 30):
        update(
            writer,
            HERE,
            "COMMUNICATION_VALUE_CREATION",
            CUSTOMER,
            attribute(f"+165055512{number}", ok_to_communicate=True),
        )
    address = "+16505551210"
    before, events = world.contents()["consents"], world.events(tenants.ACME)
    assert verdict(writer, HERE, "transactional", address) == "ALLOW ALLOWED_BY_RULE"
    assert update(writer, HERE, "DOUBLE_OPTIN_ROLLOUT", DEPLOYMENT) == []
    assert verdict(writer, HERE, "transactional", address) == "DENY INSUFFICIENT_STRENGTH"
    assert verdict(writer, tenants.WIDE_DEPARTMENT, "transactional", address) == "ALLOW ALLOWED_BY_RULE"
    assert update(writer, HERE, "DOUBLE_OPTIN_ROLLOUT", DEPLOYMENT) == ["NO_CHANGE"]
    (event,) = world.events(tenants.ACME)[len(events) :]
    assert (event.header.kind, event.header.scope.sender) == ("SETTING", HERE)
    assert json.loads(event.header.after)["double_opt_in"] is True
    assert update(writer, HERE, "DOUBLE_OPTIN_ROLLBACK", DEPLOYMENT) == []
    assert verdict(writer, HERE, "transactional", address) == "ALLOW ALLOWED_BY_RULE"
    assert world.contents()["consents"] == before


def test_the_evidence_is_kept_and_nothing_that_was_not_given(world: World, writer: Caller) -> None:
    writer.UpdateOptOutStatus(
        department_uuid=HERE,
        customer_uuid="the customer",
        message_uuid="the message",
        user_uuid="the user",
        api_call_source="the program",
        communication_attributes_list=[attribute(), attribute(OTHER_PHONE, customer_uuid="the value's customer")],
        event=1,
        update_type=MESSAGE,
        process_synchronously=True,
    )
    first, second = (json.loads(event.payload or b"") for event in world.events(tenants.ACME)[-2:])
    assert first == {
        "channel": "SMS",
        "address": PHONE,
        "evidence": {
            "event": STOP,
            "update_type": "MESSAGE",
            "message_uuid": "the message",
            "customer_uuid": "the customer",
            "user_uuid": "the user",
            "api_call_source": "the program",
            "process_synchronously": True,
        },
    }
    assert second["evidence"]["customer_uuid"] == "the value's customer"
    header = world.events(tenants.ACME)[-1].header
    assert header.source == "mykaarma"
    assert PHONE not in str(header)
