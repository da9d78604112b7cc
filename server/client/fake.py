"""What the fake service of `testing` answers. It knows no rule."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import grpc
from consent.v1 import consent_pb2, decision_pb2, inbound_pb2, ledger_pb2
from consent.v1.consent_service_pb2 import DESCRIPTOR
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.message import Message as Protobuf
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from server.client.inbound import Message
from server.client.recipients import ALL, Recipient
from server.client.statements import Statement, decode_statement
from server.client.times import timestamp_of
from server.client.vocabulary import Channel, Intent, Reason, State, Verdict, number_of, word_of

_SERVICE = DESCRIPTOR.services_by_name["ConsentService"]
_WATCH = "WatchConsentEvents"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered to a question."""

    verdict: Verdict
    reason: Reason
    valid_until: datetime | None = None


@dataclass(slots=True)
class Failure:
    """How the next calls fail; `times` None: every one."""

    code: grpc.StatusCode
    reason: str
    message: str
    times: int | None


_NO_CONSENT = Answer(Verdict.DENY, Reason.NO_CONSENT)
_OPTED_OUT = Answer(Verdict.DENY, Reason.OPTED_OUT)
_Key = tuple[str, Channel, str, str]


def _key(sender: str, recipient: Recipient, purpose: str) -> _Key:
    """The question, with the usual forms of an address read as one."""
    plain = "".join(character for character in recipient.address.casefold() if character not in " -().")
    return sender, recipient.channel, plain, purpose


