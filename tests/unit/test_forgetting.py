"""Traces of an address are found in whatever form a caller wrote it, and the erased form tells nothing."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.forgetting import channels_of, erased_form, erased_forms, trace_finder
from server.domain.model import Channel, Recipient
from server.domain.service_key import ServiceKey, ServiceKeys

ANN = Recipient(Channel.SMS, "+16505551234")
BEA = Recipient(Channel.EMAIL, "bea@example.com")
KEY, OLD = ServiceKey("new", bytes(32)), ServiceKey("old", bytes(range(32)))
FORMATS = tuple(vars(phonenumbers.PhoneNumberFormat)[name] for name in ("E164", "INTERNATIONAL", "NATIONAL", "RFC3966"))


@pytest.mark.parametrize(
    "text", ["650.555.1234", "(650) 555-1234", "1 650 555 1234", "６５０５５５１２３４", "٦٥٠٥٥٥١٢٣٤"]
)
def test_a_number_is_found_in_any_form(text: str) -> None:
    assert trace_finder(ANN)(b"\n\x12" + text.encode() + b"\x10\x01\xff")


@pytest.mark.parametrize("text", ["", "650 555 1235", "6505551", "no digits"])
def test_another_number_is_not(text: str) -> None:
    assert not trace_finder(ANN)(text.encode())


@given(st.sampled_from(["GB", "DE", "FR", "IT", "MX", "JP", "BR"]), st.sampled_from(FORMATS))
def test_numbers_of_every_country_are_found_in_every_format(region: str, form: int) -> None:
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert number is not None
    address = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    text = phonenumbers.format_number(number, form)
    assert trace_finder(Recipient(Channel.VOICE, address))(text.encode())


@pytest.mark.parametrize("text", ["bea@example.com", "<BEA@Example.COM>", "\x0fＢea@example.com\x01"])
def test_an_email_address_is_found_in_any_case(text: str) -> None:
    assert trace_finder(BEA)(b"\xff\n" + text.encode())


def test_an_email_address_is_found_as_the_wire_writes_it() -> None:
    found = trace_finder(Recipient(Channel.EMAIL, "bea@bücher.example"))
    assert found(b"bea@xn--bcher-kva.example")
    assert found("Bea@Bücher.example".encode())
    assert not found(b"bea@bucher.example")


def test_the_erased_form_depends_on_all_and_shows_nothing() -> None:
    forms = {
        erased_form(key, tenant, recipient)
        for key in (KEY, OLD)
        for tenant in (1, 2)
        for recipient in (ANN, BEA, Recipient(Channel.RCS, ANN.address))
    }
    assert len(forms) == 12
    assert all(Recipient(Channel.SMS, form).forgotten for form in forms)
    assert not any("6505551234" in form or "bea" in form.removeprefix("erased:")[:3] for form in forms)
    assert not ANN.forgotten


def test_every_readable_key_is_tried_the_one_in_use_first() -> None:
    keys = ServiceKeys(KEY, (OLD,))
    assert erased_forms(keys, 1, ANN) == (erased_form(KEY, 1, ANN), erased_form(OLD, 1, ANN))


def test_a_number_is_one_on_every_channel_that_has_numbers() -> None:
    assert set(channels_of(ANN)) == set(Channel) - {Channel.EMAIL}
    assert channels_of(BEA) == (Channel.EMAIL,)
