"""A snapshot is one committed state, and has in it all that was acknowledged before it was opened."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.domain.errors import StorageUnavailable
from server.domain.model import Tenant
from server.storage.protocol import Snapshot, Storage, Transaction
from tests.conformance.engines import NOON, Clock
from tests.conformance.things import ANN, PURPOSE, contact, entry, fill, opt_out, sender, setting


def test_all_that_is_read_is_of_one_moment(storage: Storage, tenant: Tenant) -> None:
    storage.write(tenant.id, lambda tx: fill(tx, "AA"))
    with storage.read(tenant.id) as snapshot:
        before = _facts(snapshot)
        storage.write(tenant.id, _change)
        assert _facts(snapshot) == before
        storage.write(tenant.id, _change)
        assert _facts(snapshot) == before
    with storage.read(tenant.id) as snapshot:
        assert all(now != then for now, then in zip(_facts(snapshot), before, strict=True))


def _facts(snapshot: Snapshot) -> list[object]:
    return [
        snapshot.tenant,
        snapshot.now,
        snapshot.sender("dept"),
        snapshot.senders("", 9),
        snapshot.records(ANN),
        snapshot.consents(None, 9),
        snapshot.events(0, 99),
        snapshot.contact("c1"),
        snapshot.contacts("", 9),
        snapshot.contacts_by_email("ann@example.com"),
        snapshot.auto_responses("dept"),
    ]


def _change(tx: Transaction) -> None:
    tx.put_sender(sender(country="ZZ"))
    opt_out(tx, effective_time=99)
    tx.put_contact(contact(first="Zoe"), "ann@example.com")
    tx.put_auto_response("dept", setting(resp_text="other"))


def test_readers_never_see_half_a_write(storage: Storage, tenant: Tenant) -> None:
    """Each write moves the sender and the contact together; forty readers beside it never see them apart."""
    done = threading.Event()

    def write(mark: str) -> None:
        def both(tx: Transaction) -> None:
            tx.put_sender(sender(country=mark))
            tx.append(entry())
            tx.put_contact(contact(first=mark), "")

        storage.write(tenant.id, both)

    def watch() -> set[tuple[str | None, str, int]]:
        seen = set()
        while not done.is_set():
            with storage.read(tenant.id) as snapshot:
                found, person = snapshot.sender("dept"), snapshot.contact("c1")
                assert found is not None
                assert person is not None
                assert len(snapshot.events(0, 1000)) == snapshot.tenant.head_revision
                seen.add((found.country, person.first, snapshot.tenant.head_revision))
        return seen

    write("0")
    with ThreadPoolExecutor(3) as pool:
        watchers = [pool.submit(watch) for _ in range(3)]
        for number in range(1, 60):
            write(str(number))
        done.set()
        for country, first, revision in set().union(*(watcher.result() for watcher in watchers)):
            assert country == first == str(revision - 1)


def test_what_was_acknowledged_is_seen_by_everybody(storage: Storage, tenant: Tenant) -> None:
    with ThreadPoolExecutor(4) as pool:
        for revision in range(1, 20):
            assert storage.write(tenant.id, lambda tx: tx.append(entry())) == revision
            assert set(pool.map(lambda _: _head(storage, tenant), range(4))) == {revision}


def _head(storage: Storage, tenant: Tenant) -> int:
    with storage.read(tenant.id) as snapshot:
        assert len(snapshot.events(0, 99)) == snapshot.tenant.head_revision
        return snapshot.tenant.head_revision


def test_nobody_sees_an_event_before_its_commit(storage: Storage, tenant: Tenant) -> None:
    with ThreadPoolExecutor(1) as elsewhere:

        def work(tx: Transaction) -> int:
            revision = opt_out(tx)
            assert elsewhere.submit(_head, storage, tenant).result() == 0
            return revision

        assert storage.write(tenant.id, work) == 1
    assert _head(storage, tenant) == 1


def test_now_is_the_clocks_and_stands_still(storage: Storage, tenant: Tenant, clock: Clock) -> None:
    clock.moment = NOON + 1_000_000
    with storage.read(tenant.id) as snapshot:
        assert snapshot.now == clock.moment
        clock.moment += 5
        assert snapshot.now == clock.moment - 5


def test_now_is_never_before_the_last_event(storage: Storage, tenant: Tenant, other: Tenant, clock: Clock) -> None:
    clock.moment = NOON + 1_000_000
    storage.write(tenant.id, lambda tx: tx.append(entry()))
    written, clock.moment = clock.moment, NOON
    with storage.read(tenant.id) as snapshot:
        assert snapshot.now == written == snapshot.tenant.head_time
    with storage.read(other.id) as snapshot:
        assert snapshot.now == clock.moment


def test_one_thing_that_is_not_there_is_none(storage: Storage, tenant: Tenant) -> None:
    with storage.read(tenant.id) as snapshot:
        assert snapshot.sender("x") is None
        assert snapshot.purpose("x") is None
        assert snapshot.recipient_id(ANN) is None
        assert snapshot.contact("x") is None
        assert snapshot.contact_by_external_id("x") is None
        assert snapshot.credential("x") is None
        assert not snapshot.records(ANN)
    assert storage.find_by_user("x") is None
    assert storage.find_by_key([b"x"], 0) is None
    assert storage.find_by_key([], 0) is None


def test_a_tenant_that_is_not_there_cannot_be_opened(storage: Storage, tenant: Tenant) -> None:
    with pytest.raises(StorageUnavailable), storage.read(tenant.id + 1):
        pass
    with pytest.raises(StorageUnavailable):
        storage.write(tenant.id + 1, lambda tx: tx.now)


def test_an_error_of_the_reader_reaches_it_and_leaves_nothing_open(storage: Storage, tenant: Tenant) -> None:
    with pytest.raises(KeyError, match="mine"), storage.read(tenant.id):
        raise KeyError("mine")
    assert storage.write(tenant.id, lambda tx: tx.append(entry())) == 1
    assert _head(storage, tenant) == 1


def test_the_shipped_things_come_back_as_they_were_written(storage: Storage, tenant: Tenant) -> None:
    storage.write(tenant.id, lambda tx: fill(tx, "AA"))
    with storage.read(tenant.id) as snapshot:
        assert snapshot.sender("dept") == sender(country="AA")
        found = snapshot.purpose("marketing")
        assert found is not None
        assert (found.rule, found.ignores_opt_out) == (PURPOSE.rule, True)
        assert snapshot.contact("c1") == contact(first="AA")
        assert snapshot.auto_responses("dept") == [setting(resp_text="AA")]
        assert snapshot.tenant.name == "acme"
        assert snapshot.tenant.country == "US"
