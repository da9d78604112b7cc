"""Pruning: what goes, what stays, and that no answer changes by it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from random import Random

import orjson
import pytest

from server.domain.errors import InvalidField
from server.domain.model import Actor, Instant, LiftedBy, Record, Scope, Strength, Tenant
from server.domain.replay import record_after, sets_record
from server.domain.transitions import Move, Statement
from server.storage.protocol import PRUNED, AnswerKey, HeardPosition, Storage, StoredEvent, Transaction
from server.usecases.as_of import NOW, AsOf
from server.usecases.forgetting import set_legal_hold
from server.usecases.retention import (
    Spent,
    check_cutoff,
    find_spent,
    portions,
    prune_answers,
    prune_heard_answers,
    prune_payloads,
    waiting_events,
)
from server.usecases.statements import record_statement
from server.usecases.tenants import operator
from tests.conformance.engines import NOON, Clock
from tests.conformance.pasts import DAY, ledger, live, origin, settle, verdicts, verified
from tests.conformance.things import ANN, ANN_RCS, contact

YES = Statement(Move.OPT_IN, Scope("dept"), Actor.RECIPIENT, NOON, strength=Strength.EXPRESS_WRITTEN)
NO = Statement(Move.OPT_OUT, Scope("dept"), Actor.RECIPIENT, NOON, lifted_by=LiftedBy.RECIPIENT)


@pytest.fixture
def acme(storage: Storage) -> Tenant:
    return settle(storage)


def prune(storage: Storage, tenant: Tenant, before: Instant) -> int:
    """Prune as the command does; answer how many payloads went."""
    with storage.read(tenant.id) as snapshot:
        waiting = waiting_events(snapshot)
    after, count = 0, 0
    while True:
        with storage.read(tenant.id) as snapshot:
            page = find_spent(snapshot, after, before, waiting)
        if not page.next_id:
            return count
        for portion in portions(page.found):
            work = partial(prune_payloads, principal=operator(tenant.id), portion=portion, before=before)
            count += storage.write(tenant.id, work)
        after = page.next_id


def say(storage: Storage, tenant: Tenant, clock: Clock, *said: Statement, after: Instant = DAY) -> list[int]:
    """Let Ann say things, each some time after the one before; answer the revisions."""
    told = []
    for statement in said:
        clock.moment += after
        timed = Statement(
            statement.move,
            statement.scope,
            statement.actor,
            clock.moment,
            statement.strength,
            None,
            statement.lifted_by,
        )
        work = partial(record_statement, recipient=ANN, statement=timed, origin=origin(operator(tenant.id)))
        told.append(storage.write(tenant.id, work).revision)
    return told


def without_payload(storage: Storage, tenant: Tenant) -> list[int]:
    return [event.header.revision for event in ledger(storage, tenant) if event.payload is None]


def proofs_of_what_stands(events: list[StoredEvent]) -> set[int]:
    """By hand: of each scope's applied events, those since it has said the same yes or no, or raised what stands."""
    lines: dict[tuple[int, Scope], list[Record]] = {}
    for header in (event.header for event in events if sets_record(event.header)):
        line = lines.setdefault((header.recipient_id or 0, header.scope), [])
        line.append(record_after(header, line[-1] if line else None))
    needed: set[int] = set()
    for line in lines.values():
        for record in reversed(line):
            if record.state is not line[-1].state:
                break
            needed.add(record.revision)
        for name in ("suspect_time", "request_time"):
            standing = getattr(line[-1], name)
            raised = next(
                (record for record in line if standing is not None and getattr(record, name) == standing), None
            )
            needed |= {raised.revision} if raised else set()
    return needed


def test_no_answer_changes_and_what_stands_stays_proved(storage: Storage, acme: Tenant, clock: Clock) -> None:
    live(storage, acme, clock, Random(7), days=100)
    events = ledger(storage, acme)
    moments = [NOW, *(AsOf(revision) for revision in range(6, len(events), 60)), AsOf(0, clock.moment - 30 * DAY)]
    before = verdicts(storage, acme, moments)
    cutoff = clock.moment - 40 * DAY
    gone = prune(storage, acme, cutoff)
    assert gone > 40
    assert verdicts(storage, acme, moments) == before
    assert verified(storage, acme).complete
    missing = set(without_payload(storage, acme))
    assert len(missing) == gone
    assert missing.isdisjoint(proofs_of_what_stands(events))
    assert all(event.header.record_time < cutoff for event in events if event.header.revision in missing)
    assert prune(storage, acme, cutoff) == 0
    # Hashes and headers are what they were.
    assert [(event.header, event.hash) for event in ledger(storage, acme)][: len(events)] == [
        (event.header, event.hash) for event in events
    ]


