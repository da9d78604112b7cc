"""As of a revision or a moment: what is answered now is answered for ever, whatever is said and set later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from consent.v1.decision_pb2 import CheckConsentResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.servicer import tenants
from tests.servicer.conftest import MakeWorld
from tests.servicer.refusals import refused
from tests.servicer.test_ledger_events import ANN, say
from tests.servicer.world import Caller, World

NEVER = {"seconds": 0}
SMS, RCS, VOICE = ({"channel": channel, "address": "+16505551234"} for channel in (1, 5, 2))
SENDERS = (tenants.BRAND, tenants.CLIENT)
PURPOSES = ["marketing", "informational", "transactional"]


def ask(caller: Caller, recipient: dict[str, Any] = ANN, sender: str = tenants.BRAND, **more: Any) -> Any:
    return caller.CheckConsent(sender=sender, recipient=recipient, purposes=PURPOSES, **more)


@dataclass(frozen=True)
class Asked:
    """A question, and what was answered when it was asked of the present."""

    question: dict[str, Any]
    answer: CheckConsentResponse


def questions() -> list[dict[str, Any]]:
    return [{"recipient": to, "sender": sender} for to in (SMS, RCS, VOICE) for sender in SENDERS]


STEPS = st.one_of(
    st.fixed_dictionaries(
        {
            "say": st.sampled_from([2, 2, 3]),
            "recipient": st.sampled_from([SMS, RCS]),
            "sender": st.sampled_from([*SENDERS, "*"]),
            "purpose": st.sampled_from(["marketing", "informational", "*"]),
            "actor": st.sampled_from([1, 2, 4]),
            "strength": st.integers(1, 3),
            "back": st.integers(0, 3),
            "lasts": st.sampled_from([None, 2, 30]),
        }
    ),
    st.fixed_dictionaries({"double_opt_in": st.booleans(), "sender": st.sampled_from(SENDERS)}),
    st.fixed_dictionaries(
        {"purpose": st.sampled_from(["marketing", "informational"]), "rule": st.sampled_from([1, 2])}
    ),
    st.fixed_dictionaries({"wait": st.sampled_from([1, 3, 60])}),
)


def take(world: World, admin: Caller, step: dict[str, Any]) -> None:
    if "wait" in step:
        world.clock.advance(step["wait"])
    elif "say" in step:
        now = world.clock.moment()
        then = now - step["back"] * 1_000_000
        told: dict[str, Any] = {"effective_time": _timestamp(then), "purpose": step["purpose"], "actor": step["actor"]}
        if step["say"] == 2:
            told["strength"] = step["strength"]
            if step["lasts"] is not None:
                told["expire_time"] = _timestamp(now + step["lasts"] * 1_000_000)
        say(admin, step["recipient"], step["say"], sender=step["sender"], **told)
    elif "rule" in step:
        purpose = {"id": step["purpose"], "rule": step["rule"]}
        admin.UpdatePurpose(purpose={**purpose, "minimum_strength": 2} if step["rule"] == 1 else purpose)
    else:
        sender = {"id": step["sender"], "double_opt_in": step["double_opt_in"]}
        admin.UpdateSender(sender=sender, update_mask={"paths": ["double_opt_in"]})


def _timestamp(moment: int) -> dict[str, int]:
    return {"seconds": moment // 1_000_000, "nanos": moment % 1_000_000 * 1000}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, min_size=3, max_size=14))
def test_every_verdict_is_answered_again_for_ever(make_world: MakeWorld, steps: list[dict[str, Any]]) -> None:
    world = make_world(lambda storage: storage)
    admin = world.holder(tenants.ADMIN)
    asked: list[Asked] = []
    records: dict[int, Any] = {}
    for step in steps:
        take(world, admin, step)
        asked += [Asked(question, ask(admin, **question)) for question in questions()]
        listed = admin.ListConsents(recipient=SMS)
        records[listed.revision] = listed
    world.clock.advance(3600)
    for one in asked:
        revision, moment = one.answer.revision, one.answer.check_time
        assert ask(admin, **one.question, as_of_revision=revision, as_of_time=moment) == one.answer
        assert ask(admin, **one.question, as_of_time=moment) == one.answer
    for revision, listed in records.items():
        assert admin.ListConsents(recipient=SMS, as_of_revision=revision) == listed


def test_a_revision_alone_judges_expiry_when_it_was_recorded(world: World, admin: Caller) -> None:
    expire_time = _timestamp(world.clock.moment() + 10_000_000)
    revision = say(admin, ANN, 2, sender=tenants.BRAND, expire_time=expire_time).revision
    world.clock.advance(60)
    assert ask(admin).decisions[0].reason == 6  # EXPIRED
    then = ask(admin, as_of_revision=revision)
    assert (then.decisions[0].reason, then.revision) == (4, revision)  # OPTED_IN
    (event,) = admin.ListConsentEvents(recipient=ANN).events
    assert then.check_time == event.record_time


def test_a_moment_is_judged_by_the_last_event_until_then(world: World, admin: Caller) -> None:
    before = ask(admin).check_time
    revision = say(admin, ANN, 3).revision
    (event,) = admin.ListConsentEvents(recipient=ANN).events
    at = ask(admin, sender=tenants.DEPARTMENT, as_of_time=event.record_time)
    assert (at.revision, at.decisions[2].reason) == (revision, 1)  # OPTED_OUT
    assert ask(admin, sender=tenants.DEPARTMENT, as_of_time=before).revision == revision - 1


def test_what_did_not_exist_then_is_not_found(world: World, admin: Caller) -> None:
    created = admin.CreateSender(sender={"id": "late", "kind": 4}).sender
    admin.CreatePurpose(purpose={"id": "late", "rule": 2})
    head = len(world.events(tenants.ACME))
    question: dict[str, Any] = {"recipient": ANN, "sender": "late", "purposes": ["late"]}
    assert admin.CheckConsent(**question, as_of_revision=head).revision == head
    assert refused(admin.CheckConsent, **question, as_of_revision=head - 1).reason == "PURPOSE_NOT_FOUND"
    assert refused(admin.CheckConsent, **question, as_of_revision=head - 2).reason == "SENDER_NOT_FOUND"
    assert created.create_time.seconds
    assert refused(admin.CheckConsent, **question, as_of_time=NEVER).reason == "SENDER_NOT_FOUND"


def test_the_future_is_refused(world: World, admin: Caller) -> None:
    head = len(world.events(tenants.ACME))
    question: dict[str, Any] = {"recipient": ANN, "sender": tenants.BRAND, "purposes": ["marketing"]}
    for field, value in (
        ("as_of_revision", head + 1),
        ("as_of_revision", -1),
        ("as_of_time", _timestamp(world.clock.moment() + 60_000_000)),
    ):
        assert refused(admin.CheckConsent, **question, **{field: value}).violations == {field: "OUT_OF_RANGE"}
    for revision in (head + 1, -1):
        found = refused(admin.ListConsents, recipient=ANN, as_of_revision=revision)
        assert found.violations == {"as_of_revision": "OUT_OF_RANGE"}


def test_a_list_of_the_past_needs_a_recipient(admin: Caller) -> None:
    assert refused(admin.ListConsents, as_of_revision=1).violations == {"recipient": "REQUIRED"}


def test_a_list_of_the_past_has_pages_and_keeps_to_the_callers_senders(
    world: World, admin: Caller, bound_reader: Caller
) -> None:
    for sender in (tenants.DEPARTMENT, tenants.CLIENT, tenants.BRAND, "*"):
        say(admin, ANN, 3, sender=sender)
    then = len(world.events(tenants.ACME))
    for sender in (tenants.DEPARTMENT, tenants.OTHER_CLIENT):
        say(admin, ANN, 3, sender=sender, lifted_by=2)
    first = admin.ListConsents(recipient=ANN, as_of_revision=then, page_size=3)
    assert refused(admin.ListConsents, recipient=ANN, page_token=first.next_page_token).reason == "INVALID_PAGE_TOKEN"
    rest = admin.ListConsents(recipient=ANN, as_of_revision=then, page_size=3, page_token=first.next_page_token)
    found = [consent.sender for consent in (*first.consents, *rest.consents)]
    assert found == sorted({tenants.DEPARTMENT, tenants.CLIENT, tenants.BRAND, "*"})
    bound = bound_reader.ListConsents(recipient=ANN, as_of_revision=then)
    assert {consent.sender for consent in bound.consents} == {tenants.DEPARTMENT, tenants.CLIENT, "*"}
