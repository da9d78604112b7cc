"""The way in by gRPC, through the generated stubs. It has every step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import grpc
import orjson
from consent.v1 import consent_pb2, decision_pb2, inbound_pb2, ledger_pb2
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status

from tests.e2e.accounts import CLIENT
from tests.e2e.ways.way import Answer, Event, Hearing, Outcome, Question, Refusal, Refused, Saying, Standing, Way


class StubWay(Way):
    name = "grpc"

    def check(self, question: Question) -> Answer:
        answer = self._call("CheckConsent", _question(question))
        (decision,) = answer.decisions
        told = _verdict(decision.verdict, decision.reason).split()
        return Answer(told[0], told[1], answer.revision, answer.check_time.ToDatetime(UTC))

    check_reply = check

    def check_batch(self, addresses: Sequence[str]) -> list[str]:
        request = decision_pb2.BatchCheckConsentRequest(
            sender=CLIENT, purpose="marketing", channels=[consent_pb2.CHANNEL_SMS], addresses=addresses
        )
        answer = self._call("BatchCheckConsent", request)
        return [_verdict(*each) for each in zip(answer.verdicts, answer.reasons, strict=True)]

    check_campaign = check_batch

    def record(self, saying: Saying) -> Outcome:
        return self.record_once(saying, "")

    def record_once(self, saying: Saying, request_id: str) -> Outcome:
        request = ledger_pb2.RecordConsentRequest(statement=_statement(saying), request_id=request_id)
        return _outcome(self._call("RecordConsent", request).result)

    def hear(self, address: str, body: str, message_id: str) -> Hearing:
        request = inbound_pb2.HandleInboundMessageRequest(
            sender=CLIENT,
            channel=consent_pb2.CHANNEL_SMS,
            body=body,
            provider_message_id=message_id,
            **{"from": address},  # type: ignore[arg-type]
        )
        heard = self._call("HandleInboundMessage", request)
        return Hearing(
            _name(inbound_pb2.Intent, heard.intent),
            _outcome(heard.result) if heard.HasField("result") else None,
            heard.reply.permit,
            heard.review_item_id,
        )

    def waiting(self) -> dict[str, str]:
        request = inbound_pb2.ListReviewItemsRequest(page_size=1000)
        return {
            item.id: _name(inbound_pb2.ReviewKind, item.kind) for item in self._call("ListReviewItems", request).items
        }

    def judge(self, item: str, resolution: str) -> str:
        wanted = inbound_pb2.ReviewResolution.Value(f"REVIEW_RESOLUTION_{resolution}")
        request = inbound_pb2.ResolveReviewItemRequest(id=item, resolution=wanted)
        return _name(inbound_pb2.ReviewResolution, self._call("ResolveReviewItem", request).item.resolution)

    def consents(self, address: str) -> list[Standing]:
        found = self._call("ListConsents", decision_pb2.ListConsentsRequest(recipient=_sms(address))).consents
        standing = [
            Standing(
                each.sender,
                each.purpose,
                _name(consent_pb2.ConsentState, each.state),
                _name(consent_pb2.Strength, each.strength),
                each.suspected,
            )
            for each in found
        ]
        return sorted(standing, key=lambda each: (each.sender, each.purpose))

    def events(self, address: str) -> list[Event]:
        request = ledger_pb2.ListConsentEventsRequest(recipient=_sms(address))
        return [
            Event(
                _name(ledger_pb2.ConsentEventKind, each.kind),
                each.sender,
                each.purpose,
                _name(consent_pb2.Actor, each.actor),
                _name(consent_pb2.NotAppliedReason, each.not_applied_reason),
                orjson.loads(each.payload).get("evidence", {}),
            )
            for each in self._call("ListConsentEvents", request).events
        ]

    def verify(self) -> bool:
        *_, last = self._call("VerifyLedger", ledger_pb2.VerifyLedgerRequest(), list)
        return bool(last.complete)

    def _call(self, method: str, request: Message, read: Callable[[Any], Any] = lambda answer: answer) -> Any:
        with grpc.insecure_channel(self.served.grpc) as channel, _refusing():
            rpc = getattr(ConsentServiceStub(channel), method)
            return read(rpc(request, metadata=[("x-api-key", self.account.key)]))


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except grpc.RpcError as error:
        info, bad = ErrorInfo(), BadRequest()
        (packed,) = (item.value for item in error.trailing_metadata() or () if item.key == "grpc-status-details-bin")
        assert isinstance(packed, bytes)
        for detail in Status.FromString(packed).details:
            detail.Unpack(info)
            detail.Unpack(bad)
        fields = tuple((violation.field, violation.description) for violation in bad.field_violations)
        raise Refused(Refusal(info.reason, fields)) from error


def _sms(address: str) -> consent_pb2.Recipient:
    return consent_pb2.Recipient(channel=consent_pb2.CHANNEL_SMS, address=address)


def _question(question: Question) -> decision_pb2.CheckConsentRequest:
    return decision_pb2.CheckConsentRequest(
        sender=question.sender,
        recipient=_sms(question.address),
        purposes=[question.purpose],
        as_of_revision=question.revision,
        as_of_time=_timestamp(question.moment),
        reply_permit=question.permit,
    )


def _statement(saying: Saying) -> ledger_pb2.ConsentStatement:
    evidence: dict[str, Any] = dict(saying.evidence)
    if method := evidence.pop("method", None):
        evidence["method"] = ledger_pb2.EvidenceMethod.Value(f"EVIDENCE_METHOD_{method}")
    return ledger_pb2.ConsentStatement(
        recipient=_sms(saying.address),
        sender=saying.sender,
        purpose=saying.purpose,
        state=consent_pb2.ConsentState.Value(f"CONSENT_STATE_{saying.state}"),
        actor=consent_pb2.Actor.Value(f"ACTOR_{saying.actor}"),
        strength=consent_pb2.Strength.Value(f"STRENGTH_{saying.strength or 'UNSPECIFIED'}"),
        effective_time=_timestamp(saying.effective),
        expire_time=_timestamp(saying.expires),
        evidence=ledger_pb2.Evidence(**evidence) if evidence else None,
    )


def _timestamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    found = Timestamp()
    found.FromDatetime(moment)
    return found


def _outcome(result: ledger_pb2.RecordResult) -> Outcome:
    why = _name(consent_pb2.NotAppliedReason, result.not_applied_reason)
    return Outcome(result.applied, result.unchanged, why, result.revision)


def _verdict(verdict: int, reason: int) -> str:
    return f"{_name(decision_pb2.Verdict, verdict)} {_name(decision_pb2.VerdictReason, reason)}"


def _name(kind: Any, number: int) -> str:
    """The name of an enum's value without its prefix; empty where it is unset."""
    unset = kind.Name(0)
    prefix = unset.removesuffix("UNSPECIFIED")
    return kind.Name(number).removeprefix(prefix) if number else ""
