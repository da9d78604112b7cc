"""UpdateChannelConsent: Relay's three types, and what it may not undo (WIRE, section 2)."""

from __future__ import annotations

import json

import grpc
import pytest
from consent.v1 import consent_pb2 as consent

from server.domain.model import Scope
from tests.servicer import tenants
from tests.servicer.answers import (
    EXPRESS,
    OTHER_PHONE,
    PHONE,
    RCS,
    STOP,
    WRITTEN,
    Told,
    hear,
    records,
    relay,
    verdict,
)
from tests.servicer.refusals import refused
from tests.servicer.statements import no, state
from tests.servicer.world import Caller, World

CLIENT = tenants.CLIENT
YESES = {WRITTEN: "EXPRESS_WRITTEN", EXPRESS: "EXPRESS"}
STOPPED = Told("OPTED_OUT", lifted_by="BUSINESS", actor="BUSINESS")
PROTECTED, WIDER = consent.NOT_APPLIED_REASON_PROTECTED_OPT_OUT, consent.NOT_APPLIED_REASON_WIDER_OPT_OUT


@pytest.mark.parametrize("given", ["6505551234", "16505551234"])
@pytest.mark.parametrize("consent_type", [WRITTEN, EXPRESS, STOP])
def test_each_type_with_ten_and_eleven_digits(writer: Caller, consent_type: int, given: str) -> None:
    answer = relay(writer, CLIENT, consent_type, given)
    assert (answer.applied, answer.not_applied_reason) == (True, 0)
    stands = answer.consent
    assert (stands.client_id, stands.channel_type, stands.channel_addr) == (CLIENT, 1, given)
    assert stands.consent_type == consent_type
    assert stands.created_at == stands.updated_at
    expected = STOPPED if consent_type == STOP else Told("OPTED_IN", YESES[consent_type], actor="BUSINESS")
    assert records(writer) == {CLIENT: expected}


@pytest.mark.parametrize(
    "given",
    [
        *("650555123", "165055512345", "26505551234", "+16505551234", "650-555-1234", " 6505551234", "6505551234 "),
        *("6505551234\n", "650555123x", "٦٥٠٥٥٥١٢٣٤", "６５０５５５１２３４", "ann@example.com"),
    ],
)
def test_what_is_no_north_american_number_is_refused(world: World, writer: Caller, given: str) -> None:
    before = world.contents()
    found = refused(
        writer.UpdateChannelConsent, client_id=CLIENT, channel_addr=given, channel_type=1, consent_type=EXPRESS
    )
    assert (found.reason, found.violations) == ("INVALID_FIELD", {"channel_addr": "INVALID_FORMAT"})
    assert given not in str(found.status)
    assert world.contents() == before


@pytest.mark.parametrize("client", [tenants.UNKNOWN, tenants.DEPARTMENT, tenants.PROFILE, tenants.BRAND, "*"])
def test_only_a_registered_client_is_found(writer: Caller, client: str) -> None:
    found = refused(relay, writer, client, EXPRESS)
    assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "SENDER_NOT_FOUND")
    assert found.metadata == {"sender": client}


def test_the_number_is_north_american_whatever_the_clients_country(admin: Caller) -> None:
    admin.CreateSender(sender={"id": "british-client", "kind": 2, "country": "GB"})
    relay(admin, "british-client", EXPRESS, "6505551234")
    assert list(records(admin)) == ["british-client"]


def test_the_business_changes_its_mind(world: World, writer: Caller) -> None:
    first = relay(writer, CLIENT, WRITTEN).consent
    world.clock.advance(60)
    for consent_type in (EXPRESS, STOP, EXPRESS, STOP, WRITTEN):
        answer = relay(writer, CLIENT, consent_type)
        assert (answer.applied, answer.consent.consent_type) == (True, consent_type)
    assert answer.consent.created_at == first.created_at
    assert answer.consent.updated_at.ToMicroseconds() >= first.updated_at.ToMicroseconds() + 60_000_000
    assert verdict(writer, CLIENT) == "ALLOW OPTED_IN"


def test_a_yes_of_the_business_replaces_the_strength(writer: Caller) -> None:
    relay(writer, CLIENT, WRITTEN)
    relay(writer, CLIENT, EXPRESS)
    assert records(writer)[CLIENT].strength == "EXPRESS"
    assert verdict(writer, CLIENT) == "DENY INSUFFICIENT_STRENGTH"


