"""A history played on the service and on the model at once, and all that the two must agree on after each step."""

from __future__ import annotations

import random
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Protocol

from consent.v1 import decision_pb2 as decision
from google.protobuf.timestamp_pb2 import Timestamp

from tests.model import world as small
from tests.model.asking import Asker
from tests.model.rules import Key, Who
from tests.model.service import Model, Permit
from tests.servicer.world import World

Answer = tuple[str, str]
_STATES = {1: "none", 2: "yes", 3: "no"}


class Step(Protocol):
    def play(self, game: Game) -> None: ...


@dataclass(frozen=True)
class Moment:
    """What a sweep was answered: the verdicts, and the records with their revisions."""

    revision: int
    check_time: int
    verdicts: dict[tuple[Who, str, str], Answer]
    revisions: dict[Key, int]


@dataclass
class Game:
    world: World
    model: Model
    settings: dict[tuple[str, str], str] = field(default_factory=dict)
    permit: tuple[str, Permit] | None = None
    past: list[Moment] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.admin = self.world.holder(small.ADMIN)
        self.forcer = self.world.holder(small.FORCER)
        self.asker = Asker(self.world, small.ADMIN)

    def now(self) -> int:
        """The moment at which the next call is heard."""
        return self.world.clock.moment() + 1000

    def rehearsal(self) -> Model:
        """A model that may be told what is not recorded."""
        return deepcopy(self.model)

    def keep_permit(self, text: str, permit: Permit) -> None:
        if text:
            self.permit = text, permit

    def agree(self) -> None:
        """Hold the service to the model: the records, the verdicts, the revision, the items, the last permit."""
        revisions = self._agree_on_records()
        verdicts = {}
        for sender in small.SENDERS:
            for purpose in small.PURPOSES:
                verdicts.update(self._agree_on_batch(sender, purpose))
        self.past.append(Moment(self.model.revision, self.world.clock.moment(), verdicts, revisions))
        self.agree_on_checks(small.SENDERS[len(self.past) % len(small.SENDERS)], revisions)
        self._agree_on_items()
        self._agree_on_permit()

    def _agree_on_records(self) -> dict[Key, int]:
        answer = self.asker.ListConsents(page_size=1000)
        assert not answer.next_page_token
        assert answer.revision == self.model.revision
        listed = {_key(each): _told(each) for each in answer.consents}
        expected = {key: _expected(self.model, key) for key in self.model.book}
        assert listed == expected
        return {_key(each): each.revision for each in answer.consents}

    def _agree_on_batch(self, sender: str, purpose: str) -> dict[tuple[Who, str, str], Answer]:
        now = self.now()
        answer = self.asker.BatchCheckConsent(
            sender=sender,
            purpose=purpose,
            channels=[who.channel for who in small.RECIPIENTS],
            addresses=[who.address for who in small.RECIPIENTS],
        )
        assert (answer.revision, answer.check_time.ToMicroseconds()) == (self.model.revision, now)
        found = {}
        for who, verdict, reason in zip(small.RECIPIENTS, answer.verdicts, answer.reasons, strict=True):
            found[who, sender, purpose] = _named(verdict, reason)
            expected = self.model.check(who, sender, purpose, now)[:2]
            assert found[who, sender, purpose] == expected, (who, sender, purpose)
            if expected == ("ALLOW", "OPTED_IN"):
                assert self.model.lost(who, sender, purpose) is None, (who, sender, purpose)
        return found

    def agree_on_checks(self, sender: str, revisions: dict[Key, int]) -> None:
        """CheckConsent answers as the batch does, and names the narrowest and then newest record that decided."""
        for who in small.RECIPIENTS:
            now = self.now()
            for told in self._check(sender, who).decisions:
                verdict, reason, deciding = self.model.check(who, sender, told.purpose, now)
                assert _named(told.verdict, told.reason) == (verdict, reason), (who, sender, told.purpose)
                assert told.HasField("deciding_consent") == bool(deciding)
                if deciding:
                    assert told.deciding_consent.revision == max(revisions[key] for key in deciding)

    def _agree_on_items(self) -> None:
        items = self.asker.ListReviewItems(page_size=1000, with_resolved=True).items
        listed = {each.revision: (each.recipient.channel, each.recipient.address, each.resolution) for each in items}
        assert listed == {at: (*item.key.who, item.resolution) for at, item in self.model.items.items()}

    def _agree_on_permit(self) -> None:
        if self.permit is None or self.now() >= self.permit[1].expires:
            return
        text, permit = self.permit
        now = self.now()
        for told in self._check(permit.sender, permit.who, reply_permit=text).decisions:
            without = self.model.check(permit.who, permit.sender, told.purpose, now)[:2]
            replies = ("ALLOW", "REPLY_PERMIT")
            allowed = {"yes": [replies], "no": [without], "either": [replies, without]}
            assert _named(told.verdict, told.reason) in allowed[self.model.permitted(permit, told.purpose)], (
                told.purpose
            )

    def _check(self, sender: str, who: Who, **fields: Any) -> Any:
        recipient = {"channel": who.channel, "address": who.address}
        return self.asker.CheckConsent(sender=sender, recipient=recipient, purposes=list(small.PURPOSES), **fields)

    def agree_as_of(self, dice: random.Random, moments: int, checks: int) -> None:
        """Some of the past asked again is answered as it was then."""
        for then in dice.sample(self.past, min(moments, len(self.past))):
            for sender, who in dice.sample([(s, w) for s in small.SENDERS for w in small.RECIPIENTS], checks):
                when = Timestamp()
                when.FromMicroseconds(then.check_time)
                again = self._check(sender, who, as_of_revision=then.revision, as_of_time=when)
                assert (again.revision, again.check_time) == (then.revision, when)
                for told in again.decisions:
                    place = (who, sender, told.purpose)
                    assert _named(told.verdict, told.reason) == then.verdicts[place], (then.revision, place)
                recipient = {"channel": who.channel, "address": who.address}
                listed = self.asker.ListConsents(recipient=recipient, as_of_revision=then.revision).consents
                stood = {key: revision for key, revision in then.revisions.items() if key.who == who}
                assert {_key(each): each.revision for each in listed} == stood

    def agree_on_ledger(self) -> None:
        """The ledger is whole and gap-free, and as long as the model says."""
        assert self.admin.VerifyLedger()[-1].complete
        revisions = [event.header.revision for event in self.world.events(small.TENANT)]
        assert revisions == list(range(1, self.model.revision + 1))


