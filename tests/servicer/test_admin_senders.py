"""AdminService: senders. Registered once, changed by a mask, each change in the ledger."""

from __future__ import annotations

import json
from typing import Any

import grpc
import pytest

from tests.servicer import tenants
from tests.servicer.refusals import refused
from tests.servicer.world import Caller, World

UUID = "AAAAAAAA-0000-4000-8000-00000000000A"


def update(caller: Caller, sender: str, *paths: str, **settings: Any) -> Any:
    return caller.UpdateSender(sender={"id": sender, **settings}, update_mask={"paths": paths}).sender


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_a_sender_is_answered_as_it_was_given(admin: Caller, kind: int) -> None:
    given = {"id": UUID.lower(), "kind": kind, "double_opt_in": True, "country": "GB", "reach": 2}
    made = admin.CreateSender(sender=given).sender
    assert {name: getattr(made, name) for name in given} == given
    assert made.create_time == made.update_time
    assert admin.GetSender(id=UUID.lower()).sender == made


def test_what_is_not_given_is_the_default(admin: Caller) -> None:
    made = admin.CreateSender(sender={"id": "plain", "kind": 2}).sender
    assert (made.double_opt_in, made.country, made.reach) == (False, "", 1)


def test_a_department_is_known_by_its_canonical_uuid(admin: Caller) -> None:
    assert admin.CreateSender(sender={"id": UUID, "kind": 1}).sender.id == UUID.lower()
    found = refused(admin.CreateSender, sender={"id": UUID, "kind": 1})
    assert (found.code, found.reason) == (grpc.StatusCode.ALREADY_EXISTS, "SENDER_ALREADY_EXISTS")
    assert found.metadata == {"sender": UUID.lower()}


@pytest.mark.parametrize("sender", ["no-uuid", "1f0a8a3e", UUID + "0"])
def test_a_department_needs_a_uuid(admin: Caller, sender: str) -> None:
    assert refused(admin.CreateSender, sender={"id": sender, "kind": 1}).violations == {"sender.id": "INVALID_FORMAT"}


@pytest.mark.parametrize("sender", ["*", "a b", "a/b", "ü", "a\n", "", "%2A"])
def test_what_is_no_id(world: World, admin: Caller, sender: str) -> None:
    before = world.contents()
    found = refused(admin.CreateSender, sender={"id": sender, "kind": 4})
    assert found.violations == {"sender.id": "INVALID_FORMAT" if sender else "REQUIRED"}
    assert world.contents() == before


@pytest.mark.parametrize("sender", ["x", "+16505551234", "a.b:c-d_e@f", "x" * 128])
def test_what_is_an_id(admin: Caller, sender: str) -> None:
    assert admin.CreateSender(sender={"id": sender, "kind": 4}).sender.id == sender


def test_the_kind_is_needed_to_make_one(admin: Caller) -> None:
    assert refused(admin.CreateSender, sender={"id": "kindless"}).violations == {"sender.kind": "REQUIRED"}


@pytest.mark.parametrize("kind", [2, 3, 4])
def test_an_id_is_unique_over_all_kinds_and_ids_differ_by_case(admin: Caller, kind: int) -> None:
    assert refused(admin.CreateSender, sender={"id": tenants.CLIENT, "kind": kind}).reason == "SENDER_ALREADY_EXISTS"
    admin.CreateSender(sender={"id": tenants.CLIENT.upper(), "kind": kind})


@pytest.mark.parametrize("country", ["ZZ", "*", "U"])
def test_what_is_no_country(admin: Caller, country: str) -> None:
    found = refused(admin.CreateSender, sender={"id": "new", "kind": 4, "country": country})
    assert found.violations == {"sender.country": "INVALID_FORMAT"}
    found = refused(update, admin, tenants.BRAND, "country", country=country)
    assert found.violations == {"sender.country": "INVALID_FORMAT"}


def test_only_what_the_mask_names_is_changed(world: World, admin: Caller) -> None:
    before = admin.GetSender(id=tenants.BRAND).sender
    world.clock.advance(60)
    now = update(admin, tenants.BRAND, "double_opt_in", double_opt_in=True, country="gb", reach=1, kind=1)
    assert (now.double_opt_in, now.country, now.reach, now.kind) == (True, "", before.reach, before.kind)
    assert now.create_time == before.create_time
    assert now.update_time.seconds >= before.update_time.seconds + 60
    now = update(admin, tenants.BRAND, "country", "reach", country="gb", reach=1)
    assert (now.double_opt_in, now.country, now.reach) == (True, "GB", 1)
    now = update(admin, tenants.BRAND, "country", "reach", "double_opt_in")
    assert (now.double_opt_in, now.country, now.reach) == (False, "", 2)
    assert admin.GetSender(id=tenants.BRAND).sender == now


@pytest.mark.parametrize("paths", [(), ("kind",), ("id",), ("double_opt_in", "nothing"), ("doubleOptIn",), ("*",)])
def test_a_mask_names_settings_and_at_least_one(world: World, admin: Caller, paths: tuple[str, ...]) -> None:
    before = world.contents()
    found = refused(update, admin, tenants.BRAND, *paths, double_opt_in=True)
    assert found.violations == {"update_mask": "UNKNOWN_VALUE"}
    assert world.contents() == before


def test_each_change_is_one_setting_event_and_the_same_again_none(world: World, admin: Caller) -> None:
    count = len(world.events(tenants.ACME))
    admin.CreateSender(sender={"id": "new", "kind": 4})
    update(admin, "new", "country", "double_opt_in", country="GB", double_opt_in=True)
    update(admin, "new", "country", "double_opt_in", country="gb", double_opt_in=True)
    made, changed = (event.header for event in world.events(tenants.ACME)[count:])
    assert (made.kind, made.before, changed.before) == ("SETTING", "{}", made.after)
    assert (changed.scope.sender, changed.actor.name, changed.applied) == ("new", "BUSINESS", True)
    assert json.loads(changed.after)["country"] == "GB"


def test_what_is_not_there(admin: Caller) -> None:
    for call in (lambda: admin.GetSender(id="nobody"), lambda: update(admin, "nobody", "reach", reach=1)):
        found = refused(call)
        assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "SENDER_NOT_FOUND")
        assert found.metadata == {"sender": "nobody"}


def test_a_bound_admin_manages_its_own_senders_and_makes_none(world: World, bound_admin: Caller) -> None:
    assert bound_admin.GetSender(id=tenants.CLIENT).sender.id == tenants.CLIENT
    assert update(bound_admin, tenants.CLIENT, "double_opt_in", double_opt_in=True).double_opt_in
    before = world.contents()
    assert refused(bound_admin.CreateSender, sender={"id": "new", "kind": 4}).reason == "TENANT_WIDE_NOT_PERMITTED"
    found = refused(update, bound_admin, tenants.BRAND, "double_opt_in", double_opt_in=True)
    assert (found.code, found.reason) == (grpc.StatusCode.PERMISSION_DENIED, "SENDER_NOT_PERMITTED")
    assert world.contents() == before
