"""Statements arrive as they were said, in order and in batches, and what became of them is told."""

from __future__ import annotations

import threading
from typing import Any

import grpc
import pytest
from consent.v1 import consent_pb2, inbound_pb2, ledger_pb2
from consent.v1.consent_pb2 import Consent as ConsentMessage
from consent.v1.decision_pb2 import ListConsentsRequest, ListConsentsResponse
from consent.v1.ledger_pb2 import ListConsentEventsResponse
from grpc_health.v1.health_pb2 import HealthCheckResponse

from server.client import (
    Actor,
    BadAnswer,
    ConsentClient,
    EventKind,
    Intent,
    InvalidRequest,
    NotAppliedReason,
    Recorded,
    Refused,
    State,
    Unavailable,
    opt_out,
    sms,
)
from server.client.statements import decode_statement
from tests.client.script import Failure, Script, Server
from tests.client.things import NO, NOON, PERSON, YES, event

RESULT = ledger_pb2.RecordResult(
    applied=False,
    not_applied_reason=consent_pb2.NOT_APPLIED_REASON_PROTECTED_OPT_OUT,
    consent=ConsentMessage(state=consent_pb2.CONSENT_STATE_OPTED_OUT, revision=3),
    revision=8,
)


def batch_results(request: ledger_pb2.BatchRecordConsentsRequest) -> ledger_pb2.BatchRecordConsentsResponse:
    """Refuses the statements of `nobody`."""
    response = ledger_pb2.BatchRecordConsentsResponse()
    for statement in request.statements:
        if statement.sender == "nobody":
            response.results.add().refusal.reason = "SENDER_NOT_FOUND"
        else:
            response.results.add().result.applied = True
    return response


@pytest.mark.parametrize("statement", [YES, NO])
def test_a_statement_arrives_as_it_was_said(script: Script, client: ConsentClient, statement: Any) -> None:
    script.says(ledger_pb2.RecordConsentResponse(result=RESULT))
    client.record(statement, batch_id="b-1", validate_only=True)
    (request,) = script.requests("RecordConsent")
    assert decode_statement(request.statement) == statement
    assert (request.batch_id, request.validate_only, request.force) == ("b-1", True, False)


def test_a_statement_that_does_not_prevail_is_answered_so(script: Script, client: ConsentClient) -> None:
    script.says(ledger_pb2.RecordConsentResponse(result=RESULT))
    got = client.record(YES)
    assert (got.applied, got.not_applied_reason, got.revision) == (False, NotAppliedReason.PROTECTED_OPT_OUT, 8)
    assert got.consent is not None
    assert (got.consent.state, got.consent.revision) == (State.OPTED_OUT, 3)


def test_a_reason_forces(script: Script, client: ConsentClient) -> None:
    script.says(ledger_pb2.RecordConsentResponse(result=RESULT))
    client.record(YES, force_reason="case 4711")
    (request,) = script.requests("RecordConsent")
    assert (request.force, request.force_reason) == (True, "case 4711")


@pytest.mark.parametrize("said", [b"", ledger_pb2.RecordConsentResponse()])
def test_an_answer_without_a_result_is_no_success(script: Script, client: ConsentClient, said: Any) -> None:
    script.says(said)
    with pytest.raises(BadAnswer):
        client.record(NO)


def test_a_text_that_cannot_be_sent_is_refused(client: ConsentClient) -> None:
    with pytest.raises(InvalidRequest):
        client.record(opt_out("acme", sms("\ud800"), "*", actor=Actor.BUSINESS))
    with pytest.raises(ValueError):
        client.record(opt_out("acme", PERSON, "*", actor=Actor.UNKNOWN))


def test_many_are_recorded_in_order_in_batches(script: Script, client: ConsentClient) -> None:
    script.answer = lambda request, _context: batch_results(request)
    statements = [opt_out("nobody" if n == 3 else "acme", sms(str(n)), "*", actor=Actor.BUSINESS) for n in range(7)]
    got = client.record_many(iter(statements), batch_size=3, request_id="mine", batch_id="b-1", atomic=True)
    assert [isinstance(found, Recorded) for found in got] == [n != 3 for n in range(7)]
    assert isinstance(got[3], Refused)
    assert got[3].reason == "SENDER_NOT_FOUND"
    requests = script.requests("BatchRecordConsents")
    assert [statement.recipient.address for request in requests for statement in request.statements] == list("0123456")
    assert [request.request_id for request in requests] == ["mine.1", "mine.2", "mine.3"]
    assert all(request.atomic and request.batch_id == "b-1" for request in requests)


