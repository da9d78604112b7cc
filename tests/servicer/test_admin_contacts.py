"""AdminService: contacts. Customers by id; consent belongs to their addresses."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from tests.servicer import tenants
from tests.servicer.refusals import refused
from tests.servicer.world import Caller, World

FULL = {
    "id": "full",
    "external_id": "their id",
    "first": "Zoë",
    "last": "O'Neil",
    "email": "Zoe@Example.COM",
    "mobile": "(650) 555-1007",
}


def update(caller: Caller, contact: str, *paths: str, **values: Any) -> Any:
    return caller.UpdateContact(contact={"id": contact, **values}, update_mask={"paths": paths}).contact


def test_a_contact_is_answered_as_it_was_given_with_the_number_in_e164(admin: Caller) -> None:
    made = admin.CreateContact(contact=FULL).contact
    assert {name: getattr(made, name) for name in FULL} == {**FULL, "mobile": "+16505551007"}
    assert made.create_time == made.update_time
    assert admin.GetContact(id="full").contact == made


def test_a_contact_may_be_empty_and_gets_an_id_of_its_own(admin: Caller) -> None:
    first, second = (admin.CreateContact(contact={"first": "X"}).contact for _ in range(2))
    assert len({first.id, second.id, ""}) == 3
    assert (first.email, first.mobile, first.external_id) == ("", "", "")
    assert admin.GetContact(id=second.id).contact == second


@pytest.mark.parametrize(
    ("field", "value"), [("email", "no at sign"), ("email", "  "), ("mobile", "12"), ("mobile", "ann@example.com")]
)
def test_what_is_no_address_is_refused(world: World, admin: Caller, field: str, value: str) -> None:
    before = world.contents()
    for call in (
        lambda: admin.CreateContact(contact={"id": "new", field: value}),
        lambda: update(admin, tenants.CONTACT, field, **{field: value}),
    ):
        found = refused(call)
        assert (found.reason, found.violations) == ("INVALID_FIELD", {f"contact.{field}": "INVALID_FORMAT"})
        assert len(value.strip()) < 3 or value not in str(found.status)
    assert world.contents() == before


def test_an_id_is_given_once(world: World, admin: Caller) -> None:
    before = world.contents()
    found = refused(admin.CreateContact, contact={"id": tenants.CONTACT})
    assert (found.code, found.reason) == (grpc.StatusCode.ALREADY_EXISTS, "CONTACT_ALREADY_EXISTS")
    assert world.contents() == before


def test_a_contacts_id_is_not_told_back_in_an_error(admin: Caller) -> None:
    """An id may be an address; the contract's ErrorReason names no metadata for contacts."""
    admin.CreateContact(contact={"id": "zoe@example.com"})
    for found in (
        refused(admin.CreateContact, contact={"id": "zoe@example.com"}),
        refused(admin.GetContact, id="joe@example.com"),
        refused(admin.DeleteContact, id="joe@example.com"),
        refused(update, admin, "joe@example.com", "first"),
    ):
        assert found.metadata == {}
        assert "oe@example.com" not in str(found.status)


def test_only_what_the_mask_names_is_changed(world: World, admin: Caller) -> None:
    admin.CreateContact(contact=FULL)
    world.clock.advance(60)
    now = update(admin, "full", "first", "email", first="Joe", email="", last="ignored", mobile="ignored")
    assert (now.first, now.last, now.email, now.mobile) == ("Joe", "O'Neil", "", "+16505551007")
    assert now.update_time.seconds >= now.create_time.seconds + 60
    now = update(admin, "full", *(name for name in FULL if name != "id"))
    assert (now.external_id, now.first, now.last, now.email, now.mobile) == ("",) * 5
    assert admin.GetContact(id="full").contact == now


@pytest.mark.parametrize("paths", [(), ("id",), ("first", "nothing"), ("opt_out_mobile",), ("externalId",)])
def test_a_mask_names_fields_and_at_least_one(world: World, admin: Caller, paths: tuple[str, ...]) -> None:
    before = world.contents()
    found = refused(update, admin, tenants.CONTACT, *paths, first="X")
    assert found.violations == {"update_mask": "UNKNOWN_VALUE"}
    assert world.contents() == before


def test_the_contact_to_change_must_be_named(admin: Caller) -> None:
    assert refused(update, admin, "", "first", first="X").violations == {"contact.id": "REQUIRED"}


def test_what_is_not_there(admin: Caller) -> None:
    for call in (
        lambda: admin.GetContact(id="nobody"),
        lambda: update(admin, "nobody", "first", first="X"),
        lambda: admin.DeleteContact(id="nobody"),
    ):
        found = refused(call)
        assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "CONTACT_NOT_FOUND")


def test_a_deleted_contact_is_gone_and_its_id_free(admin: Caller) -> None:
    admin.DeleteContact(id=tenants.CONTACT)
    assert refused(admin.DeleteContact, id=tenants.CONTACT).reason == "CONTACT_NOT_FOUND"
    assert not admin.ListContacts(email=tenants.EMAIL).contacts
    admin.CreateContact(contact={"id": tenants.CONTACT})


def test_contacts_are_found_by_address_without_case(admin: Caller) -> None:
    admin.CreateContact(contact=FULL)
    for email in ("zoe@example.com", "ZOE@EXAMPLE.COM"):
        assert [contact.id for contact in admin.ListContacts(email=email).contacts] == ["full"]
    assert refused(admin.ListContacts, email="no at sign").violations == {"email": "INVALID_FORMAT"}
    assert not admin.ListContacts(email=tenants.RIVAL_EMAIL).contacts


def test_contacts_write_no_event(world: World, admin: Caller) -> None:
    events = world.events(tenants.ACME)
    admin.CreateContact(contact=FULL)
    update(admin, "full", "mobile", mobile="+16505551008")
    admin.DeleteContact(id="full")
    assert world.events(tenants.ACME) == events


def test_a_bound_admin_reads_contacts_and_writes_none(world: World, bound_admin: Caller) -> None:
    assert bound_admin.GetContact(id=tenants.CONTACT).contact.first == "Ann"
    assert bound_admin.ListContacts().contacts
    before = world.contents()
    for call in (
        lambda: bound_admin.CreateContact(contact=FULL),
        lambda: update(bound_admin, tenants.CONTACT, "first", first="X"),
        lambda: bound_admin.DeleteContact(id=tenants.CONTACT),
    ):
        found = refused(call)
        assert (found.code, found.reason) == (grpc.StatusCode.PERMISSION_DENIED, "TENANT_WIDE_NOT_PERMITTED")
    assert world.contents() == before
