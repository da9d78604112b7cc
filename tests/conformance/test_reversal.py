"""Taking back a batch on a tenant with a past: the verdicts of before it, and no no lost; twice is once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import cycle
from random import Random

import orjson
import pytest

from server.domain.errors import InvalidField
from server.domain.model import Actor, LiftedBy, Scope, State, Strength, Tenant
from server.domain.transitions import Move, Statement
from server.storage.protocol import Storage, Transaction
from server.usecases.as_of import NOW, AsOf
from server.usecases.forgetting import forget_recipient, plan_forgetting
from server.usecases.imports import Portion, import_portion
from server.usecases.records import Draft
from server.usecases.reversals import Reverting, find_batch, own_batch_id, revert_portion
from server.usecases.statements import record_statement
from server.usecases.tenants import operator
from tests.conformance.engines import Clock
from tests.conformance.pasts import DAY, PEOPLE, SENDERS, Answers, ledger, live, origin, settle, verdicts, verified
from tests.conformance.things import ANN

BAD = "bad"
WITHOUT_NOES = Reverting(BAD, "wrong file", noes=False)
WITH_NOES = Reverting(BAD, "wrong file", noes=True)


@pytest.fixture
def acme(storage: Storage, clock: Clock) -> Tenant:
    tenant = settle(storage)
    live(storage, tenant, clock, Random(4), days=15)
    return tenant


def bring_in(storage: Storage, tenant: Tenant, clock: Clock, states: Sequence[State]) -> Counter[str]:
    """Import a statement of everybody at both senders, by turns of these states."""
    clock.moment += DAY
    drafts = [
        Draft(
            recipient.channel, recipient.address, sender, "marketing", state, Actor.IMPORT,
            Strength.EXPRESS_WRITTEN if state is State.OPTED_IN else None, None, clock.moment - 1, None, {}, "file",
        )
        for sender in SENDERS
        for recipient, state in zip(PEOPLE, cycle(states), strict=False)
    ]  # fmt: skip
    portion = Portion(BAD, 1, (b"print",), drafts)
    imported = storage.write(tenant.id, partial(import_portion, principal=operator(tenant.id), portion=portion))
    assert imported.refused == []
    return imported.counts


def revert(storage: Storage, tenant: Tenant, reverting: Reverting) -> Counter[str]:
    """Revert as the command does."""
    counts: Counter[str] = Counter()
    after = 0
    while True:
        with storage.read(tenant.id) as snapshot:
            page = find_batch(snapshot, reverting.batch_id, after)
        if not page.next_revision:
            return counts
        work = partial(revert_portion, principal=operator(tenant.id), reverting=reverting, recipients=page.recipients)
        counts.update(storage.write(tenant.id, work))
        after = page.next_revision


def reasons(found: Sequence[Answers]) -> list[tuple[str, str, list[str]]]:
    """The verdicts without the revisions that they were read from."""
    return [
        (address, sender, [f"{purpose} {decision.reason.name}" for purpose, decision in decisions])
        for _, address, sender, decisions in found
    ]


@pytest.mark.parametrize("reverting", [WITHOUT_NOES, WITH_NOES], ids=["yeses", "with noes"])
def test_the_verdicts_are_those_of_before_the_batch(
    storage: Storage, acme: Tenant, clock: Clock, monkeypatch: pytest.MonkeyPatch, reverting: Reverting
) -> None:
    monkeypatch.setattr("server.usecases.reversals.EVENTS_A_PAGE", 3)
    past = [AsOf(len(ledger(storage, acme)))]
    before, then = verdicts(storage, acme, [NOW]), verdicts(storage, acme, past)
    states = (State.OPTED_IN, State.OPTED_OUT) if reverting.noes else (State.OPTED_IN,)
    assert bring_in(storage, acme, clock, states)["protected"] > 0
    imported = [AsOf(len(ledger(storage, acme)))]
    bad = verdicts(storage, acme, imported)
    assert reasons(verdicts(storage, acme, [NOW])) != reasons(before)
    counts = revert(storage, acme, reverting)
    assert counts["yeses"] > 0
    assert bool(counts["noes"]) == reverting.noes
    assert counts["kept_noes"] == counts["restated"] == 0
    assert reasons(verdicts(storage, acme, [NOW])) == reasons(before)
    assert (verdicts(storage, acme, past), verdicts(storage, acme, imported)) == (then, bad)
    assert verified(storage, acme).complete
    head = len(ledger(storage, acme))
    again = revert(storage, acme, reverting)
    assert again["yeses"] == again["noes"] == 0
    assert len(ledger(storage, acme)) == head


def test_imported_noes_stay_unless_they_are_meant_too(storage: Storage, acme: Tenant, clock: Clock) -> None:
    bring_in(storage, acme, clock, (State.OPTED_OUT,))
    bad = reasons(verdicts(storage, acme, [NOW]))
    counts = revert(storage, acme, WITHOUT_NOES)
    assert counts["kept_noes"] > 0
    assert counts["noes"] == 0
    assert reasons(verdicts(storage, acme, [NOW])) == bad
    assert revert(storage, acme, WITH_NOES)["noes"] == counts["kept_noes"]


def test_what_was_said_since_stands(storage: Storage, acme: Tenant, clock: Clock) -> None:
    bring_in(storage, acme, clock, (State.OPTED_IN,))
    live(storage, acme, clock, Random(5), days=60)
    before = reasons(verdicts(storage, acme, [NOW]))
    counts = revert(storage, acme, WITH_NOES)
    assert counts["restated"] > 0
    assert verified(storage, acme).complete
    denied = [
        (old, new)
        for old, new in zip(before, reasons(verdicts(storage, acme, [NOW])), strict=True)
        if "OPTED_OUT" in repr(old) and "OPTED_OUT" not in repr(new)
    ]
    assert denied == []


def test_an_event_of_a_reversal_names_what_it_took_back(storage: Storage, acme: Tenant, clock: Clock) -> None:
    bring_in(storage, acme, clock, (State.OPTED_IN,))
    revert(storage, acme, WITHOUT_NOES)
    last = ledger(storage, acme)[-1]
    assert (last.header.kind, last.header.batch_id, last.header.source) == ("REVERT", own_batch_id(BAD), "revert")
    assert orjson.loads(last.header.after)["reverted"] == BAD
    told = orjson.loads(last.payload or b"")
    assert told["evidence"]["reason"] == "wrong file"
    assert told["address"].startswith("+1415555")


def test_a_no_that_a_bad_yes_silenced_is_heard_again(storage: Storage, acme: Tenant, clock: Clock) -> None:
    """A batch said that Ann said yes today; a no of hers from yesterday came late and had no effect."""
    principal = operator(acme.id)
    clock.moment += 10 * DAY
    yes = Statement(Move.OPT_IN, Scope("dept"), Actor.RECIPIENT, clock.moment, strength=Strength.EXPRESS)
    no = Statement(Move.OPT_OUT, Scope("dept"), Actor.RECIPIENT, clock.moment - DAY, lifted_by=LiftedBy.RECIPIENT)
    said = clock.moment

    def speak(tx: Transaction) -> None:
        record_statement(tx, ANN, yes, origin(principal, BAD))
        assert record_statement(tx, ANN, no, origin(principal)).not_applied_reason is not None

    storage.write(acme.id, speak)
    assert revert(storage, acme, WITHOUT_NOES)["heard_again"] == 1
    with storage.read(acme.id) as snapshot:
        (record,) = snapshot.records(ANN)
    assert (record.state, record.effective_time) == (State.OPTED_OUT, said - DAY)
    assert verified(storage, acme).complete


def test_a_forgotten_person_s_records_are_taken_back_without_the_address(
    storage: Storage, acme: Tenant, clock: Clock
) -> None:
    bring_in(storage, acme, clock, (State.OPTED_IN,))
    someone, principal = PEOPLE[0], operator(acme.id)
    with storage.read(acme.id) as snapshot:
        plan = plan_forgetting(snapshot, principal, someone.channel, someone.address)
    storage.write(acme.id, lambda tx: forget_recipient(tx, principal, plan, "request 4711"))
    revert(storage, acme, WITHOUT_NOES)
    assert verified(storage, acme).complete
    told = [event.payload or b"" for event in ledger(storage, acme) if event.header.kind == "REVERT"]
    assert told
    assert not any(b"erased:" in payload or someone.address.encode() in payload for payload in told)


def test_a_reverted_batch_is_not_gone_on_with(storage: Storage, acme: Tenant, clock: Clock) -> None:
    bring_in(storage, acme, clock, (State.OPTED_IN,))
    revert(storage, acme, WITHOUT_NOES)
    with pytest.raises(InvalidField, match="was reverted"):
        bring_in(storage, acme, clock, (State.OPTED_IN,))
