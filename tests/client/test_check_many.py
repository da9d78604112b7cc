"""Any iterable is checked lazily, in order, in constant memory, with two batches under way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import count, islice
from typing import Any

import grpc
import pytest
from consent.v1 import consent_pb2, decision_pb2
from consent.v1.decision_pb2 import BatchCheckConsentResponse, BatchCheckDetail

from server.client import ConsentClient, Reason, Recipient, Unavailable, email, sms
from tests.client.script import Failure, Script
from tests.client.things import NOON, batch_answer


class Source:
    """Endless recipients, and how many were taken."""

    def __init__(self) -> None:
        self.taken = 0

    def __iter__(self) -> Iterator[Recipient]:
        for number in count():
            self.taken += 1
            yield sms(f"+1650{number:07}")


def even(recipient: Recipient) -> bool:
    return recipient.address[-1] in "02468"


@pytest.mark.parametrize("total", [0, 1, 9, 10, 11, 20, 95])
@pytest.mark.parametrize("batch_size", [1, 10, 1000])
def test_every_recipient_has_its_own_answer_in_order(
    script: Script, client: ConsentClient, total: int, batch_size: int
) -> None:
    script.answer = lambda request, _context: batch_answer(request)
    people = list(islice(Source(), total))
    got = list(client.check_many("acme", "marketing", iter(people), batch_size=batch_size))
    assert [person for person, _ in got] == people
    assert [found.allowed for _, found in got] == [even(person) for person in people]
    assert all(found.recipient == person and found.revision == 7 for person, found in got)
    assert len(script.asked) == -(-total // batch_size)


def test_nothing_is_read_or_asked_before_the_first_answer_is_wanted(script: Script, client: ConsentClient) -> None:
    source = Source()
    client.check_many("acme", "marketing", source)
    assert (source.taken, script.asked) == (0, [])


def test_it_reads_a_bounded_way_ahead(script: Script, client: ConsentClient) -> None:
    script.answer = lambda request, _context: batch_answer(request)
    source = Source()
    checking = client.check_many("acme", "marketing", source, batch_size=100)
    ahead = [source.taken - done for done, _ in enumerate(islice(checking, 20_000))]
    assert max(ahead) <= 200
    assert len(script.asked) <= 202


def test_two_batches_are_under_way_and_never_three(script: Script, client: ConsentClient) -> None:
    both = threading.Barrier(2, timeout=10)
    lock = threading.Lock()
    under_way: list[int] = []
    now = 0

    def reply(request: Any, _context: grpc.ServicerContext) -> BatchCheckConsentResponse:
        nonlocal now
        with lock:
            now += 1
            under_way.append(now)
        both.wait()
        with lock:
            now -= 1
        return batch_answer(request)

    script.answer = reply
    people = islice(Source(), 40)
    assert len(list(client.check_many("acme", "marketing", people, batch_size=10))) == 40
    assert max(under_way) == 2


def test_leaving_early_cancels_what_is_under_way(script: Script, client: ConsentClient) -> None:
    cancelled = threading.Event()

    def reply(request: Any, context: grpc.ServicerContext) -> BatchCheckConsentResponse:
        if request.addresses[0] != "+16500000000":
            context.add_callback(cancelled.set)
            assert cancelled.wait(10)
        return batch_answer(request)

    script.answer = reply
    checking = client.check_many("acme", "marketing", Source(), batch_size=2)
    for _ in checking:
        script.arrived.acquire()
        script.arrived.acquire()
        break
    del checking
    assert cancelled.wait(10)


def test_channels_are_sent_once_where_all_are_the_same(script: Script, client: ConsentClient) -> None:
    script.answer = lambda request, _context: batch_answer(request)
    list(client.check_many("acme", "marketing", [sms("1"), sms("2")]))
    list(client.check_many("acme", "marketing", [sms("1"), email("2")]))
    first, second = script.requests("BatchCheckConsent")
    assert list(first.channels) == [consent_pb2.CHANNEL_SMS]
    assert list(second.channels) == [consent_pb2.CHANNEL_SMS, consent_pb2.CHANNEL_EMAIL]


def test_an_address_that_cannot_be_sent_spoils_its_own_item_only(script: Script, client: ConsentClient) -> None:
    script.answer = lambda request, _context: batch_answer(request)
    people = [sms("+16505550000"), email("\ud800@example.com"), email("zoë@example.com2")]
    got = list(client.check_many("acme", "marketing", people))
    assert [person for person, _ in got] == people
    assert [found.allowed for _, found in got] == [True, False, True]
    assert list(script.requests("BatchCheckConsent")[0].addresses) == ["+16505550000", "?", "zoë@example.com2"]


def test_details_tell_what_decided(script: Script, client: ConsentClient) -> None:
    detail = BatchCheckDetail(deciding_consent=consent_pb2.Consent(revision=5))
    detail.valid_until.FromDatetime(NOON)
    script.says(
        BatchCheckConsentResponse(
            verdicts=[decision_pb2.VERDICT_ALLOW],
            reasons=[decision_pb2.VERDICT_REASON_OPTED_IN],
            details=[detail],
            revision=7,
        )
    )
    ((_, found),) = client.check_many("acme", "marketing", [sms("1")], details=True)
    assert (found.allowed, found.deciding_revision, found.valid_until) == (True, 5, NOON)


def test_a_batch_is_sent_again_while_the_service_is_unavailable(script: Script, client: ConsentClient) -> None:
    failed: list[str] = []

    def reply(request: Any, _context: grpc.ServicerContext) -> BatchCheckConsentResponse | Failure:
        if failed.count(request.addresses[0]) < 2:
            failed.append(request.addresses[0])
            return Failure(grpc.StatusCode.UNAVAILABLE)
        return batch_answer(request)

    script.answer = reply
    got = list(client.check_many("acme", "marketing", islice(Source(), 30), batch_size=10))
    assert [found.allowed for _, found in got] == [True, False] * 15
    assert len(script.asked) == 9


def second_fails(request: Any, _context: grpc.ServicerContext) -> BatchCheckConsentResponse | Failure:
    return Failure(grpc.StatusCode.UNAVAILABLE) if request.addresses[0].endswith("10") else batch_answer(request)


def test_a_failed_batch_raises_after_the_answers_before_it(script: Script, client: ConsentClient) -> None:
    script.answer = second_fails
    checking = client.check_many("acme", "marketing", Source(), batch_size=10)
    assert len(list(islice(checking, 10))) == 10
    with pytest.raises(Unavailable):
        next(checking)


def test_a_failed_batch_denies_its_items_and_goes_on(script: Script, client: ConsentClient) -> None:
    script.answer = second_fails
    people = islice(Source(), 30)
    got = [found for _, found in client.check_many("acme", "marketing", people, batch_size=10, on_failure="deny")]
    assert [found.reason for found in got[10:20]] == [Reason.CHECK_FAILED] * 10
    assert all(isinstance(found.error, Unavailable) and not found for found in got[10:20])
    assert [found.allowed for found in got[20:]] == [True, False] * 5


@pytest.mark.parametrize("batch_size", [0, 10_001])
def test_a_batch_size_out_of_range_is_refused_at_once(client: ConsentClient, batch_size: int) -> None:
    with pytest.raises(ValueError):
        client.check_many("acme", "marketing", [], batch_size=batch_size)
