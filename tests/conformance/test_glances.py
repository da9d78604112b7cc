"""A glimpse, and the standings of many, say what a snapshot says one by one: for any records, forgotten or not."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from server.domain.errors import StorageUnavailable
from server.domain.model import ALL, Channel, LiftedBy, Recipient, Record, Scope, State, Strength, Tenant
from server.domain.standing import standing
from server.storage.protocol import Storage, Transaction
from tests.conformance.engines import NOON
from tests.conformance.things import ANN, PURPOSE, entry, opt_out, sender

NUMBERS = [f"+1415555{number:04}" for number in range(12)]
ASKED = [Recipient(channel, number) for number in NUMBERS for channel in Channel if channel is not Channel.EMAIL]
ASKED += [Recipient(Channel.EMAIL, f"user{number}@example.com") for number in range(4)]
HERE = Scope("dept", "marketing")


def _any_record(chance: random.Random, recipient_id: int, scope: Scope) -> Record:
    state = chance.choice(list(State))
    times = (None, NOON - 5, NOON, NOON + 10**9)
    return Record(
        recipient_id,
        scope,
        state,
        strength=chance.choice(list(Strength)) if state is State.OPTED_IN else None,
        lifted_by=chance.choice(list(LiftedBy)) if state is State.OPTED_OUT else None,
        suspect_time=chance.choice((None, None, NOON)),
        expire_time=chance.choice(times) if state is State.OPTED_IN else None,
        request_time=chance.choice((None, None, NOON)),
    )


def _fill(tx: Transaction, seed: int) -> None:
    chance = random.Random(seed)
    tx.put_sender(sender())
    tx.put_purpose(PURPOSE)
    scopes = [Scope(s, p) for s in ("dept", "Dept", "other", ALL) for p in ("marketing", "informational", ALL)]
    for recipient in chance.sample(ASKED, len(ASKED) // 2):
        recipient_id = tx.ensure_recipient(recipient)
        for scope in chance.sample(scopes, chance.randrange(4)):
            tx.append(entry(recipient_id, scope=scope), _any_record(chance, recipient_id, scope))


def _forget_some(tx: Transaction, seed: int) -> None:
    for recipient in random.Random(seed).sample(ASKED, len(ASKED) // 3):
        known = tx.recipient_id(recipient)
        if known is not None:
            tx.erase_address(known, recipient)


def _hold(storage: Storage, tenant: Tenant, asked: Sequence[Recipient]) -> int:
    """Hold both ways to the plain one; answer how many had records that cover."""
    with storage.read(tenant.id) as snapshot:
        records = [list(snapshot.records(recipient)) for recipient in asked]
        many = snapshot.records_of_many(asked)
        found = snapshot.standings(HERE, [who.channel for who in asked], [who.address for who in asked])
        now = snapshot.now
    expected = [sorted(standing(r, now) for r in of if r.scope.covers(HERE)) for of in records]
    assert [sorted(found.get(position, ())) for position in range(len(asked))] == expected
    assert set(found) == {position for position, standings in enumerate(expected) if standings}
    for recipient, of in zip(asked, records, strict=True):
        assert set(many.get(recipient, ())) == set(of)
        seen = storage.glimpse(tenant.id, "dept", "marketing", recipient)
        assert set(seen.records) == set(of)
        assert (seen.sender, seen.purpose) == (sender(), PURPOSE)
    return len(found)


@pytest.mark.parametrize("seed", range(4))
def test_any_records_are_seen_alike(storage: Storage, tenant: Tenant, other: Tenant, seed: int) -> None:
    storage.write(tenant.id, lambda tx: _fill(tx, seed))
    storage.write(other.id, lambda tx: _fill(tx, seed + 100))
    asked = random.Random(seed).choices(ASKED, k=2 * len(ASKED))
    assert _hold(storage, tenant, asked) > 10
    storage.write(tenant.id, lambda tx: _forget_some(tx, seed))
    assert _hold(storage, tenant, asked) > 10


def test_positions_without_an_address_are_left_out(storage: Storage, tenant: Tenant) -> None:
    storage.write(tenant.id, opt_out)
    with storage.read(tenant.id) as snapshot:
        found = snapshot.standings(Scope("dept"), [Channel.SMS] * 4, [None, ANN.address, None, ANN.address])
        assert set(found) == {1, 3}
        assert snapshot.standings(HERE, [], []) == {}
        assert snapshot.standings(HERE, [Channel.SMS], [None]) == {}
        assert snapshot.records_of_many([]) == {}


def test_many_thousands_are_asked_at_once(storage: Storage, tenant: Tenant) -> None:
    storage.write(tenant.id, opt_out)
    addresses = [f"+1415555{number:05}" for number in range(9_999)]
    with storage.read(tenant.id) as snapshot:
        found = snapshot.standings(Scope("dept"), [Channel.SMS] * 10_000, [*addresses, ANN.address])
        assert list(found) == [9_999]


def _fill_later(tx: Transaction) -> None:
    tx.put_purpose(PURPOSE)
    tx.put_sender(sender(country=None))
    opt_out(tx)


def test_a_glimpse_shows_the_state_of_its_moment(storage: Storage, tenant: Tenant) -> None:
    seen = storage.glimpse(tenant.id, "dept", "marketing", ANN)
    assert (seen.sender, seen.purpose, seen.records) == (None, None, [])
    storage.write(tenant.id, lambda tx: tx.put_sender(sender(country="FR")))
    seen = storage.glimpse(tenant.id, "dept", "marketing", ANN)
    assert (seen.sender, seen.purpose) == (sender(country="FR"), None)
    storage.write(tenant.id, _fill_later)
    seen = storage.glimpse(tenant.id, "dept", "marketing", ANN)
    assert (seen.sender, seen.purpose, len(seen.records)) == (sender(country=None), PURPOSE, 1)
    assert seen.revision == 1
    assert seen.now >= seen.records[0].update_time
    assert storage.glimpse(tenant.id, "DEPT", "Marketing", ANN).sender is None


def test_there_is_no_glimpse_of_a_tenant_that_is_not_there(storage: Storage) -> None:
    with pytest.raises(StorageUnavailable):
        storage.glimpse(7, "dept", "marketing", ANN)
