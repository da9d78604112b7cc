"""Units that share a commit: what each does and answers is the same as if it had one of its own."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from server.domain.ledger import GENESIS, Header, chain_hash
from server.domain.model import (
    ALL,
    Actor,
    Channel,
    LiftedBy,
    Principal,
    Recipient,
    Record,
    Role,
    Scope,
    State,
    Strength,
    Tenant,
)
from server.domain.transitions import Move, Statement
from server.storage.protocol import SETTING, Snapshot, Storage, Transaction
from server.usecases import forgetting
from server.usecases.statements import Provenance, record_statement
from tests.conformance.test_writing import together
from tests.conformance.things import ANN, ANN_RCS, BOB, assert_whole_chain, contact, entry

CAL = Recipient(Channel.VOICE, ANN.address)
PEOPLE = (ANN, ANN_RCS, CAL, BOB)
UNITS = 30

Unit = Callable[[Transaction], object]


class Taken(Exception):
    """Raised by a unit at its end."""


def _statement(dice: random.Random) -> Statement:
    scope = Scope(dice.choice(("dept", ALL)), dice.choice(("marketing", ALL)))
    actor = dice.choice((Actor.RECIPIENT, Actor.BUSINESS, Actor.IMPORT))
    if dice.random() < 0.5:
        return Statement(Move.OPT_IN, scope, actor, dice.randrange(9), strength=dice.choice(tuple(Strength)))
    lifted_by = dice.choice(tuple(LiftedBy)) if actor is Actor.BUSINESS else LiftedBy.RECIPIENT
    return Statement(Move.OPT_OUT, scope, actor, dice.randrange(9), lifted_by=lifted_by)


def _steps(dice: random.Random, tenant: Tenant, number: int) -> list[Unit]:
    """What one unit does: mostly statements, and everything else that must see them, or be seen by them."""
    principal = Principal(tenant.id, Role.ADMIN)
    origin = Provenance(principal, "test", {"url": f"https://example.com/{number}"})

    def state(tx: Transaction, person: Recipient, statement: Statement) -> object:
        told = record_statement(tx, person, statement, origin)
        return told.unchanged, told.not_applied_reason, told.lifted_count, _apart_from_time(told.record)

    def state_all(tx: Transaction, said: list[tuple[Recipient, Statement]]) -> object:
        tx.foresee(PEOPLE)
        return [state(tx, *each) for each in said]

    def meet(tx: Transaction, name: str) -> object:
        tx.put_contact(contact(name), "")
        return len(tx.contacts("", 99))

    def answer(tx: Transaction, name: str) -> object:
        kept = tx.answered("k1", "Method", name, 0)
        if kept is None:
            tx.keep_answer("k1", "Method", name, b"print", str(number).encode())
        return kept is None

    def hear(tx: Transaction, person: Recipient) -> object:
        key = ("dept", "m1", tx.ensure_recipient(person), b"digest")
        kept = tx.heard_answer(*key)
        if kept is None:
            tx.keep_heard_answer(*key, b"heard")
        return kept is None

    def forget(tx: Transaction, person: Recipient) -> object:
        plan = forgetting.ForgetPlan(person, (), tx.tenant.head_time)
        return forgetting.forget_recipient(tx, principal, plan, "asked").payload_count

    def step() -> Unit:
        person, statement, name = dice.choice(PEOPLE), _statement(dice), f"r{dice.randrange(3)}"
        several = [(dice.choice(PEOPLE), _statement(dice)) for _ in range(3)]
        match dice.randrange(12):
            case 0:
                return lambda tx: answer(tx, name)
            case 1:
                return lambda tx: hear(tx, person)
            case 2:
                return lambda tx: meet(tx, f"c{number}")
            case 3:
                return lambda tx: [(event.header.kind, event.header.applied) for event in tx.events(0, 999)]
            case 4:
                return lambda tx: [_timeless(tx, each) for each in PEOPLE]
            case 5 if number % 4 == 0:
                return lambda tx: forget(tx, person) if tx.recipient_id(person) is not None else None
            case 6:
                return lambda tx: state_all(tx, several)
            case _:
                return lambda tx: state(tx, person, statement)

    return [step() for _ in range(dice.randrange(1, 4))]


def _unit(seed: int, tenant: Tenant, number: int) -> Unit:
    """One unit, which marks the ledger with its number first; every fifth fails at its end."""
    steps = _steps(random.Random(seed * 1000 + number), tenant, number)

    def run(tx: Transaction) -> object:
        tx.append(entry(kind=SETTING, source=f"unit {number}"))
        answers = [step(tx) for step in steps]
        if number % 5 == 4:
            raise Taken
        return answers

    return run


def _apart_from_time(record: Record) -> Record:
    """A record without what differs from run to run."""
    return record._replace(recipient_id=0, create_time=0, update_time=0)


def _timeless(tx: Snapshot, person: Recipient) -> list[str]:
    return sorted(repr(_apart_from_time(record)) for record in tx.records(person))


def _headers(storage: Storage, tenant: Tenant) -> list[Header]:
    """The ledger, whole and hashed; its payloads may have been forgotten."""
    with storage.read(tenant.id) as snapshot:
        events, head = snapshot.events(0, 1_000_000), snapshot.tenant
    previous = GENESIS
    for revision, event in enumerate(events, 1):
        assert (event.header.revision, event.hash) == (revision, chain_hash(previous, event.header))
        previous = event.hash
    assert (head.head_revision, head.head_hash) == (len(events), previous)
    return [event.header for event in events]


def _comparable(headers: list[Header]) -> list[Header]:
    hidden: dict[str, Any] = {"tenant_id": 0, "recipient_id": 0, "record_time": 0, "payload_digest": b""}
    return [replace(header, effective_time=0, **hidden) for header in headers]


@pytest.mark.parametrize("seed", range(6))
def test_units_that_share_a_commit_do_and_answer_what_each_would_alone(
    storage: Storage, tenant: Tenant, other: Tenant, seed: int
) -> None:
    shared = together(storage, tenant, [_unit(seed, tenant, number) for number in range(UNITS)])
    order = [header.source for header in _headers(storage, tenant) if header.kind == SETTING]
    numbers = [int(source.removeprefix("unit ")) for source in order if source.startswith("unit ")]
    assert sorted(numbers) == [number for number in range(UNITS) if number % 5 != 4]
    for number in numbers:
        assert storage.write(other.id, _unit(seed, other, number)) == shared[number].result(), number
    assert all(isinstance(shared[number].exception(), Taken) for number in range(4, UNITS, 5))
    with storage.read(tenant.id) as here, storage.read(other.id) as there:
        assert [_timeless(here, person) for person in PEOPLE] == [_timeless(there, person) for person in PEOPLE]
        assert here.tenant.erased_count == there.tenant.erased_count
        assert len(here.contacts("", 99)) == len(there.contacts("", 99))
    assert _comparable(_headers(storage, tenant)) == _comparable(_headers(storage, other))


def test_a_row_that_is_refused_fails_its_unit_alone(storage: Storage, tenant: Tenant) -> None:
    def work(number: int) -> Unit:
        def unit(tx: Transaction) -> int:
            revision = tx.append(entry(batch_id=str(number)))
            for _ in range(2 if number % 4 == 1 else 1):
                tx.keep_heard_answer("dept", f"m{number}", 1, b"digest", b"heard")
            return revision

        return unit

    futures = together(storage, tenant, [work(number) for number in range(12)])
    failed = {number for number, future in enumerate(futures) if future.exception()}
    assert failed == {1, 5, 9}
    events = assert_whole_chain(storage, tenant.id)
    for number in set(range(12)) - failed:
        revision = futures[number].result()
        assert isinstance(revision, int)
        assert events[revision - 1].header.batch_id == str(number)
    assert len(events) == 9


def test_a_row_that_is_refused_while_another_unit_works_is_not_that_units_fault(
    storage: Storage, tenant: Tenant
) -> None:
    def guilty(tx: Transaction) -> None:
        for _ in range(2):
            tx.keep_heard_answer("dept", "m", 1, b"digest", b"heard")

    def innocent(tx: Transaction) -> int:
        tx.put_contact(contact("c1"), "")
        return len(tx.contacts("", 9))

    futures = together(storage, tenant, [guilty, *[innocent] * 3])
    assert futures[0].exception() is not None
    assert [future.result() for future in futures[1:]] == [1, 1, 1]


def test_what_is_foreseen_is_seen_as_it_stands_when_it_is_asked(storage: Storage, tenant: Tenant) -> None:
    def unit(tx: Transaction) -> list[tuple[State, ...]]:
        tx.foresee(PEOPLE)
        seen = []
        for lifted_by in (LiftedBy.BUSINESS, LiftedBy.RECIPIENT):
            said = Statement(Move.OPT_OUT, Scope("dept"), Actor.BUSINESS, 1, lifted_by=lifted_by)
            record_statement(tx, ANN, said, Provenance(Principal(tenant.id, Role.WRITER), "test", {}))
            seen.append(tuple(record.state for record in tx.records(ANN_RCS)))
        return seen

    assert storage.write(tenant.id, unit) == [(State.OPTED_OUT,), (State.OPTED_OUT,)]


def test_an_answer_of_the_same_commit_is_found(storage: Storage, tenant: Tenant) -> None:
    def repeated(tx: Transaction) -> bytes:
        kept = tx.answered("k1", "Method", "r1", 0)
        if kept is None:
            tx.keep_answer("k1", "Method", "r1", b"print", tx.new_id().encode())
            return b""
        return kept[1]

    answers = [future.result() for future in together(storage, tenant, [repeated] * 8)]
    assert answers.count(b"") == 1
    assert len(set(answers)) == 2
