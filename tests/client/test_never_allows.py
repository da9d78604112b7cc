"""No misbehaviour of a service is read as a yes: only VERDICT_ALLOW for that very item is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from consent.v1.decision_pb2 import BatchCheckConsentResponse, BatchCheckDetail, CheckConsentResponse
from google.protobuf.message import DecodeError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from server.client import ConsentClient, ConsentClientError, Reason, Retries, Verdict, sms
from tests.client.script import Failure, Said, Script, Server
from tests.client.things import PERSON, answer, decision

ALLOW = 1
CODES = [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK]
numbers = st.sampled_from([*range(13), -1, 99, 2**31 - 1, -(2**31)])
purposes = st.sampled_from(["marketing", "informational", "", "Marketing"])
decisions = st.builds(
    lambda verdict, reason, purpose: decision(verdict, reason, purpose), st.integers(0, 4) | numbers, numbers, purposes
)
answers = st.builds(
    lambda found, revision: CheckConsentResponse(decisions=found, revision=revision),
    st.lists(decisions, max_size=3),
    st.integers(-(2**63), 2**63 - 1),
)
batches = st.builds(
    lambda verdicts, reasons, details: BatchCheckConsentResponse(
        verdicts=verdicts, reasons=reasons, details=[BatchCheckDetail()] * details
    ),
    st.lists(st.integers(0, 4) | numbers, max_size=4),
    st.lists(numbers, max_size=4),
    st.sampled_from([0, 0, 0, 1, 3]),
)
failures = st.builds(
    lambda code, reason, retry, trailer: Failure(code, reason, retry_after=retry, trailer=trailer),
    st.sampled_from(CODES),
    st.sampled_from(["", "ALLOW", "OPTED_IN"]),
    st.none() | st.just(0.0),
    st.none() | st.binary(max_size=20),
)
many = settings(max_examples=300, deadline=None)


@pytest.fixture(scope="module")
def wire() -> Iterator[tuple[Script, ConsentClient]]:
    script = Script()
    server = Server(script)
    with ConsentClient(server.target, api_key="k", retries=Retries(2, 0.0, 0.0)) as client:
        yield script, client
    server.close()


def said_allow(said: Said, purpose: str) -> bool:
    """Whether the answer holds one decision, it is for the purpose, and it is ALLOW."""
    if isinstance(said, CheckConsentResponse):
        return [(found.purpose, found.verdict) for found in said.decisions] == [(purpose, ALLOW)]
    try:
        return isinstance(said, bytes) and said_allow(CheckConsentResponse.FromString(said), purpose)
    except DecodeError:
        return False


def outcome(ask: Callable[[], object]) -> object:
    """What is answered, or the class of what is raised."""
    try:
        return ask()
    except ConsentClientError as error:
        return type(error)


def read_batch(said: Said) -> BatchCheckConsentResponse | None:
    if isinstance(said, bytes):
        try:
            return BatchCheckConsentResponse.FromString(said)
        except DecodeError:
            return None
    return said if isinstance(said, BatchCheckConsentResponse) else None


@many
@given(said=answers | failures | st.binary(max_size=40))
@example(said=answer())
@example(said=answer(decision(1, 0)))
@example(said=answer(decision(0, 4)))
def test_a_check_is_allowed_only_by_the_services_word(wire: tuple[Script, ConsentClient], said: Any) -> None:
    script, client = wire
    script.says(said)
    got = client.check("acme", PERSON, "marketing", on_failure="deny")
    if got.allowed:
        assert said_allow(said, "marketing")
    assert got.allowed is bool(got) is (got.verdict is Verdict.ALLOW)
    if got.error is not None:
        assert got.reason is Reason.CHECK_FAILED
    assert outcome(lambda: client.check("acme", PERSON, "marketing")) in (got, type(got.error))


@many
@given(said=batches | failures | st.binary(max_size=40), details=st.booleans())
@example(said=b"\x0a\x03\x01\x02\x01\x12\x03\x04\x08\x04", details=False)
@example(said=b"\x0a\x02\x01\x01\x12\x02\x04\x04", details=False)
def test_an_item_of_a_batch_is_allowed_only_by_its_own_verdict(
    wire: tuple[Script, ConsentClient], said: Any, details: bool
) -> None:
    script, client = wire
    script.says(said)
    people = [sms(f"+1650555000{number}") for number in range(3)]
    got = list(client.check_many("acme", "marketing", people, details=details, on_failure="deny"))
    assert [person for person, _ in got] == people
    read = read_batch(said)
    for place, (_, found) in enumerate(got):
        if found.allowed:
            assert read is not None
            assert len(read.verdicts) == 3
            assert read.verdicts[place] == ALLOW
    asking = client.check_many("acme", "marketing", people, details=details)
    assert outcome(lambda: list(asking)) in (got, type(got[0][1].error))


def meaning(verdict: int, reason: int) -> bool:
    """The contract's own words: which reasons belong to an ALLOW; one that is not known yet is not contradicted."""
    return verdict == ALLOW and reason in (3, 4, 9, 42)


@pytest.mark.parametrize("verdict", [0, 1, 2, 3, -1])
@pytest.mark.parametrize("reason", [*range(11), 42])
def test_a_verdict_and_a_reason_that_contradict_are_a_deny(
    wire: tuple[Script, ConsentClient], verdict: int, reason: int
) -> None:
    script, client = wire
    script.says(answer(decision(verdict, reason)))
    assert client.check("acme", PERSON, "marketing").allowed is meaning(verdict, reason)
