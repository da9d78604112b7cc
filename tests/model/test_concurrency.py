"""Eight threads of two processes say things of one person at once: what is committed is all of it in some order.

The ledger, replayed through the model, tells which order it was: every statement must have done what the model says it
does there, and what stands afterwards, verdicts included, is what the model comes to.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from threading import Barrier

from server.domain.model import Actor, Channel, LiftedBy, State, Strength
from server.storage.database import SqlStorage, open_storage
from server.storage.protocol import StoredEvent
from server.usecases.records import Draft, Terms, record_consent
from server.usecases.statements import Recorded
from server.usecases.tenants import operator
from tests.model import world as small
from tests.model.conftest import NewDatabase
from tests.model.game import Game
from tests.model.rules import BUSINESS, CARRIER, IMPORT, RCS, RECIPIENT, SMS, Key, Said, Who
from tests.servicer.world import KEYS, World

WRITERS, STATEMENTS = 8, 30
MINUTE = 60_000_000
SAID = {"yes": State.OPTED_IN, "no": State.OPTED_OUT}
PROOF = {"method": "WEB_FORM", "url": "https://example.com/join"}


def _made_up(dice: random.Random, now: int) -> Said:
    who = Who(dice.choice((SMS, SMS, RCS)), small.PHONES[0])
    key = Key(who, dice.choice(("*", *small.DEPARTMENTS)), dice.choice(("*", "*", "marketing")))
    actor = dice.choice((RECIPIENT, RECIPIENT, RECIPIENT, BUSINESS, CARRIER, IMPORT))
    moment = now + dice.randint(-8, 4) * MINUTE
    if dice.random() < 0.4:
        return Said("no", key, actor, moment, lifted_by=1 if actor == BUSINESS and dice.random() < 0.5 else 2)
    ends = moment + dice.randint(1, 20) * MINUTE if dice.random() < 0.3 else None
    return Said("yes", key, actor, moment, dice.randint(1, 3), ends)


def _draft(said: Said) -> Draft:
    yes = said.what == "yes"
    return Draft(
        Channel(said.key.who.channel),
        said.key.who.address,
        said.key.sender,
        said.key.purpose,
        SAID[said.what],
        Actor(said.actor),
        Strength(said.strength) if yes else None,
        None if yes else LiftedBy(said.lifted_by),
        said.moment,
        said.expires,
        PROOF,
        "test",
    )


def _write(storage: SqlStorage, tenant_id: int, told: dict[str, Said], start: Barrier) -> dict[str, Recorded]:
    """State all, each under a batch of its own, by which its events are known again."""

    def state(name: str) -> Recorded:
        draft, terms = _draft(told[name]), Terms(batch_id=name)
        return storage.write(tenant_id, lambda tx: record_consent(tx, operator(tenant_id), draft, terms))

    start.wait()
    return {name: state(name) for name in told}


def test_eight_writers_on_one_recipient_leave_what_some_order_of_their_statements_leaves(
    new_database: NewDatabase,
) -> None:
    url = new_database()
    world, other = World(url), open_storage(url, KEYS, lambda: world.clock.moment())
    try:
        tenant_id = world.tenant_id(small.TENANT)
        game = Game(world, small.model(len(world.events(small.TENANT))))
        dice, now = random.Random(3), world.clock.moment()
        told = [{f"{writer}-{i}": _made_up(dice, now) for i in range(STATEMENTS)} for writer in range(WRITERS)]
        start = Barrier(WRITERS)
        with ThreadPoolExecutor(WRITERS) as pool:
            storages = (world.storage, other)
            running = [
                pool.submit(_write, storages[place % 2], tenant_id, said, start) for place, said in enumerate(told)
            ]
            answers = {name: answer for each in running for name, answer in each.result().items()}
        events = world.events(small.TENANT)[game.model.revision :]
        _replay(game, events, {name: said for each in told for name, said in each.items()}, answers)
        game.agree()
        game.agree_on_ledger()
    finally:
        other.close()
        world.close()


def _replay(game: Game, events: Sequence[StoredEvent], told: dict[str, Said], answers: dict[str, Recorded]) -> None:
    """Tell the model the statements in the order in which the ledger has them; compare what became of each."""
    stood: dict[tuple[int | None, str, str], str] = {}
    seen = []
    for name, group in groupby(events, key=lambda event: event.header.batch_id):
        assert name is not None
        its = list(group)
        seen.append(name)
        answer = answers[name]
        assert answer.revision == its[0].header.revision == game.model.revision + 1
        outcome = game.model.say(told[name])
        reason = answer.not_applied_reason
        assert (reason.name if reason else "applied") == outcome.word
        assert len(its) == outcome.events
        for header in (event.header for event in its):
            place = (header.recipient_id, header.scope.sender, header.scope.purpose)
            before, after = json.loads(header.before), json.loads(header.after)
            assert before == json.loads(stood.get(place, json.dumps(before))), "an update was lost"
            assert header.applied == (outcome.word == "applied")
            assert header.applied or before == after
            stood[place] = header.after
    assert len(set(seen)) == len(seen), "what one statement changed stands together"
    assert {name for name, answer in answers.items() if answer.unchanged} == set(told) - set(seen)
    _check_mix(game)


def _check_mix(game: Game) -> None:
    """The statements did meet: each outcome there is happened."""
    words = {outcome.word for _, outcome in game.model.log}
    assert words >= {"applied", "PROTECTED_OPT_OUT", "WIDER_OPT_OUT", "SUPERSEDED"}
    assert any(len(outcome.after) > 1 for _, outcome in game.model.log)
