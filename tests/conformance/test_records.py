"""Which records a recipient has, and listing consents."""

from __future__ import annotations

from typing import Any

import pytest

from server.domain.model import ALL, Actor, Channel, LiftedBy, Recipient, Scope, State, Strength, Tenant
from server.storage.protocol import ConsentPosition, Storage, Transaction
from tests.conformance.things import ANN, ANN_RCS, BOB, entry, no, opt_out

YES: dict[str, Any] = {"state": State.OPTED_IN, "strength": Strength.EXPRESS, "lifted_by": None}
NOTHING: dict[str, Any] = {"state": State.NO_STATEMENT, "lifted_by": None}


def test_a_record_comes_back_with_every_field(storage: Storage, tenant: Tenant) -> None:
    told: dict[str, Any] = {
        "scope": Scope(ALL, "marketing"),
        "state": State.OPTED_IN,
        "strength": Strength.EXPRESS_WRITTEN,
        "lifted_by": None,
        "suspect_time": 1,
        "expire_time": 2**53 + 1,
        "request_time": 0,
        "actor": Actor.IMPORT,
        "effective_time": 5,
    }
    storage.write(tenant.id, lambda tx: opt_out(tx, **told))
    storage.write(tenant.id, lambda tx: opt_out(tx, suspect_time=7))
    with storage.read(tenant.id) as snapshot:
        wide, dept = sorted(snapshot.records(ANN), key=lambda r: r.scope.sender)
        assert snapshot.recipient_id(ANN) == wide.recipient_id == dept.recipient_id
    stamps = {"create_time": wide.create_time, "update_time": wide.update_time, "revision": 1}
    assert wide == no(wide.recipient_id, **told, **stamps)
    assert (dept.lifted_by, dept.suspect_time, dept.strength, dept.expire_time) == (LiftedBy.RECIPIENT, 7, None, None)


def test_a_recipient_is_its_channel_and_its_address(storage: Storage, tenant: Tenant) -> None:
    people = [*(Recipient(channel, ANN.address) for channel in Channel), Recipient(Channel.SMS, "+14155552672")]
    ids = storage.write(tenant.id, lambda tx: [tx.ensure_recipient(person) for person in people])
    assert len(set(ids)) == len(people)
    assert storage.write(tenant.id, lambda tx: [tx.ensure_recipient(person) for person in people]) == ids
    with storage.read(tenant.id) as snapshot:
        assert [snapshot.recipient_id(person) for person in people] == ids


@pytest.mark.parametrize(("here", "there"), [(ANN, ANN_RCS), (ANN_RCS, ANN)])
def test_the_siblings_noes_and_doubts_are_among_the_records_and_nothing_else(
    storage: Storage, tenant: Tenant, here: Recipient, there: Recipient
) -> None:
    def work(tx: Transaction) -> None:
        opt_out(tx, there, scope=Scope("no"))
        opt_out(tx, there, scope=Scope("doubt"), suspect_time=1, **YES)
        opt_out(tx, there, scope=Scope("doubt alone"), suspect_time=0, **NOTHING)
        opt_out(tx, there, scope=Scope("yes"), **YES)
        opt_out(tx, there, scope=Scope("asked"), request_time=1, **NOTHING)
        opt_out(tx, here, scope=Scope("own yes"), **YES)
        opt_out(tx, here, scope=Scope("own asked"), request_time=1, **NOTHING)

    storage.write(tenant.id, work)
    with storage.read(tenant.id) as snapshot:
        own = snapshot.recipient_id(here)
        found = {(r.recipient_id == own, r.scope.sender) for r in snapshot.records(here)}
    shared = {(False, "no"), (False, "doubt"), (False, "doubt alone")}
    assert found == shared | {(True, "own yes"), (True, "own asked")}


