"""What becomes of a statement: applied, so already, protected, wider, superseded, forced, only tried (ledger.proto)."""

from __future__ import annotations

from typing import Any

import grpc
import orjson
import pytest

from tests.servicer import tenants
from tests.servicer.answers import PHONE, RCS, SMS, Told, hear, records, relay, told, verdict
from tests.servicer.refusals import refused
from tests.servicer.said import (
    BUSINESS,
    CARRIER,
    EXPRESS,
    IMPORT,
    PROTECTED,
    RECIPIENT,
    SUPERSEDED,
    WIDER,
    after,
    forcer,
    no,
    record,
    say,
    yes,
)
from tests.servicer.world import Caller, World

HERE, CLIENT = tenants.DEPARTMENT, tenants.CLIENT
STOPPED = Told("OPTED_OUT", lifted_by="RECIPIENT")


def _refused_as(result: Any) -> int:
    assert not result.applied
    assert not result.unchanged
    assert result.revision
    assert not result.lifted_count
    return int(result.not_applied_reason)


@pytest.mark.parametrize("actor", [BUSINESS, CARRIER, IMPORT])
def test_a_no_of_the_recipient_is_protected_from_all_others(world: World, writer: Caller, actor: int) -> None:
    record(writer, no())
    result = record(writer, yes(actor=actor))
    assert _refused_as(result) == PROTECTED
    assert told(result.consent) == STOPPED
    event = world.events(tenants.ACME)[-1].header
    assert (event.revision, event.kind, event.applied) == (result.revision, "OPT_IN", False)
    assert verdict(writer, HERE, "transactional") == "DENY OPTED_OUT"


@pytest.mark.parametrize("actor", [CARRIER, IMPORT])
def test_a_no_of_the_business_yields_to_no_carrier_and_no_import(writer: Caller, actor: int) -> None:
    record(writer, no(actor=BUSINESS))
    assert _refused_as(record(writer, yes(actor=actor))) == PROTECTED


@pytest.mark.parametrize(("of", "by"), [(BUSINESS, BUSINESS), (BUSINESS, RECIPIENT), (RECIPIENT, RECIPIENT)])
def test_a_no_yields_to_a_later_yes_of_who_may_lift_it(writer: Caller, of: int, by: int) -> None:
    record(writer, no(actor=of))
    result = record(writer, yes(actor=by))
    assert (result.applied, result.not_applied_reason, told(result.consent).state) == (True, 0, "OPTED_IN")


def test_a_narrower_yes_meets_a_wider_no(world: World, writer: Caller) -> None:
    record(writer, no("*", purpose="marketing"))
    result = record(writer, yes(actor=RECIPIENT, purpose="marketing"))
    assert _refused_as(result) == WIDER
    assert not result.HasField("consent")
    (item,) = writer.ListReviewItems().items
    assert (item.kind, item.revision, item.sender) == (2, result.revision, HERE)


def test_a_narrower_yes_of_the_business_asks_nobody(writer: Caller) -> None:
    record(writer, no("*"))
    assert _refused_as(record(writer, yes())) == WIDER
    assert not writer.ListReviewItems().items


def test_a_yes_older_than_the_no_is_superseded(world: World, writer: Caller) -> None:
    said = record(writer, no()).consent.effective_time
    for moment in (after(world, -60), said):
        assert _refused_as(record(writer, yes(actor=RECIPIENT, effective_time=moment))) == SUPERSEDED
    assert record(writer, yes(actor=RECIPIENT)).applied


@pytest.mark.parametrize("actor", [RECIPIENT, BUSINESS, CARRIER, IMPORT])
def test_a_late_no_yields_to_the_recipients_newer_yes_and_to_nobody_elses(
    world: World, writer: Caller, actor: int
) -> None:
    """DESIGN, section 3: "older than anybody else's yes, it applies"."""
    record(writer, yes(actor=actor))
    result = record(writer, no(effective_time=after(world, -60)))
    if actor == RECIPIENT:
        assert _refused_as(result) == SUPERSEDED
    else:
        assert (result.applied, told(result.consent)) == (True, STOPPED)


