"""CheckConsent: which senders, purposes and addresses may be asked about, and which channels share a no."""

from __future__ import annotations

import grpc
import pytest

from server.domain.model import Channel, Scope
from tests.servicer import tenants
from tests.servicer.answers import EMAIL, PHONE, RCS, SMS, VOICE, WHATSAPP, WRITTEN, check, hear, relay, verdict
from tests.servicer.refusals import refused
from tests.servicer.statements import no, state
from tests.servicer.world import Caller, World

HERE, CLIENT = tenants.DEPARTMENT, tenants.CLIENT


@pytest.mark.parametrize("sender", [tenants.UNKNOWN, tenants.RIVAL_BRAND, "*", HERE.replace("-", "")])
def test_an_unknown_sender_is_an_error(reader: Caller, sender: str) -> None:
    found = refused(check, reader, sender)
    assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "SENDER_NOT_FOUND")
    assert found.metadata == {"sender": sender}


@pytest.mark.parametrize("purpose", ["unknown", "*", "Marketing", "marketing "])
def test_an_unknown_purpose_is_an_error_whatever_the_others_are(reader: Caller, purpose: str) -> None:
    found = refused(check, reader, HERE, "marketing", purpose)
    assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "PURPOSE_NOT_FOUND")
    assert found.metadata == {"purpose": purpose}


@pytest.mark.parametrize("address", ["(650) 555-1234", "650.555.1234", "1-650-555-1234", "+1 650 555 1234", PHONE])
def test_a_number_is_the_same_in_any_usual_form(writer: Caller, address: str) -> None:
    hear(writer, HERE, "STOP_MESSAGE_RECEIVED", "650 555 1234")
    answer = check(writer, HERE, "transactional", address=address)
    assert answer.recipient.address == PHONE
    assert answer.decisions[0].reason == 1


def test_national_numbers_are_read_by_the_senders_country_else_the_tenants(reader: Caller) -> None:
    assert check(reader, tenants.BRITISH, address="020 7183 8750").recipient.address == "+442071838750"
    assert check(reader, tenants.BRAND, address="(650) 555-1234").recipient.address == PHONE
    assert refused(check, reader, tenants.BRAND, address="020 7183 8750").reason == "INVALID_FIELD"


@pytest.mark.parametrize(
    ("channel", "address"),
    [(SMS, "12"), (VOICE, "no number"), (WHATSAPP, "+1"), (RCS, "ann@example.com"), (EMAIL, PHONE), (EMAIL, "ann@")],
)
def test_what_is_no_address_of_its_channel(reader: Caller, channel: int, address: str) -> None:
    found = refused(check, reader, HERE, address=address, channel=channel)
    assert (found.reason, found.violations) == ("INVALID_FIELD", {"recipient.address": "INVALID_FORMAT"})
    if len(address) > 4:
        assert address not in str(found.status)


def _no_of(world: World, channel: Channel) -> None:
    state(world, no(world, Scope(HERE)), channel)


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.RCS])
def test_sms_and_rcs_share_every_no(world: World, reader: Caller, channel: Channel) -> None:
    _no_of(world, channel)
    for asked in (SMS, RCS):
        assert verdict(reader, HERE, "transactional", PHONE, asked) == "DENY OPTED_OUT"
    for asked in (VOICE, WHATSAPP):
        assert verdict(reader, HERE, "transactional", PHONE, asked) == "ALLOW ALLOWED_BY_RULE"


@pytest.mark.parametrize("channel", [Channel.VOICE, Channel.WHATSAPP])
def test_other_channels_share_nothing(world: World, reader: Caller, channel: Channel) -> None:
    _no_of(world, channel)
    for asked in (SMS, VOICE, WHATSAPP, RCS):
        denied = verdict(reader, HERE, "transactional", PHONE, asked) == "DENY OPTED_OUT"
        assert denied == (asked == channel)


def test_sms_and_rcs_share_no_yes(writer: Caller) -> None:
    relay(writer, CLIENT, WRITTEN)
    assert verdict(writer, CLIENT, "marketing", PHONE, SMS) == "ALLOW OPTED_IN"
    assert verdict(writer, CLIENT, "marketing", PHONE, RCS) == "DENY NO_CONSENT"


def test_a_yes_on_sms_lifts_the_no_on_rcs_and_gives_it_no_yes(world: World, writer: Caller) -> None:
    _no_of(world, Channel.RCS)
    hear(writer, HERE, "OPTIN_MESSAGE_RECEIVED")
    assert verdict(writer, HERE, "transactional", PHONE, RCS) == "ALLOW ALLOWED_BY_RULE"
    assert verdict(writer, HERE, "informational", PHONE, RCS) == "DENY NO_CONSENT"
    assert verdict(writer, HERE, "informational", PHONE, SMS) == "ALLOW OPTED_IN"
