"""Canonical addresses: any usual form in, one form inside, and nothing but InvalidAddress for the rest."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from server.domain.model import Channel, Contact, Recipient
from server.domain.recipients import (
    MAX_ADDRESS_LENGTH,
    InvalidAddress,
    canonical,
    canonical_phone,
)

FORMATS = (
    PhoneNumberFormat.E164,
    PhoneNumberFormat.INTERNATIONAL,
    PhoneNumberFormat.NATIONAL,
    PhoneNumberFormat.RFC3966,
)
PHONE_CHANNELS = tuple(channel for channel in Channel if channel is not Channel.EMAIL)


def _examples() -> list[tuple[str, phonenumbers.PhoneNumber]]:
    found = [
        (region, phonenumbers.example_number_for_type(region, kind))
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
    ]
    return [(region, number) for region, number in found if number is not None]


EXAMPLES = _examples()


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def _trunk_prefix(region: str) -> str:
    return phonenumbers.ndd_prefix_for_region(region, True) or ""


def test_the_examples_reach_every_region() -> None:
    assert len({region for region, _ in EXAMPLES}) > 240


@pytest.mark.parametrize("number_format", FORMATS)
def test_every_usual_print_form_of_every_region_is_one_recipient(number_format: int) -> None:
    for region, number in EXAMPLES:
        text = phonenumbers.format_number(number, number_format)
        assert canonical_phone(text, region) == _e164(number), (region, text)


def test_the_international_forms_need_no_country() -> None:
    for region, number in EXAMPLES:
        for number_format in (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL):
            text = phonenumbers.format_number(number, number_format)
            assert canonical_phone(text, None) == _e164(number), (region, text)


def test_the_trunk_prefix_behind_the_country_code_is_no_part_of_the_number() -> None:
    told = 0
    for region, number in EXAMPLES:
        # A 0 that the number itself begins with stays; Colombia's library data takes 0 3… for a number of its own.
        if _trunk_prefix(region) != "0" or number.italian_leading_zero or region == "CO":
            continue
        national = phonenumbers.national_significant_number(number)
        for text in (f"+{number.country_code}0{national}", f"+{number.country_code} (0) {national}"):
            told += 1
            assert canonical_phone(text, None) == _e164(number), (region, text)
    assert told > 200


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(EXAMPLES), st.lists(st.sampled_from([" ", "-", ".", "\u00a0", ")", "(", "\u2011", "/"]), max_size=8)
)
def test_spacing_means_nothing(example: tuple[str, phonenumbers.PhoneNumber], marks: list[str]) -> None:
    region, number = example
    text = _e164(number)
    for place, mark in enumerate(marks):
        at = 2 + (place * 3) % (len(text) - 2)
        text = text[:at] + mark + text[at:]
    assert canonical_phone(text, region) == _e164(number)


@settings(max_examples=1000, deadline=None)
@given(
    st.sampled_from(["", "+", "00", "+49", "+43", "+39", "+1", "+44", "+54", "+52", "+358", "+7"]),
    st.sampled_from(["", "0", "00", "000", "9", "15", "8", "1"]),
    st.text("0123456789", min_size=3, max_size=13),
    st.sampled_from([None, "US", "DE", "AT", "IT", "AR", "MX", "GB", "BR", "FI", "HU", "RU", "JP", "CI", "SM"]),
)
@example("+49", "00", "30123456", None)
@example("00", "000", "4900", "DE")
def test_a_canonical_number_is_a_fixed_point(code: str, trunk: str, digits: str, country: str | None) -> None:
    try:
        found = canonical_phone(code + trunk + digits, country)
    except InvalidAddress:
        return
    assert canonical_phone(found, country) == found
    assert canonical_phone(found, None) == found


@pytest.mark.parametrize(
    ("text", "country", "found"),
    [
        ("+4402071838750", None, "+442071838750"),
        ("+44 (0)20 7183 8750", None, "+442071838750"),
        ("020 7183 8750", "GB", "+442071838750"),
        ("0044 20 7183 8750", "FR", "+442071838750"),
        ("011 44 20 7183 8750", "US", "+442071838750"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("1 415 555 2671", "US", "+14155552671"),
        ("14155552671", "US", "+14155552671"),
        ("１ ４１５ ５５５ ２６７１", "US", "+14155552671"),
        ("tel:+1-415-555-2671", None, "+14155552671"),
        ("011 15-2345-6789", "AR", "+5491123456789"),
        ("06 698 82353", "IT", "+390669882353"),
        ("8 (912) 345-67-89", "RU", "+79123456789"),
        ("+4900 30 123456", None, "+4930123456"),
    ],
)
def test_number(text: str, country: str | None, found: str) -> None:
    assert canonical_phone(text, country) == found


@pytest.mark.parametrize("country", [None, "US", "ZZ", "us", ""])
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "+",
        "5552671",
        "0",
        "abc",
        "+999123456789",
        "+1415555267",
        "+141555526711",
        "a@b.com",
        "0" * 200,
        "+1" * 100,
        "\x00",
        "\u200b",
    ],
)
def test_no_number(text: str, country: str | None) -> None:
    with pytest.raises(InvalidAddress, match=r"not a phone number|longer than"):
        canonical(Channel.SMS, text, country)


def test_a_national_form_without_a_country_is_told_what_is_missing() -> None:
    with pytest.raises(InvalidAddress, match="country code"):
        canonical_phone("415 555 2671", None)


@settings(max_examples=800, deadline=None)
@given(
    st.text(max_size=60) | st.text("+0123456789 ()-x;=@.", max_size=30),
    st.sampled_from(Channel),
    st.sampled_from([None, "US", "DE", "AR", "xx", ""]),
)
def test_garbage_is_refused_in_one_way_and_never_repeated(text: str, channel: Channel, country: str | None) -> None:
    try:
        found = canonical(channel, text, country)
    except InvalidAddress as error:
        told = str(error)
    else:
        told = repr(found)
        assert canonical(channel, found.address, country) == found
    assert len(text.strip()) < 4 or text not in told


@pytest.mark.parametrize("channel", Channel)
def test_a_very_long_text_is_refused_before_it_is_read(channel: Channel) -> None:
    with pytest.raises(InvalidAddress, match=str(MAX_ADDRESS_LENGTH)):
        canonical(channel, "1" * (MAX_ADDRESS_LENGTH + 1), "US")


@pytest.mark.parametrize("channel", PHONE_CHANNELS)
def test_every_channel_but_email_is_a_phone(channel: Channel) -> None:
    assert canonical(channel, "+1 415 555 2671") == Recipient(channel, "+14155552671")
    with pytest.raises(InvalidAddress):
        canonical(channel, "ann@example.com", "US")


def test_nothing_that_holds_an_address_prints_it() -> None:
    number, mail = "+14155552671", "ann@example.com"
    for shown in (
        Recipient(Channel.SMS, number),
        [Recipient(Channel.EMAIL, mail)],
        Contact("c1", "x1", "Ann", "Lee", mail, number, 0, 0),
    ):
        for text in (repr(shown), str(shown), f"{shown}", f"{shown!r}", "%s" % (shown,)):  # noqa: UP031
            assert not {number, mail, "Ann", "Lee"} & {part for part in (number, mail, "Ann", "Lee") if part in text}


@settings(max_examples=500)
@given(st.text("+0123456789 ()-٣x;=tel:", max_size=20), st.sampled_from(["US", "GB", "IT", "AR", "KZ", "DE"]))
@example("+1 (415) 555-2671", "GB")
@example("00 44 20 7183 8750", "US")
@example("tel:20;phone-context=+44", "US")
def test_what_can_be_read_without_a_country_is_the_same_in_any(text: str, country: str) -> None:
    """So a decision may read it before it knows the sender's country."""
    try:
        found = canonical_phone(text, None)
    except InvalidAddress:
        return
    assert canonical_phone(text, country) == found