@pytest.mark.parametrize("channel", [Channel.VOICE, Channel.WHATSAPP, Channel.EMAIL])
def test_other_channels_share_nothing(storage: Storage, tenant: Tenant, channel: Channel) -> None:
    storage.write(tenant.id, lambda tx: [opt_out(tx), opt_out(tx, ANN_RCS)])
    with storage.read(tenant.id) as snapshot:
        assert not snapshot.records(Recipient(channel, ANN.address))
    storage.write(tenant.id, lambda tx: opt_out(tx, Recipient(channel, ANN.address)))
    with storage.read(tenant.id) as snapshot:
        assert len(snapshot.records(Recipient(channel, ANN.address))) == 1
        assert len(snapshot.records(ANN)) == 2


def test_a_siblings_no_is_seen_where_the_recipient_itself_is_unknown(storage: Storage, tenant: Tenant) -> None:
    storage.write(tenant.id, lambda tx: opt_out(tx, ANN_RCS))
    with storage.read(tenant.id) as snapshot:
        assert snapshot.recipient_id(ANN) is None
        assert [record.state for record in snapshot.records(ANN)] == [State.OPTED_OUT]


def _listed(storage: Storage, tenant: Tenant) -> list[tuple[int, str, str]]:
    scopes = [Scope("b"), Scope("B"), Scope("a", "z"), Scope("a"), Scope(), Scope("é"), Scope("a", "Z")]

    def work(tx: Transaction) -> None:
        for person in (BOB, ANN, ANN_RCS):
            for scope in scopes:
                opt_out(tx, person, scope=scope)

    storage.write(tenant.id, work)
    with storage.read(tenant.id) as snapshot:
        ids = [snapshot.recipient_id(person) or 0 for person in (BOB, ANN, ANN_RCS)]
    return sorted((found, scope.sender, scope.purpose) for found in ids for scope in scopes)


def test_consents_are_listed_by_recipient_sender_and_purpose_page_by_page(storage: Storage, tenant: Tenant) -> None:
    expected = _listed(storage, tenant)
    for size in (1, 2, 5, 100):
        after: ConsentPosition | None = None
        found = []
        while True:
            with storage.read(tenant.id) as snapshot:
                page = snapshot.consents(after, size)
            if not page:
                break
            assert len(page) <= size
            found += [(record.recipient_id, record.scope.sender, record.scope.purpose) for _, record in page]
            after = ConsentPosition(*found[-1])
        assert found == expected


def test_consents_of_one_recipient_and_at_some_senders(storage: Storage, tenant: Tenant) -> None:
    _listed(storage, tenant)
    with storage.read(tenant.id) as snapshot:
        of_ann = snapshot.consents(None, 100, ANN)
        at_some = snapshot.consents(None, 100, senders=frozenset({"b", "*"}))
        both = snapshot.consents(None, 100, ANN, frozenset({"a", "none"}))
        assert {person for person, _ in of_ann} == {ANN}
        assert len(of_ann) == 7
        assert {record.scope.sender for _, record in at_some} == {"b", "*"}
        assert {person for person, _ in at_some} == {ANN, ANN_RCS, BOB}
        assert [record.scope for _, record in both] == [Scope("a", "*"), Scope("a", "Z"), Scope("a", "z")]
        last = both[0][1]
        after = ConsentPosition(last.recipient_id, last.scope.sender, last.scope.purpose)
        assert snapshot.consents(after, 1, ANN, frozenset({"a"})) == both[1:2]


def test_a_record_at_a_scope_takes_the_place_of_the_one_before(storage: Storage, tenant: Tenant) -> None:
    for moment in (1, 2, 3):
        storage.write(tenant.id, lambda tx, moment=moment: opt_out(tx, effective_time=moment))  # type: ignore[misc]
    with storage.read(tenant.id) as snapshot:
        assert [(r.effective_time, r.revision) for r in snapshot.records(ANN)] == [(3, 3)]
        assert len(snapshot.consents(None, 9)) == 1


def test_an_address_is_in_the_recipients_and_in_no_header(storage: Storage, tenant: Tenant) -> None:
    storage.write(tenant.id, lambda tx: [opt_out(tx), tx.append(entry())])
    with storage.read(tenant.id) as snapshot:
        for event in snapshot.events(0, 9):
            assert ANN.address not in repr(event.header)
