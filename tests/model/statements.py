"""What callers of the native API do: each step tells the service and the model, and compares the answers.

Moments are whole minutes from the minute that it is, so that statements meet, tie and overtake each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from consent.v1 import inbound_pb2 as inbound
from google.protobuf.timestamp_pb2 import Timestamp

from tests.model.game import Game
from tests.model.rules import EXPRESS, RECIPIENT, Book, Key, Outcome, Purpose, Said, Who
from tests.model.service import PERMIT_LASTS, Permit
from tests.model.world import COUNTRIES

MINUTE = 60_000_000
REFUSALS = {0: "applied", 1: "PROTECTED_OPT_OUT", 2: "WIDER_OPT_OUT", 3: "SUPERSEDED"}
PROOF = {"method": 2, "url": "https://example.com/join"}


def minute(now: int, later: int) -> int:
    return now // MINUTE * MINUTE + later * MINUTE


def stamp(moment: int) -> Timestamp:
    found = Timestamp()
    found.FromMicroseconds(moment)
    return found


@dataclass(frozen=True)
class Pass:
    """Time goes by."""

    minutes: int

    def play(self, game: Game) -> None:
        game.world.clock.advance(60 * self.minutes)


@dataclass(frozen=True)
class Record:
    """Statements of any actor; several are a batch. `at` and `lasts` are minutes; no `at`: now."""

    statements: tuple[Stated, ...]
    force: bool = False
    dry: bool = False

    def play(self, game: Game) -> None:
        now = game.now()
        caller = game.forcer if self.force else game.admin
        terms: dict[str, Any] = {"force": self.force, "validate_only": self.dry}
        if self.force:
            terms["force_reason"] = "a court said so"
        told = [each.request(now) for each in self.statements]
        if len(told) == 1:
            results = [caller.RecordConsent(statement=told[0], **terms).result]
        else:
            answer = caller.BatchRecordConsents(statements=told, **terms)
            assert all(each.HasField("result") for each in answer.results)
            results = [each.result for each in answer.results]
        model = game.rehearsal() if self.dry else game.model
        for result, each in zip(results, self.statements, strict=True):
            before = model.book
            _compare_result(result, model.say(each.said(now, self.force)), before, self.dry)


@dataclass(frozen=True)
class Stated:
    """One statement to record."""

    what: str
    key: Key
    actor: int
    at: int | None = None
    strength: int = EXPRESS
    lasts: int | None = None
    lifted_by: int = 2

    def _expires(self, now: int) -> int | None:
        return None if self.lasts is None else minute(now, (self.at or 0) + self.lasts)

    def said(self, now: int, force: bool) -> Said:
        moment = now if self.at is None else minute(now, self.at)
        if self.what == "yes":
            return Said("yes", self.key, self.actor, moment, self.strength, self._expires(now), force=force)
        return Said("no", self.key, self.actor, moment, lifted_by=self.lifted_by, force=force)

    def request(self, now: int) -> dict[str, Any]:
        who, sender, purpose = self.key
        told: dict[str, Any] = {
            "recipient": {"channel": who.channel, "address": who.address},
            "sender": sender,
            "purpose": purpose,
            "state": 2 if self.what == "yes" else 3,
            "actor": self.actor,
        }
        if self.actor == RECIPIENT:
            told["evidence"] = PROOF
        if self.at is not None:
            told["effective_time"] = stamp(minute(now, self.at))
        if self.what == "no":
            return told | {"lifted_by": self.lifted_by}
        ends = self._expires(now)
        return told | {"strength": self.strength} | ({} if ends is None else {"expire_time": stamp(ends)})


def _compare_result(result: Any, outcome: Outcome, before: Book, dry: bool) -> None:
    assert REFUSALS[result.not_applied_reason] == outcome.word.replace("unchanged", "applied")
    assert (result.applied, result.unchanged) == (
        outcome.word in ("applied", "unchanged"),
        outcome.word == "unchanged",
    )
    assert bool(result.revision) == (outcome.word != "unchanged" and not dry)
    others = list(outcome.after.items())[1:]
    assert result.lifted_count == sum(before[key].said == "no" and after.said != "no" for key, after in others)


@dataclass(frozen=True)
class Inbound:
    """A person writes to a sender. `at` is a minute; none: now."""

    sender: str
    who: Who
    body: str
    message: str = "i1"
    at: int | None = None
    dry: bool = False

    def play(self, game: Game) -> None:
        now, model = game.now(), game.rehearsal() if self.dry else game.model
        moment = now if self.at is None else minute(now, self.at)
        answer = game.admin.HandleInboundMessage(
            sender=self.sender,
            channel=self.who.channel,
            to="+18005550100",
            body=self.body,
            provider_message_id=self.message,
            receive_time=stamp(moment),
            validate_only=self.dry,
            **{"from": self.who.address},
        )
        heard = (self.sender, self.message, self.who, self.body)
        assert answer.repeated_message == (heard in model.heard)
        if heard in model.heard:
            return
        model.heard.add(heard)
        intent = model.meaning(self.sender, self.who, self.body, COUNTRIES[self.who.address])
        assert inbound.Intent.Name(answer.intent) == f"INTENT_{intent}"
        before = model.book
        outcome = model.hear(self.sender, self.who, intent, moment)
        assert answer.HasField("result") == (outcome is not None)
        if outcome is not None:
            _compare_result(answer.result, outcome, before, self.dry)
        due = intent == "HELP" or (intent in ("STOP", "START") and outcome is not None and outcome.effective)
        assert answer.HasField("reply") == due
        if due and not self.dry:
            game.keep_permit(answer.reply.permit, Permit(self.sender, self.who, model.revision, now + PERMIT_LASTS))


@dataclass(frozen=True)
class Resolve:
    """A person judges one of the open items; where there is none, nobody does."""

    place: int
    no: bool

    def play(self, game: Game) -> None:
        waiting = [revision for revision, item in game.model.items.items() if not item.resolution]
        if not waiting:
            return
        revision = waiting[self.place % len(waiting)]
        item = game.model.items[revision]
        resolution = 3 if item.kind == "WIDER_OPT_OUT" else 1 if self.no else 2
        found = next(each for each in game.admin.ListReviewItems(page_size=1000).items if each.revision == revision)
        game.admin.ResolveReviewItem(id=found.id, resolution=resolution, note="judged")
        game.model.resolve(revision, resolution)


@dataclass(frozen=True)
class SetSender:
    """A sender's double opt-in and reach are set."""

    sender: str
    double_opt_in: bool
    tenant_wide: bool

    def play(self, game: Game) -> None:
        sender = game.model.senders[self.sender]
        changed = (sender.double_opt_in, sender.tenant_wide) != (self.double_opt_in, self.tenant_wide)
        sender.double_opt_in, sender.tenant_wide = self.double_opt_in, self.tenant_wide
        game.model.set(changed)
        told = {"id": self.sender, "double_opt_in": self.double_opt_in, "reach": 2 if self.tenant_wide else 1}
        game.admin.UpdateSender(sender=told, update_mask={"paths": ["double_opt_in", "reach"]})


@dataclass(frozen=True)
class SetPurpose:
    """A purpose gets another rule."""

    purpose: str
    rule: Purpose

    def play(self, game: Game) -> None:
        game.model.set(game.model.purposes[self.purpose] != self.rule)
        game.model.purposes[self.purpose] = self.rule
        told = {
            "id": self.purpose,
            "rule": self.rule.rule,
            "minimum_strength": self.rule.minimum,
            "ignores_opt_out": self.rule.ignores_no,
        }
        game.admin.UpdatePurpose(purpose=told)
