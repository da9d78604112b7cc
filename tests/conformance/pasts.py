"""A tenant with a past: many people, of whom much was said over years, and what can be asked about them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from random import Random

from server.domain.model import (
    ALL,
    Actor,
    Channel,
    Instant,
    LiftedBy,
    Principal,
    Recipient,
    Scope,
    SenderKind,
    Strength,
    Tenant,
)
from server.domain.policy import Decision
from server.domain.transitions import Move, Statement
from server.storage.protocol import Storage, StoredEvent, Transaction
from server.usecases.as_of import AsOf
from server.usecases.checks import check_consent
from server.usecases.senders import SenderDraft, create_sender
from server.usecases.statements import Provenance, record_statement
from server.usecases.tenants import create_tenant, operator
from server.usecases.verification import VerifyProgress, verify_ledger
from tests.conformance.engines import Clock

# As of when, of whom, for which sender, and each purpose with what was decided.
Answers = tuple[AsOf, str, str, Sequence[tuple[str, Decision]]]
DAY: Instant = 24 * 3600 * 1_000_000
SENDERS = ("dept", "other")
PURPOSES = ("marketing", "transactional")
SCOPES = tuple(Scope(sender, purpose) for sender in (*SENDERS, ALL) for purpose in ("marketing", ALL))
PEOPLE = tuple(
    Recipient(channel, f"+1415555{number:04}") for number in range(2000, 2004) for channel in (Channel.SMS, Channel.RCS)
)


def settle(storage: Storage) -> Tenant:
    """A tenant with two senders."""
    tenant = create_tenant(storage, "acme", "US")
    for name in SENDERS:
        draft = SenderDraft(name, SenderKind.CLIENT)
        storage.write(tenant.id, partial(create_sender, principal=operator(tenant.id), draft=draft, source="test"))
    return tenant


def origin(principal: Principal, batch_id: str | None = None, sender_id: str = "dept") -> Provenance:
    """Where what is said comes from, with something that proves it."""
    return Provenance(principal, "test", {"method": "WEB_FORM", "url": "https://example.com/é"}, sender_id, batch_id)


def anything(random: Random, moment: Instant) -> Statement:
    """Something that somebody may say."""
    move = random.choice([Move.OPT_IN] * 4 + [Move.OPT_OUT] * 2 + [Move.SUSPECT, Move.REQUEST, Move.CLEAR])
    yes = move is Move.OPT_IN
    return Statement(
        move,
        random.choice(SCOPES),
        random.choice([Actor.RECIPIENT, Actor.RECIPIENT, Actor.BUSINESS, Actor.IMPORT]),
        moment - random.choice([0, 0, 0, 40 * DAY]),
        strength=random.choice(list(Strength)) if yes else None,
        expire_time=moment + 200 * DAY if yes and random.random() < 0.2 else None,
        lifted_by=random.choice(list(LiftedBy)) if move is Move.OPT_OUT else None,
        force=random.random() < 0.05,
    )


def live(storage: Storage, tenant: Tenant, clock: Clock, random: Random, days: int) -> None:
    """Let so many days pass, on each of which somebody says something."""
    principal = operator(tenant.id)
    for _ in range(days):
        clock.moment += DAY

        def speak(tx: Transaction) -> None:
            for recipient in random.sample(PEOPLE, 3):
                record_statement(tx, recipient, anything(random, tx.now), origin(principal))

        storage.write(tenant.id, speak)


def verdicts(storage: Storage, tenant: Tenant, as_of: Sequence[AsOf]) -> list[Answers]:
    """What is answered of everybody, at each of these states: verdict, reason, and the records that decided."""
    found: list[Answers] = []
    with storage.read(tenant.id) as snapshot:
        for moment in as_of:
            for recipient in PEOPLE:
                for sender in SENDERS:
                    check = check_consent(
                        snapshot, operator(tenant.id), sender, recipient.channel, recipient.address, PURPOSES,
                        as_of=moment,
                    )  # fmt: skip
                    found.append((moment, recipient.address, sender, check.decisions))
    return found


def verified(storage: Storage, tenant: Tenant) -> VerifyProgress:
    """How the verification of the whole ledger ended."""
    (*_, last) = verify_ledger(lambda: storage.read(tenant.id), operator(tenant.id), 0, 0)
    return last


def ledger(storage: Storage, tenant: Tenant) -> list[StoredEvent]:
    """Every event."""
    with storage.read(tenant.id) as snapshot:
        return list(snapshot.events(0, 100_000))
