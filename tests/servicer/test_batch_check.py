"""BatchCheckConsent: many addresses, answered in order, by the same rule as CheckConsent."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.servicer import tenants
from tests.servicer.answers import EMAIL, PHONE, RCS, SMS, VOICE, WHATSAPP, check, relay
from tests.servicer.refusals import refused
from tests.servicer.said import RECIPIENT, after, no, record, say, yes
from tests.servicer.world import Caller, World

HERE, CLIENT = tenants.DEPARTMENT, tenants.CLIENT
OPTED_OUT, SUSPECTED, BY_RULE, OPTED_IN, PENDING, EXPIRED, WEAK, NOTHING, _, INVALID = range(1, 11)


def _batch(caller: Caller, addresses: list[str], channels: Any = (SMS,), **fields: Any) -> Any:
    asked = {"sender": HERE, "purpose": "transactional", "channels": channels, "addresses": addresses}
    return caller.BatchCheckConsent(**{**asked, **fields})


def test_the_answers_are_in_the_order_asked(world: World, writer: Caller) -> None:
    record(writer, no(address="+16505550001"))
    say(writer, "please stop texting me", **{"from": "+16505550002"})
    addresses = [f"+1650555000{number}" for number in (2, 1, 3, 1)]
    answer = _batch(writer, addresses)
    assert list(answer.reasons) == [SUSPECTED, OPTED_OUT, BY_RULE, OPTED_OUT]
    assert list(answer.verdicts) == [2, 2, 1, 2]
    assert not answer.details
    assert answer.revision == world.events(tenants.ACME)[-1].header.revision
    assert answer.check_time.ToMicroseconds() == world.clock.moment()
    assert list(_batch(writer, addresses[::-1]).reasons) == list(answer.reasons)[::-1]


def test_each_address_has_its_channel_or_all_have_one(writer: Caller) -> None:
    for channel in (SMS, VOICE):
        record(writer, no(channel=channel))
    record(writer, no(channel=EMAIL, address="ann@example.com"))
    addresses = [PHONE, PHONE, PHONE, PHONE, "ANN@example.com"]
    answer = _batch(writer, addresses, [SMS, RCS, VOICE, WHATSAPP, EMAIL])
    assert list(answer.reasons) == [OPTED_OUT, OPTED_OUT, OPTED_OUT, BY_RULE, OPTED_OUT]
    assert list(_batch(writer, addresses, [WHATSAPP]).reasons) == [*[BY_RULE] * 4, INVALID]
    assert list(_batch(writer, addresses[:1], [RCS]).reasons) == [OPTED_OUT]


@pytest.mark.parametrize(
    ("channels", "violations"),
    [
        ([], {"channels": "REQUIRED"}),
        ([SMS, SMS], {"channels": "NOT_ALLOWED"}),
        ([SMS] * 4, {"channels": "NOT_ALLOWED"}),
        ([SMS, 0, SMS], {"channels[1]": "UNKNOWN_VALUE"}),
        ([SMS, SMS, 6], {"channels[2]": "UNKNOWN_VALUE"}),
    ],
    ids=str,
)
def test_channels_that_do_not_fit(reader: Caller, channels: list[int], violations: dict[str, str]) -> None:
    assert refused(_batch, reader, [PHONE] * 3, channels).violations == violations


@pytest.mark.parametrize(
    "address", ["", " ", "12", "no number", "+1650555123456789", "1" * 321, "+1650555\x001234", "é", "ann@example.com"]
)
def test_what_is_no_address_denies_that_item_alone(reader: Caller, address: str) -> None:
    answer = _batch(reader, [PHONE, address, PHONE], with_details=True)
    assert list(answer.verdicts) == [1, 2, 1]
    assert list(answer.reasons) == [BY_RULE, INVALID, BY_RULE]
    assert [detail.HasField("recipient") for detail in answer.details] == [True, False, True]


def test_ten_thousand_are_answered_and_one_more_is_refused(writer: Caller) -> None:
    said = [f"+1650{5_000_000 + 997 * number}" for number in range(10)]
    writer.BatchRecordConsents(statements=[no(address=address) for address in said])
    addresses = [f"+1650{5_000_000 + number}" for number in range(10_000)]
    reasons = list(_batch(writer, addresses).reasons)
    assert [addresses[index] for index, reason in enumerate(reasons) if reason == OPTED_OUT] == said
    assert reasons.count(BY_RULE) == 9_990
    for fields in ({}, {"channels": [SMS] * 10_001}):
        found = refused(_batch, writer, [*addresses, PHONE], **fields)
        assert found.violations["addresses"] == "TOO_MANY"
    assert refused(_batch, writer, []).violations == {"addresses": "REQUIRED"}


def test_details_say_what_decided_and_until_when(world: World, writer: Caller) -> None:
    ends = after(world, 3600)
    made = record(writer, yes(address="6505550001", expire_time=ends)).consent
    stopped = record(writer, no("*", address="6505550002")).consent
    first, second, third = _batch(
        writer, ["6505550001", "650 555 0002", "6505550003"], purpose="marketing", with_details=True
    ).details
    assert (first.recipient.address, first.deciding_consent, first.valid_until) == ("+16505550001", made, ends)
    assert (second.recipient.address, second.deciding_consent) == ("+16505550002", stopped)
    assert third.recipient.address == "+16505550003"
    assert not third.HasField("deciding_consent")
    assert not any(each.HasField("valid_until") for each in (second, third))


def test_an_unknown_sender_or_purpose_is_an_error(reader: Caller, bound_reader: Caller) -> None:
    for sender in (tenants.UNKNOWN, tenants.RIVAL_BRAND, "*"):
        assert refused(_batch, reader, [PHONE], sender=sender).reason == "SENDER_NOT_FOUND"
    found = refused(_batch, reader, [PHONE], purpose="*")
    assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "PURPOSE_NOT_FOUND")
    assert refused(_batch, bound_reader, [PHONE], sender=tenants.BRAND).reason == "SENDER_NOT_PERMITTED"
    assert refused(_batch, bound_reader, [PHONE], sender=tenants.UNKNOWN).reason == "SENDER_NOT_PERMITTED"


def test_national_numbers_are_read_by_the_senders_country(writer: Caller) -> None:
    record(writer, no(tenants.BRITISH, address="+442071838750"))
    assert list(_batch(writer, ["020 7183 8750"], sender=tenants.BRITISH).reasons) == [OPTED_OUT]
    assert list(_batch(writer, ["020 7183 8750"]).reasons) == [INVALID]


def test_a_batch_writes_nothing_and_sees_no_other_tenant(world: World, writer: Caller, rival: Caller) -> None:
    record(writer, no("*"))
    before = world.contents()
    assert list(_batch(rival, [PHONE], sender=tenants.RIVAL_BRAND).reasons) == [BY_RULE]
    assert world.contents() == before


@pytest.fixture
def peopled(world: World, writer: Caller) -> Caller:
    """A tenant with statements of every kind on a few numbers, which random questions are asked about."""
    relay(writer, CLIENT, 1, "+16505550001")
    writer.UpdateOptOutStatus(department_uuid=HERE, event=10, update_type=3)
    writer.BatchRecordConsents(
        statements=[
            no(HERE, address="+16505550001", channel=RCS),
            yes(HERE, actor=RECIPIENT, address="+16505550002", expire_time=after(world, 0.01)),
            yes("*", address="+16505550003", strength=1),
            no("*", address="+16505550004", purpose="marketing"),
            no(CLIENT, address="+16505550005", channel=VOICE),
            yes("*", address="+16505550005"),
            no("*", address="ann@example.com", channel=EMAIL),
        ]
    )
    say(writer, "please stop texting me", CLIENT, **{"from": "+16505550003"})
    return writer


NUMBERS = [f"+1650555000{number}" for number in range(1, 7)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sender=st.sampled_from([HERE, CLIENT, tenants.BRAND]),
    purpose=st.sampled_from(["marketing", "informational", "transactional"]),
    asked=st.lists(
        st.tuples(
            st.integers(1, 5),
            st.sampled_from([*NUMBERS, *(number[2:] for number in NUMBERS), "ann@example.com", "Ann@Example.com", "1"]),
        ),
        min_size=1,
        max_size=20,
    ),
)
def test_a_batch_says_what_each_check_says(
    peopled: Caller, sender: str, purpose: str, asked: list[tuple[int, str]]
) -> None:
    channels, addresses = zip(*asked, strict=True)
    fields = {"sender": sender, "purpose": purpose, "with_details": True}
    answer = _batch(peopled, list(addresses), channels, **fields)
    items = zip(asked, answer.verdicts, answer.reasons, answer.details, strict=True)
    for (channel, address), said, reason, detail in items:
        if reason == INVALID:
            assert refused(check, peopled, sender, purpose, address=address, channel=channel).reason == "INVALID_FIELD"
            continue
        single = check(peopled, sender, purpose, address=address, channel=channel)
        (decision,) = single.decisions
        assert (said, reason) == (decision.verdict, decision.reason)
        assert (detail.recipient, detail.deciding_consent) == (single.recipient, decision.deciding_consent)
        assert detail.valid_until == decision.valid_until
