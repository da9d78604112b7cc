"""CheckConsent: each row of the decision (DESIGN, section 2), written by what writes it and asked end to end."""

from __future__ import annotations

from typing import Any

import pytest

from server.domain.model import Purpose, Rule, Scope, Strength
from server.storage.protocol import Transaction
from tests.servicer import tenants
from tests.servicer.answers import (
    CUSTOMER,
    DEPLOYMENT,
    EXPRESS,
    STOP,
    WRITTEN,
    attribute,
    check,
    hear,
    relay,
    told,
    update,
    verdict,
)
from tests.servicer.statements import no, state, yes
from tests.servicer.world import Caller, World

HERE, WIDE, CLIENT = tenants.DEPARTMENT, tenants.WIDE_DEPARTMENT, tenants.CLIENT
PURPOSES = ("marketing", "informational", "transactional")
SECURITY, ALARM = "security-code", "alarm"


@pytest.fixture
def always(world: World) -> tuple[str, str]:
    """Two purposes that are always allowed: one that ignores a no, and one that does not."""
    tenant_id = world.tenant_id(tenants.ACME)

    def work(tx: Transaction) -> None:
        tx.put_purpose(Purpose(SECURITY, Rule.ALWAYS_ALLOWED, ignores_opt_out=True))
        tx.put_purpose(Purpose(ALARM, Rule.ALWAYS_ALLOWED))

    world.storage.write(tenant_id, work)
    return SECURITY, ALARM


def _verdicts(caller: Caller, sender: str, *purposes: str) -> list[str]:
    return [verdict(caller, sender, purpose) for purpose in purposes or PURPOSES]


def test_row_1_any_no_denies(world: World, writer: Caller, always: tuple[str, str]) -> None:
    relay(writer, CLIENT, WRITTEN)
    hear(writer, WIDE, "STOP_MESSAGE_RECEIVED")
    assert _verdicts(writer, CLIENT) == ["DENY OPTED_OUT"] * 3
    assert _verdicts(writer, CLIENT, SECURITY, ALARM) == ["ALLOW ALLOWED_BY_RULE", "DENY OPTED_OUT"]


def test_row_1_goes_before_row_2(writer: Caller) -> None:
    hear(writer, HERE, "STOP_SUSPECTED_MESSAGE_RECEIVED")
    relay_like = update(writer, HERE, "USER_REQUESTED_OPT_OUT", CUSTOMER, attribute())
    assert relay_like == []
    assert _verdicts(writer, HERE) == ["DENY OPTED_OUT"] * 3


def test_row_2_a_suspicion_denies_all_but_what_is_always_allowed(writer: Caller, always: tuple[str, str]) -> None:
    hear(writer, HERE, "OPTIN_TEXT_CONSENT_VIA_MESSAGE_RECEIVED")
    hear(writer, HERE, "STOP_SUSPECTED_MESSAGE_RECEIVED")
    assert _verdicts(writer, HERE) == ["DENY OPT_OUT_SUSPECTED"] * 3
    assert _verdicts(writer, HERE, *always) == ["ALLOW ALLOWED_BY_RULE"] * 2


def test_row_3_what_needs_no_yes_is_allowed_and_none_is_judged(writer: Caller) -> None:
    assert verdict(writer, HERE, "transactional") == "ALLOW ALLOWED_BY_RULE"
    hear(writer, HERE, "OPTIN_MESSAGE_RECEIVED")
    (decided,) = check(writer, HERE, "transactional").decisions
    assert not decided.HasField("deciding_consent")


def test_double_opt_in_needs_an_express_yes_for_all_but_what_is_always_allowed(
    writer: Caller, always: tuple[str, str]
) -> None:
    update(writer, HERE, "DOUBLE_OPTIN_ROLLOUT", DEPLOYMENT)
    assert _verdicts(writer, HERE, *always) == ["ALLOW ALLOWED_BY_RULE"] * 2
    assert _verdicts(writer, HERE) == ["DENY NO_CONSENT"] * 3
    update(writer, HERE, "COMMUNICATION_VALUE_CREATION", CUSTOMER, attribute(ok_to_communicate=True))
    assert _verdicts(writer, HERE) == ["DENY INSUFFICIENT_STRENGTH"] * 3
    hear(writer, HERE, "OPTIN_MESSAGE_RECEIVED")
    assert _verdicts(writer, HERE) == ["DENY INSUFFICIENT_STRENGTH", "ALLOW OPTED_IN", "ALLOW OPTED_IN"]