def test_the_same_again_is_no_event_but_a_later_no_is_one(world: World, writer: Caller) -> None:
    first = record(writer, no(effective_time=after(world, -10)))
    count = len(world.events(tenants.ACME))
    for seconds in (-10.01, -60):
        again = record(writer, no(effective_time=after(world, seconds)))
        assert (again.applied, again.unchanged, again.revision, again.consent) == (True, True, 0, first.consent)
    assert len(world.events(tenants.ACME)) == count
    later = record(writer, no())
    assert (later.applied, later.unchanged, later.revision) == (True, False, count + 1)


def test_who_may_lift_only_moves_to_the_recipient(writer: Caller) -> None:
    record(writer, no())
    assert told(record(writer, no(actor=BUSINESS)).consent).lifted_by == "RECIPIENT"
    assert _refused_as(record(writer, yes())) == PROTECTED


def test_a_wide_yes_of_the_recipient_lifts_each_no_within(world: World, writer: Caller) -> None:
    for sender in (HERE, CLIENT):
        record(writer, no(sender))
    record(writer, no(HERE, purpose="marketing"))
    record(writer, no(HERE, channel=RCS))
    before = len(world.events(tenants.ACME))
    result = record(writer, yes("*", actor=RECIPIENT))
    assert (result.applied, result.lifted_count) == (True, 4)
    headers = [event.header for event in world.events(tenants.ACME)[before:]]
    assert [header.kind for header in headers] == ["OPT_IN", *["LIFT"] * 4]
    assert result.revision == headers[0].revision
    assert verdict(writer, HERE, "marketing") == "ALLOW OPTED_IN"
    assert verdict(writer, HERE, "transactional", PHONE, RCS) == "ALLOW ALLOWED_BY_RULE"


def test_a_wide_yes_of_the_business_lifts_only_its_own_noes(writer: Caller) -> None:
    record(writer, no(HERE))
    record(writer, no(CLIENT, actor=BUSINESS))
    assert record(writer, yes("*")).lifted_count == 1
    assert verdict(writer, HERE) == "DENY OPTED_OUT"
    assert verdict(writer, CLIENT) == "ALLOW OPTED_IN"


def test_a_suspicion_that_ends_is_no_no_that_was_lost(writer: Caller) -> None:
    """ledger.proto: "How many records of narrower scopes, or of the sibling channel, lost their no." """
    hear(writer, HERE, "STOP_SUSPECTED_MESSAGE_RECEIVED")
    record(writer, no(CLIENT))
    assert record(writer, yes("*", actor=RECIPIENT)).lifted_count == 1
    assert verdict(writer, HERE) == "ALLOW OPTED_IN"


@pytest.mark.parametrize("actor", [BUSINESS, CARRIER, RECIPIENT])
def test_force_overrides_a_protected_no_and_says_why(world: World, actor: int) -> None:
    boss = forcer(world)
    record(boss, no())
    result = record(boss, yes(actor=actor), force=True, force_reason="ticket 7")
    assert (result.applied, told(result.consent).state) == (True, "OPTED_IN")
    assert orjson.loads(world.events(tenants.ACME)[-1].payload or b"")["evidence"]["force_reason"] == "ticket 7"
    assert verdict(boss, HERE) == "ALLOW OPTED_IN"


def test_force_reaches_narrower_noes_and_no_wider_one(world: World) -> None:
    """ledger.proto: "Override a no at this scope and narrower." """
    boss = forcer(world)
    record(boss, no(HERE, purpose="marketing"))
    terms = {"force": True, "force_reason": "ticket 7"}
    assert record(boss, yes(HERE), **terms).lifted_count == 1
    record(boss, no("*"))
    assert _refused_as(record(boss, yes(HERE), **terms)) == WIDER


def test_force_needs_the_right_and_the_reason(world: World, writer: Caller, admin: Caller) -> None:
    boss = forcer(world)
    before = world.contents()
    for caller in (writer, admin):
        found = refused(record, caller, yes(), force=True, force_reason="because")
        assert (found.code, found.reason) == (grpc.StatusCode.PERMISSION_DENIED, "FORCE_NOT_PERMITTED")
    for reason in ("", " \t"):
        assert refused(record, boss, yes(), force=True, force_reason=reason).violations == {"force_reason": "REQUIRED"}
    for actor in (no, yes):
        found = refused(record, boss, actor(actor=IMPORT), force=True, force_reason="because")
        assert found.violations == {"statement.actor": "NOT_ALLOWED"}
    found = refused(record, boss, yes(), force=True, force_reason="x" * 1001)
    assert found.violations == {"force_reason": "TOO_LONG"}
    assert world.contents() == before


