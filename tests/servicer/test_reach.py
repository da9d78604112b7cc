"""What a STOP or START covers that is heard at a sender: the sender, or by its reach the tenant (DESIGN, section 1)."""

from __future__ import annotations

import pytest

from tests.servicer import tenants
from tests.servicer.answers import Told, hear, records, relay, verdict
from tests.servicer.world import Caller, World

HERE, WIDE = tenants.DEPARTMENT, tenants.WIDE_DEPARTMENT
STOP, START = "STOP_MESSAGE_RECEIVED", "OPTIN_MESSAGE_RECEIVED"
SENDERS = (HERE, WIDE, tenants.CLIENT, tenants.PROFILE, tenants.BRAND)
STOPPED = Told("OPTED_OUT", lifted_by="RECIPIENT")


def _allowed(caller: Caller) -> list[str]:
    return [sender for sender in SENDERS if verdict(caller, sender, "informational").startswith("ALLOW")]


def test_a_stop_at_a_sender_of_reach_tenant_covers_the_tenant(writer: Caller) -> None:
    relay(writer, tenants.CLIENT, 1)
    hear(writer, HERE, START)
    assert _allowed(writer) == [HERE, tenants.CLIENT]
    assert hear(writer, WIDE, STOP) == []
    assert records(writer)["*"] == STOPPED
    assert _allowed(writer) == []


def test_a_start_at_a_sender_of_reach_tenant_covers_the_tenant_and_lifts_each_no_within(
    world: World, writer: Caller
) -> None:
    hear(writer, HERE, STOP)
    relay(writer, tenants.CLIENT, 3)
    hear(writer, WIDE, STOP)
    before = len(world.events(tenants.ACME))
    assert hear(writer, WIDE, START) == []
    kinds = sorted(event.header.kind for event in world.events(tenants.ACME)[before:])
    assert kinds == ["LIFT", "LIFT", "OPT_IN"]
    assert records(writer) == {
        "*": Told("OPTED_IN", "EXPRESS"),
        HERE: Told("NO_STATEMENT"),
        tenants.CLIENT: Told("NO_STATEMENT"),
    }
    assert _allowed(writer) == list(SENDERS)


def test_a_narrower_start_under_a_wider_no_changes_nothing_and_asks_a_person(world: World, writer: Caller) -> None:
    hear(writer, WIDE, STOP)
    assert hear(writer, HERE, START) == ["PROTECTED_OPT_OUT"]
    assert records(writer) == {"*": STOPPED}
    assert world.events(tenants.ACME)[-1].header.applied is False
    (item,) = world.contents()["review_items"]
    assert "WIDER_OPT_OUT" in item


def test_a_suspicion_at_a_sender_of_reach_tenant_covers_the_tenant(writer: Caller) -> None:
    hear(writer, WIDE, "STOP_SUSPECTED_MESSAGE_RECEIVED")
    for sender in SENDERS:
        assert verdict(writer, sender, "transactional") == "DENY OPT_OUT_SUSPECTED"


def test_a_narrower_start_clears_no_wider_suspicion(writer: Caller) -> None:
    hear(writer, WIDE, "STOP_SUSPECTED_MESSAGE_RECEIVED")
    assert hear(writer, HERE, START) == []
    assert verdict(writer, HERE, "informational") == "DENY OPT_OUT_SUSPECTED"


@pytest.mark.parametrize(
    ("kind", "reach", "expected"),
    [(kind, 0, 2 if kind == 4 else 1) for kind in range(1, 5)] + [(kind, 1, 1) for kind in range(1, 5)],
)
def test_the_default_reach_is_the_tenant_for_others_and_the_sender_for_the_rest(
    admin: Caller, kind: int, reach: int, expected: int
) -> None:
    sender = {"id": tenants.UNKNOWN_UUID, "kind": kind, "reach": reach}
    assert admin.CreateSender(sender=sender).sender.reach == expected


def test_a_change_of_reach_holds_for_what_is_heard_afterwards(admin: Caller) -> None:
    hear(admin, HERE, STOP)
    admin.UpdateSender(sender={"id": HERE, "reach": 2}, update_mask={"paths": ["reach"]})
    assert records(admin) == {HERE: STOPPED}
    hear(admin, HERE, STOP)
    assert records(admin) == {HERE: STOPPED, "*": STOPPED}


def test_what_the_business_says_covers_the_department_whatever_its_reach(writer: Caller) -> None:
    """WIRE's table: USER_REQUESTED_OPT_OUT is of (department, *); only what is heard goes by reach."""
    writer.UpdateOptOutStatus(
        department_uuid=WIDE,
        customer_uuid="c",
        event=7,
        update_type=2,
        communication_attributes_list=[{"communication_type": 1, "communication_value": "+16505551234"}],
    )
    assert list(records(writer)) == [WIDE]


def test_the_tenants_hear_nothing_of_each_other(writer: Caller, rival: Caller) -> None:
    hear(writer, WIDE, STOP)
    assert records(rival) == {}
    assert verdict(rival, tenants.RIVAL_DEPARTMENT, "transactional") == "ALLOW ALLOWED_BY_RULE"
    hear(rival, tenants.RIVAL_DEPARTMENT, START)
    assert records(writer) == {"*": STOPPED}