def play(database: str, history: Sequence[Step], seed: int = 0) -> Game:
    """Play a history on a service of its own, on this database."""
    world = World(database)
    try:
        tenant = next(tenant for tenant in world.storage.tenants() if tenant.name == small.TENANT)
        game = Game(world, small.model(tenant.head_revision))
        for step in history:
            step.play(game)
            game.agree()
        for sender in small.SENDERS:
            game.agree_on_checks(sender, game.past[-1].revisions if game.past else {})
        game.agree_as_of(random.Random(seed), moments=5, checks=8)
        game.agree_on_ledger()
        return game
    finally:
        world.close()


def _named(verdict: int, reason: int) -> Answer:
    return (
        decision.Verdict.Name(decision.Verdict.ValueType(verdict)).removeprefix("VERDICT_"),
        decision.VerdictReason.Name(decision.VerdictReason.ValueType(reason)).removeprefix("VERDICT_REASON_"),
    )


def _key(consent: Any) -> Key:
    return Key(Who(consent.recipient.channel, consent.recipient.address), consent.sender, consent.purpose)


def _told(consent: Any) -> tuple[object, ...]:
    return (
        _STATES[consent.state],
        consent.strength,
        consent.lifted_by,
        consent.suspected,
        consent.expire_time.ToMicroseconds() if consent.HasField("expire_time") else None,
        consent.request_time.ToMicroseconds() if consent.HasField("request_time") else None,
        consent.actor,
        consent.effective_time.ToMicroseconds(),
    )


def _expected(model: Model, key: Key) -> tuple[object, ...]:
    entry = model.book[key]
    return (
        entry.said,
        entry.strength,
        entry.lifted_by,
        entry.doubted is not None,
        entry.expires,
        entry.asked,
        entry.actor,
        entry.moment,
    )
