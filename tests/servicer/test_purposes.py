"""Purposes: made, changed, listed, and judged by (DESIGN, sections 1 and 2)."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from tests.servicer import tenants
from tests.servicer.answers import DEPLOYMENT, check, update, verdict
from tests.servicer.refusals import refused
from tests.servicer.said import EXPRESS, IMPLIED, WRITTEN, after, no, record, say, yes
from tests.servicer.world import Caller, World

HERE = tenants.DEPARTMENT
OPT_IN, OPT_OUT, ALWAYS = range(1, 4)
SHIPPED = [("informational", OPT_IN, EXPRESS), ("marketing", OPT_IN, WRITTEN), ("transactional", OPT_OUT, 0)]


def _make(caller: Caller, rule: int, minimum: int = 0, ignores: bool = False, name: str = "own") -> Any:
    purpose = {"id": name, "rule": rule, "minimum_strength": minimum, "ignores_opt_out": ignores}
    return caller.CreatePurpose(purpose=purpose).purpose


def test_three_purposes_are_shipped(admin: Caller, rival: Caller) -> None:
    for caller in (admin, rival):
        found = caller.ListPurposes().purposes
        assert [(each.id, each.rule, each.minimum_strength) for each in found] == SHIPPED


@pytest.mark.parametrize(("rule", "minimum", "ignores"), [(1, 1, False), (1, 3, False), (2, 0, False), (3, 0, True)])
def test_a_purpose_is_found_as_it_was_made(
    world: World, admin: Caller, rival: Caller, rule: int, minimum: int, ignores: bool
) -> None:
    made = _make(admin, rule, minimum, ignores)
    assert (made.id, made.rule, made.minimum_strength, made.ignores_opt_out) == ("own", rule, minimum, ignores)
    assert admin.GetPurpose(id="own").purpose == made
    header = world.events(tenants.ACME)[-1].header
    assert (header.kind, header.scope.sender, header.scope.purpose) == ("SETTING", "*", "own")
    found = refused(rival.GetPurpose, id="own")
    assert (found.code, found.reason, found.metadata) == (
        *(grpc.StatusCode.NOT_FOUND, "PURPOSE_NOT_FOUND", {"purpose": "own"}),
    )
    assert refused(_make, admin, rule, minimum, ignores).reason == "PURPOSE_ALREADY_EXISTS"
    assert _make(rival, OPT_OUT).rule == OPT_OUT


@pytest.mark.parametrize("name", ["a", "0", "a-b_c", "x" * 64])
def test_ids_that_are_fine(admin: Caller, name: str) -> None:
    assert _make(admin, OPT_OUT, name=name).id == name


@pytest.mark.parametrize("name", ["*", "A", "a b", "é", "a\n", "a.b", "-a", "x" * 65])
def test_ids_that_are_none(world: World, admin: Caller, name: str) -> None:
    before = world.contents()
    fault = "TOO_LONG" if len(name) > 64 else "INVALID_FORMAT"
    assert refused(_make, admin, OPT_OUT, name=name).violations == {"purpose.id": fault}
    assert world.contents() == before


@pytest.mark.parametrize(
    ("fields", "violations"),
    [
        ({"rule": 0}, {"purpose.rule": "REQUIRED"}),
        ({"rule": 4}, {"purpose.rule": "UNKNOWN_VALUE"}),
        ({"rule": OPT_IN}, {"purpose.minimum_strength": "REQUIRED"}),
        ({"rule": OPT_IN, "minimum_strength": 4}, {"purpose.minimum_strength": "UNKNOWN_VALUE"}),
        ({"rule": OPT_OUT, "minimum_strength": 1}, {"purpose.minimum_strength": "NOT_ALLOWED"}),
        ({"rule": ALWAYS, "minimum_strength": 1}, {"purpose.minimum_strength": "NOT_ALLOWED"}),
        ({"rule": OPT_OUT, "ignores_opt_out": True}, {"purpose.ignores_opt_out": "NOT_ALLOWED"}),
        (
            {"rule": OPT_IN, "ignores_opt_out": True},
            {"purpose.minimum_strength": "REQUIRED", "purpose.ignores_opt_out": "NOT_ALLOWED"},
        ),
    ],
    ids=str,
)
def test_what_no_purpose_can_be(
    world: World, admin: Caller, fields: dict[str, Any], violations: dict[str, str]
) -> None:
    before = world.contents()
    assert refused(admin.CreatePurpose, purpose={"id": "own", **fields}).violations == violations
    assert refused(admin.UpdatePurpose, purpose={"id": "marketing", **fields}).violations == violations
    assert world.contents() == before


@pytest.mark.parametrize("minimum", [IMPLIED, EXPRESS, WRITTEN])
@pytest.mark.parametrize("strength", [IMPLIED, EXPRESS, WRITTEN])
def test_a_yes_must_reach_the_minimum(admin: Caller, minimum: int, strength: int) -> None:
    _make(admin, OPT_IN, minimum)
    assert verdict(admin, HERE, "own") == "DENY NO_CONSENT"
    record(admin, yes(purpose="own", strength=strength))
    enough = strength >= minimum
    assert verdict(admin, HERE, "own") == ("ALLOW OPTED_IN" if enough else "DENY INSUFFICIENT_STRENGTH")
    assert verdict(admin, HERE, "marketing") == "DENY NO_CONSENT"


@pytest.mark.parametrize("ignores", [True, False])
def test_what_is_always_allowed_minds_a_no_or_not_and_nothing_else(admin: Caller, ignores: bool) -> None:
    _make(admin, ALWAYS, ignores=ignores)
    update(admin, HERE, "DOUBLE_OPTIN_ROLLOUT", DEPLOYMENT)
    say(admin, "please stop texting me")
    assert verdict(admin, HERE, "own") == "ALLOW ALLOWED_BY_RULE"
    say(admin, "STOP")
    assert verdict(admin, HERE, "own") == ("ALLOW ALLOWED_BY_RULE" if ignores else "DENY OPTED_OUT")


def test_a_changed_rule_judges_at_once(admin: Caller) -> None:
    assert verdict(admin, HERE, "marketing") == "DENY NO_CONSENT"
    admin.UpdatePurpose(purpose={"id": "marketing", "rule": OPT_OUT})
    assert verdict(admin, HERE, "marketing") == "ALLOW ALLOWED_BY_RULE"
    admin.UpdatePurpose(purpose={"id": "marketing", "rule": OPT_IN, "minimum_strength": IMPLIED})
    record(admin, yes(strength=IMPLIED))
    assert verdict(admin, HERE, "marketing") == "ALLOW OPTED_IN"


def test_the_same_again_writes_nothing_and_one_that_is_not_there_cannot_change(world: World, admin: Caller) -> None:
    before = world.contents()
    admin.UpdatePurpose(purpose={"id": "marketing", "rule": OPT_IN, "minimum_strength": WRITTEN})
    assert refused(admin.UpdatePurpose, purpose={"id": "own", "rule": OPT_OUT}).reason == "PURPOSE_NOT_FOUND"
    assert world.contents() == before


def test_pages_hold_all_in_order(admin: Caller, rival: Caller) -> None:
    for name in ("z", "a", "n"):
        _make(admin, OPT_OUT, name=name)
    found, token = [], ""
    while True:
        page = admin.ListPurposes(page_size=2, page_token=token)
        found += [each.id for each in page.purposes]
        token = page.next_page_token
        if not token:
            break
        assert refused(rival.ListPurposes, page_token=token).reason == "INVALID_PAGE_TOKEN"
    assert found == ["a", "informational", "marketing", "n", "transactional", "z"]
    assert refused(admin.ListPurposes, page_size=-1).violations == {"page_size": "OUT_OF_RANGE"}
    assert refused(admin.ListSenders, page_token=admin.ListPurposes(page_size=1).next_page_token).reason == (
        "INVALID_PAGE_TOKEN"
    )


def test_only_an_unbound_admin_writes_purposes(world: World, writer: Caller, bound_admin: Caller) -> None:
    before = world.contents()
    assert refused(_make, writer, OPT_OUT).reason == "ROLE_INSUFFICIENT"
    assert refused(_make, bound_admin, OPT_OUT).reason == "TENANT_WIDE_NOT_PERMITTED"
    change = {"id": "marketing", "rule": OPT_OUT}
    assert refused(bound_admin.UpdatePurpose, purpose=change).reason == "TENANT_WIDE_NOT_PERMITTED"
    assert bound_admin.GetPurpose(id="marketing").purpose.rule == OPT_IN
    assert world.contents() == before


def test_one_request_id_makes_one_purpose(admin: Caller) -> None:
    request = {"purpose": {"id": "own", "rule": OPT_OUT}, "request_id": "r"}
    assert admin.CreatePurpose(**request) == admin.CreatePurpose(**request)
    other = {**request, "purpose": {"id": "own", "rule": ALWAYS}}
    assert refused(admin.CreatePurpose, **other).reason == "REQUEST_ID_REUSED"


@pytest.mark.parametrize("seconds", [(60, 120), (120, 60)])
def test_of_two_yeses_the_longer_bounds_the_answer(world: World, writer: Caller, seconds: tuple[int, int]) -> None:
    ends = [after(world, each) for each in seconds]
    record(writer, yes(expire_time=ends[0]))
    record(writer, yes("*", purpose="marketing", expire_time=ends[1]))
    first, second = check(writer, HERE, "marketing", "informational").decisions
    assert first.valid_until == max(ends, key=lambda end: end.ToMicroseconds())
    assert second.valid_until == ends[0]


def test_a_yes_without_an_end_bounds_nothing_and_a_weak_one_does_not_count(world: World, writer: Caller) -> None:
    ends = after(world, 60)
    record(writer, yes(expire_time=ends))
    record(writer, yes("*", strength=IMPLIED))
    (decision,) = check(writer, HERE, "marketing").decisions
    assert decision.valid_until == ends
    record(writer, yes("*"))
    decisions = check(writer, HERE, "marketing", "transactional").decisions
    assert not any(decision.HasField("valid_until") for decision in decisions)
    record(writer, no())
    assert not any(each.HasField("valid_until") for each in check(writer, HERE, "marketing").decisions)


def test_a_check_asks_for_one_to_twenty_purposes(reader: Caller) -> None:
    assert len(check(reader, HERE, *["marketing"] * 20).decisions) == 20
    assert refused(check, reader, HERE, *["marketing"] * 21).violations == {"purposes": "TOO_MANY"}
    assert refused(check, reader, HERE, "marketing", "").violations == {"purposes[1]": "REQUIRED"}