def test_a_batch_is_sent_again_under_its_own_id(script: Script, client: ConsentClient) -> None:
    down = Failure(grpc.StatusCode.UNAVAILABLE)
    said = iter([None, down, None, down, down, down, down])
    script.answer = lambda request, _context: next(said) or batch_results(request)
    with pytest.raises(Unavailable):
        client.record_many([NO] * 6, batch_size=2)
    ids = [request.request_id.rpartition(".") for request in script.requests("BatchRecordConsents")]
    assert [number for _, _, number in ids] == ["1", "2", "2", "3", "3", "3", "3"]
    assert len({base for base, _, _ in ids}) == 1


@pytest.mark.parametrize("results", [0, 1, 3])
def test_fewer_or_more_results_than_statements_are_a_bad_answer(
    script: Script, client: ConsentClient, results: int
) -> None:
    found = [ledger_pb2.BatchRecordResult(result=RESULT)] * results
    script.says(ledger_pb2.BatchRecordConsentsResponse(results=found))
    with pytest.raises(BadAnswer):
        client.record_many([NO, NO])


@pytest.mark.parametrize("batch_size", [0, 1001])
def test_a_batch_size_out_of_range_is_refused(client: ConsentClient, batch_size: int) -> None:
    with pytest.raises(ValueError):
        client.record_many([], batch_size=batch_size)


def test_an_inbound_message_is_told_and_its_meaning_answered(script: Script, client: ConsentClient) -> None:
    said = inbound_pb2.HandleInboundMessageResponse(
        intent=inbound_pb2.INTENT_STOP, matched_word="STOP", result=ledger_pb2.RecordResult(applied=True)
    )
    said.reply.permit = "permit"
    said.reply.permit_expire_time.FromDatetime(NOON)
    script.says(said)
    heard = client.handle_inbound("acme", PERSON, "Stop!", "m-1", to="+16505550000", receive_time=NOON)
    assert (heard.intent, heard.matched_word, heard.repeated) == (Intent.STOP, "STOP", False)
    assert heard.reply is not None
    assert (heard.reply.permit, heard.reply.permit_expire_time) == ("permit", NOON)
    (request,) = script.requests("HandleInboundMessage")
    assert (getattr(request, "from"), request.channel, request.to) == ("+16505551234", 1, "+16505550000")
    assert (request.body, request.provider_message_id, bool(request.request_id)) == ("Stop!", "m-1", True)


def test_a_message_without_an_intent_is_a_bad_answer(script: Script, client: ConsentClient) -> None:
    with pytest.raises(BadAnswer):
        client.handle_inbound("acme", PERSON, "Stop!", "m-1")


def two_pages(request: Any, _context: grpc.ServicerContext) -> Any:
    first = not request.page_token
    token = "next" if first else ""
    if isinstance(request, ListConsentsRequest):
        return ListConsentsResponse(consents=[ConsentMessage(revision=1 if first else 2)], next_page_token=token)
    return ListConsentEventsResponse(events=[event(1 if first else 2)], next_page_token=token)


def test_lists_go_through_their_pages_as_they_are_read(script: Script, client: ConsentClient) -> None:
    script.answer = two_pages
    consents = client.list_consents(PERSON, sender="acme", as_of_revision=4)
    assert script.asked == []
    assert next(consents).revision == 1
    assert len(script.asked) == 1
    assert [consent.revision for consent in consents] == [2]
    history = client.history(PERSON, kind=EventKind.OPT_OUT, actor=Actor.RECIPIENT, since=NOON, newest_first=True)
    assert [(found.revision, found.kind, found.recipient) for found in history] == [
        (1, EventKind.OPT_OUT, PERSON),
        (2, EventKind.OPT_OUT, PERSON),
    ]
    first, second = script.requests("ListConsentEvents")
    second.page_token = ""
    assert first == second
    assert (first.kind, first.actor, first.newest_first) == (2, 1, True)


def test_a_page_that_is_followed_by_itself_is_a_bad_answer(script: Script, client: ConsentClient) -> None:
    script.says(ListConsentEventsResponse(next_page_token="again"))
    with pytest.raises(BadAnswer):
        list(client.history())


def test_it_waits_until_the_service_serves(server: Server, client: ConsentClient) -> None:
    server.health.set("", HealthCheckResponse.NOT_SERVING)
    with pytest.raises(Unavailable):
        client.wait_until_serving(timeout=0.05)
    server.stop()
    with pytest.raises(Unavailable):
        client.wait_until_serving(timeout=0.05)
    server.health.set("", HealthCheckResponse.SERVING)
    starting = threading.Thread(target=server.start)
    starting.start()
    client.wait_until_serving(timeout=20)
    starting.join()
