"""A bound caller at a sender whose reach is the tenant: its no is kept and covers the tenant, its yes is refused."""

from __future__ import annotations

import grpc
import pytest

from tests.servicer import tenants
from tests.servicer.answers import PHONE, Told, hear, records, verdict
from tests.servicer.refusals import Refused, refused
from tests.servicer.said import say
from tests.servicer.world import Caller, World

HERE = tenants.DEPARTMENT
OPT_OUT, NOT_AN_OPT_OUT = 1, 2
STOPPED = Told("OPTED_OUT", lifted_by="RECIPIENT")
WIDEN = {"sender": {"id": HERE, "reach": 2}, "update_mask": {"paths": ["reach"]}}


@pytest.fixture
def bound(admin: Caller, bound_writer: Caller) -> Caller:
    """A writer that is bound to a department, which hears for the whole tenant."""
    admin.UpdateSender(**WIDEN)
    return bound_writer


def _not_tenant_wide(found: Refused) -> bool:
    return (found.code, found.reason) == (grpc.StatusCode.PERMISSION_DENIED, "TENANT_WIDE_NOT_PERMITTED")


@pytest.mark.parametrize("event", ["OPTIN_MESSAGE_RECEIVED", "OPTIN_TEXT_CONSENT_VIA_MESSAGE_RECEIVED"])
@pytest.mark.parametrize("stopped", [False, True])
def test_a_yes_of_an_event_is_refused_and_writes_nothing(
    world: World, writer: Caller, bound: Caller, event: str, stopped: bool
) -> None:
    if stopped:
        hear(writer, HERE, "STOP_MESSAGE_RECEIVED")
    before = world.contents()
    assert _not_tenant_wide(refused(hear, bound, HERE, event))
    assert world.contents() == before
    assert hear(writer, HERE, event) == []
    assert records(writer)["*"].state == "OPTED_IN"


@pytest.mark.parametrize("validate_only", [False, True])
@pytest.mark.parametrize("stopped", [False, True])
def test_a_yes_of_a_message_is_refused_and_writes_nothing(
    world: World, writer: Caller, bound: Caller, stopped: bool, validate_only: bool
) -> None:
    if stopped:
        say(writer, "STOP")
    before = world.contents()
    assert _not_tenant_wide(refused(say, bound, "START", message="start-1", validate_only=validate_only))
    assert world.contents() == before
    assert say(writer, "START", message="start-1").result.applied
    assert records(writer)["*"].state == "OPTED_IN"


def test_a_yes_among_several_numbers_is_refused_with_all_of_them(world: World, bound: Caller) -> None:
    before = world.contents()
    assert _not_tenant_wide(refused(hear, bound, HERE, "OPTIN_MESSAGE_RECEIVED", PHONE, "+16505559999"))
    assert world.contents() == before


def test_a_refused_yes_is_not_remembered(world: World, writer: Caller, bound: Caller) -> None:
    question = {"message": "start-1", "request_id": "request-1"}
    before = world.contents()
    for _ in range(2):
        assert _not_tenant_wide(refused(say, bound, "START", **question))
    assert world.contents() == before


def test_a_no_of_an_event_is_kept_and_covers_the_tenant(bound: Caller, reader: Caller) -> None:
    assert hear(bound, HERE, "STOP_MESSAGE_RECEIVED") == []
    assert records(reader) == {"*": STOPPED}
    assert verdict(reader, tenants.BRAND, "transactional") == "DENY OPTED_OUT"


def test_a_no_of_a_message_is_kept_and_covers_the_tenant(bound: Caller, reader: Caller) -> None:
    answer = say(bound, "STOP")
    assert (answer.result.applied, answer.result.consent.sender) == (True, "*")
    assert answer.reply.permit
    assert records(reader) == {"*": STOPPED}
    assert verdict(reader, tenants.BRAND, "transactional") == "DENY OPTED_OUT"


def test_a_suspicion_is_kept_and_covers_the_tenant(bound: Caller, reader: Caller) -> None:
    hear(bound, HERE, "STOP_SUSPECTED_MESSAGE_RECEIVED")
    assert verdict(reader, tenants.BRAND, "transactional") == "DENY OPT_OUT_SUSPECTED"


def test_a_suspicion_that_covers_the_tenant_is_judged_by_a_bound_caller_to_be_a_no_only(
    world: World, writer: Caller, bound: Caller, reader: Caller
) -> None:
    items = [say(bound, "please stop texting me", message=f"doubt-{number}").review_item_id for number in range(2)]
    before = world.contents()
    for item in items:
        assert _not_tenant_wide(refused(bound.ResolveReviewItem, id=item, resolution=NOT_AN_OPT_OUT))
    assert world.contents() == before
    writer.ResolveReviewItem(id=items[0], resolution=NOT_AN_OPT_OUT)
    assert verdict(reader, tenants.BRAND, "transactional") == "DENY OPT_OUT_SUSPECTED"
    bound.ResolveReviewItem(id=items[1], resolution=OPT_OUT)
    assert records(reader) == {"*": STOPPED}


def test_a_yes_at_a_sender_that_hears_for_itself_is_taken(bound_writer: Caller) -> None:
    assert hear(bound_writer, HERE, "OPTIN_MESSAGE_RECEIVED") == []
    assert say(bound_writer, "START", tenants.CLIENT).result.applied
    assert {sender: told.state for sender, told in records(bound_writer).items()} == {
        HERE: "OPTED_IN",
        tenants.CLIENT: "OPTED_IN",
    }


def test_a_bound_admin_cannot_widen_the_reach(world: World, bound_admin: Caller) -> None:
    before = world.contents()
    assert _not_tenant_wide(refused(bound_admin.UpdateSender, **WIDEN))
    assert world.contents() == before


def test_a_bound_admin_may_keep_and_narrow_the_reach(admin: Caller, bound_admin: Caller) -> None:
    admin.UpdateSender(**WIDEN)
    assert bound_admin.UpdateSender(**WIDEN).sender.reach == 2
    assert bound_admin.UpdateSender(sender={"id": HERE, "reach": 1}, update_mask=WIDEN["update_mask"]).sender.reach == 1
    assert _not_tenant_wide(refused(bound_admin.UpdateSender, **WIDEN))


def test_the_default_reach_of_a_kind_widens_too(world: World, admin: Caller) -> None:
    admin.UpdateSender(sender={"id": tenants.BRAND, "reach": 1}, update_mask=WIDEN["update_mask"])
    elsewhere = world.holder(tenants.ELSEWHERE_ADMIN)
    found = refused(elsewhere.UpdateSender, sender={"id": tenants.BRAND}, update_mask=WIDEN["update_mask"])
    assert _not_tenant_wide(found)
    assert admin.GetSender(id=tenants.BRAND).sender.reach == 1
