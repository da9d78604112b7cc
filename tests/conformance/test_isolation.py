"""No method answers, counts or changes anything of another tenant."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from server.domain.errors import ConsentError
from server.domain.model import Channel, Resolution, Role, Scope, Tenant
from server.storage.protocol import (
    PRUNED,
    Addressee,
    AnswerKey,
    EventFilter,
    OptOutFilter,
    Snapshot,
    Storage,
    Transaction,
)
from server.storage.tables import ReviewItemRow
from tests.conformance.engines import Engine
from tests.conformance.things import (
    ANN,
    BOB,
    PURPOSE,
    contact,
    credential,
    entry,
    everything,
    fill,
    no,
    opt_out,
    sender,
    setting,
)


@pytest.fixture
def both(storage: Storage, tenant: Tenant, other: Tenant) -> tuple[int, int]:
    """Two tenants with the same ids for other things: `acme` has AA, `other` BB."""
    storage.write(tenant.id, lambda tx: fill(tx, "AA"))
    storage.write(other.id, lambda tx: fill(tx, "BB"))
    return tenant.id, other.id


Read = Callable[[Snapshot], object]
Write = Callable[[Transaction], object]


def _hold_and_prune(tx: Transaction) -> None:
    tx.set_hold(tx.ensure_recipient(BOB), held=True)
    tx.append(entry(kind=PRUNED))


def _judge_all(tx: Transaction) -> None:
    for item in tx.review_items(None, 9):
        tx.resolve_review_item(item.id, Resolution.OPT_OUT)


READS: dict[str, Read] = {
    "tenant": lambda s: s.tenant.head_revision or None,
    "sender": lambda s: s.sender("dept"),
    "senders": lambda s: list(s.senders("", 9)) + list(s.senders("", 9, frozenset({"dept"}))),
    "purpose": lambda s: s.purpose("marketing"),
    "recipient_id": lambda s: s.recipient_id(ANN),
    "records": lambda s: s.records(ANN),
    "consents": lambda s: list(s.consents(None, 9)) + list(s.consents(None, 9, ANN, frozenset({"dept"}))),
    "events": lambda s: s.events(0, 9),
    "event": lambda s: s.event(1),
    "revision_at": lambda s: s.revision_at(2**62),
    "history": lambda s: s.history(s.recipient_id(ANN) or 0, 99),
    "settings_before": lambda s: list(s.settings_before(Scope("dept"), 99)),
    "events_where": lambda s: s.events_where(EventFilter(1, 99), 99),
    "last_revision": lambda s: s.last_revision(),
    "erased_after": lambda s: s.erased_after(s.recipient_id(BOB) or 0, 1),
    "recipient_ids": lambda s: s.recipient_ids(0, 99),
    "headers_of": lambda s: s.headers_of(s.recipient_ids(0, 99)),
    "prunings": lambda s: s.prunings(0),
    "held_recipients": lambda s: s.held_recipients(s.recipient_ids(0, 99)),
    "histories": lambda s: list(s.histories(0, 2**62)),
    "addressees": lambda s: s.addressees(ANN),
    "answers_that": lambda s: s.answers_that(lambda answer: bool(answer), 0),
    "purposes": lambda s: s.purposes("", 9),
    "records_of_many": lambda s: s.records_of_many([ANN, BOB]),
    "standings": lambda s: s.standings(Scope("dept"), [Channel.SMS], [ANN.address]),
    "recipient": lambda s: s.recipient(s.recipient_id(ANN) or 0),
    "recipients": lambda s: s.recipients(s.recipient_ids(0, 99)),
    "review_item": lambda s: [s.review_item(item.id) for item in s.review_items(None, 9)],
    "review_items": lambda s: s.review_items(None, 9),
    "open_review_items": lambda s: s.open_review_items(s.recipient_id(ANN) or 0),
    "opt_outs": lambda s: s.opt_outs(OptOutFilter(), 0, 9)[0],
    "contacts_by_mobile": lambda s: s.contacts_by_mobile("+14155552671"),
    "contact": lambda s: s.contact("c1"),
    "contact_by_external_id": lambda s: s.contact_by_external_id("x1"),
    "contacts_by_email": lambda s: s.contacts_by_email("ann@example.com"),
    "contacts": lambda s: list(s.contacts("", 9)) + list(s.contacts("", 9, "ann@example.com")),
    "auto_responses": lambda s: s.auto_responses("dept"),
    "credential": lambda s: s.credential("k-AA"),
    "credentials": lambda s: s.credentials("", 9),
}


def _each(tx: Transaction, write: Callable[[Addressee], None]) -> None:
    for found in tx.addressees(ANN):
        write(found)


WRITES: dict[str, Write] = {
    "foresee": lambda tx: tx.foresee([ANN]),
    "ensure_recipient": lambda tx: tx.ensure_recipient(ANN),
    "append": lambda tx: [opt_out(tx), tx.append(entry())],
    "put_sender": lambda tx: tx.put_sender(sender(country="ZZ")),
    "put_purpose": lambda tx: tx.put_purpose(replace(PURPOSE, ignores_opt_out=False)),
    "put_contact": lambda tx: tx.put_contact(contact(first="Zoe"), "zoe@example.com"),
    "delete_contact": lambda tx: tx.delete_contact("c1"),
    "put_auto_response": lambda tx: tx.put_auto_response("dept", setting(resp_text="Z")),
    "delete_auto_response": lambda tx: tx.delete_auto_response("dept", "s1"),
    "put_credential": lambda tx: tx.put_credential(credential(tx.tenant.id, "k-AA", role=Role.ADMIN)),
    "add_secret": lambda tx: tx.add_secret("k-AA", b"key ZZ", None),
    "end_secrets": lambda tx: tx.end_secrets("k-AA", 1),
    "set_hold": lambda tx: _each(tx, lambda found: tx.set_hold(found.recipient_id, True)),
    "erase_address": lambda tx: _each(tx, lambda found: tx.erase_address(found.recipient_id, ANN)),
    "erase_payloads": lambda tx: [tx.erase_payloads(found.recipient_id) for found in tx.addressees(ANN)],
    "prune_payloads": lambda tx: tx.prune_payloads(range(1, 99)),
    "prune_answers": lambda tx: tx.prune_answers(2**62, None, 99),
    "prune_heard_answers": lambda tx: tx.prune_heard_answers(2**62, None, 99),
    "erase_contacts": lambda tx: tx.erase_contacts(ANN),
    "erase_answers": lambda tx: tx.erase_answers([AnswerKey("k1", "Method", "r1")]),
    "erase_heard_answers": lambda tx: _each(tx, lambda found: tx.erase_heard_answers(found.recipient_id)),
    "add_review_item": lambda tx: tx.add_review_item(1, "dept", "STOP_SUSPECTED", 1),
    "resolve_review_item": _judge_all,
    "keep_heard_answer": lambda tx: tx.keep_heard_answer("dept", "m9", 1, b"digest", b"ZZ"),
    "message_was_stated": lambda tx: tx.message_was_stated("dept", "m9", "STOP", 1),
    "keep_answer": lambda tx: tx.keep_answer("k1", "Method", "r1", b"print", b"ZZ"),
}
# No data of a tenant: the moment, a fresh id, and the two that are told apart below.
APART = {"now", "new_id", "key_is_registered", "answered", "heard_answer"}


def test_no_method_is_forgotten() -> None:
    members = {name for of in (Snapshot, Transaction) for name in vars(of) if not name.startswith("_")}
    assert members == set(READS) | set(WRITES) | APART


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
def test_a_tenant_with_nothing_sees_nothing(storage: Storage, tenant: Tenant, other: Tenant, read: Read) -> None:
    storage.write(tenant.id, lambda tx: fill(tx, "AA"))
    storage.write(tenant.id, lambda tx: opt_out(tx, scope=Scope()))
    storage.write(tenant.id, _hold_and_prune)
    with storage.read(other.id) as snapshot:
        assert not read(snapshot)
    assert not storage.write(other.id, read)
    with storage.read(tenant.id) as snapshot:
        assert read(snapshot)


def test_tenants_with_the_same_ids_see_their_own(storage: Storage, both: tuple[int, int]) -> None:
    ours, theirs = both
    assert everything(storage, ours) != everything(storage, theirs)
    for tenant_id, mark in ((ours, "AA"), (theirs, "BB")):
        with storage.read(tenant_id) as snapshot:
            assert [found.country for found in snapshot.senders("", 9)] == [mark]
            assert [found.first for found in snapshot.contacts("", 9)] == [mark]
            assert [found.resp_text for found in snapshot.auto_responses("dept")] == [mark]
            assert [found.id for found in snapshot.credentials("", 9)] == [f"k-{mark}"]
            assert {event.header.tenant_id for event in snapshot.events(0, 99)} == {tenant_id}
            assert len(snapshot.consents(None, 99)) == 3
    with storage.read(ours) as us, storage.read(theirs) as them:
        assert us.recipient_id(BOB) != them.recipient_id(BOB)


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_a_write_changes_nothing_of_another_tenant(storage: Storage, both: tuple[int, int], write: Write) -> None:
    ours, theirs = both
    before = everything(storage, ours)
    with contextlib.suppress(ConsentError):  # refusing is as good as leaving alone
        storage.write(theirs, write)
    assert everything(storage, ours) == before
    assert storage.find_by_key([b"key ZZ"], 0) is None


def test_deleting_in_one_tenant_leaves_the_other_whole(storage: Storage, both: tuple[int, int]) -> None:
    ours, theirs = both
    storage.write(theirs, lambda tx: tx.delete_contact("c1"))
    storage.write(theirs, lambda tx: tx.delete_auto_response("dept", "s1"))
    with storage.read(theirs) as them, storage.read(ours) as us:
        assert them.contact("c1") is None
        assert us.contact("c1") is not None
        assert len(us.auto_responses("dept")) == 1


def test_answers_and_messages_are_kept_per_tenant(storage: Storage, tenant: Tenant, other: Tenant) -> None:
    storage.write(tenant.id, lambda tx: tx.keep_answer("k1", "Method", "r1", b"print", b"ours"))
    assert storage.write(other.id, lambda tx: tx.answered("k1", "Method", "r1", 0)) is None
    storage.write(tenant.id, lambda tx: tx.keep_heard_answer("dept", "m1", 1, b"digest", b"ours"))
    assert storage.write(other.id, lambda tx: tx.heard_answer("dept", "m1", 1, b"digest")) is None
    assert storage.write(tenant.id, lambda tx: tx.heard_answer("dept", "m1", 1, b"digest")) == b"ours"
    storage.write(other.id, lambda tx: tx.keep_answer("k1", "Method", "r1", b"print", b"theirs"))
    assert storage.write(tenant.id, lambda tx: tx.answered("k1", "Method", "r1", 0)) == (b"print", b"ours")
    assert not storage.write(tenant.id, lambda tx: tx.message_was_stated("dept", "m1", "STOP", 1))
    assert not storage.write(other.id, lambda tx: tx.message_was_stated("dept", "m1", "STOP", 1))
    assert storage.write(tenant.id, lambda tx: tx.message_was_stated("dept", "m1", "STOP", 1))


def test_the_ledgers_of_two_tenants_count_apart(storage: Storage, tenant: Tenant, other: Tenant) -> None:
    for _ in range(3):
        storage.write(tenant.id, lambda tx: tx.append(entry()))
    assert storage.write(other.id, lambda tx: tx.append(entry())) == 1
    assert storage.write(tenant.id, lambda tx: tx.append(entry())) == 4


def test_a_record_cannot_be_written_into_another_tenant(storage: Storage, both: tuple[int, int]) -> None:
    """Even with the other tenant's recipient id: the record stays in the writer's tenant, under nobody's address."""
    ours, theirs = both
    with storage.read(ours) as snapshot:
        stolen = snapshot.recipient_id(ANN)
    assert stolen is not None
    before = everything(storage, ours)
    storage.write(theirs, lambda tx: tx.append(entry(stolen), no(stolen, effective_time=99)))
    assert everything(storage, ours) == before


def test_the_review_list_is_per_tenant(engine: Engine, storage: Storage, both: tuple[int, int]) -> None:
    database = engine.database()
    counted = ReviewItemRow.select(ReviewItemRow.tenant_id, ReviewItemRow.kind).order_by(ReviewItemRow.tenant_id)
    assert list(counted.tuples().execute(database)) == [(both[0], "STOP_SUSPECTED"), (both[1], "STOP_SUSPECTED")]
    database.close()