def test_evidence_goes_a_time_after_it_ceased_to_prove_what_stands(
    storage: Storage, acme: Tenant, clock: Clock
) -> None:
    """However old the yes is: it proved what was sent until the no."""
    yes, no = say(storage, acme, clock, YES, NO, after=500 * DAY)
    clock.moment += 50 * DAY
    assert prune(storage, acme, clock.moment - 51 * DAY) == 0
    assert prune(storage, acme, clock.moment - 49 * DAY) == 1
    assert without_payload(storage, acme) == [yes]
    assert no not in without_payload(storage, acme)


def test_a_later_yes_does_not_let_go_what_proves_the_strength(storage: Storage, acme: Tenant, clock: Clock) -> None:
    start = Statement(Move.OPT_IN, Scope("dept"), Actor.RECIPIENT, NOON, strength=Strength.EXPRESS)
    say(storage, acme, clock, YES, start, after=500 * DAY)
    clock.moment += 500 * DAY
    assert prune(storage, acme, clock.moment - DAY * 8) == 0


def test_a_pruned_event_names_what_it_deleted(storage: Storage, acme: Tenant, clock: Clock) -> None:
    first = say(storage, acme, clock, YES, NO, YES, NO, after=100 * DAY)
    cutoff = clock.moment - 50 * DAY
    assert prune(storage, acme, cutoff) == 2
    pruned = ledger(storage, acme)[-1].header
    assert (pruned.kind, pruned.recipient_id, pruned.scope, pruned.actor) == (PRUNED, None, Scope(), Actor.SYSTEM)
    assert orjson.loads(pruned.after) == {"payloads": 2, "revisions": [[first[0], first[1]]], "before": cutoff}
    with storage.read(acme.id) as snapshot:
        assert list(snapshot.prunings(0)) == [pruned]
        assert snapshot.prunings(pruned.revision) == []


def test_a_payload_that_no_event_names_is_missed(storage: Storage, acme: Tenant, clock: Clock) -> None:
    revisions = say(storage, acme, clock, YES, NO, YES, NO, after=100 * DAY)
    prune(storage, acme, clock.moment - 150 * DAY)
    assert verified(storage, acme).complete
    storage.write(acme.id, lambda tx: tx.prune_payloads([revisions[1]]))
    failure = verified(storage, acme).failure
    assert failure is not None
    assert (failure.revision, "missing" in failure.description) == (revisions[1], True)


@pytest.mark.parametrize("held", [ANN, ANN_RCS])
def test_a_legal_hold_keeps_everything_on_every_channel(
    storage: Storage, acme: Tenant, clock: Clock, held: object
) -> None:
    assert held in (ANN, ANN_RCS)
    say(storage, acme, clock, YES, NO, YES, NO, after=100 * DAY)
    recipient = ANN if held == ANN else ANN_RCS
    place = partial(
        set_legal_hold, principal=operator(acme.id), channel=recipient.channel, address=recipient.address, reason="case"
    )
    storage.write(acme.id, lambda tx: place(tx, held=True))
    storage.write(acme.id, lambda tx: tx.keep_heard_answer("dept", "m1", tx.ensure_recipient(ANN), b"d", b"answer"))
    clock.moment += 100 * DAY
    assert prune(storage, acme, clock.moment) == 0
    assert storage.write(acme.id, lambda tx: prune_heard_answers(tx, clock.moment, None)) == (0, None)
    storage.write(acme.id, lambda tx: place(tx, held=False))
    assert prune(storage, acme, clock.moment) == 3


def test_a_hold_that_comes_after_the_look_is_kept_to(storage: Storage, acme: Tenant, clock: Clock) -> None:
    say(storage, acme, clock, YES, NO, after=100 * DAY)
    with storage.read(acme.id) as snapshot:
        page = find_spent(snapshot, 0, clock.moment + 1, frozenset())
    (portion,) = portions(page.found)
    storage.write(acme.id, lambda tx: tx.set_hold(tx.ensure_recipient(ANN), held=True))
    assert storage.write(acme.id, lambda tx: prune_payloads(tx, operator(acme.id), portion, clock.moment)) == 0
    assert without_payload(storage, acme) == []


