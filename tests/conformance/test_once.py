"""What is done once: messages that were stated, answers that were kept, and tenants."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from server.domain.errors import AlreadyExists
from server.domain.model import Tenant
from server.storage.protocol import Storage, Transaction
from tests.conformance.engines import NOON, Clock
from tests.conformance.things import assert_whole_chain, entry, sender


def test_a_message_is_stated_once_for_each_of_its_four_names(storage: Storage, tenant: Tenant) -> None:
    def stated(*told: object) -> bool:
        return storage.write(tenant.id, lambda tx: tx.message_was_stated(*told))  # type: ignore[arg-type]

    first = ("dept", "m1", "STOP", 1)
    assert not stated(*first)
    assert stated(*first)
    for changed in (
        ("DEPT", "m1", "STOP", 1),
        ("dept", "M1", "STOP", 1),
        ("dept", "m1", "START", 1),
        ("dept", "m1", "STOP", 2),
    ):
        assert not stated(*changed)
        assert stated(*changed)
    assert stated(*first)


def test_within_one_unit_of_work_too(storage: Storage, tenant: Tenant) -> None:
    answers = storage.write(tenant.id, lambda tx: [tx.message_was_stated("d", "m", "e", 1) for _ in range(3)])
    assert answers == [False, True, True]


def test_of_many_at_once_one_is_the_first(storage: Storage, tenant: Tenant) -> None:
    with ThreadPoolExecutor(8) as pool:
        told = lambda _: storage.write(tenant.id, lambda tx: tx.message_was_stated("d", "m", "e", 1))  # noqa: E731
        assert sorted(pool.map(told, range(24))) == [False] + [True] * 23


def test_an_answer_is_found_under_its_whole_key(storage: Storage, tenant: Tenant) -> None:
    storage.write(tenant.id, lambda tx: tx.keep_answer("c1", "Method", "r1", b"\x00print", b"\xffanswer"))

    def answered(credential_id: str, method: str, request_id: str) -> tuple[bytes, bytes] | None:
        return storage.write(tenant.id, lambda tx: tx.answered(credential_id, method, request_id, 0))

    assert answered("c1", "Method", "r1") == (b"\x00print", b"\xffanswer")
    for key in (("c2", "Method", "r1"), ("c1", "method", "r1"), ("c1", "Method", "R1"), ("c1", "Method", "")):
        assert answered(*key) is None


def test_an_answer_is_as_old_as_the_moment_that_it_was_kept(storage: Storage, tenant: Tenant, clock: Clock) -> None:
    kept = storage.write(tenant.id, lambda tx: (tx.keep_answer("c", "M", "r", b"p", b"a"), tx.now)[1])  # type: ignore[func-returns-value]
    for since, found in ((kept - 1, True), (kept, True), (kept + 1, False)):
        answer = storage.write(tenant.id, lambda tx, since=since: tx.answered("c", "M", "r", since))  # type: ignore[misc]
        assert (answer is not None) is found
    clock.moment = NOON + 1_000_000
    again = storage.write(tenant.id, lambda tx: (tx.keep_answer("c", "M", "r", b"p2", b"a2"), tx.now)[1])  # type: ignore[func-returns-value]
    assert storage.write(tenant.id, lambda tx: tx.answered("c", "M", "r", again)) == (b"p2", b"a2")


def test_old_answers_are_forgotten_in_every_tenant_and_counted(
    storage: Storage, tenant: Tenant, other: Tenant, clock: Clock
) -> None:
    def keep(owner: Tenant, name: str) -> int:
        def work(tx: Transaction) -> int:
            tx.keep_answer("c", "M", name, b"p", b"a")
            return tx.now

        return storage.write(owner.id, work)

    keep(tenant, "old")
    keep(other, "old")
    clock.moment += 1_000
    edge = keep(tenant, "edge")
    keep(tenant, "new")
    assert storage.forget_answers(edge) == 2
    assert storage.forget_answers(edge) == 0
    assert storage.write(tenant.id, lambda tx: tx.answered("c", "M", "old", 0)) is None
    assert storage.write(tenant.id, lambda tx: tx.answered("c", "M", "edge", 0)) is not None
    assert storage.write(tenant.id, lambda tx: tx.answered("c", "M", "new", 0)) is not None


def test_a_tenants_name_is_taken_once(storage: Storage, tenant: Tenant) -> None:
    with pytest.raises(AlreadyExists) as refused:
        storage.create_tenant(tenant.name, None)
    assert refused.value.reason == "TENANT_ALREADY_EXISTS"
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(storage.create_tenant, "new", "CA") for _ in range(16)]
    made = [future.result() for future in futures if future.exception() is None]
    assert len(made) == 1
    assert storage.tenants() == [tenant, made[0]]
    assert (made[0].name, made[0].country) == ("new", "CA")


def test_a_tenant_is_made_with_what_belongs_into_it_or_not_at_all(storage: Storage) -> None:
    def seed(tx: Transaction) -> None:
        tx.put_sender(sender())
        tx.append(entry())

    def bad(tx: Transaction) -> None:
        seed(tx)
        raise KeyError("mine")

    made = storage.create_tenant("acme", None, seed)
    assert made.head_revision == 1
    assert len(assert_whole_chain(storage, made.id)) == 1
    with pytest.raises(KeyError, match="mine"):
        storage.create_tenant("other", None, bad)
    with pytest.raises(AlreadyExists):
        storage.create_tenant("acme", None, bad)
    assert storage.tenants() == [made]
