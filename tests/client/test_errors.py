"""What went wrong is told by the exception's class and fields."""

from __future__ import annotations

import pickle

import grpc
import pytest

from server.client import (
    Conflict,
    ConsentClient,
    ConsentClientError,
    DeadlineExceeded,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ResumeTokenOutOfRange,
    ServiceFault,
    Throttled,
    Unauthenticated,
    Unavailable,
    Violation,
    sms,
)
from tests.client.script import Failure, Script
from tests.client.things import PERSON

Code = grpc.StatusCode
KINDS = {
    Code.UNAUTHENTICATED: Unauthenticated,
    Code.PERMISSION_DENIED: PermissionDenied,
    Code.INVALID_ARGUMENT: InvalidRequest,
    Code.NOT_FOUND: NotFound,
    Code.ALREADY_EXISTS: Conflict,
    Code.FAILED_PRECONDITION: Conflict,
    Code.ABORTED: Conflict,
    Code.OUT_OF_RANGE: ResumeTokenOutOfRange,
    Code.RESOURCE_EXHAUSTED: Throttled,
    Code.UNAVAILABLE: Unavailable,
    Code.CANCELLED: Unavailable,
    Code.DEADLINE_EXCEEDED: DeadlineExceeded,
    Code.INTERNAL: ServiceFault,
    Code.UNKNOWN: ServiceFault,
    Code.UNIMPLEMENTED: ServiceFault,
    Code.DATA_LOSS: ServiceFault,
}


def failure_of(client: ConsentClient) -> ConsentClientError:
    with pytest.raises(ConsentClientError) as caught:
        client.check("acme", PERSON, "marketing")
    return caught.value


def test_every_code_has_a_class() -> None:
    assert set(KINDS) == set(Code) - {Code.OK}


@pytest.mark.parametrize(("code", "kind"), KINDS.items())
def test_the_class_says_what_happened_and_the_fields_tell_more(
    script: Script, client: ConsentClient, code: Code, kind: type[ConsentClientError]
) -> None:
    script.says(Failure(code, "SOME_REASON"))
    failure = failure_of(client)
    assert type(failure) is kind
    assert (failure.code, failure.reason, failure.metadata) == (code, "SOME_REASON", {"sender": "acme"})
    assert failure.request_id == script.asked[0].metadata["x-request-id"]
    assert str(failure) == f"the service's words (SOME_REASON, request id {failure.request_id})"


def test_an_invalid_request_names_the_fields(script: Script, client: ConsentClient) -> None:
    script.says(Failure(Code.INVALID_ARGUMENT, "INVALID_FIELD", (("sender", "REQUIRED", "is missing"),)))
    failure = failure_of(client)
    assert isinstance(failure, InvalidRequest)
    assert failure.violations == (Violation("sender", "REQUIRED", "is missing"),)


@pytest.mark.parametrize("trailer", [b"", b"\xff\xff\xff", b"\x1a\x02\x12\xff", b"\x1a\x40"])
def test_details_that_cannot_be_read_are_left_out(script: Script, client: ConsentClient, trailer: bytes) -> None:
    script.says(Failure(Code.NOT_FOUND, trailer=trailer))
    failure = failure_of(client)
    assert isinstance(failure, NotFound)
    assert failure.reason == ""


def test_a_text_that_is_not_unicode_is_an_invalid_request(client: ConsentClient, script: Script) -> None:
    with pytest.raises(InvalidRequest):
        client.check("acme", sms("\ud800"), "marketing")
    assert script.asked == []


def test_an_error_can_be_pickled(script: Script, client: ConsentClient) -> None:
    script.says(Failure(Code.INVALID_ARGUMENT, "INVALID_FIELD", (("sender", "REQUIRED", "is missing"),)))
    failure = failure_of(client)
    copy = pickle.loads(pickle.dumps(failure))
    assert (type(copy), vars(copy)) == (type(failure), vars(failure))
