"""OptOutUserByMobile and GetUser: Hi Marley's companions (WIRE, section 4)."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from tests.servicer import tenants
from tests.servicer.answers import RCS, Told, hear, records, verdict
from tests.servicer.refusals import refused
from tests.servicer.said import BUSINESS, no, record, say, yes
from tests.servicer.world import Caller, World

MOBILE = tenants.MOBILE
STOPPED = Told("OPTED_OUT", lifted_by="RECIPIENT", actor="BUSINESS")


@pytest.mark.parametrize("mobile", ["16505551001", "6505551001", "+1 (650) 555-1001", "650-555-1001"])
def test_a_user_is_opted_out_by_the_mobile_in_any_usual_form(writer: Caller, mobile: str) -> None:
    user = writer.OptOutUserByMobile(mobile=mobile).user
    assert (user.id, user.first, user.last, user.email, user.mobile) == (
        *(tenants.CONTACT, "Ann", "Lee", tenants.EMAIL, MOBILE),
    )
    assert (user.role, user.opt_status, user.opt_status_detail) == ("enduser", False, 2)
    assert records(writer, MOBILE) == {"*": STOPPED}
    assert verdict(writer, tenants.BRAND, "transactional", MOBILE) == "DENY OPTED_OUT"


def test_repeating_it_answers_the_same(world: World, writer: Caller) -> None:
    first = writer.OptOutUserByMobile(mobile="16505551001", request_id="r")
    before = world.contents()
    assert writer.OptOutUserByMobile(mobile="16505551001", request_id="r") == first
    assert world.contents() == before
    assert writer.OptOutUserByMobile(mobile="16505551001") == first
    assert refused(writer.OptOutUserByMobile, mobile="6505551001", request_id="r").reason == "REQUEST_ID_REUSED"


def test_it_is_the_same_no_as_by_email_and_follows_the_contact(admin: Caller) -> None:
    admin.OptOutUserByMobile(mobile=MOBILE)
    contact = {"id": tenants.CONTACT, "mobile": "+16505551002"}
    admin.UpdateContact(contact=contact, update_mask={"paths": ["mobile"]})
    assert verdict(admin, tenants.BRAND, "transactional", "+16505551002") == "DENY OPTED_OUT"
    assert admin.GetUser(mobile="16505551002").user.opt_status is False


def test_of_several_with_the_number_the_newest_is_answered(world: World, admin: Caller) -> None:
    world.clock.advance(1)
    admin.CreateContact(contact={"id": "newer", "mobile": MOBILE})
    assert admin.GetUser(mobile="16505551001").user.id == "newer"
    assert admin.OptOutUserByMobile(mobile="16505551001").user.id == "newer"
    assert admin.GetUser(id=tenants.CONTACT).user.opt_status is False


def test_only_the_users_own_start_at_a_wide_sender_brings_back(writer: Caller) -> None:
    """WIRE: "no API call lifts it"."""
    writer.OptOutUserByMobile(mobile=MOBILE)
    assert not record(writer, yes("*", address=MOBILE)).applied
    say(writer, "START", **{"from": MOBILE})
    assert writer.GetUser(mobile=MOBILE).user.opt_status is False
    say(writer, "START", tenants.BRAND, **{"from": MOBILE})
    assert writer.GetUser(mobile=MOBILE).user.opt_status is True


@pytest.mark.parametrize(
    "key",
    [
        {"id": tenants.CONTACT},
        {"email": tenants.EMAIL},
        {"email": "ANN@example.com"},
        {"mobile": "16505551001"},
        {"mobile": "(650) 555-1001"},
    ],
    ids=str,
)
def test_a_user_is_found_by_each_key(reader: Caller, key: dict[str, str]) -> None:
    user = reader.GetUser(**key).user
    assert (user.id, user.email, user.mobile, user.role) == (tenants.CONTACT, tenants.EMAIL, MOBILE, "enduser")
    assert (user.opt_status, user.opt_status_detail) == (True, 1)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("wide", False),
        ("wide of a purpose", True),
        ("narrow", True),
        ("doubt", True),
        ("wide doubt", False),
        ("RCS", False),
    ],
)
def test_the_status_is_of_the_whole_tenant(writer: Caller, what: str, expected: bool) -> None:
    """WIRE: "`optStatus` = no tenant-wide no and no suspicion"."""
    match what:
        case "wide":
            record(writer, no("*", actor=BUSINESS, address=MOBILE))
        case "wide of a purpose":
            record(writer, no("*", purpose="marketing", address=MOBILE))
        case "narrow":
            record(writer, no(tenants.DEPARTMENT, address=MOBILE))
        case "doubt":
            hear(writer, tenants.DEPARTMENT, "STOP_SUSPECTED_MESSAGE_RECEIVED", MOBILE)
        case "wide doubt":
            hear(writer, tenants.WIDE_DEPARTMENT, "STOP_SUSPECTED_MESSAGE_RECEIVED", MOBILE)
        case "RCS":
            record(writer, no("*", channel=RCS, address=MOBILE))
    user = writer.GetUser(id=tenants.CONTACT).user
    assert (user.opt_status, user.opt_status_detail) == (expected, 1 if expected else 2)


@pytest.mark.parametrize(
    ("key", "reason", "violations"),
    [
        ({}, "INVALID_FIELD", {"key": "REQUIRED"}),
        ({"id": ""}, "CONTACT_NOT_FOUND", {}),
        ({"id": "nobody"}, "CONTACT_NOT_FOUND", {}),
        ({"id": "external-1"}, "CONTACT_NOT_FOUND", {}),
        ({"id": tenants.RIVAL_CONTACT}, "CONTACT_NOT_FOUND", {}),
        ({"id": "x" * 129}, "INVALID_FIELD", {"id": "TOO_LONG"}),
        ({"email": tenants.RIVAL_EMAIL}, "CONTACT_NOT_FOUND", {}),
        ({"email": "ann@"}, "INVALID_FIELD", {"email": "INVALID_FORMAT"}),
        ({"email": ""}, "INVALID_FIELD", {"email": "INVALID_FORMAT"}),
        ({"mobile": "16505550000"}, "CONTACT_NOT_FOUND", {}),
        ({"mobile": "12"}, "INVALID_FIELD", {"mobile": "INVALID_FORMAT"}),
        ({"mobile": ""}, "INVALID_FIELD", {"mobile": "INVALID_FORMAT"}),
    ],
    ids=str,
)
def test_a_user_that_is_not_found(reader: Caller, key: dict[str, str], reason: str, violations: dict[str, str]) -> None:
    found = refused(reader.GetUser, **key)
    assert (found.reason, found.violations) == (reason, violations)
    assert found.code is (grpc.StatusCode.INVALID_ARGUMENT if violations else grpc.StatusCode.NOT_FOUND)


@pytest.mark.parametrize(
    ("mobile", "reason"),
    [
        ("16505550000", "CONTACT_NOT_FOUND"),
        ("12", "INVALID_FIELD"),
        ("", "INVALID_FIELD"),
        ("1" * 321, "INVALID_FIELD"),
    ],
)
def test_nobody_is_opted_out_by_a_number_that_is_nobodys(
    world: World, writer: Caller, mobile: str, reason: str
) -> None:
    before = world.contents()
    assert refused(writer.OptOutUserByMobile, mobile=mobile).reason == reason
    assert world.contents() == before


def test_a_user_without_a_mobile_is_found_by_the_other_keys(admin: Caller) -> None:
    admin.CreateContact(contact={"id": "bare", "email": "bare@example.com"})
    for key in ({"id": "bare"}, {"email": "bare@example.com"}):
        assert admin.GetUser(**key).user.mobile == ""
    assert refused(admin.OptOutUserByEmail, email="bare@example.com").reason == "CONTACT_WITHOUT_MOBILE"


def test_a_bound_credential_opts_nobody_out_of_all(world: World, bound_writer: Caller, reader: Caller) -> None:
    before: Any = world.contents()
    assert refused(bound_writer.OptOutUserByMobile, mobile=MOBILE).reason == "TENANT_WIDE_NOT_PERMITTED"
    assert refused(bound_writer.OptOutUserByMobile, mobile="16505550000").reason == "TENANT_WIDE_NOT_PERMITTED"
    assert refused(reader.OptOutUserByMobile, mobile=MOBILE).reason == "ROLE_INSUFFICIENT"
    assert world.contents() == before


def test_the_rivals_user_of_the_same_number_is_left_alone(writer: Caller, rival: Caller) -> None:
    writer.OptOutUserByMobile(mobile=MOBILE)
    assert rival.GetUser(mobile=MOBILE).user.opt_status is True
