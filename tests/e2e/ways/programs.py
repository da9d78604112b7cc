"""The way in of internal services: the client."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

import orjson

from server.client import (
    Actor,
    ConsentClient,
    ConsentClientError,
    Decision,
    Evidence,
    EvidenceMethod,
    InvalidRequest,
    Reason,
    Recorded,
    Statement,
    Strength,
    Verdict,
    opt_in,
    opt_out,
    sms,
)
from tests.e2e.accounts import CLIENT
from tests.e2e.ways.way import Answer, Event, Hearing, Outcome, Question, Refusal, Refused, Saying, Standing, Way

T = TypeVar("T")


class ClientWay(Way):
    name = "client"

    def check(self, question: Question) -> Answer:
        decision = self._call(
            lambda client: client.check(
                question.sender,
                sms(question.address),
                question.purpose,
                as_of=_as_of(question),
                reply_permit=question.permit,
            )
        )
        assert decision.check_time is not None
        assert decision.allowed == (decision.verdict is Verdict.ALLOW)
        return Answer(decision.verdict, decision.reason, decision.revision, decision.check_time)

    check_reply = check

    def check_campaign(self, addresses: Sequence[str]) -> list[str]:
        people = map(sms, addresses)
        found = self._call(lambda client: list(client.check_many(CLIENT, "marketing", people)))
        assert [recipient.address for recipient, _ in found] == [*addresses]
        return [f"{decision.verdict} {decision.reason}" for _, decision in found]

    def record(self, saying: Saying) -> Outcome:
        return self.record_once(saying, "")

    def record_once(self, saying: Saying, request_id: str) -> Outcome:
        return _outcome(self._call(lambda client: client.record(_statement(saying), request_id=request_id)))

    def hear(self, address: str, body: str, message_id: str) -> Hearing:
        heard = self._call(lambda client: client.handle_inbound(CLIENT, sms(address), body, message_id))
        outcome = _outcome(heard.result) if heard.result else None
        return Hearing(heard.intent, outcome, heard.reply.permit if heard.reply else "", heard.review_item_id)

    def consents(self, address: str) -> list[Standing]:
        found = self._call(lambda client: list(client.list_consents(sms(address))))
        standing = [
            Standing(each.sender, each.purpose, each.state, each.strength or "", each.suspected) for each in found
        ]
        return sorted(standing, key=lambda each: (each.sender, each.purpose))

    def events(self, address: str) -> list[Event]:
        return [
            Event(
                each.kind,
                each.sender,
                each.purpose,
                each.actor or "",
                each.not_applied_reason or "",
                orjson.loads(each.payload).get("evidence", {}),
            )
            for each in self._call(lambda client: list(client.history(sms(address))))
        ]

    def _call(self, ask: Callable[[ConsentClient], T]) -> T:
        with ConsentClient(self.served.grpc, api_key=self.account.key, timeout=30) as client, _refusing():
            return ask(client)


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except ConsentClientError as error:
        violations = error.violations if isinstance(error, InvalidRequest) else ()
        fields = tuple((violation.field, violation.description) for violation in violations)
        raise Refused(Refusal(error.reason, fields)) from error


def _as_of(question: Question) -> int | datetime | Decision | None:
    """A revision, a moment, or the earlier decision that names both."""
    if question.revision and question.moment:
        recipient = sms(question.address)
        at = {"revision": question.revision, "check_time": question.moment}
        return Decision(recipient, question.purpose, Verdict.DENY, Reason.UNKNOWN, **at)  # type: ignore[arg-type]
    return question.moment or question.revision or None


def _statement(saying: Saying) -> Statement:
    evidence = None
    if saying.evidence:
        words = dict(saying.evidence)
        evidence = Evidence(EvidenceMethod(words.pop("method")), **words)
    recipient, actor = sms(saying.address), Actor(saying.actor)
    if not saying.strength:
        return opt_out(
            saying.sender,
            recipient,
            saying.purpose,
            actor=actor,
            evidence=evidence,
            effective_time=saying.effective,
        )
    return opt_in(
        saying.sender,
        recipient,
        saying.purpose,
        strength=Strength(saying.strength),
        actor=actor,
        evidence=evidence,
        effective_time=saying.effective,
        expire_time=saying.expires,
    )


def _outcome(recorded: Recorded) -> Outcome:
    return Outcome(recorded.applied, recorded.unchanged, recorded.not_applied_reason or "", recorded.revision)
