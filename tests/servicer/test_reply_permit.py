"""Reply permits: what a STOP, START, HELP or opt-in request lets through, for five minutes (DESIGN, section 2)."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from tests.servicer import tenants
from tests.servicer.answers import CUSTOMER, PHONE, RCS, SMS, attribute, update
from tests.servicer.refusals import refused
from tests.servicer.said import RECIPIENT, after, no, record, say, yes
from tests.servicer.world import Caller, World

HERE, WIDE = tenants.DEPARTMENT, tenants.WIDE_DEPARTMENT
DENY_OPTED_OUT, ALLOW_BY_PERMIT, DENY_SUSPECTED = (2, 1), (1, 9), (2, 2)


def _ask(caller: Caller, permit: str, sender: str = HERE, **fields: Any) -> Any:
    recipient = {"channel": fields.pop("channel", SMS), "address": fields.pop("address", PHONE)}
    purposes = fields.pop("purposes", ["informational"])
    return caller.CheckConsent(sender=sender, recipient=recipient, purposes=purposes, reply_permit=permit, **fields)


def _decided(caller: Caller, permit: str, sender: str = HERE, **fields: Any) -> tuple[int, int]:
    (decision,) = _ask(caller, permit, sender, **fields).decisions
    return decision.verdict, decision.reason


@pytest.mark.parametrize("sender", [HERE, WIDE, tenants.BRAND])
def test_a_stop_may_be_confirmed_once_it_is_heard(writer: Caller, reader: Caller, sender: str) -> None:
    reply = say(writer, "STOP", sender).reply
    (decision,) = _ask(reader, reply.permit, sender).decisions
    assert (decision.verdict, decision.reason) == ALLOW_BY_PERMIT
    assert decision.valid_until == reply.permit_expire_time
    assert not decision.HasField("deciding_consent")
    assert _decided(reader, "", sender) == DENY_OPTED_OUT


@pytest.mark.parametrize("body", ["START", "HELP"])
def test_a_start_and_a_help_may_be_answered(writer: Caller, body: str) -> None:
    permit = say(writer, body).reply.permit
    for purpose in ("marketing", "informational", "transactional"):
        assert _decided(writer, permit, purposes=[purpose]) == ALLOW_BY_PERMIT


def test_help_may_be_answered_to_who_said_no_before(writer: Caller) -> None:
    record(writer, no())
    record(writer, no("*", channel=RCS))
    assert _decided(writer, say(writer, "HELP").reply.permit) == ALLOW_BY_PERMIT


def test_every_purpose_asked_is_allowed_and_an_unknown_one_is_an_error(writer: Caller) -> None:
    permit = say(writer, "STOP").reply.permit
    decisions = _ask(writer, permit, purposes=["marketing", "transactional"]).decisions
    assert [decision.reason for decision in decisions] == [9, 9]
    assert refused(_ask, writer, permit, purposes=["unknown"]).reason == "PURPOSE_NOT_FOUND"


@pytest.mark.parametrize("newer", ["STOP", "again", "wide", "sibling", "event"])
def test_a_newer_no_stands_against_a_permit(writer: Caller, newer: str) -> None:
    permit = say(writer, "STOP" if newer == "again" else "HELP").reply.permit
    match newer:
        case "STOP" | "again":
            say(writer, "STOP")
        case "wide":
            record(writer, no("*", purpose="informational"))
        case "sibling":
            say(writer, "STOP", channel=RCS)
        case "event":
            record(writer, no(actor=2))
    assert _decided(writer, permit) == DENY_OPTED_OUT


def test_a_newer_suspicion_stands_against_a_permit(writer: Caller) -> None:
    permit = say(writer, "START").reply.permit
    say(writer, "please stop texting me")
    assert _decided(writer, permit) == DENY_SUSPECTED


def test_a_newer_no_of_another_purpose_or_sender_does_not(writer: Caller) -> None:
    permit = say(writer, "HELP").reply.permit
    record(writer, no(purpose="marketing"))
    record(writer, no(tenants.CLIENT))
    assert _decided(writer, permit) == ALLOW_BY_PERMIT
    assert _decided(writer, permit, purposes=["marketing"]) == DENY_OPTED_OUT


def test_a_newer_no_that_was_lifted_does_not(writer: Caller) -> None:
    permit = say(writer, "HELP").reply.permit
    record(writer, no())
    record(writer, yes(actor=RECIPIENT))
    assert _decided(writer, permit) == ALLOW_BY_PERMIT


def test_a_permit_ends_after_exactly_five_minutes(world: World, writer: Caller) -> None:
    reply = say(writer, "STOP").reply
    issued = world.clock.moment()
    assert reply.permit_expire_time.ToMicroseconds() == issued + 300_000_000
    world.clock.advance(299.998)
    assert _decided(writer, reply.permit) == ALLOW_BY_PERMIT
    found = refused(_ask, writer, reply.permit)
    assert world.clock.moment() == issued + 300_000_000
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REPLY_PERMIT")
    assert found.violations == {"reply_permit": "NOT_ALLOWED"}


def test_a_late_message_is_answered_from_now(world: World, writer: Caller) -> None:
    reply = say(writer, "STOP", receive_time=after(world, -3600)).reply
    assert _decided(writer, reply.permit) == ALLOW_BY_PERMIT


def test_a_permit_is_for_one_sender_and_one_recipient(writer: Caller) -> None:
    permit = say(writer, "STOP", WIDE).reply.permit
    say(writer, "HELP", **{"from": "+16505559876"})
    assert _decided(writer, permit, WIDE.upper(), address="(650) 555-1234") == ALLOW_BY_PERMIT
    for fields in (
        {"sender": HERE},
        {"address": "+16505559876"},
        {"address": "+16505550000"},
        {"channel": RCS},
    ):
        assert refused(_ask, writer, permit, **{"sender": WIDE, **fields}).reason == "INVALID_REPLY_PERMIT"


def test_a_permit_is_for_one_tenant(writer: Caller, rival: Caller) -> None:
    """The rival's sender has the same id, and the rival knows the same number."""
    shared = {"id": "shared", "kind": 4}
    for caller, key in ((rival, tenants.RIVAL_ADMIN), (writer, tenants.ADMIN)):
        Caller(caller.line, (("x-api-key", key),)).CreateSender(sender=shared)
    permit = say(writer, "HELP", "shared").reply.permit
    say(rival, "STOP", "shared")
    assert _decided(writer, permit, "shared") == ALLOW_BY_PERMIT
    assert refused(_ask, rival, permit, "shared").reason == "INVALID_REPLY_PERMIT"


