"""The way in by the native JSON API."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from tests.e2e.accounts import CLIENT, web
from tests.e2e.ways.way import Answer, Event, Hearing, Outcome, Question, Refusal, Refused, Saying, Standing, Way

_TYPE = "type.googleapis.com/google.rpc."


class NativeWay(Way):
    name = "json"

    def check(self, question: Question) -> Answer:
        body: dict[str, object] = {
            "sender": question.sender,
            "recipient": {"channel": "CHANNEL_SMS", "address": question.address},
            "purposes": [question.purpose],
        }
        if question.revision:
            body["asOfRevision"] = str(question.revision)
        if question.moment:
            body["asOfTime"] = question.moment.isoformat()
        if question.permit:
            body["replyPermit"] = question.permit
        answer = self._send("POST", "consents:check", json=body)
        (decision,) = answer["decisions"]
        verdict, reason = _bare(decision["verdict"], "VERDICT_"), _bare(decision["reason"], "VERDICT_REASON_")
        return Answer(verdict, reason, int(answer["revision"]), datetime.fromisoformat(answer["checkTime"]))

    check_reply = check

    def check_batch(self, addresses: Sequence[str]) -> list[str]:
        body = {"sender": CLIENT, "purpose": "marketing", "channels": ["CHANNEL_SMS"], "addresses": [*addresses]}
        answer = self._send("POST", "consents:batchCheck", json=body)
        return [
            f"{_bare(verdict, 'VERDICT_')} {_bare(reason, 'VERDICT_REASON_')}"
            for verdict, reason in zip(answer["verdicts"], answer["reasons"], strict=True)
        ]

    check_campaign = check_batch

    def record(self, saying: Saying) -> Outcome:
        return self.record_once(saying, "")

    def record_once(self, saying: Saying, request_id: str) -> Outcome:
        body: dict[str, object] = {"statement": _statement(saying)}
        if request_id:
            body["requestId"] = request_id
        return _outcome(self._send("POST", "consents:record", json=body)["result"])

    def hear(self, address: str, body: str, message_id: str) -> Hearing:
        message = {
            "sender": CLIENT,
            "channel": "CHANNEL_SMS",
            "from": address,
            "body": body,
            "providerMessageId": message_id,
        }
        heard = self._send("POST", "inboundMessages:handle", json=message)
        return Hearing(
            _bare(heard["intent"], "INTENT_"),
            _outcome(heard["result"]) if "result" in heard else None,
            heard["reply"]["permit"] if "reply" in heard else "",
            heard["reviewItemId"],
        )

    def consents(self, address: str) -> list[Standing]:
        found = [
            Standing(
                each["sender"],
                each["purpose"],
                _bare(each["state"], "CONSENT_STATE_"),
                _bare(each["strength"], "STRENGTH_"),
                each["suspected"],
            )
            for each in self._send("GET", "consents", params=_recipient(address))["consents"]
        ]
        return sorted(found, key=lambda each: (each.sender, each.purpose))

    def events(self, address: str) -> list[Event]:
        return [
            Event(
                _bare(each["kind"], "CONSENT_EVENT_KIND_"),
                each["sender"],
                each["purpose"],
                _bare(each["actor"], "ACTOR_"),
                _bare(each["notAppliedReason"], "NOT_APPLIED_REASON_"),
                orjson.loads(base64.b64decode(each["payload"])).get("evidence", {}),
            )
            for each in self._send("GET", "consentEvents", params=_recipient(address))["events"]
        ]

    def _send(self, verb: str, path: str, **sent: Any) -> Any:
        with web(self.served) as http:
            answer = http.request(verb, f"/v1/{path}", headers={"x-api-key": self.account.key}, **sent)
        if answer.status_code == 200:
            return answer.json()
        error = answer.json()["error"]
        assert error["code"] == answer.status_code
        details = {detail["@type"].removeprefix(_TYPE): detail for detail in error["details"]}
        violations = details.get("BadRequest", {"fieldViolations": []})["fieldViolations"]
        fields = tuple((_snake(each["field"]), each["description"]) for each in violations)
        raise Refused(Refusal(details["ErrorInfo"]["reason"], fields))


def _recipient(address: str) -> dict[str, str]:
    return {"recipient.channel": "CHANNEL_SMS", "recipient.address": address}


def _statement(saying: Saying) -> dict[str, object]:
    said: dict[str, object] = {
        "recipient": {"channel": "CHANNEL_SMS", "address": saying.address},
        "sender": saying.sender,
        "purpose": saying.purpose,
        "state": f"CONSENT_STATE_{saying.state}",
        "actor": f"ACTOR_{saying.actor}",
    }
    if saying.strength:
        said["strength"] = f"STRENGTH_{saying.strength}"
    if saying.effective:
        said["effectiveTime"] = saying.effective.isoformat()
    if saying.expires:
        said["expireTime"] = saying.expires.isoformat()
    if saying.evidence:
        said["evidence"] = {
            _camel(name): f"EVIDENCE_METHOD_{text}" if name == "method" else text
            for name, text in saying.evidence.items()
        }
    return said


def _outcome(result: Mapping[str, Any]) -> Outcome:
    why = _bare(result["notAppliedReason"], "NOT_APPLIED_REASON_")
    return Outcome(result["applied"], result["unchanged"], why, int(result["revision"]))


def _bare(word: str, prefix: str) -> str:
    assert word.startswith(prefix)
    bare = word.removeprefix(prefix)
    return "" if bare == "UNSPECIFIED" else bare


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def _snake(path: str) -> str:
    return "".join(f"_{character.lower()}" if character.isupper() else character for character in path)