@pytest.mark.parametrize("said", ["no", "yes", "wider", "lift", "again"])
def test_what_is_only_tried_changes_nothing(world: World, writer: Caller, said: str) -> None:
    record(writer, no(effective_time=after(world, -10)))
    record(writer, no(CLIENT))
    record(writer, no("*", purpose="informational"))
    before = world.contents()
    statement = {
        "no": no(address="+16505550000"),
        "yes": yes(),
        "wider": yes(purpose="informational", actor=RECIPIENT),
        "lift": yes("*", actor=RECIPIENT),
        "again": no(effective_time=after(world, -20)),
    }[said]
    tried = record(writer, statement, validate_only=True, request_id="try")
    assert world.contents() == before
    assert tried.revision == 0
    real = record(writer, statement, request_id="try")
    assert (tried.applied, tried.unchanged, tried.not_applied_reason, tried.lifted_count) == (
        *(real.applied, real.unchanged, real.not_applied_reason, real.lifted_count),
    )
    assert told(tried.consent) == told(real.consent)
    assert (real.revision == 0) == (said == "again")


def test_what_is_only_tried_is_held_to_the_same_rules(writer: Caller) -> None:
    assert refused(record, writer, no(tenants.UNKNOWN), validate_only=True).reason == "SENDER_NOT_FOUND"
    assert refused(record, writer, yes(strength=0), validate_only=True).violations == {"statement.strength": "REQUIRED"}


def test_one_request_id_is_one_statement(world: World, writer: Caller) -> None:
    first = writer.RecordConsent(statement=yes(), request_id="r")
    after_first = world.contents()
    world.clock.advance(3600)
    assert writer.RecordConsent(statement=yes(), request_id="r") == first
    for other in (yes(strength=EXPRESS), yes(address="6505551234"), no()):
        found = refused(record, writer, other, request_id="r")
        assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
    found = refused(record, writer, yes(), request_id="r", batch_id="b")
    assert found.violations == {"request_id": "NOT_ALLOWED"}
    assert world.contents() == after_first


def test_a_refused_statement_leaves_its_request_id_free(writer: Caller) -> None:
    assert refused(record, writer, no(tenants.UNKNOWN), request_id="r").reason == "SENDER_NOT_FOUND"
    assert record(writer, no(), request_id="r").applied


def test_a_bound_credential_records_at_its_own_senders_only(world: World, bound_writer: Caller) -> None:
    before = world.contents()
    for sender in (tenants.OTHER_CLIENT, tenants.UNKNOWN, tenants.RIVAL_CLIENT):
        found = refused(record, bound_writer, no(sender))
        assert (found.code, found.reason) == (grpc.StatusCode.PERMISSION_DENIED, "SENDER_NOT_PERMITTED")
    assert refused(record, bound_writer, no("*")).reason == "TENANT_WIDE_NOT_PERMITTED"
    assert refused(record, bound_writer, yes("*", purpose="marketing")).reason == "TENANT_WIDE_NOT_PERMITTED"
    assert world.contents() == before
    assert record(bound_writer, no(CLIENT)).applied


def test_a_reader_records_nothing_not_even_to_try(world: World, reader: Caller) -> None:
    before = world.contents()
    assert refused(record, reader, no(), validate_only=True).reason == "ROLE_INSUFFICIENT"
    assert world.contents() == before


def test_the_tenants_hear_nothing_of_each_other(world: World, writer: Caller, rival: Caller) -> None:
    before = world.contents(tenants.ACME)
    assert refused(record, rival, no(HERE)).reason == "SENDER_NOT_FOUND"
    assert record(rival, no("*")).applied
    assert world.contents(tenants.ACME) == before
    assert verdict(writer, HERE, "transactional") == "ALLOW ALLOWED_BY_RULE"
    assert records(writer) == {}


def test_it_is_the_same_table_as_the_documented_operations(writer: Caller) -> None:
    relay(writer, CLIENT, 3)
    assert record(writer, yes(CLIENT)).applied
    say(writer, "STOP", CLIENT)
    assert relay(writer, CLIENT, 1).not_applied_reason == PROTECTED
    assert _refused_as(record(writer, yes(CLIENT))) == PROTECTED
    assert records(writer, PHONE, SMS) == {CLIENT: STOPPED}