@pytest.mark.parametrize("consent_type", YESES)
def test_a_yes_under_a_tenant_wide_no_is_recorded_and_not_applied(
    world: World, writer: Caller, consent_type: int
) -> None:
    hear(writer, tenants.WIDE_DEPARTMENT, "STOP_MESSAGE_RECEIVED")
    before = world.events(tenants.ACME)
    answer = relay(writer, CLIENT, consent_type)
    assert (answer.applied, answer.not_applied_reason, answer.consent.consent_type) == (False, WIDER, STOP)
    (event,) = world.events(tenants.ACME)[len(before) :]
    assert (event.header.applied, event.header.before) == (False, event.header.after)
    assert json.loads(event.payload or b"")["evidence"] == {
        "consent_type": "express" if consent_type == EXPRESS else "written"
    }
    assert list(records(writer)) == ["*"]
    assert verdict(writer, CLIENT, "transactional") == "DENY OPTED_OUT"


@pytest.mark.parametrize("consent_type", YESES)
def test_a_yes_after_the_recipients_stop_at_that_client_is_not_applied(
    world: World, writer: Caller, consent_type: int
) -> None:
    state(world, no(world, Scope(CLIENT)))
    answer = relay(writer, CLIENT, consent_type)
    assert (answer.applied, answer.not_applied_reason, answer.consent.consent_type) == (False, PROTECTED, STOP)
    assert records(writer) == {CLIENT: Told("OPTED_OUT", lifted_by="RECIPIENT")}


def test_a_stop_of_the_business_leaves_the_recipients_own(world: World, writer: Caller) -> None:
    state(world, no(world, Scope(CLIENT)))
    assert relay(writer, CLIENT, STOP).consent.consent_type == STOP
    assert relay(writer, CLIENT, EXPRESS).applied is False


def test_a_yes_under_the_hi_marley_no_is_not_applied(writer: Caller) -> None:
    writer.OptOutUserByEmail(email=tenants.EMAIL)
    answer = relay(writer, CLIENT, EXPRESS, tenants.MOBILE)
    assert (answer.applied, answer.not_applied_reason, answer.consent.consent_type) == (False, WIDER, STOP)


def test_what_stood_at_the_client_before_does_not_show_through_a_wider_no(writer: Caller) -> None:
    relay(writer, CLIENT, WRITTEN)
    hear(writer, tenants.WIDE_DEPARTMENT, "STOP_MESSAGE_RECEIVED")
    answer = relay(writer, CLIENT, WRITTEN)
    assert (answer.applied, answer.consent.consent_type) == (False, STOP)


def test_a_no_at_a_department_does_not_cover_a_client(writer: Caller) -> None:
    hear(writer, tenants.DEPARTMENT, "STOP_MESSAGE_RECEIVED")
    assert relay(writer, CLIENT, EXPRESS).applied
    assert verdict(writer, CLIENT, "informational") == "ALLOW OPTED_IN"
    assert verdict(writer, tenants.DEPARTMENT, "informational") == "DENY OPTED_OUT"


def test_a_no_at_another_client_does_not_cover_this_one(writer: Caller) -> None:
    relay(writer, tenants.OTHER_CLIENT, STOP)
    assert relay(writer, CLIENT, EXPRESS).applied
    assert relay(writer, CLIENT, EXPRESS, OTHER_PHONE).applied


def test_a_stop_is_recorded_under_a_wider_no_and_outlives_it(writer: Caller) -> None:
    hear(writer, tenants.WIDE_DEPARTMENT, "STOP_MESSAGE_RECEIVED")
    answer = relay(writer, CLIENT, STOP)
    assert (answer.applied, answer.consent.consent_type) == (True, STOP)
    assert records(writer) == {"*": Told("OPTED_OUT", lifted_by="RECIPIENT"), CLIENT: STOPPED}


def test_the_same_again_answers_the_same(writer: Caller) -> None:
    first, second = (relay(writer, CLIENT, EXPRESS) for _ in range(2))
    assert first.consent.consent_type == second.consent.consent_type == EXPRESS
    assert second.applied
    assert first.consent.created_at == second.consent.created_at


def test_a_stop_of_relay_stops_rcs_too(writer: Caller) -> None:
    relay(writer, CLIENT, STOP)
    assert verdict(writer, CLIENT, "transactional", PHONE, RCS) == "DENY OPTED_OUT"
    assert records(writer, PHONE, RCS) == {}