@pytest.mark.parametrize(
    ("consent_type", "expected"),
    [
        (WRITTEN, ["ALLOW OPTED_IN", "ALLOW OPTED_IN", "ALLOW ALLOWED_BY_RULE"]),
        (EXPRESS, ["DENY INSUFFICIENT_STRENGTH", "ALLOW OPTED_IN", "ALLOW ALLOWED_BY_RULE"]),
        (STOP, ["DENY OPTED_OUT"] * 3),
    ],
)
def test_row_4_a_yes_that_is_strong_enough_allows(writer: Caller, consent_type: int, expected: list[str]) -> None:
    relay(writer, CLIENT, consent_type)
    assert _verdicts(writer, CLIENT) == expected
    assert _verdicts(writer, tenants.OTHER_CLIENT)[:2] == ["DENY NO_CONSENT"] * 2


def test_row_4_a_strong_yes_at_any_scope_is_enough(world: World, writer: Caller) -> None:
    relay(writer, CLIENT, EXPRESS)
    state(world, yes(world, Scope(purpose="marketing")))
    (decided,) = check(writer, CLIENT, "marketing").decisions
    assert decided.reason == 4
    assert (decided.deciding_consent.sender, decided.deciding_consent.purpose) == ("*", "marketing")


def test_row_5_an_open_request_goes_before_expired_weak_and_nothing(world: World, writer: Caller) -> None:
    update(writer, HERE, "DOUBLE_OPTIN_ROLLOUT", DEPLOYMENT)
    state(world, yes(world, Scope(HERE), seconds=1))
    state(world, yes(world, Scope(), Strength.IMPLIED))
    assert verdict(writer, HERE) == "ALLOW OPTED_IN"
    world.clock.advance(2)
    assert verdict(writer, HERE) == "DENY EXPIRED"
    update(writer, HERE, "USER_REQUESTED_SEND_OPTIN_REQUEST", CUSTOMER, attribute())
    assert verdict(writer, HERE) == "DENY PENDING_CONFIRMATION"


def test_row_5_expired_goes_before_weak(world: World, writer: Caller) -> None:
    state(world, yes(world, Scope(), Strength.IMPLIED))
    assert verdict(writer, HERE) == "DENY INSUFFICIENT_STRENGTH"
    state(world, yes(world, Scope(HERE), seconds=0.5))
    world.clock.advance(0.5)
    assert verdict(writer, HERE) == "DENY EXPIRED"


def test_a_yes_ends_at_its_moment_and_not_before(world: World, writer: Caller) -> None:
    state(world, yes(world, Scope(HERE), seconds=0.002))
    assert verdict(writer, HERE) == "ALLOW OPTED_IN"
    assert verdict(writer, HERE) == "DENY EXPIRED"


def test_row_5_nothing(writer: Caller) -> None:
    (decided,) = check(writer, HERE, "marketing").decisions
    assert (decided.verdict, decided.reason) == (2, 8)
    assert not decided.HasField("deciding_consent")


@pytest.mark.parametrize("scope", [Scope(HERE, "marketing"), Scope(HERE), Scope(purpose="marketing"), Scope()])
def test_a_no_at_each_of_the_four_scopes_denies(world: World, writer: Caller, scope: Scope) -> None:
    state(world, no(world, scope))
    assert verdict(writer, HERE) == "DENY OPTED_OUT"
    elsewhere = verdict(writer, CLIENT, "transactional")
    assert elsewhere == ("DENY OPTED_OUT" if scope == Scope() else "ALLOW ALLOWED_BY_RULE")


def test_the_narrowest_record_decides_and_of_equals_the_newest(world: World, writer: Caller) -> None:
    for scope in (Scope(), Scope(HERE), Scope(purpose="marketing")):
        state(world, no(world, scope))
        world.clock.advance(1)
    (decided,) = check(writer, HERE, "marketing").decisions
    assert (decided.deciding_consent.sender, decided.deciding_consent.purpose) == ("*", "marketing")
    state(world, no(world, Scope(HERE, "marketing")))
    (decided,) = check(writer, HERE, "marketing").decisions
    assert (decided.deciding_consent.sender, decided.deciding_consent.purpose) == (HERE, "marketing")


def test_several_purposes_are_answered_in_their_order_at_one_revision(world: World, writer: Caller) -> None:
    relay(writer, CLIENT, EXPRESS)
    answer = check(writer, CLIENT, "transactional", "marketing", "informational", "marketing")
    assert [decided.purpose for decided in answer.decisions] == [
        *("transactional", "marketing", "informational", "marketing")
    ]
    assert [decided.verdict for decided in answer.decisions] == [1, 2, 1, 2]
    assert answer.revision == len(world.events(tenants.ACME))
    assert answer.check_time.ToMicroseconds() == world.clock.moment()
    last = answer.decisions[-1].deciding_consent
    assert (told(last).strength, last.revision) == ("EXPRESS", answer.revision)
    assert not last.HasField("recipient")


def test_a_check_writes_nothing(world: World, reader: Caller) -> None:
    before = world.contents()
    answer: Any = check(reader, HERE, *PURPOSES)
    assert len(answer.decisions) == 3
    assert world.contents() == before
