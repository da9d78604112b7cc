"""VerifyLedger: an honest ledger verifies; whatever is altered, deleted, swapped or cut off by SQL is named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from server.storage.tables import EventRow
from server.usecases import replays, verification
from tests.servicer import tenants
from tests.servicer.refusals import refused
from tests.servicer.test_ledger_events import ANN, BEA, say
from tests.servicer.world import Caller, World


@pytest.fixture
def told(admin: Caller) -> Caller:
    say(admin, ANN, 2)
    say(admin, ANN, 3, sender=tenants.CLIENT)
    say(admin, BEA, 3, sender="*", actor=2)
    say(admin, BEA, 2, sender=tenants.BRAND, actor=2)
    say(admin, ANN, 3)
    say(admin, {"channel": 5, "address": ANN["address"]}, 2, purpose="marketing")
    return admin


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "EVENTS_A_PAGE", 3)
    monkeypatch.setattr(replays, "RECIPIENTS_A_PAGE", 1)


def tamper(world: World, *statements: str) -> None:
    tenant = world.tenant_id(tenants.ACME)
    with closing(sqlite3.connect(world.path)) as database:
        for statement in statements:
            assert database.execute(statement.replace(":t", str(tenant))).rowcount > 0, statement
        database.commit()


def last(caller: Caller, **asked: Any) -> Any:
    messages = caller.VerifyLedger(**asked)
    assert not any(message.complete or message.HasField("failure") for message in messages[:-1])
    return messages[-1]


def test_an_honest_ledger_is_intact(world: World, told: Caller) -> None:
    head = len(world.events(tenants.ACME))
    found = last(told)
    assert found.complete
    assert not found.HasField("failure")
    assert (found.verified_count, found.verified_revision, found.head_revision) == (head, head, head)


@pytest.mark.usefixtures("small_pages")
def test_progress_is_told_page_by_page(world: World, told: Caller) -> None:
    head = len(world.events(tenants.ACME))
    counts = [message.verified_count for message in told.VerifyLedger()]
    assert counts[: head // 3] == list(range(3, head + 1, 3))
    assert counts == sorted(counts)
    assert counts[-1] == head


@pytest.mark.usefixtures("small_pages")
def test_a_range_is_verified_by_itself(world: World, told: Caller) -> None:
    head = len(world.events(tenants.ACME))
    found = last(told, first_revision=4, last_revision=head - 1)
    assert (found.complete, found.verified_count, found.verified_revision) == (True, head - 4, head - 1)
    tamper(world, "UPDATE consent_events SET source = 'x' WHERE tenant_id = :t AND revision = 2")
    assert last(told, first_revision=4).complete
    assert last(told, first_revision=2, last_revision=2).failure.revision == 2
    assert last(told, last_revision=1).complete


SOME = "tenant_id = :t AND revision = {0}"
COLUMNS = {
    "kind": "'OPT_IN'",
    "effective_time": "effective_time + 1",
    "record_time": "record_time + 1",
    "recipient_id": "recipient_id + 1",
    "sender_id": "'elsewhere'",
    "purpose_id": "'else'",
    "before": "before || ' '",
    "after": "replace(after, 'OPTED_OUT', 'OPTED_IN')",
    "applied": "NOT applied",
    "not_applied_reason": "2",
    "actor": "3",
    "credential_id": "'somebody'",
    "source": "'nowhere'",
    "batch_id": "'b'",
    "payload_digest": "randomblob(32)",
    "hash": "randomblob(32)",
}


def a_no(world: World) -> int:
    """The revision of a tenant-wide no, with events before and after it."""
    return next(
        e.header.revision
        for e in world.events(tenants.ACME)
        if e.header.kind == "OPT_OUT" and e.header.scope.sender == "*"
    )


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("column", COLUMNS)
def test_each_altered_column_is_named(world: World, told: Caller, column: str) -> None:
    revision = a_no(world)
    tamper(world, f"UPDATE consent_events SET {column} = {COLUMNS[column]} WHERE {SOME.format(revision)}")
    found = last(told)
    assert (found.complete, found.failure.revision, found.verified_revision) == (False, revision, revision - 1)
    assert ANN["address"] not in found.failure.description


def test_each_header_column_is_tried() -> None:
    assert set(COLUMNS) == {field.column_name for field in EventRow._meta.sorted_fields} - {"tenant_id", "revision"}


Harm = Callable[[int], tuple[str, ...]]
EVENT_HARMS: dict[str, Harm] = {
    "deleted event": lambda r: (f"DELETE FROM consent_events WHERE {SOME.format(r)}",),
    "swapped events": lambda r: (
        f"UPDATE consent_events SET revision = -1 WHERE {SOME.format(r)}",
        f"UPDATE consent_events SET revision = {r} WHERE {SOME.format(r + 1)}",
        f"UPDATE consent_events SET revision = {r + 1} WHERE {SOME.format(-1)}",
    ),
    "altered payload": lambda r: (
        f"UPDATE event_payloads SET payload = CAST(payload || ' ' AS BLOB) WHERE {SOME.format(r)}",
    ),
    "payload as text": lambda r: (f"UPDATE event_payloads SET payload = '{{}}' WHERE {SOME.format(r)}",),
    "hash as text": lambda r: (f"UPDATE consent_events SET hash = 'x' WHERE {SOME.format(r)}",),
    "no actor at all": lambda r: (f"UPDATE consent_events SET actor = 99 WHERE {SOME.format(r)}",),
    "altered salt": lambda r: (f"UPDATE event_payloads SET salt = randomblob(32) WHERE {SOME.format(r)}",),
    "deleted payload": lambda r: (f"DELETE FROM event_payloads WHERE {SOME.format(r)}",),
    "swapped payloads": lambda r: (
        f"UPDATE event_payloads SET revision = -1 WHERE {SOME.format(r)}",
        f"UPDATE event_payloads SET revision = {r} WHERE {SOME.format(r + 1)}",
        f"UPDATE event_payloads SET revision = {r + 1} WHERE {SOME.format(-1)}",
    ),
    "cut tail": lambda r: (f"DELETE FROM consent_events WHERE tenant_id = :t AND revision >= {r}",),
}


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("harm", EVENT_HARMS)
def test_a_harmed_event_is_named(world: World, told: Caller, harm: str) -> None:
    revision = a_no(world)
    tamper(world, *EVENT_HARMS[harm](revision))
    assert last(told).failure.revision == revision


def test_a_cut_tail_is_named_even_where_the_head_revision_was_set_back(world: World, told: Caller) -> None:
    head = len(world.events(tenants.ACME))
    tamper(
        world,
        f"DELETE FROM consent_events WHERE tenant_id = :t AND revision = {head}",
        "UPDATE tenants SET head_revision = head_revision - 1 WHERE id = :t",
    )
    assert last(told).failure.revision == head - 1


def test_an_event_beyond_the_head_is_named(world: World, told: Caller) -> None:
    head = len(world.events(tenants.ACME))
    tamper(
        world,
        f"INSERT INTO consent_events SELECT tenant_id, {head + 1}, kind, effective_time, record_time, recipient_id, "
        "sender_id, purpose_id, before, after, applied, not_applied_reason, actor, credential_id, source, batch_id, "
        f"payload_digest, hash FROM consent_events WHERE {SOME.format(head)}",
    )
    assert last(told).failure.revision == head + 1


RECORD_HARMS = {
    "state": "UPDATE consents SET state = 2, lifted_by = NULL, strength = 3 WHERE tenant_id = :t AND state = 3",
    "revision": "UPDATE consents SET revision = revision - 1 WHERE tenant_id = :t AND state = 3",
    "create_time": "UPDATE consents SET create_time = create_time + 1 WHERE tenant_id = :t AND state = 3",
    "update_time": "UPDATE consents SET update_time = update_time + 1 WHERE tenant_id = :t AND state = 3",
    "lifted_by": "UPDATE consents SET lifted_by = 3 - lifted_by WHERE tenant_id = :t AND state = 3",
    "deleted": "DELETE FROM consents WHERE tenant_id = :t AND state = 3",
    "made up": "INSERT INTO consents SELECT tenant_id, recipient_id, 'made-up', purpose_id, 2, 3, NULL, NULL, NULL, "
    "NULL, actor, effective_time, create_time, update_time, revision FROM consents WHERE tenant_id = :t LIMIT 1",
    "of nobody": "INSERT INTO consents SELECT tenant_id, 1, sender_id, purpose_id, state, strength, lifted_by, NULL, "
    "NULL, NULL, actor, effective_time, create_time, update_time, revision FROM consents WHERE tenant_id = :t LIMIT 1",
    "other address": "UPDATE recipients SET address = '+16505559999' WHERE tenant_id = :t AND channel = 1",
    "deleted recipient": "DELETE FROM recipients WHERE tenant_id = :t AND channel = 1",
}


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("harm", RECORD_HARMS)
def test_a_harmed_record_is_named(world: World, told: Caller, harm: str) -> None:
    tamper(world, RECORD_HARMS[harm])
    found = last(told)
    assert found.HasField("failure")
    assert not found.complete
    assert found.failure.revision == 0
    assert found.failure.description
    assert ANN["address"] not in found.failure.description
    assert last(told, last_revision=found.head_revision).complete


@pytest.mark.parametrize("harm", ["UPDATE senders SET double_opt_in = NOT double_opt_in", "DELETE FROM senders"])
def test_a_harmed_sender_is_named(world: World, told: Caller, harm: str) -> None:
    tamper(world, f"{harm} WHERE tenant_id = :t AND id = '{tenants.BRAND}'")
    assert tenants.BRAND in last(told).failure.description


@pytest.mark.parametrize("harm", ["UPDATE purposes SET rule = 2, minimum = NULL", "DELETE FROM purposes"])
def test_a_harmed_purpose_is_named(world: World, told: Caller, harm: str) -> None:
    tamper(world, f"{harm} WHERE tenant_id = :t AND id = 'marketing'")
    assert "marketing" in last(told).failure.description


def test_a_range_outside_the_ledger_is_refused(world: World, told: Caller) -> None:
    head = len(world.events(tenants.ACME))
    assert refused(told.VerifyLedger, last_revision=head + 1).violations == {"last_revision": "OUT_OF_RANGE"}
    assert refused(told.VerifyLedger, first_revision=head + 1).violations == {"first_revision": "OUT_OF_RANGE"}
    assert refused(told.VerifyLedger, first_revision=3, last_revision=2).violations == {"last_revision": "OUT_OF_RANGE"}
    assert refused(told.VerifyLedger, first_revision=-1).violations == {"first_revision": "OUT_OF_RANGE"}


def test_a_bound_caller_may_not(bound_admin: Caller) -> None:
    assert refused(bound_admin.VerifyLedger).reason == "TENANT_WIDE_NOT_PERMITTED"


def test_another_tenants_ledger_is_left_out(world: World, told: Caller, rival: Caller) -> None:
    tamper(world, "DELETE FROM consent_events WHERE tenant_id = :t")
    assert last(rival).complete
