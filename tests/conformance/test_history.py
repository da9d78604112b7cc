"""Reading the ledger and the forgotten; and that no question of one person walks through all of a tenant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from peewee import Database

from server.domain.errors import StorageUnavailable
from server.domain.forgetting import erased_form
from server.domain.model import Actor, Channel, Recipient, Scope, Tenant
from server.domain.service_key import ServiceKey, ServiceKeys
from server.storage.database import open_storage
from server.storage.protocol import ERASED, SETTING, AnswerKey, EventFilter, Snapshot, Storage, Transaction
from server.storage.snapshot import SqlSnapshot
from server.storage.sql import Sql
from tests.conformance.engines import KEYS, NOON, Clock, Engine, migrated
from tests.conformance.things import ANN, ANN_RCS, BOB, contact, entry, fill, opt_out, refused

ANN_VOICE = Recipient(Channel.VOICE, ANN.address)


def test_the_revision_at_a_moment_is_the_last_until_then(storage: Storage, tenant: Tenant, clock: Clock) -> None:
    storage.write(tenant.id, lambda tx: [tx.append(entry()), tx.append(entry())])
    first = clock.moment
    clock.moment += 1000
    storage.write(tenant.id, lambda tx: tx.append(entry()))
    with storage.read(tenant.id) as snapshot:
        second = snapshot.tenant.head_time
        moments = (0, first - 1, first, second - 1, second, second + 10**9)
        assert [snapshot.revision_at(moment) for moment in moments] == [0, 0, 2, 2, 3, 3]


def test_a_history_is_one_recipients_up_to_a_revision(storage: Storage, tenant: Tenant) -> None:
    for recipient in (ANN, BOB, ANN, ANN_RCS, ANN):
        storage.write(tenant.id, partial(opt_out, recipient=recipient))
    with storage.read(tenant.id) as snapshot:
        ann = snapshot.recipient_id(ANN)
        assert ann is not None
        assert [header.revision for header in snapshot.history(ann, 5)] == [1, 3, 5]
        assert [header.revision for header in snapshot.history(ann, 4)] == [1, 3]
        assert snapshot.history(ann + 1, 5) == []


def test_settings_come_newest_first_by_scope(storage: Storage, tenant: Tenant) -> None:
    def work(tx: Transaction) -> None:
        for scope in (Scope("a"), Scope("b"), Scope("a"), Scope(purpose="p")):
            tx.append(entry(kind=SETTING, scope=scope))
        tx.append(entry(tx.ensure_recipient(ANN), scope=Scope("a")))

    storage.write(tenant.id, work)
    with storage.read(tenant.id) as snapshot:
        assert [header.revision for header in snapshot.settings_before(Scope("a"), 5)] == [3, 1]
        assert [header.revision for header in snapshot.settings_before(Scope("a"), 2)] == [1]
        assert [header.revision for header in snapshot.settings_before(Scope(purpose="p"), 5)] == [4]
        assert [header.revision for header in snapshot.settings_before(None, 5)] == [4, 3, 2, 1]


def test_filters_hold_together(storage: Storage, tenant: Tenant) -> None:
    def work(tx: Transaction) -> int:
        ann = tx.ensure_recipient(ANN)
        tx.append(entry(ann))
        tx.append(refused(ann))
        tx.append(entry(tx.ensure_recipient(BOB), kind="OPT_IN", scope=Scope("x"), actor=Actor.BUSINESS))
        tx.append(entry(None, kind=SETTING))
        return ann

    ann = storage.write(tenant.id, work)
    with storage.read(tenant.id) as snapshot:

        def found(newest_first: bool = False, limit: int = 9, first: int = 1, last: int = 4, **more: Any) -> list[int]:
            events = snapshot.events_where(EventFilter(first, last, **more), limit, newest_first)
            return [event.header.revision for event, _ in events]

        assert found() == [1, 2, 3, 4]
        assert found(newest_first=True, limit=2) == [4, 3]
        assert found(first=2, last=3) == [2, 3]
        assert found(recipient_id=ann, batch_id="b1") == [1]
        assert found(senders=frozenset({"x", "y"})) == [3]
        assert found(kind="OPT_IN", actor=Actor.BUSINESS) == [3]
        assert found(kind="OPT_IN", actor=Actor.RECIPIENT) == []
        owners = [owner for _, owner in snapshot.events_where(EventFilter(1, 4), 9)]
        assert owners == [ANN, ANN, BOB, None]


def test_whom_an_erased_event_speaks_of(storage: Storage, tenant: Tenant) -> None:
    def work(tx: Transaction) -> list[int]:
        ids = [tx.ensure_recipient(ANN), tx.ensure_recipient(BOB)]
        for recipient_id in ids:
            tx.append(entry(recipient_id))
        tx.append(entry(ids[0], kind=ERASED))
        return ids

    ann, bob = storage.write(tenant.id, work)
    with storage.read(tenant.id) as snapshot:
        assert [snapshot.erased_after(ann, revision) for revision in (1, 2, 3)] == [True, True, False]
        assert not snapshot.erased_after(bob, 1)
        assert list(snapshot.recipient_ids(0, 9)) == sorted((ann, bob))
        assert list(snapshot.recipient_ids(min(ann, bob), 9)) == [max(ann, bob)]
        histories = [
            (event.header.recipient_id, event.header.revision) for event in snapshot.histories(1, max(ann, bob))
        ]
        assert histories == sorted([(ann, 1), (bob, 2), (ann, 3)])


def test_recipients_are_found_by_their_ids(storage: Storage, tenant: Tenant, other: Tenant) -> None:
    ann, bob = storage.write(tenant.id, lambda tx: [tx.ensure_recipient(ANN), tx.ensure_recipient(BOB)])
    strange = storage.write(other.id, lambda tx: tx.ensure_recipient(ANN))
    with storage.read(tenant.id) as snapshot:
        assert snapshot.recipients([bob, ann, strange, -1]) == {ann: ANN, bob: BOB}
        assert snapshot.recipients({bob}) == {bob: BOB}
        assert snapshot.recipients([]) == {}


def forget(tx: Transaction, recipient: Recipient = ANN) -> None:
    for found in tx.addressees(recipient):
        tx.erase_address(found.recipient_id, Recipient(found.channel, recipient.address))
        tx.erase_payloads(found.recipient_id)


WAYS: dict[str, Callable[[Snapshot], object]] = {
    "recipient_id": lambda s: [s.recipient_id(who) for who in (ANN, ANN_RCS, ANN_VOICE, BOB)],
    "records": lambda s: [set(s.records(who)) for who in (ANN, ANN_RCS, ANN_VOICE, BOB)],
    "records_of_many": lambda s: dict(s.records_of_many([ANN, ANN_RCS, ANN_VOICE, BOB])),
    "standings": lambda s: s.standings(
        Scope("dept"), [who.channel for who in (ANN, ANN_RCS, ANN_VOICE, BOB)], [ANN.address] * 3 + [BOB.address]
    ),
    "consents": lambda s: [record for _, record in s.consents(None, 9, ANN)],
    "addressees": lambda s: s.addressees(ANN_VOICE),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_the_forgotten_are_found_as_before(storage: Storage, tenant: Tenant, way: Callable[[Snapshot], object]) -> None:
    storage.write(tenant.id, lambda tx: [opt_out(tx, who) for who in (ANN, ANN_RCS, BOB)])
    with storage.read(tenant.id) as snapshot:
        before = way(snapshot)
    storage.write(tenant.id, forget)
    with storage.read(tenant.id) as snapshot:
        assert way(snapshot) == before
        assert snapshot.tenant.erased_count == 2
        known = snapshot.recipient_id(ANN)
        assert known is not None
        person = snapshot.recipient(known)
        assert person is not None
        assert person.forgotten


def test_forgetting_again_counts_once_and_a_statement_takes_it_back(storage: Storage, tenant: Tenant) -> None:
    made = storage.write(tenant.id, lambda tx: [opt_out(tx, ANN), tx.ensure_recipient(ANN)])[1]
    storage.write(tenant.id, forget)
    storage.write(tenant.id, forget)
    with storage.read(tenant.id) as snapshot:
        assert snapshot.tenant.erased_count == 1
    assert storage.write(tenant.id, lambda tx: tx.ensure_recipient(ANN)) == made
    with storage.read(tenant.id) as snapshot:
        assert (snapshot.tenant.erased_count, snapshot.recipient(made)) == (0, ANN)


def test_each_readable_key_finds_whom_it_erased(engine: Engine, storage: Storage, tenant: Tenant, clock: Clock) -> None:
    storage.write(tenant.id, opt_out)
    storage.write(tenant.id, forget)
    newer = ServiceKeys(ServiceKey("k2", bytes(range(32))), KEYS.all)
    rotated = open_storage(engine.url, newer, clock)
    with rotated.read(tenant.id) as snapshot:
        assert len(snapshot.records(ANN)) == len(snapshot.records_of_many([ANN])[ANN]) == 1
    rotated.write(tenant.id, forget)
    with rotated.read(tenant.id) as snapshot:
        assert len(snapshot.records(ANN)) == 1
    rotated.close()


def test_who_lacks_a_key_that_may_have_erased_somebody_answers_nothing(
    engine: Engine, storage: Storage, tenant: Tenant, clock: Clock
) -> None:
    storage.write(tenant.id, opt_out)
    newer = ServiceKey("k2", bytes(range(32)))
    lost = open_storage(engine.url, ServiceKeys(newer), clock)
    with pytest.raises(StorageUnavailable), lost.read(tenant.id):
        pass
    with pytest.raises(StorageUnavailable):
        lost.write(tenant.id, opt_out)
    lost.close()
    rotated = open_storage(engine.url, ServiceKeys(newer, KEYS.all), clock)
    rotated.check()
    rotated.close()
    with pytest.raises(StorageUnavailable):
        storage.check()
    with pytest.raises(StorageUnavailable), storage.read(tenant.id):
        pass


def test_contacts_lose_the_address_and_keep_the_digest_of_what_follows_them(storage: Storage, tenant: Tenant) -> None:
    def work(tx: Transaction) -> int:
        tx.put_contact(contact("c1", opt_out_mobile=ANN.address), "ann@example.com")
        tx.put_contact(contact("c2", mobile="+14155550000", opt_out_mobile=ANN.address), "ann@example.com")
        tx.put_contact(contact("c3", mobile="+14155550000"), "bob@example.com")
        return tx.erase_contacts(ANN_VOICE)

    assert storage.write(tenant.id, work) == 2
    form = erased_form(KEYS.current, tenant.id, ANN)
    with storage.read(tenant.id) as snapshot:
        found = {c.id: (c.mobile, c.opt_out_mobile) for c in snapshot.contacts("", 9)}
    assert found == {"c1": ("", form), "c2": ("+14155550000", form), "c3": ("+14155550000", None)}
    assert storage.write(tenant.id, lambda tx: tx.erase_contacts(Recipient(Channel.EMAIL, "ann@example.com"))) == 2
    with storage.read(tenant.id) as snapshot:
        assert [c.email for c in snapshot.contacts("", 9)] == ["", "", "Ann@Example.com"]
        assert snapshot.contacts_by_email("ann@example.com") == []


def test_answers_are_found_by_their_bytes_and_emptied(storage: Storage, tenant: Tenant, clock: Clock) -> None:
    storage.write(tenant.id, lambda tx: tx.keep_answer("k", "M", "r1", b"print", b"about ann"))
    later = clock.moment + 1
    storage.write(tenant.id, lambda tx: tx.keep_answer("k", "M", "r2", b"print", b"ann again"))
    storage.write(tenant.id, lambda tx: tx.keep_answer("k", "M", "r3", b"print", b"about bob"))
    first, second = AnswerKey("k", "M", "r1"), AnswerKey("k", "M", "r2")
    with storage.read(tenant.id) as snapshot:
        assert set(snapshot.answers_that(lambda answer: b"ann" in answer, 0)) == {first, second}
        assert snapshot.answers_that(lambda answer: b"ann" in answer, later) == [second]
    storage.write(tenant.id, lambda tx: tx.erase_answers([first]))
    assert storage.write(tenant.id, lambda tx: tx.answered("k", "M", "r1", 0)) == (b"", b"")
    assert storage.write(tenant.id, lambda tx: tx.answered("k", "M", "r2", 0)) == (b"print", b"ann again")


@contextmanager
def planned(engine: Engine, tenant: Tenant) -> Iterator[tuple[SqlSnapshot, list[list[str]]]]:
    """A snapshot that notes each of its queries, and which steps of their plans walk."""
    database: Database = engine.database()
    engine.grow(database)
    plans: list[list[str]] = []
    explaining: list[str] = []
    run: Any = database.execute_sql

    def explained(sql: str, parameters: Any = (), *rest: Any) -> Any:
        if sql.startswith("SELECT") and not explaining:
            explaining.append(sql)
            plans.append(engine.walks(database, sql, parameters))
            explaining.clear()
        return run(sql, parameters, *rest)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(database, "execute_sql", explained)
        yield SqlSnapshot(database, Sql(database), tenant, NOON, KEYS), plans
    database.close()


OF_ONE: dict[str, Callable[[SqlSnapshot, int], object]] = {
    "records": lambda s, _: s.records(ANN),
    "records_of_many": lambda s, _: s.records_of_many([ANN, BOB]),
    "standings": lambda s, _: s.standings(Scope("dept"), [Channel.SMS] * 2, [ANN.address, BOB.address]),
    "consents": lambda s, _: s.consents(None, 9, ANN),
    "history": lambda s, known: s.history(known, 9),
    "events_where": lambda s, known: s.events_where(EventFilter(1, 9, recipient_id=known), 9),
    "revision_at": lambda s, _: s.revision_at(NOON),
    "erased_after": lambda s, known: s.erased_after(known, 1),
    "addressees": lambda s, _: s.addressees(ANN),
    "headers_of": lambda s, known: s.headers_of([known]),
    "held_recipients": lambda s, known: s.held_recipients([known]),
    "recipients": lambda s, known: s.recipients([known]),
    "answers_that": lambda s, _: s.answers_that(bool, NOON),
    "contacts_by_mobile": lambda s, _: s.contacts_by_mobile(ANN.address),
}


@pytest.mark.parametrize("question", OF_ONE.values(), ids=OF_ONE.keys())
def test_a_question_of_one_person_walks_through_no_table(
    empty_engine: Engine, clock: Clock, question: Callable[[SqlSnapshot, int], object]
) -> None:
    storage = migrated(empty_engine).open(clock)
    tenant = storage.create_tenant("acme", "US")
    storage.write(tenant.id, lambda tx: fill(tx, "AA"))
    storage.write(tenant.id, lambda tx: forget(tx, BOB))
    with storage.read(tenant.id) as snapshot:
        tenant, known = snapshot.tenant, snapshot.recipient_id(ANN)
    assert known is not None
    with planned(empty_engine, tenant) as (snapshot, plans):
        question(snapshot, known)
    storage.close()
    assert plans
    assert not any(plans), plans
