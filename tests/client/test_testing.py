"""The fake for users' own tests: one line, deny by default, and it remembers."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import grpc
import pytest

from server.client import (
    ALL,
    Actor,
    ConsentClient,
    Intent,
    NotFound,
    Reason,
    ServiceFault,
    Unavailable,
    email,
    opt_out,
    sms,
)
from server.client.testing import FakeConsentService, fake_consent_service
from tests.client.things import NO, NOON, PERSON, YES


@pytest.fixture
def fake() -> Iterator[FakeConsentService]:
    with fake_consent_service() as found:
        yield found


def test_it_denies_what_nobody_allowed(fake: FakeConsentService) -> None:
    found = fake.client.check("acme", PERSON, "marketing")
    assert (found.allowed, found.reason) == (False, Reason.NO_CONSENT)


def test_it_allows_what_was_allowed_and_nothing_else(fake: FakeConsentService) -> None:
    fake.allow("acme", PERSON, "marketing", valid_until=NOON)
    found = fake.client.check("acme", sms("+1 (650) 555-1234"), "marketing")
    assert (found.allowed, found.reason, found.valid_until) == (True, Reason.OPTED_IN, NOON)
    assert not fake.client.check("other", PERSON, "marketing")
    assert not fake.client.check("acme", PERSON, "informational")
    assert not fake.client.check("acme", email("+16505551234"), "marketing")
    assert fake.checked[-1] == ("acme", email("+16505551234"), "marketing")


def test_a_deny_wins_over_a_wider_or_narrower_allow(fake: FakeConsentService) -> None:
    fake.allow(ALL, PERSON, ALL)
    assert fake.client.check("acme", PERSON, "marketing")
    fake.deny("acme", PERSON, ALL, reason=Reason.OPT_OUT_SUSPECTED)
    fake.allow("acme", PERSON, "marketing")
    assert fake.client.check("acme", PERSON, "marketing").reason is Reason.OPT_OUT_SUSPECTED
    assert fake.client.check("other", PERSON, "marketing")


def test_batches_are_answered_alike(fake: FakeConsentService) -> None:
    fake.allow("acme", PERSON, "marketing")
    people = [sms("+16505550000"), PERSON, email("a@example.com")]
    for details in (False, True):
        got = fake.client.check_many("acme", "marketing", people, details=details)
        assert [found.allowed for _, found in got] == [False, True, False]


def test_it_remembers_what_was_recorded_once_a_request_id(fake: FakeConsentService) -> None:
    fake.client.record(YES, request_id="r-1")
    fake.client.record(YES, request_id="r-1")
    fake.client.record_many([NO, NO])
    fake.client.record(YES, validate_only=True)
    assert fake.recorded == [YES, NO, NO]
    assert fake.calls == ["RecordConsent", "RecordConsent", "BatchRecordConsents", "RecordConsent"]


def test_a_recorded_no_denies_and_a_recorded_yes_allows_nothing(fake: FakeConsentService) -> None:
    fake.client.record(YES)
    assert not fake.client.check("acme", PERSON, "marketing")
    fake.allow("acme", PERSON, "marketing")
    fake.client.record(opt_out("acme", PERSON, "*", actor=Actor.RECIPIENT))
    assert fake.client.check("acme", PERSON, "marketing").reason is Reason.OPTED_OUT


def test_a_stop_is_heard(fake: FakeConsentService) -> None:
    fake.allow("acme", PERSON, "marketing")
    assert fake.client.handle_inbound("acme", PERSON, "thanks", "m-1").intent is Intent.NONE
    assert fake.client.check("acme", PERSON, "marketing")
    assert fake.client.handle_inbound("acme", PERSON, " stop ", "m-2").intent is Intent.STOP
    assert not fake.client.check("acme", PERSON, "marketing")
    assert [message.body for message in fake.inbound] == ["thanks", " stop "]


def test_it_fails_as_it_is_told_until_it_recovers(fake: FakeConsentService) -> None:
    fake.allow("acme", PERSON, "marketing")
    fake.fail_with(grpc.StatusCode.NOT_FOUND, reason="SENDER_NOT_FOUND")
    with pytest.raises(NotFound) as caught:
        fake.client.check("acme", PERSON, "marketing")
    assert caught.value.reason == "SENDER_NOT_FOUND"
    assert not fake.client.check("acme", PERSON, "marketing", on_failure="deny")
    fake.recover()
    assert fake.client.check("acme", PERSON, "marketing")


def test_it_fails_a_number_of_times(fake: FakeConsentService) -> None:
    fake.allow("acme", PERSON, "marketing")
    fake.fail_with(grpc.StatusCode.UNAVAILABLE, times=2)
    assert fake.client.check("acme", PERSON, "marketing")
    assert len(fake.calls) == 3
    fake.fail_with(grpc.StatusCode.UNAVAILABLE)
    with pytest.raises(Unavailable):
        fake.client.record(NO)


def test_records_can_be_watched_and_listed(fake: FakeConsentService) -> None:
    fake.client.record(YES)
    with fake.client.watch() as watch:
        recording = threading.Thread(target=lambda: fake.client.record_many([NO, NO]))
        recording.start()
        assert [next(watch).revision for _ in range(2)] == [2, 3]
        recording.join()
    assert [found.revision for found in fake.client.history(newest_first=True)] == [3, 2, 1]


def test_a_client_of_ones_own_reaches_it(fake: FakeConsentService) -> None:
    fake.allow("acme", PERSON, "marketing")
    with ConsentClient(fake.target, basic=("any", "one")) as client:
        client.wait_until_serving(10)
        assert client.check("acme", PERSON, "marketing")


def test_its_watches_end_with_it() -> None:
    with fake_consent_service() as fake:
        watch = fake.client.watch()
        following = threading.Thread(target=lambda: list(watch))
        following.start()
    following.join(20)
    assert not following.is_alive()


def test_what_it_does_not_know_is_told_so(fake: FakeConsentService) -> None:
    fake.fail_with(grpc.StatusCode.UNIMPLEMENTED)
    with pytest.raises(ServiceFault):
        list(fake.client.list_consents())
