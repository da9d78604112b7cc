"""A check answers what the service said, and nothing but its ALLOW is allowed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from consent.v1 import consent_pb2
from consent.v1.decision_pb2 import CheckConsentResponse
from google.protobuf.timestamp_pb2 import Timestamp

from server.client import (
    BadAnswer,
    ConsentClient,
    Decision,
    NotFound,
    PermissionDenied,
    Reason,
    State,
    Unavailable,
    Verdict,
    email,
    sms,
)
from tests.client.script import Failure, Script
from tests.client.things import NOON, PERSON, answer, decision


def test_a_decision_tells_all_that_was_answered(script: Script, client: ConsentClient) -> None:
    found = decision()
    found.valid_until.FromDatetime(NOON)
    found.deciding_consent.state = consent_pb2.CONSENT_STATE_OPTED_IN
    found.deciding_consent.revision = 5
    said = answer(found)
    said.recipient.channel = consent_pb2.CHANNEL_SMS
    said.recipient.address = "+16505551234"
    said.check_time.FromDatetime(NOON)
    script.says(said)
    got = client.check("acme", sms("(650) 555-1234"), "marketing")
    assert (got.verdict, got.reason, got.allowed, bool(got)) == (Verdict.ALLOW, Reason.OPTED_IN, True, True)
    assert (got.recipient, got.purpose, got.valid_until) == (PERSON, "marketing", NOON)
    assert (got.revision, got.deciding_revision, got.check_time, got.error) == (7, 5, NOON, None)
    assert got.deciding is not None
    assert got.deciding.state is State.OPTED_IN
    (request,) = script.requests("CheckConsent")
    assert (request.sender, request.recipient.address, list(request.purposes)) == (
        "acme",
        "(650) 555-1234",
        ["marketing"],
    )


def test_a_deny_is_an_answer_and_false(script: Script, client: ConsentClient) -> None:
    script.says(answer(decision(2, 1)))
    got = client.check("acme", PERSON, "marketing")
    assert (got.verdict, got.reason, got.allowed, bool(got)) == (Verdict.DENY, Reason.OPTED_OUT, False, False)


def test_several_purposes_are_asked_about_at_once(script: Script, client: ConsentClient) -> None:
    script.says(answer(decision(purpose="marketing"), decision(2, 8, "informational")))
    got = client.check_purposes("acme", PERSON, ["marketing", "informational", "marketing"])
    assert {purpose: found.allowed for purpose, found in got.items()} == {"marketing": True, "informational": False}
    assert list(script.requests("CheckConsent")[0].purposes) == ["marketing", "informational"]


def test_one_purpose_is_not_taken_for_its_letters(client: ConsentClient) -> None:
    with pytest.raises(TypeError):
        client.check_purposes("acme", PERSON, "marketing")


AS_OF: dict[str, tuple[int | datetime | Decision | None, int, datetime | None]] = {
    "now": (None, 0, None),
    "a revision": (5, 5, None),
    "a moment": (NOON, 0, NOON),
    "an earlier decision": (
        Decision(PERSON, "marketing", Verdict.DENY, Reason.NO_CONSENT, revision=3, check_time=NOON),
        3,
        NOON,
    ),
}


@pytest.mark.parametrize(("as_of", "revision", "moment"), AS_OF.values(), ids=AS_OF)
def test_as_of_is_a_revision_a_moment_or_an_earlier_decision(
    script: Script, client: ConsentClient, as_of: Any, revision: int, moment: datetime | None
) -> None:
    script.says(answer())
    client.check("acme", PERSON, "marketing", as_of=as_of)
    (request,) = script.requests("CheckConsent")
    assert request.as_of_revision == revision
    assert (request.as_of_time.ToDatetime(tzinfo=UTC) if request.HasField("as_of_time") else None) == moment


def test_a_time_without_a_zone_is_refused(client: ConsentClient, script: Script) -> None:
    with pytest.raises(ValueError):
        client.check("acme", PERSON, "marketing", as_of=NOON.replace(tzinfo=None), on_failure="deny")
    assert script.asked == []


def test_a_permit_is_sent(script: Script, client: ConsentClient) -> None:
    script.says(answer(decision(1, 9)))
    assert client.check("acme", PERSON, "marketing", reply_permit="permit").reason is Reason.REPLY_PERMIT
    assert script.requests("CheckConsent")[0].reply_permit == "permit"


LATE = CheckConsentResponse(
    decisions=[decision()], check_time=Timestamp(seconds=int(timedelta(days=9_999_999).total_seconds()))
)
FAILURES: dict[str, tuple[Any, type[Exception]]] = {
    "an empty answer": (b"", BadAnswer),
    "a decision too many": (answer(decision(), decision(purpose="informational")), BadAnswer),
    "another purpose": (answer(decision(purpose="transactional")), BadAnswer),
    "a time that is none": (LATE, BadAnswer),
    "bytes that are no message": (b"\xff\xff", Exception),
    "no such sender": (Failure(grpc.StatusCode.NOT_FOUND, "SENDER_NOT_FOUND"), NotFound),
    "no permission": (Failure(grpc.StatusCode.PERMISSION_DENIED), PermissionDenied),
    "unavailable": (Failure(grpc.StatusCode.UNAVAILABLE), Unavailable),
}


@pytest.mark.parametrize(("said", "kind"), FAILURES.values(), ids=FAILURES)
def test_a_failed_check_raises_or_denies(
    script: Script, client: ConsentClient, said: Any, kind: type[Exception]
) -> None:
    script.says(said)
    with pytest.raises(kind) as caught:
        client.check("acme", PERSON, "marketing")
    denied = client.check("acme", PERSON, "marketing", on_failure="deny")
    assert (denied.verdict, denied.reason, denied.allowed) == (Verdict.DENY, Reason.CHECK_FAILED, False)
    assert type(denied.error) is type(caught.value)


def test_a_text_that_cannot_be_sent_is_denied(client: ConsentClient) -> None:
    denied = client.check("acme", email("\ud800@example.com"), "marketing", on_failure="deny")
    assert (denied.allowed, denied.reason) == (False, Reason.CHECK_FAILED)


def test_a_closed_client_denies(connect: Callable[..., ConsentClient]) -> None:
    client = connect()
    client.close()
    assert not client.check("acme", PERSON, "marketing", on_failure="deny")


def test_another_way_to_fail_is_refused(client: ConsentClient) -> None:
    with pytest.raises(ValueError):
        client.check("acme", PERSON, "marketing", on_failure="allow")  # type: ignore[arg-type]
