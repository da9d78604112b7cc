"""The way in of an operator: the command line, beside the running server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from tests.e2e.accounts import CLIENT
from tests.e2e.process import run
from tests.e2e.ways.way import Answer, Event, Hearing, Outcome, Question, Refusal, Refused, Saying, Standing, Way

_FIELDS = {
    "--as-of": "as_of_time",
    "--effective-time": "statement.effective_time",
    "--expires": "statement.expire_time",
    "--body": "body",
}
"""What the options of a refusal are called in the contract."""

_REFUSALS = (
    re.compile(r"Error: (?P<option>--[a-z-]+): (?P<words>.+)"),
    re.compile(r"Error: Invalid value for '(?P<option>--[a-z-]+)': (?P<words>.+)"),
)
_WORDS = {"is empty": "is needed"}
"""An option that is typed is there, so that an empty one is told as such."""

_REASONS = {"no such sender": "SENDER_NOT_FOUND", "no such review item": "REVIEW_ITEM_NOT_FOUND"}
"""The command line tells a person, without the contract's reason."""


class CommandWay(Way):
    name = "command line"

    def check(self, question: Question) -> Answer:
        arguments = [question.address, "--sender", question.sender, "--purpose", question.purpose]
        if question.revision:
            arguments += ["--as-of", str(question.revision)]
        if question.moment:
            arguments += ["--as-of", question.moment.isoformat()]
        code, answer = self._run("check", *arguments)
        (decision,) = answer["decisions"]
        assert code == {"ALLOW": 0, "DENY": 3}[decision["verdict"]]
        moment = datetime.fromisoformat(answer["check_time"])
        return Answer(decision["verdict"], decision["reason"], answer["revision"], moment)

    def record(self, saying: Saying) -> Outcome:
        arguments = [saying.address, "--sender", saying.sender, "--purpose", saying.purpose]
        arguments += ["--opt-in", _word(saying.strength)] if saying.strength else ["--opt-out"]
        arguments += ["--actor", _word(saying.actor)]
        if saying.effective:
            arguments += ["--effective-time", saying.effective.isoformat()]
        if saying.expires:
            arguments += ["--expires", saying.expires.isoformat()]
        for name, text in saying.evidence.items():
            arguments += [f"--{_word(name)}", _word(text) if name == "method" else text]
        code, answer = self._run("record", *arguments)
        outcome = _outcome(answer)
        assert code == (0 if outcome.applied else 1)
        return outcome

    def hear(self, address: str, body: str, message_id: str) -> Hearing:
        arguments = ["--sender", CLIENT, "--from", address, "--body", body, "--message-id", message_id]
        _, heard = self._run("inbound", *arguments)
        outcome = _outcome(heard["result"]) if heard["result"] else None
        permit = heard["reply"]["permit"] if heard["reply"] else ""
        return Hearing(heard["intent"], outcome, permit, heard["review_item_id"] or "")

    def waiting(self) -> dict[str, str]:
        return {item["id"]: item["kind"] for item in self._run("review", "list")[1]}

    def judge(self, item: str, resolution: str) -> str:
        return str(self._run("review", "resolve", item, "--as", _word(resolution))[1]["resolution"])

    def consents(self, address: str) -> list[Standing]:
        found = [
            Standing(each["sender"], each["purpose"], each["state"], each["strength"] or "", each["suspected"])
            for each in self._run("person", address)[1]["consents"]
            if each["channel"] == "SMS"
        ]
        return sorted(found, key=lambda each: (each.sender, each.purpose))

    def events(self, address: str) -> list[Event]:
        return [
            Event(
                each["kind"],
                each["sender"],
                each["purpose"],
                each["actor"],
                each["not_applied_reason"] or "",
                each["payload"].get("evidence", {}),
            )
            for each in self._run("history", address, "--channel", "sms")[1]
        ]

    def verify(self) -> bool:
        code, (told,) = self._run("verify")
        assert (code == 0) == told["intact"]
        return bool(told["intact"])

    def _run(self, *arguments: str) -> tuple[int, Any]:
        """The exit code and what was printed. Raises Refused where nothing was."""
        place = ("--tenant", self.account.tenant, "--json")
        done = run(self.served.folder, *arguments, *place)
        if done.stdout:
            assert done.stderr == ""
            return done.returncode, orjson.loads(done.stdout)
        assert done.returncode in {1, 2}
        raise Refused(_refusal(done.stderr))


def _refusal(said: str) -> Refusal:
    """What a person was told, in the contract's words."""
    line = said.splitlines()[-1]
    for pattern in _REFUSALS:
        if found := pattern.fullmatch(line):
            return Refusal("INVALID_FIELD", ((_FIELDS[found["option"]], _WORDS.get(found["words"], found["words"])),))
    for words, reason in _REASONS.items():
        if line.startswith(f"Error: {words}"):
            return Refusal(reason)
    raise AssertionError(said)


def _outcome(result: Mapping[str, Any]) -> Outcome:
    return Outcome(result["applied"], result["unchanged"], result["not_applied_reason"] or "", result["revision"] or 0)


def _word(name: str) -> str:
    return name.lower().replace("_", "-")
