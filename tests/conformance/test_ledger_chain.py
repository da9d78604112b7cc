"""The ledger: gap-free revisions in commit order, chained by hash, in a time that never runs backwards."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.domain.ledger import SALT_LENGTH
from server.domain.model import Actor, NotAppliedReason, Scope, Tenant
from server.storage.protocol import SETTING, Entry, Storage, Transaction
from tests.conformance.engines import NOON, Clock, Engine
from tests.conformance.things import ANN, assert_whole_chain, entry, events_of, no, opt_out, refused


def test_an_event_comes_back_as_it_was_appended(storage: Storage, tenant: Tenant) -> None:
    def work(tx: Transaction) -> tuple[int, int, int]:
        recipient_id = tx.ensure_recipient(ANN)
        assert tx.append(entry(recipient_id)) == 1
        assert tx.append(refused(recipient_id)) == 2
        setting = Entry(SETTING, Scope("dépt", "é*"), "{}", '{"a":1}', Actor.SYSTEM, "", b"", 0)
        assert tx.append(setting) == 3
        return recipient_id, tx.now, tx.tenant.id

    recipient_id, now, tenant_id = storage.write(tenant.id, work)
    first, second, third = assert_whole_chain(storage, tenant.id)
    header = first.header
    assert (header.tenant_id, header.revision, header.record_time) == (tenant_id, 1, now)
    assert (header.kind, header.effective_time, header.recipient_id) == ("OPT_OUT", 5, recipient_id)
    assert (header.scope, header.before, header.after) == (Scope("dept"), "{}", '{"state":"OPTED_OUT"}')
    assert (header.applied, header.not_applied_reason, header.actor) == (True, None, Actor.RECIPIENT)
    assert (header.credential_id, header.source, header.batch_id) == ("k1", "test", "b1")
    assert first.payload == b'{"body":"STOP"}'
    assert (second.header.applied, second.header.not_applied_reason) == (False, NotAppliedReason.SUPERSEDED)
    assert (second.header.credential_id, second.header.batch_id) == (None, None)
    assert (third.header.kind, third.header.recipient_id, third.header.source) == ("SETTING", None, "")
    assert (third.header.scope, third.payload) == (Scope("dépt", "é*"), b"")


def test_every_payload_has_a_salt_of_its_own(storage: Storage, tenant: Tenant) -> None:
    storage.write(tenant.id, lambda tx: [tx.append(entry()) for _ in range(20)])
    events = events_of(storage, tenant.id)
    salts = {event.salt for event in events if event.salt is not None}
    assert len(salts) == len({event.header.payload_digest for event in events}) == 20
    assert {len(salt) for salt in salts} == {SALT_LENGTH}


def test_the_first_tenant_state_is_an_empty_ledger(storage: Storage, tenant: Tenant) -> None:
    assert (tenant.head_revision, tenant.head_hash, tenant.head_time) == (0, bytes(32), 0)
    assert assert_whole_chain(storage, tenant.id) == []


def test_a_record_is_stamped_with_its_event(storage: Storage, tenant: Tenant, clock: Clock) -> None:
    storage.write(tenant.id, opt_out)
    made = clock.moment
    clock.moment += 1_000
    with storage.read(tenant.id) as snapshot:
        (first,) = snapshot.records(ANN)
    assert (first.revision, first.create_time, first.update_time) == (1, made, made)
    assert first == no(first.recipient_id, revision=1, create_time=made, update_time=made)
    storage.write(tenant.id, lambda tx: tx.append(entry()))
    again = storage.write(
        tenant.id, lambda tx: (tx.append(entry(first.recipient_id), no(first.recipient_id, create_time=made)), tx.now)
    )
    with storage.read(tenant.id) as snapshot:
        (second,) = snapshot.records(ANN)
    assert (second.revision, second.create_time, second.update_time) == (3, made, again[1])


def test_an_event_without_a_record_changes_none(storage: Storage, tenant: Tenant) -> None:
    storage.write(tenant.id, opt_out)
    with storage.read(tenant.id) as snapshot:
        before = snapshot.records(ANN)
    storage.write(tenant.id, lambda tx: tx.append(refused(before[0].recipient_id)))
    with storage.read(tenant.id) as snapshot:
        assert snapshot.records(ANN) == before


def test_eight_writers_leave_no_gap_and_a_whole_chain(storage: Storage, tenant: Tenant, other: Tenant) -> None:
    def write(number: int) -> tuple[int, int, int]:
        tenant_id = (tenant, other)[number % 2].id
        count = number % 3 + 1
        told = lambda tx: [tx.append(entry(batch_id=str(number))) for _ in range(count)]  # noqa: E731
        revisions = storage.write(tenant_id, told)
        assert revisions == list(range(revisions[0], revisions[0] + count))
        return tenant_id, revisions[0], number

    with ThreadPoolExecutor(8) as pool:
        answered = list(pool.map(write, range(160)))
    for tenant_id in (tenant.id, other.id):
        events = assert_whole_chain(storage, tenant_id)
        for _, revision, number in (told for told in answered if told[0] == tenant_id):
            assert events[revision - 1].header.batch_id == str(number)
        assert len(events) == sum(number % 3 + 1 for told, _, number in answered if told == tenant_id)


def test_two_openings_write_one_chain(engine: Engine, storage: Storage, tenant: Tenant, clock: Clock) -> None:
    second = engine.open(clock)
    with ThreadPoolExecutor(8) as pool:
        write = lambda n: (second if n % 2 else storage).write(tenant.id, lambda tx: tx.append(entry()))  # noqa: E731
        revisions = list(pool.map(write, range(80)))
    second.close()
    assert sorted(revisions) == list(range(1, 81))
    assert len(assert_whole_chain(storage, tenant.id)) == 80


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(-3_600_000_000, 3_600_000_000), min_size=1, max_size=6))
def test_record_time_never_runs_backwards(storage: Storage, clock: Clock, jumps: list[int]) -> None:
    tenant = storage.create_tenant(f"t{len(storage.tenants())}", None)
    latest = 0
    for jump in jumps:
        clock.moment = NOON + jump
        now = storage.write(tenant.id, lambda tx: (tx.append(entry()), tx.now)[1])
        latest = max(latest, clock.moment)
        assert now == latest
    assert [event.header.record_time for event in assert_whole_chain(storage, tenant.id)][-1] == latest


def test_a_page_of_events_begins_after_the_revision_told(storage: Storage, tenant: Tenant) -> None:
    storage.write(tenant.id, lambda tx: [tx.append(entry()) for _ in range(7)])
    with storage.read(tenant.id) as snapshot:
        pages = [[event.header.revision for event in snapshot.events(after, 3)] for after in (0, 3, 6, 7, 99)]
    assert pages == [[1, 2, 3], [4, 5, 6], [7], [], []]