def test_what_waits_for_a_judgement_keeps_its_text(storage: Storage, acme: Tenant, clock: Clock) -> None:
    doubt = Statement(Move.SUSPECT, Scope("dept"), Actor.RECIPIENT, NOON)
    (suspected, _) = say(storage, acme, clock, doubt, NO, after=100 * DAY)
    clock.moment += 100 * DAY
    with storage.read(acme.id) as snapshot:
        assert waiting_events(snapshot) == {suspected}
    assert prune(storage, acme, clock.moment) == 0


def test_portions_are_small_and_lose_nothing() -> None:
    found = [Spent(1, tuple(range(1, 1301))), *(Spent(number, (number * 1000,)) for number in range(2, 400))]
    parts = list(portions(found))
    assert all(sum(len(spent.revisions) for spent in part) <= 500 for part in parts)
    told = [revision for part in parts for spent in part for revision in spent.revisions]
    assert sorted(told) == sorted(revision for spent in found for revision in spent.revisions)


def test_answers_to_request_ids_go_after_a_week(storage: Storage, acme: Tenant, clock: Clock) -> None:
    def keep(tx: Transaction, name: str) -> None:
        for number in range(3):
            tx.keep_answer("k", "M", f"{name}{number}", b"print", b"answer")

    storage.write(acme.id, partial(keep, name="old"))
    clock.moment += 8 * DAY
    storage.write(acme.id, partial(keep, name="new"))
    first = storage.write(acme.id, lambda tx: tx.prune_answers(clock.moment - 7 * DAY, None, 2))
    assert first == (2, AnswerKey("k", "M", "old1"))
    assert storage.write(acme.id, lambda tx: tx.prune_answers(clock.moment - 7 * DAY, first[1], 2)) == (1, None)
    assert storage.write(acme.id, lambda tx: prune_answers(tx, None)) == (0, None)
    assert storage.write(acme.id, lambda tx: tx.answered("k", "M", "old1", 0)) is None
    assert storage.write(acme.id, lambda tx: tx.answered("k", "M", "new1", 0)) == (b"print", b"answer")


def test_a_message_whose_answer_was_emptied_was_still_heard(storage: Storage, acme: Tenant, clock: Clock) -> None:
    def hear(tx: Transaction) -> int:
        ann = tx.ensure_recipient(ANN)
        for number in range(3):
            tx.keep_heard_answer("dept", f"m{number}", ann, b"digest", b"answer")
        return ann

    ann = storage.write(acme.id, hear)
    later = clock.moment + 1
    storage.write(acme.id, lambda tx: tx.keep_heard_answer("dept", "m9", ann, b"digest", b"answer"))
    first = storage.write(acme.id, lambda tx: tx.prune_heard_answers(later, None, 2))
    assert first == (2, HeardPosition("dept", "m1", ann, b"digest"))
    assert storage.write(acme.id, lambda tx: tx.prune_heard_answers(later, first[1], 2)) == (1, None)
    assert storage.write(acme.id, lambda tx: tx.heard_answer("dept", "m1", ann, b"digest")) == b""
    assert storage.write(acme.id, lambda tx: tx.heard_answer("dept", "m9", ann, b"digest")) == b"answer"


def test_a_time_in_which_calls_are_repeated_is_not_pruned() -> None:
    assert check_cutoff(NOON, NOON - 7 * DAY) == NOON - 7 * DAY
    with pytest.raises(InvalidField):
        check_cutoff(NOON, NOON - 7 * DAY + 1)


def test_no_file_of_the_database_holds_what_was_pruned(
    storage: Storage, acme: Tenant, clock: Clock, tmp_path: Path
) -> None:
    """On SQLite; PostgreSQL has no file here."""
    said = YES, NO
    say(storage, acme, clock, *said, after=100 * DAY)
    storage.write(acme.id, lambda tx: tx.put_contact(contact(), "ann@example.com"))
    secret = "https://example.com/é".encode()
    held = [path for path in tmp_path.iterdir() if secret in path.read_bytes()]
    prune(storage, acme, clock.moment + 1)
    say(storage, acme, clock, YES)
    prune(storage, acme, clock.moment + 1)
    storage.write(acme.id, lambda tx: tx.prune_payloads([event.header.revision for event in ledger(storage, acme)]))
    assert [path for path in tmp_path.iterdir() if secret in path.read_bytes()] == []
    assert bool(held) == any(path.name == "consent.db" for path in tmp_path.iterdir())
