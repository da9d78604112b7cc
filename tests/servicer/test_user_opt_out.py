"""OptOutUserByEmail: Hi Marley's opt-out of SMS to the mobile, for the whole tenant (WIRE, section 4)."""

from __future__ import annotations

import json

import grpc
import pytest

from tests.servicer import tenants
from tests.servicer.answers import EMAIL, EXPRESS, RCS, SMS, VOICE, Told, hear, records, relay, verdict
from tests.servicer.refusals import refused
from tests.servicer.world import Caller, World

MOBILE, NEW_MOBILE = tenants.MOBILE, "+16505551002"
WIDE = {"*": Told("OPTED_OUT", lifted_by="RECIPIENT", actor="BUSINESS")}
CARRIED = {"*": Told("OPTED_OUT", lifted_by="RECIPIENT", actor="SYSTEM")}
SENDERS = (tenants.DEPARTMENT, tenants.CLIENT, tenants.PROFILE, tenants.BRAND)


@pytest.mark.parametrize("email", ["ann@example.com", "ANN@EXAMPLE.COM", "Ann@Example.com", " ann@example.com "])
def test_the_address_is_compared_without_case(writer: Caller, email: str) -> None:
    user = writer.OptOutUserByEmail(email=email).user
    assert (user.id, user.first, user.last, user.role) == (tenants.CONTACT, "Ann", "Lee", "enduser")
    assert (user.email, user.mobile) == (tenants.EMAIL, MOBILE)
    assert (user.opt_status, user.opt_status_detail) == (False, 2)
    assert records(writer, MOBILE) == WIDE


@pytest.mark.parametrize("purpose", ["marketing", "informational", "transactional"])
def test_sms_stops_at_every_sender_of_every_kind_for_every_purpose(writer: Caller, purpose: str) -> None:
    for sender in SENDERS:
        relayed = verdict(writer, sender, "transactional", MOBILE)
        assert relayed == "ALLOW ALLOWED_BY_RULE"
    writer.OptOutUserByEmail(email=tenants.EMAIL)
    for sender in SENDERS:
        assert verdict(writer, sender, purpose, MOBILE, SMS) == "DENY OPTED_OUT"
        assert verdict(writer, sender, purpose, MOBILE, RCS) == "DENY OPTED_OUT"
        assert verdict(writer, sender, purpose, MOBILE, VOICE) != "DENY OPTED_OUT"
        assert verdict(writer, sender, purpose, tenants.EMAIL, EMAIL) != "DENY OPTED_OUT"


def test_a_sender_that_is_registered_later_is_stopped_too(admin: Caller) -> None:
    admin.OptOutUserByEmail(email=tenants.EMAIL)
    admin.CreateSender(sender={"id": "later", "kind": 2})
    assert verdict(admin, "later", "transactional", MOBILE) == "DENY OPTED_OUT"


def test_two_contacts_with_one_address_are_both_opted_out_and_the_newer_is_answered(
    world: World, admin: Caller
) -> None:
    world.clock.advance(60)
    admin.CreateContact(contact={"id": "a-newer", "email": "ann@EXAMPLE.com", "mobile": NEW_MOBILE})
    assert admin.OptOutUserByEmail(email=tenants.EMAIL).user.id == "a-newer"
    assert records(admin, MOBILE) == records(admin, NEW_MOBILE) == WIDE


def test_a_newer_contact_without_a_mobile_hides_nobody(world: World, admin: Caller) -> None:
    world.clock.advance(60)
    admin.CreateContact(contact={"id": "newer", "email": tenants.EMAIL})
    assert admin.OptOutUserByEmail(email=tenants.EMAIL).user.id == tenants.CONTACT
    assert records(admin, MOBILE) == WIDE


def test_a_contact_without_a_mobile_has_nothing_to_opt_out(world: World, admin: Caller) -> None:
    admin.CreateContact(contact={"id": "new", "email": "new@example.com"})
    before = world.contents()
    found = refused(admin.OptOutUserByEmail, email="new@example.com")
    assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "CONTACT_WITHOUT_MOBILE")
    assert "mobile" in found.message
    assert world.contents() == before


@pytest.mark.parametrize("email", ["nobody@example.com", tenants.RIVAL_EMAIL])
def test_nobody_with_the_address(world: World, writer: Caller, email: str) -> None:
    before = world.contents()
    found = refused(writer.OptOutUserByEmail, email=email)
    assert (found.code, found.reason, found.metadata) == (grpc.StatusCode.NOT_FOUND, "CONTACT_NOT_FOUND", {})
    assert email not in str(found.status)
    assert world.contents() == before


@pytest.mark.parametrize("email", ["no at sign", "@example.com", "ann@", "ann@example@com", "a b@example.com", MOBILE])
def test_what_is_no_address(writer: Caller, email: str) -> None:
    found = refused(writer.OptOutUserByEmail, email=email)
    assert (found.reason, found.violations) == ("INVALID_FIELD", {"email": "INVALID_FORMAT"})
    assert email not in str(found.status)


def test_a_repeat_answers_the_same(world: World, writer: Caller) -> None:
    first = writer.OptOutUserByEmail(email=tenants.EMAIL)
    world.clock.advance(3600)
    assert writer.OptOutUserByEmail(email=tenants.EMAIL) == first
    assert records(writer, MOBILE) == WIDE


