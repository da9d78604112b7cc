"""Work is done whole or not at all, alone among its tenant's writers, and failing alone."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from server.domain.errors import AlreadyExists, NotFound
from server.domain.model import Channel, Recipient, Tenant
from server.storage.protocol import Storage, Transaction
from tests.conformance.engines import Clock, Engine
from tests.conformance.things import (
    ANN,
    assert_whole_chain,
    contact,
    credential,
    entry,
    everything,
    fill,
    opt_out,
    sender,
    setting,
)


class Mine(Exception):
    """Raised by work."""


class Worse(BaseException):
    """Raised by work, and no Exception."""


def test_work_runs_once_and_its_result_comes_back(storage: Storage, tenant: Tenant) -> None:
    runs: list[int] = []
    result = object()

    def work(tx: Transaction) -> object:
        runs.append(tx.append(entry()))
        return result

    assert storage.write(tenant.id, work) is result
    assert runs == [1]


def test_work_sees_what_it_wrote(storage: Storage, tenant: Tenant) -> None:
    def work(tx: Transaction) -> None:
        fill(tx, "AA")
        assert tx.sender("dept") == sender(country="AA")
        assert tx.contact("c1") == contact(first="AA")
        assert tx.auto_responses("dept") == [setting(resp_text="AA")]
        assert [record.revision for record in tx.records(ANN)] == [1, 2]
        assert tx.tenant.head_revision == 5 == len(tx.events(0, 9))
        assert tx.tenant.head_hash == tx.events(4, 1)[0].hash
        assert tx.answered("k1", "Method", "r1", 0) == (b"print", b"AA")
        tx.delete_contact("c1")
        assert tx.contact("c1") is None

    storage.write(tenant.id, work)


FAILURES = [Mine("mine"), Worse("mine"), NotFound("SENDER"), KeyboardInterrupt(), SystemExit(1)]


@pytest.mark.parametrize("failure", FAILURES)
def test_nothing_remains_of_work_that_raises(storage: Storage, tenant: Tenant, failure: BaseException) -> None:
    storage.write(tenant.id, opt_out)
    before = everything(storage, tenant.id)

    def work(tx: Transaction) -> None:
        fill(tx, "AA")
        raise failure

    with pytest.raises(type(failure)) as raised:
        storage.write(tenant.id, work)
    assert raised.value is failure
    assert everything(storage, tenant.id) == before
    assert not storage.write(tenant.id, lambda tx: tx.message_was_stated("dept", "m1", "STOP", 1))
    assert storage.write(tenant.id, lambda tx: tx.answered("k1", "Method", "r1", 0)) is None
    assert storage.write(tenant.id, opt_out) == 2
    assert_whole_chain(storage, tenant.id)


def test_work_that_breaks_the_tables_rules_fails_alone(storage: Storage, tenant: Tenant) -> None:
    def work(tx: Transaction) -> None:
        tx.append(entry())
        tx.put_sender(sender(kind=None))

    with pytest.raises(Exception, match=r"(?i)null"):
        storage.write(tenant.id, work)
    assert storage.write(tenant.id, lambda tx: tx.append(entry())) == 1


def test_a_refusal_spends_no_revision(storage: Storage, tenant: Tenant, other: Tenant) -> None:
    storage.write(other.id, lambda tx: tx.put_credential(credential(other.id, "theirs", basic_user="ann")))

    def work(tx: Transaction) -> None:
        tx.append(entry())
        tx.put_credential(credential(tenant.id, "ours", basic_user="ann"))

    with pytest.raises(AlreadyExists):
        storage.write(tenant.id, work)
    assert storage.write(tenant.id, lambda tx: tx.append(entry())) == 1


def together(storage: Storage, tenant: Tenant, works: list[Callable[[Transaction], object]]) -> list[Future[object]]:
    """Let works wait behind one that holds the writer until all were handed in, so that they may share a commit."""
    gate, arrivals = threading.Event(), threading.Semaphore(0)

    def hand_in(work: Callable[[Transaction], object]) -> object:
        arrivals.release()
        return storage.write(tenant.id, work)

    with ThreadPoolExecutor(len(works) + 1) as pool:
        held = pool.submit(storage.write, tenant.id, lambda _: gate.wait(30))
        futures = [pool.submit(hand_in, work) for work in works]
        for _ in works:
            assert arrivals.acquire(timeout=30)
        gate.set()
        assert held.result()
    return futures


def test_work_that_raises_takes_nothing_of_the_others_that_share_its_commit(storage: Storage, tenant: Tenant) -> None:
    def work(number: int) -> Callable[[Transaction], int]:
        def unit(tx: Transaction) -> int:
            revision = tx.append(entry(batch_id=str(number)))
            tx.put_contact(contact(f"c{number}"), "")
            if number % 3 == 0:
                raise Mine(number)
            if number % 3 == 1:
                tx.put_sender(sender(f"d{number}", kind=None if number == 4 else 1))
            return revision

        return unit

    futures = together(storage, tenant, [work(number) for number in range(24)])
    failed = {number for number, future in enumerate(futures) if future.exception()}
    assert failed == {number for number in range(24) if number % 3 == 0} | {4}
    events = assert_whole_chain(storage, tenant.id)
    assert {event.header.batch_id for event in events} == {str(n) for n in range(24) if n not in failed}
    for number, future in enumerate(futures):
        if number not in failed:
            revision = future.result()
            assert isinstance(revision, int)
            assert events[revision - 1].header.batch_id == str(number)
    with storage.read(tenant.id) as snapshot:
        assert {found.id for found in snapshot.contacts("", 99)} == {f"c{n}" for n in range(24) if n not in failed}


def test_work_runs_alone_in_its_tenant(engine: Engine, storage: Storage, tenant: Tenant, clock: Clock) -> None:
    """Read, think, write: no update is lost, over two openings of the same database."""
    storage.write(tenant.id, lambda tx: tx.put_contact(contact(first="0"), ""))

    def count(tx: Transaction) -> None:
        found = tx.contact("c1")
        assert found is not None
        tx.put_contact(contact(first=str(int(found.first) + 1)), "")

    second = engine.open(clock)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: (second if n % 2 else storage).write(tenant.id, count), range(64)))
    with second.read(tenant.id) as snapshot:
        found = snapshot.contact("c1")
    second.close()
    assert found is not None
    assert found.first == "64"


def test_two_who_make_one_recipient_make_one(engine: Engine, storage: Storage, tenant: Tenant, clock: Clock) -> None:
    second = engine.open(clock)
    with ThreadPoolExecutor(8) as pool:
        openings = [storage, second] * 8
        made = set(pool.map(lambda opened: opened.write(tenant.id, lambda tx: tx.ensure_recipient(ANN)), openings))
    second.close()
    assert len(made) == 1
    with storage.read(tenant.id) as snapshot:
        assert made == {snapshot.recipient_id(ANN)}


def test_recipient_ids_tell_nothing(storage: Storage, tenant: Tenant) -> None:
    people = [Recipient(Channel.SMS, f"+1415555{number:04}") for number in range(200)]
    ids = storage.write(tenant.id, lambda tx: [tx.ensure_recipient(person) for person in people])
    assert len(set(ids)) == 200
    assert ids != sorted(ids)
    assert min(ids) > 0
    assert max(ids) < 2**63
    assert sum(found > 2**32 for found in ids) > 190


def test_fresh_ids_are_uuids(storage: Storage, tenant: Tenant) -> None:
    made = storage.write(tenant.id, lambda tx: [tx.new_id() for _ in range(50)])
    assert len({str(uuid.UUID(text)) for text in made}) == 50


def test_units_that_share_a_commit_see_each_other_and_nothing_of_one_that_failed(
    storage: Storage, tenant: Tenant, other: Tenant
) -> None:
    """Eight at once wait behind a slow one, so that they share its successor's commit; every other one fails."""
    gate, accepted = threading.Event(), threading.Event()
    seeded: list[int] = []

    def slow(_: Transaction) -> None:
        accepted.set()
        assert gate.wait(30)

    def seed(tx: Transaction) -> None:
        seeded.append(tx.append(entry()))
        if len(seeded) == 1:
            raise NotFound("PURPOSE")

    def change(tx: Transaction, number: int) -> int:
        assert tx.sender(f"s{number}") is None
        tx.put_sender(sender(f"s{number}", country="FR"))
        found = tx.sender(f"s{number}")
        assert found is not None
        seen = len([name for name in range(8) if tx.sender(f"s{name}")])
        tx.append(entry())
        if number % 2:
            raise NotFound("SENDER", f"s{number}")
        return seen

    with ThreadPoolExecutor(20) as pool:
        held = pool.submit(storage.write, tenant.id, slow)
        assert accepted.wait(30)
        mine = [
            pool.submit(storage.write, tenant.id, lambda tx, number=number: change(tx, number)) for number in range(8)
        ]
        theirs = [pool.submit(storage.write, other.id, lambda tx: tx.append(entry())) for _ in range(4)]
        made = [pool.submit(storage.create_tenant, "made", None, seed) for _ in range(3)]
        gate.set()
        held.result()
    assert sorted(future.result() for future in mine[::2]) == [1, 2, 3, 4]
    assert all(isinstance(future.exception(), NotFound) for future in mine[1::2])
    assert sorted(future.result() for future in theirs) == [1, 2, 3, 4]
    assert len(assert_whole_chain(storage, tenant.id)) == len(assert_whole_chain(storage, other.id)) == 4
    with storage.read(tenant.id) as snapshot:
        assert [found.id for found in snapshot.senders("", 9)] == ["s0", "s2", "s4", "s6"]
    won = [future.result() for future in made if future.exception() is None]
    assert [(found.name, found.head_revision) for found in won] == [("made", 1)]
    assert len(assert_whole_chain(storage, won[0].id)) == 1