@pytest.mark.parametrize("spoil", ["first", "middle", "last", "cut", "more", "garbage", "page", "words"])
def test_a_forged_permit_is_refused(writer: Caller, admin: Caller, spoil: str) -> None:
    permit = say(writer, "STOP").reply.permit
    middle = len(permit) // 2
    forged = {
        "first": ("B" if permit[0] == "A" else "A") + permit[1:],
        "middle": permit[:middle] + ("B" if permit[middle] == "A" else "A") + permit[middle + 1 :],
        "last": permit[:-2] + ("BB" if permit[-2:] == "AA" else "AA"),
        "cut": permit[:-4],
        "more": permit + "AAAA",
        "garbage": "é \u200f",
        "page": admin.ListSenders(page_size=1).next_page_token,
        "words": "true",
    }[spoil]
    assert refused(_ask, writer, forged).reason == "INVALID_REPLY_PERMIT"
    assert refused(_ask, writer, "x" * 2049).violations == {"reply_permit": "TOO_LONG"}


@pytest.mark.parametrize("fields", [{"as_of_revision": 1}, {"as_of_time": {"seconds": 1_750_000_000}}], ids=str)
def test_a_permit_is_for_now_and_not_for_as_of(writer: Caller, fields: dict[str, Any]) -> None:
    """decision.proto: "Not together with as-of." """
    permit = say(writer, "STOP").reply.permit
    assert refused(_ask, writer, permit, **fields).violations == {"reply_permit": "NOT_ALLOWED"}


@pytest.mark.parametrize("message", ["🛑" * 128, '"' * 128, "\x01" * 128, "m"])
def test_each_message_has_a_permit_that_is_accepted(writer: Caller, message: str) -> None:
    assert _decided(writer, say(writer, "STOP", message=message).reply.permit) == ALLOW_BY_PERMIT


def test_a_permit_holds_nothing_personal(writer: Caller) -> None:
    first = say(writer, "STOP").reply.permit
    again = say(writer, "STOP", **{"from": "+16505559876"}).reply.permit
    assert first != again
    assert len(first) < 200


def test_an_opt_in_request_may_be_sent_once_it_is_opened(world: World, writer: Caller) -> None:
    update(writer, HERE, "DOUBLE_OPTIN_ROLLOUT", 3)
    request: dict[str, Any] = {
        "department_uuid": HERE,
        "customer_uuid": "c",
        "event": 6,
        "update_type": 2,
        "communication_attributes_list": [attribute(), attribute("6505559876")],
    }
    record(writer, no(address="6505559876"))
    opened = writer.UpdateOptOutStatus(**request)
    permit, none = opened.reply_permits
    assert none == ""
    assert _decided(writer, permit) == ALLOW_BY_PERMIT
    assert refused(_ask, writer, permit, tenants.CLIENT).reason == "INVALID_REPLY_PERMIT"
    assert list(writer.UpdateOptOutStatus(**request).reply_permits) == ["", ""]
    assert update(writer, HERE, "USER_REQUESTED_OPT_OUT", CUSTOMER, attribute()) == []
    assert _decided(writer, permit) == DENY_OPTED_OUT