class Service:
    """The state of a fake, and its handlers."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.checked: list[tuple[str, Recipient, str]] = []
        self.recorded: list[Statement] = []
        self.inbound: list[Message] = []
        self.failure: Failure | None = None
        self._answers: dict[_Key, Answer] = {}
        self._events: list[ledger_pb2.ConsentEvent] = []
        self._given: dict[str, Protobuf] = {}
        self._changed = threading.Condition()
        self._stopped = False

    def settle(self, sender: str, recipient: Recipient, purpose: str, answer: Answer) -> None:
        """Answer so from now on."""
        with self._changed:
            self._answers[_key(sender, recipient, purpose)] = answer

    def stop(self) -> None:
        """End the watches."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def handlers(self) -> grpc.GenericRpcHandler:
        """A handler for each method that the client calls; the others are UNIMPLEMENTED."""
        unary: dict[str, Callable[[Any], Protobuf]] = {
            "CheckConsent": self._check,
            "BatchCheckConsent": self._check_batch,
            "RecordConsent": self._record,
            "BatchRecordConsents": self._record_batch,
            "HandleInboundMessage": self._hear,
            "ListConsents": lambda _: decision_pb2.ListConsentsResponse(revision=len(self._events)),
            "ListConsentEvents": self._list_events,
        }
        found: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            name: grpc.unary_unary_rpc_method_handler(
                lambda request, context, name=name, answer=answer: self._serve(name, answer, request, context),
                request_deserializer=GetMessageClass(_SERVICE.methods_by_name[name].input_type).FromString,
                response_serializer=lambda message: message.SerializeToString(),
            )
            for name, answer in unary.items()
        }
        found[_WATCH] = grpc.unary_stream_rpc_method_handler(
            self._watch,
            request_deserializer=ledger_pb2.WatchConsentEventsRequest.FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )
        return grpc.method_handlers_generic_handler(_SERVICE.full_name, found)

    def _serve(
        self, name: str, answer: Callable[[Any], Protobuf], request: Any, context: grpc.ServicerContext
    ) -> Protobuf:
        with self._changed:
            self._enter(name, context)
            request_id = getattr(request, "request_id", "")
            if request_id and request_id in self._given:
                return self._given[request_id]
            found = answer(request)
            if request_id:
                self._given[request_id] = found
            self._changed.notify_all()
            return found

    def _enter(self, name: str, context: grpc.ServicerContext) -> None:
        self.calls.append(name)
        failure = self.failure
        if failure is None:
            return
        if failure.times is not None:
            failure.times -= 1
            if failure.times <= 0:
                self.failure = None
        detail = Packed()
        detail.Pack(ErrorInfo(domain="consent.v1", reason=failure.reason))
        status = Status(code=failure.code.value[0], message=failure.message, details=[detail] if failure.reason else [])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(failure.code, failure.message)

    def _answer(self, sender: str, recipient: Recipient, purpose: str) -> Answer:
        self.checked.append((sender, recipient, purpose))
        found = [
            self._answers.get(_key(at, recipient, why), _NO_CONSENT) for at in (sender, ALL) for why in (purpose, ALL)
        ]
        said = [answer for answer in found if answer is not _NO_CONSENT]
        return next((answer for answer in said if answer.verdict is Verdict.DENY), (said or [_NO_CONSENT])[0])

    def _check(self, request: decision_pb2.CheckConsentRequest) -> decision_pb2.CheckConsentResponse:
        recipient = _recipient(request.recipient.channel, request.recipient.address)
        response = decision_pb2.CheckConsentResponse(recipient=request.recipient, revision=len(self._events))
        for purpose in request.purposes:
            answer = self._answer(request.sender, recipient, purpose)
            decision = response.decisions.add(purpose=purpose, valid_until=timestamp_of(answer.valid_until))
            decision.verdict = decision_pb2.Verdict.ValueType(number_of(answer.verdict))
            decision.reason = decision_pb2.VerdictReason.ValueType(number_of(answer.reason))
        return response

    def _check_batch(self, request: decision_pb2.BatchCheckConsentRequest) -> decision_pb2.BatchCheckConsentResponse:
        response = decision_pb2.BatchCheckConsentResponse(revision=len(self._events))
        channels = list(request.channels) * (len(request.addresses) if len(request.channels) == 1 else 1)
        for channel, address in zip(channels, request.addresses, strict=True):
            answer = self._answer(request.sender, _recipient(channel, address), request.purpose)
            response.verdicts.append(decision_pb2.Verdict.ValueType(number_of(answer.verdict)))
            response.reasons.append(decision_pb2.VerdictReason.ValueType(number_of(answer.reason)))
            if request.with_details:
                response.details.add(valid_until=timestamp_of(answer.valid_until))
        return response

    def _record(self, request: ledger_pb2.RecordConsentRequest) -> ledger_pb2.RecordConsentResponse:
        return ledger_pb2.RecordConsentResponse(result=self._keep(request.statement, request))

    def _record_batch(self, request: ledger_pb2.BatchRecordConsentsRequest) -> ledger_pb2.BatchRecordConsentsResponse:
        results = [ledger_pb2.BatchRecordResult(result=self._keep(found, request)) for found in request.statements]
        return ledger_pb2.BatchRecordConsentsResponse(results=results)

    def _keep(
        self,
        found: ledger_pb2.ConsentStatement,
        request: ledger_pb2.RecordConsentRequest | ledger_pb2.BatchRecordConsentsRequest,
    ) -> ledger_pb2.RecordResult:
        consent = consent_pb2.Consent(
            recipient=found.recipient,
            sender=found.sender,
            purpose=found.purpose,
            state=found.state,
            strength=found.strength,
            lifted_by=found.lifted_by,
            actor=found.actor,
        )
        if request.validate_only:
            return ledger_pb2.RecordResult(applied=True, consent=consent)
        statement = decode_statement(found)
        self.recorded.append(statement)
        out = statement.state is State.OPTED_OUT
        if out:
            self._answers[_key(statement.sender, statement.recipient, statement.purpose)] = _OPTED_OUT
        event = ledger_pb2.ConsentEvent(
            revision=len(self._events) + 1,
            recipient=found.recipient,
            sender=found.sender,
            purpose=found.purpose,
            applied=True,
            actor=found.actor,
            source=found.source,
            batch_id=request.batch_id,
        )
        event.kind = ledger_pb2.CONSENT_EVENT_KIND_OPT_OUT if out else ledger_pb2.CONSENT_EVENT_KIND_OPT_IN
        self._events.append(event)
        consent.revision = event.revision
        return ledger_pb2.RecordResult(applied=True, consent=consent, revision=event.revision)

    def _hear(self, request: inbound_pb2.HandleInboundMessageRequest) -> inbound_pb2.HandleInboundMessageResponse:
        sender = _recipient(request.channel, getattr(request, "from"))
        self.inbound.append(Message(request.sender, sender, request.body, request.provider_message_id, request.to))
        word = request.body.strip().upper()
        intent = Intent(word) if word in ("STOP", "START", "HELP") else Intent.NONE
        if intent is Intent.STOP and not request.validate_only:
            self._answers[_key(request.sender, sender, ALL)] = _OPTED_OUT
        return inbound_pb2.HandleInboundMessageResponse(
            intent=inbound_pb2.Intent.ValueType(number_of(intent)),
            matched_word="" if intent is Intent.NONE else word,
        )

    def _list_events(self, request: ledger_pb2.ListConsentEventsRequest) -> ledger_pb2.ListConsentEventsResponse:
        events = reversed(self._events) if request.newest_first else self._events
        return ledger_pb2.ListConsentEventsResponse(events=events, revision=len(self._events))

    def _watch(
        self, request: ledger_pb2.WatchConsentEventsRequest, context: grpc.ServicerContext
    ) -> Iterator[ledger_pb2.WatchConsentEventsResponse]:
        with self._changed:
            self._enter(_WATCH, context)
        context.add_callback(self._wake)
        seen = int(request.resume_token or request.after_revision)
        while True:
            with self._changed:
                self._changed.wait_for(partial(self._due, context, seen))
                if self._stopped or not context.is_active():
                    return
                events = self._events[seen:]
            seen += len(events)
            yield ledger_pb2.WatchConsentEventsResponse(events=events, resume_token=str(seen), revision=seen)

    def _due(self, context: grpc.ServicerContext, seen: int) -> bool:
        return self._stopped or not context.is_active() or len(self._events) > seen

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


def _recipient(channel: int, address: str) -> Recipient:
    return Recipient(word_of(Channel, channel) or Channel.UNKNOWN, address)
