"""What is taken for canonical by its shape is what the libraries leave as it is: in every region, at every length."""

from __future__ import annotations

import string
from typing import Any

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from server.domain.fixed_points import is_canonical_email, is_canonical_phone
from server.domain.recipients import InvalidAddress, canonical_email, canonical_phone

CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
REGIONS = [(code, region) for code in CODES for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]]
NEAR_EMAIL = string.ascii_lowercase + "AZ09.-_+@!'ßéxn "


def _by_library(text: str, country: str | None = None) -> str | None:
    try:
        return canonical_phone.__wrapped__(text, country)
    except InvalidAddress:
        return None


def _hold_phone(text: str) -> bool:
    """Hold the shape to the library; answer whether it accepted."""
    accepted = is_canonical_phone(text)
    if accepted:
        assert _by_library(text) == text
        assert _by_library(text, "GB") == text
    return accepted


@pytest.mark.parametrize("code", CODES)
def test_every_beginning_and_length_of_every_calling_code(code: int) -> None:
    """All beginnings of three digits, which hold the national prefixes, at every length that E.164 has."""
    metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(
        code, phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code][0]
    )
    possible = metadata.general_desc.possible_length
    lengths = sorted({*possible, min(possible) - 1, max(possible) + 1} & set(range(3, 16)))
    tails = ("5555555555555", "0000000000001", "1234567890123")
    accepted = sum(
        _hold_phone(f"+{code}{beginning:03}{tail}"[: 1 + len(str(code)) + length])
        for beginning in range(0, 1000, 1 if code in (1, 7, 39, 44, 49, 52, 54, 55) else 13)
        for length in lengths
        for tail in tails[: 1 if code != 54 else 3]
    )
    assert accepted


@pytest.mark.parametrize(("code", "region"), REGIONS)
def test_the_numbers_of_every_region_need_no_library(code: int, region: str) -> None:
    for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE):
        number = phonenumbers.example_number_for_type(region, kind)
        if number is not None:
            assert _hold_phone(phonenumbers.format_number(number, PhoneNumberFormat.E164))


@settings(max_examples=3000)
@given(st.sampled_from(CODES), st.text("0123456789", min_size=2, max_size=14))
@example(44, "02071838750")
@example(44, "2071838750")
@example(54, "91123456789")
@example(54, "111512345678")
@example(1, "12015550123")
@example(39, "0612345678")
@example(49, "00301234567")
@example(379, "0669812345")
def test_any_digits_behind_any_calling_code(code: int, digits: str) -> None:
    _hold_phone(f"+{code}{digits}")


@given(st.text(max_size=24))
@example("+1٢٠١٥٥٥٠١٢٣")
@example("+12015550123\n")
@example(" +12015550123")
@example("++12015550123")
@example("+12015550123;ext=1")
@example("+")
@example("")
@example("+0015550123")
def test_any_text_is_no_number_by_accident(text: str) -> None:
    assert not _hold_phone(text) or text.isascii()


def _hold_email(text: str) -> bool:
    accepted = is_canonical_email(text)
    if accepted:
        assert canonical_email.__wrapped__(text) == text
    return accepted


@settings(max_examples=3000)
@given(st.text(NEAR_EMAIL, max_size=20), st.text(NEAR_EMAIL, max_size=20), st.sampled_from(["com", "test", "co.uk"]))
@example("a", "b.xn--4dbc", "com")
@example("a", "ab--c", "com")
@example("a" * 64, "b", "com")
@example("a" * 250, "b", "com")
@example("a", "b" * 63, "com")
@example("a", "b" * 64, "com")
def test_any_text_near_an_email_address(local: str, domain: str, top: str) -> None:
    _hold_email(f"{local}@{domain}.{top}")


LABELS = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=8)
PARTS = st.text(string.ascii_lowercase + string.digits + "_+-", min_size=1, max_size=8)


@settings(max_examples=1000)
@given(st.lists(PARTS, min_size=1, max_size=3), st.lists(LABELS, min_size=1, max_size=3), LABELS)
def test_addresses_of_many_parts(parts: list[str], labels: list[str], top: str) -> None:
    _hold_email(f"{'.'.join(parts)}@{'.'.join(labels)}.{top}")


@pytest.mark.parametrize(
    "text", ["ann@example.com", "ann.lee+news@mail.example.co.uk", "a_b-c@x-y.io", "9@9.de", "a@b.museum"]
)
def test_plain_addresses_need_no_library(text: str) -> None:
    assert _hold_email(text)


@pytest.mark.parametrize(
    "text",
    ["Ann@example.com", "a@b", "a@b.test", "a@localhost", "a@b.onion", "a@xn--4dbc.com", "a@b..com", ".a@b.com",
     "a.@b.com", "a@-b.com", "a@b-.com", "a@b.c0m", "é@b.com", "a@é.com", "a@b.com\n", "a b@c.com", "a@b.com."],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_the_library(text: str) -> None:
    assert not is_canonical_email(text)
