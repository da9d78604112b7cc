"""BatchGetOptOutStatus: how legacy callers see a recipient at a department (WIRE, section 1)."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from tests.servicer import tenants
from tests.servicer.answers import CALL, CUSTOMER, DEPLOYMENT, MAIL, TEXT, VOICE, attribute, update
from tests.servicer.refusals import refused
from tests.servicer.said import (
    BUSINESS,
    CARRIER,
    EXPRESS,
    IMPLIED,
    RECIPIENT,
    WRITTEN,
    after,
    no,
    record,
    say,
    yes,
)
from tests.servicer.world import Caller, World

HERE, WIDE = tenants.DEPARTMENT, tenants.WIDE_DEPARTMENT
IN, OUT = 1, 2


def _get(caller: Caller, *communications: Any, customers: tuple[str, ...] = (), department: str = HERE) -> Any:
    return caller.BatchGetOptOutStatus(
        department_uuid=department, communication_list=communications, customer_uuid_list=customers
    ).opt_out_status_list


def _status(caller: Caller, **fields: Any) -> tuple[int, bool]:
    (found,) = _get(caller, attribute(), **fields)
    return found.opt_out_status.opt_out_state, found.opt_out_status.can_send_optin_request


def _stand(world: World, caller: Caller, what: str) -> None:
    match what:
        case "business's no":
            record(caller, no(actor=BUSINESS))
        case "wide no of the business":
            record(caller, no("*", actor=BUSINESS))
        case "recipient's no":
            record(caller, no())
        case "wide no":
            record(caller, no("*"))
        case "carrier's no":
            record(caller, no(actor=CARRIER))
        case "RCS no":
            record(caller, no(channel=5))
        case "no of a purpose":
            record(caller, no(purpose="marketing"))
        case "no elsewhere":
            record(caller, no(WIDE))
        case "implied yes":
            record(caller, yes(strength=IMPLIED))
        case "express yes":
            record(caller, yes(strength=EXPRESS))
        case "wide written yes":
            record(caller, yes("*", strength=WRITTEN))
        case "expired yes":
            record(caller, yes(effective_time=after(world, -60), expire_time=after(world, -1)))
        case "yes of a purpose":
            record(caller, yes(purpose="marketing"))
        case "RCS yes":
            record(caller, yes(channel=5))
        case "doubt":
            say(caller, "please stop texting me")
        case "RCS doubt":
            say(caller, "please stop texting me", channel=5)
        case "yes and doubt":
            record(caller, yes(actor=RECIPIENT))
            say(caller, "please stop texting me")
        case "yes and wide no":
            record(caller, yes(actor=RECIPIENT))
            record(caller, no("*"))


@pytest.mark.parametrize(
    ("what", "single", "double"),
    [
        ("nothing", (IN, False), (OUT, True)),
        ("business's no", (OUT, True), (OUT, True)),
        ("wide no of the business", (OUT, True), (OUT, True)),
        ("recipient's no", (OUT, False), (OUT, False)),
        ("wide no", (OUT, False), (OUT, False)),
        ("carrier's no", (OUT, False), (OUT, False)),
        ("RCS no", (OUT, False), (OUT, False)),
        ("no of a purpose", (IN, False), (OUT, True)),
        ("no elsewhere", (IN, False), (OUT, True)),
        ("implied yes", (IN, False), (OUT, True)),
        ("express yes", (IN, False), (IN, False)),
        ("wide written yes", (IN, False), (IN, False)),
        ("expired yes", (IN, False), (OUT, True)),
        ("yes of a purpose", (IN, False), (OUT, True)),
        ("RCS yes", (IN, False), (OUT, True)),
        ("doubt", (IN, False), (OUT, False)),
        ("RCS doubt", (IN, False), (OUT, False)),
        ("yes and doubt", (IN, False), (IN, False)),
        ("yes and wide no", (OUT, False), (OUT, False)),
    ],
)
def test_the_derivation(
    world: World, writer: Caller, what: str, single: tuple[int, bool], double: tuple[int, bool]
) -> None:
    """WIRE: "OPTED_OUT if the department's or the tenant-wide record is; else, with no yes of EXPRESS or better,
    OPTED_OUT where the department uses double opt-in and OPTED_IN where it does not; else OPTED_IN."
    """
    _stand(world, writer, what)
    assert _status(writer) == single
    update(writer, HERE, "DOUBLE_OPTIN_ROLLOUT", DEPLOYMENT)
    assert _status(writer) == double


@pytest.mark.parametrize("what", ["nothing", "business's no", "recipient's no", "doubt", "implied yes"])
def test_a_request_is_opened_exactly_where_the_read_says_so(world: World, writer: Caller, what: str) -> None:
    update(writer, HERE, "DOUBLE_OPTIN_ROLLOUT", DEPLOYMENT)
    _stand(world, writer, what)
    expected = [] if _status(writer)[1] else ["NO_CHANGE"]
    assert update(writer, HERE, "USER_REQUESTED_SEND_OPTIN_REQUEST", CUSTOMER, attribute()) == expected
    assert _status(writer) == (OUT, False)


def test_the_time_of_change_is_when_what_stands_was_said(world: World, writer: Caller) -> None:
    (found,) = _get(writer, attribute())
    assert not found.opt_out_status.HasField("time_of_change")
    said = after(world, -3600)
    record(writer, no(effective_time=said))
    (found,) = _get(writer, attribute())
    assert found.opt_out_status.time_of_change == said
    wide = record(writer, no("*")).consent.effective_time
    record(writer, no(WIDE))
    (found,) = _get(writer, attribute())
    assert found.opt_out_status.time_of_change == wide


def test_statuses_come_in_the_order_asked_and_name_what_was_asked(writer: Caller) -> None:
    record(writer, no(address="6505559876"))
    record(writer, no(channel=VOICE))
    asked = [
        attribute("(650) 555-9876", customer_uuid="c-1", ok_to_communicate=False),
        attribute("Ann@Example.com", MAIL),
        attribute(kind=CALL),
        attribute(ok_to_communicate=True),
        attribute("(650) 555-9876"),
    ]
    found = _get(writer, *asked)
    assert [each.opt_out_status.opt_out_state for each in found] == [OUT, IN, OUT, IN, OUT]
    for given, each in zip(asked, found, strict=True):
        communication = each.communication
        assert {field.name: value for field, value in communication.ListFields()} == given


@pytest.mark.parametrize("customer", [tenants.CONTACT, "external-1"])
def test_a_customer_has_a_mobile_and_an_address(writer: Caller, customer: str) -> None:
    record(writer, no(address=tenants.MOBILE))
    found = _get(writer, attribute(), customers=("unknown", customer, tenants.RIVAL_CONTACT))
    assert [each.communication.customer_uuid for each in found] == ["", customer, customer]
    assert [each.communication.communication_type for each in found] == [TEXT, TEXT, MAIL]
    assert [each.communication.communication_value for each in found[1:]] == [tenants.MOBILE, tenants.EMAIL]
    assert [each.opt_out_status.opt_out_state for each in found] == [IN, OUT, IN]


def test_a_customer_of_whom_nothing_is_known_has_no_status(admin: Caller) -> None:
    admin.CreateContact(contact={"id": "bare"})
    admin.CreateContact(contact={"id": "mail", "email": "m@example.com"})
    assert len(_get(admin, customers=("bare", "unknown"))) == 0
    (found,) = _get(admin, customers=("mail",))
    assert found.communication.communication_type == MAIL


@pytest.mark.parametrize(
    ("communications", "customers", "violations"),
    [
        ((), (), {"communication_list": "REQUIRED"}),
        (
            (attribute("12"), attribute(), attribute("x", MAIL)),
            (),
            {
                "communication_list[0].communication_value": "INVALID_FORMAT",
                "communication_list[2].communication_value": "INVALID_FORMAT",
            },
        ),
        ((attribute(kind=0),), (), {"communication_list[0].communication_type": "REQUIRED"}),
        ((attribute(kind=4),), (), {"communication_list[0].communication_type": "UNKNOWN_VALUE"}),
        ((attribute(""),), (), {"communication_list[0].communication_value": "REQUIRED"}),
        ((attribute(),) * 1001, (), {"communication_list": "TOO_MANY"}),
        ((), ("c",) * 1001, {"customer_uuid_list": "TOO_MANY"}),
        ((), ("",), {"customer_uuid_list[0]": "REQUIRED"}),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_asked(
    reader: Caller, communications: tuple[Any, ...], customers: tuple[str, ...], violations: dict[str, str]
) -> None:
    assert refused(_get, reader, *communications, customers=customers).violations == violations


def test_a_thousand_are_answered(writer: Caller) -> None:
    record(writer, no(address="+16505550999"))
    found = _get(writer, *(attribute(f"+1650{5_550_000 + number}") for number in range(1000)))
    states = [each.opt_out_status.opt_out_state for each in found]
    assert (states.count(OUT), states[999]) == (1, OUT)


def test_a_department_is_found_by_its_kind_its_tenant_and_any_case(reader: Caller, bound_reader: Caller) -> None:
    assert _status(reader, department=HERE.upper()) == (IN, False)
    for department in (tenants.UNKNOWN_UUID, tenants.RIVAL_DEPARTMENT):
        found = refused(_get, reader, attribute(), department=department)
        assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "SENDER_NOT_FOUND")
        assert refused(_get, bound_reader, attribute(), department=department).reason == "SENDER_NOT_PERMITTED"
    assert refused(_get, reader, attribute(), department=tenants.CLIENT).violations == {
        "department_uuid": "INVALID_FORMAT"
    }


def test_a_read_writes_nothing(world: World, reader: Caller) -> None:
    before = world.contents()
    _get(reader, attribute(), customers=(tenants.CONTACT,))
    assert world.contents() == before