def test_no_call_of_the_business_lifts_it(writer: Caller) -> None:
    writer.OptOutUserByEmail(email=tenants.EMAIL)
    assert relay(writer, tenants.CLIENT, EXPRESS, MOBILE).applied is False
    assert hear(writer, tenants.DEPARTMENT, "OPTIN_MESSAGE_RECEIVED", MOBILE) == ["PROTECTED_OPT_OUT"]
    for sender in SENDERS:
        assert verdict(writer, sender, "transactional", MOBILE) == "DENY OPTED_OUT"


def test_the_customers_start_at_a_tenant_wide_sender_lifts_it(writer: Caller) -> None:
    writer.OptOutUserByEmail(email=tenants.EMAIL)
    assert hear(writer, tenants.WIDE_DEPARTMENT, "OPTIN_MESSAGE_RECEIVED", MOBILE) == []
    assert records(writer, MOBILE) == {"*": Told("OPTED_IN", "EXPRESS")}
    for sender in SENDERS:
        assert verdict(writer, sender, "informational", MOBILE) == "ALLOW OPTED_IN"


def test_the_no_follows_the_contact_to_a_new_mobile(world: World, admin: Caller) -> None:
    admin.OptOutUserByEmail(email=tenants.EMAIL)
    admin.UpdateContact(contact={"id": tenants.CONTACT, "mobile": "(650) 555-1002"}, update_mask={"paths": ["mobile"]})
    assert records(admin, MOBILE) == WIDE
    assert records(admin, NEW_MOBILE) == CARRIED
    assert verdict(admin, tenants.CLIENT, "transactional", NEW_MOBILE) == "DENY OPTED_OUT"
    event = world.events(tenants.ACME)[-1]
    assert (event.header.actor.name, event.header.kind) == ("SYSTEM", "OPT_OUT")
    assert json.loads(event.payload or b"")["evidence"]["contact"] == tenants.CONTACT
    assert relay(admin, tenants.CLIENT, EXPRESS, NEW_MOBILE).applied is False


def test_the_no_follows_through_an_empty_mobile_and_on(admin: Caller) -> None:
    admin.OptOutUserByEmail(email=tenants.EMAIL)
    for mobile in ("", NEW_MOBILE, "+16505551003"):
        admin.UpdateContact(contact={"id": tenants.CONTACT, "mobile": mobile}, update_mask={"paths": ["mobile"]})
    assert records(admin, NEW_MOBILE) == records(admin, "+16505551003") == CARRIED


def test_the_no_that_follows_is_the_last_numbers_and_not_the_firsts(admin: Caller) -> None:
    """The first number has a new owner, who says yes: the customer's no goes on from the second to the third."""
    admin.OptOutUserByEmail(email=tenants.EMAIL)
    admin.UpdateContact(contact={"id": tenants.CONTACT, "mobile": NEW_MOBILE}, update_mask={"paths": ["mobile"]})
    hear(admin, tenants.WIDE_DEPARTMENT, "OPTIN_MESSAGE_RECEIVED", MOBILE)
    third = "+16505551003"
    admin.UpdateContact(contact={"id": tenants.CONTACT, "mobile": third}, update_mask={"paths": ["mobile"]})
    assert records(admin, third) == CARRIED


def test_a_no_that_was_lifted_does_not_follow(admin: Caller) -> None:
    admin.OptOutUserByEmail(email=tenants.EMAIL)
    hear(admin, tenants.WIDE_DEPARTMENT, "OPTIN_MESSAGE_RECEIVED", MOBILE)
    admin.UpdateContact(contact={"id": tenants.CONTACT, "mobile": NEW_MOBILE}, update_mask={"paths": ["mobile"]})
    assert records(admin, NEW_MOBILE) == {}


def test_a_no_that_was_not_set_through_the_contact_does_not_follow(admin: Caller) -> None:
    hear(admin, tenants.WIDE_DEPARTMENT, "STOP_MESSAGE_RECEIVED", MOBILE)
    admin.UpdateContact(contact={"id": tenants.CONTACT, "mobile": NEW_MOBILE}, update_mask={"paths": ["mobile"]})
    assert records(admin, NEW_MOBILE) == {}


def test_another_change_of_the_contact_carries_nothing(world: World, admin: Caller) -> None:
    admin.OptOutUserByEmail(email=tenants.EMAIL)
    events = world.events(tenants.ACME)
    admin.UpdateContact(contact={"id": tenants.CONTACT, "first": "Bea"}, update_mask={"paths": ["first"]})
    assert world.events(tenants.ACME) == events


def test_the_no_outlives_the_contact(admin: Caller) -> None:
    admin.OptOutUserByEmail(email=tenants.EMAIL)
    admin.DeleteContact(id=tenants.CONTACT)
    assert records(admin, MOBILE) == WIDE


def test_the_other_tenant_with_the_same_mobile_hears_nothing(writer: Caller, rival: Caller) -> None:
    writer.OptOutUserByEmail(email=tenants.EMAIL)
    assert records(rival, MOBILE) == {}
    assert verdict(rival, tenants.RIVAL_CLIENT, "transactional", MOBILE) == "ALLOW ALLOWED_BY_RULE"
