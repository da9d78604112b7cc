"""BatchRecordConsents: many statements in one transaction, each with a result or a refusal of its own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.servicer import tenants
from tests.servicer.answers import PHONE, RCS, records, told, verdict
from tests.servicer.refusals import refused
from tests.servicer.said import IMPORT, PROTECTED, RECIPIENT, SYSTEM, WIDER, after, forcer, no, record, yes
from tests.servicer.world import Caller, World

HERE, CLIENT = tenants.DEPARTMENT, tenants.CLIENT
GOOD = [no(address="+16505550001"), yes(address="+16505550002")]


def _bad(world: World) -> list[tuple[dict[str, Any], str, str]]:
    """Statements that are refused, each with the reason and the field."""
    return [
        (no(tenants.UNKNOWN), "SENDER_NOT_FOUND", ""),
        (no(purpose="unknown"), "PURPOSE_NOT_FOUND", ""),
        (no(address="12"), "INVALID_FIELD", "recipient.address"),
        (no(actor=SYSTEM), "INVALID_FIELD", "actor"),
        (yes(strength=0), "INVALID_FIELD", "strength"),
        (no(strength=1), "INVALID_FIELD", "strength"),
        (yes(actor=RECIPIENT, evidence={}), "INVALID_FIELD", "evidence.method"),
        (yes(actor=RECIPIENT, evidence={"method": 1}), "INVALID_FIELD", "evidence"),
        (yes(evidence={"ip_address": "here"}), "INVALID_FIELD", "evidence.ip_address"),
        (yes(effective_time=after(world, 301)), "INVALID_FIELD", "effective_time"),
        (yes(expire_time=after(world, -1)), "INVALID_FIELD", "expire_time"),
    ]


def test_each_refused_statement_is_answered_by_itself_and_the_others_are_recorded(world: World, writer: Caller) -> None:
    bad = _bad(world)
    before = len(world.events(tenants.ACME))
    statements = [GOOD[0], *(statement for statement, _, _ in bad), GOOD[1]]
    results = writer.BatchRecordConsents(statements=statements).results
    assert [each.WhichOneof("outcome") for each in results] == ["result", *["refusal"] * len(bad), "result"]
    refusals = [each.refusal for each in results[1:-1]]
    assert [(each.reason, each.field) for each in refusals] == [(reason, field) for _, reason, field in bad]
    assert all(each.message and "statements[" not in each.message for each in refusals)
    assert len(world.events(tenants.ACME)) == before + 2
    assert [results[0].result.revision, results[-1].result.revision] == [before + 1, before + 2]


@pytest.mark.parametrize("index", range(11))
def test_an_atomic_batch_is_all_or_nothing(world: World, writer: Caller, index: int) -> None:
    statement, reason, field = _bad(world)[index]
    before = world.contents()
    found = refused(writer.BatchRecordConsents, statements=[*GOOD, statement], atomic=True)
    assert found.reason == reason
    assert f"statements[2].{field}" in found.violations if field else not found.violations
    assert world.contents() == before


def test_an_atomic_batch_records_what_does_not_prevail(writer: Caller) -> None:
    record(writer, no())
    batch = writer.BatchRecordConsents(statements=[yes(), no(CLIENT)], atomic=True)
    assert [each.result.applied for each in batch.results] == [False, True]
    assert batch.results[0].result.not_applied_reason == PROTECTED


def test_what_is_no_statement_at_all_refuses_the_whole_batch(world: World, writer: Caller) -> None:
    """DESIGN, section 6: the shape of every message is checked by one generic check, before any statement is read."""
    before = world.contents()
    missing = {key: value for key, value in no().items() if key != "sender"}
    for statement, violation in (
        (missing, {"statements[2].sender": "REQUIRED"}),
        (no(channel=9), {"statements[2].recipient.channel": "UNKNOWN_VALUE"}),
        (yes(source="s" * 65), {"statements[2].source": "TOO_LONG"}),
    ):
        assert refused(writer.BatchRecordConsents, statements=[*GOOD, statement]).violations == violation
    assert world.contents() == before


def test_a_batch_holds_one_to_a_thousand(writer: Caller) -> None:
    assert refused(writer.BatchRecordConsents).violations == {"statements": "REQUIRED"}
    many = [no(CLIENT, address=f"+1650{5_550_000 + number}") for number in range(1001)]
    assert refused(writer.BatchRecordConsents, statements=many).violations == {"statements": "TOO_MANY"}
    results = writer.BatchRecordConsents(statements=many[:1000]).results
    assert len(results) == 1000
    revisions = [each.result.revision for each in results]
    assert revisions == list(range(revisions[0], revisions[0] + 1000))
    assert verdict(writer, CLIENT, "transactional", "+16505550999") == "DENY OPTED_OUT"


def test_statements_apply_in_order(writer: Caller) -> None:
    """Of one moment, a no goes before a yes: a yes lifts only what is older than itself."""
    batch = [yes(), no(), yes(), yes(actor=RECIPIENT), no("*"), yes(CLIENT)]
    results = [each.result for each in writer.BatchRecordConsents(statements=batch).results]
    assert [each.not_applied_reason for each in results[:3]] == [0, 0, PROTECTED]
    assert results[-1].not_applied_reason == WIDER
    assert verdict(writer, HERE) == "DENY OPTED_OUT"


def test_the_same_twice_in_a_batch_is_one_event(world: World, writer: Caller) -> None:
    before = len(world.events(tenants.ACME))
    results = writer.BatchRecordConsents(statements=[no(), no(), no(channel=RCS)]).results
    assert [each.result.unchanged for each in results] == [False, True, False]
    assert len(world.events(tenants.ACME)) == before + 2


def test_each_event_names_the_batch_and_each_lift_too(world: World, writer: Caller) -> None:
    record(writer, no(CLIENT))
    before = len(world.events(tenants.ACME))
    statements = [no(), yes("*", actor=RECIPIENT, effective_time=after(world, 1))]
    writer.BatchRecordConsents(statements=statements, batch_id="june-import")
    headers = [event.header for event in world.events(tenants.ACME)[before:]]
    assert [header.kind for header in headers] == ["OPT_OUT", "OPT_IN", "LIFT", "LIFT"]
    assert {header.batch_id for header in headers} == {"june-import"}
    assert refused(writer.BatchRecordConsents, statements=GOOD, batch_id="b" * 129).violations == {
        "batch_id": "TOO_LONG"
    }


def test_an_import_is_refused_by_itself_where_the_batch_is_forced(world: World) -> None:
    boss = forcer(world)
    record(boss, no())
    statements = [yes(actor=IMPORT), yes()]
    terms = {"force": True, "force_reason": "ticket 7"}
    first, second = boss.BatchRecordConsents(statements=statements, **terms).results
    assert (first.refusal.reason, first.refusal.field) == ("INVALID_FIELD", "actor")
    assert second.result.applied
    assert verdict(boss, HERE) == "ALLOW OPTED_IN"


@pytest.mark.parametrize("atomic", [True, False])
def test_force_without_the_right_or_the_reason_refuses_all(world: World, writer: Caller, atomic: bool) -> None:
    boss = forcer(world)
    before = world.contents()
    forced = {"statements": GOOD, "atomic": atomic, "force": True}
    found = refused(writer.BatchRecordConsents, **forced, force_reason="why")
    assert found.reason == "FORCE_NOT_PERMITTED"
    assert refused(boss.BatchRecordConsents, **forced).violations == {"force_reason": "REQUIRED"}
    assert world.contents() == before


def test_what_is_only_tried_changes_nothing(world: World, writer: Caller) -> None:
    statements = [*GOOD, no(tenants.UNKNOWN), no(), yes()]
    before = world.contents()
    tried = writer.BatchRecordConsents(statements=statements, validate_only=True, request_id="r")
    assert world.contents() == before
    assert [each.result.revision for each in tried.results] == [0] * 5
    real = writer.BatchRecordConsents(statements=statements, request_id="r")
    assert [each.result.applied for each in tried.results] == [each.result.applied for each in real.results]
    assert tried.results[2] == real.results[2]
    assert tried.results[-1].result.not_applied_reason == real.results[-1].result.not_applied_reason == PROTECTED


def test_one_request_id_is_one_batch(world: World, writer: Caller) -> None:
    request: dict[str, Any] = {"statements": [*GOOD, no(tenants.UNKNOWN)], "request_id": "r"}
    first = writer.BatchRecordConsents(**request)
    before = world.contents()
    assert writer.BatchRecordConsents(**request) == first
    for other in ({"statements": GOOD}, {"atomic": True}, {"batch_id": "b"}):
        found = refused(writer.BatchRecordConsents, **{**request, **other})
        assert found.reason == "REQUEST_ID_REUSED"
    assert world.contents() == before


def test_a_bound_credential_is_refused_what_is_not_its_own(world: World, bound_writer: Caller) -> None:
    statements = [no(HERE), no(tenants.OTHER_CLIENT), no("*"), no(tenants.UNKNOWN)]
    results = bound_writer.BatchRecordConsents(statements=statements).results
    assert results[0].result.applied
    assert [each.refusal.reason for each in results[1:]] == [
        *("SENDER_NOT_PERMITTED", "TENANT_WIDE_NOT_PERMITTED", "SENDER_NOT_PERMITTED"),
    ]
    before = world.contents()
    assert refused(bound_writer.BatchRecordConsents, statements=statements, atomic=True).reason == (
        "SENDER_NOT_PERMITTED"
    )
    assert world.contents() == before


def test_the_refusals_of_a_batch_hold_no_address(writer: Caller) -> None:
    address = "no-number-4711"
    answer = writer.BatchRecordConsents(statements=[no(address=address), no()])
    assert address not in str(answer)
    assert PHONE not in str(answer)
    assert told(answer.results[1].result.consent).state == "OPTED_OUT"
    assert list(records(writer)) == [HERE]
