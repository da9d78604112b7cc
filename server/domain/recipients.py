"""Addresses: any usual form in, one canonical form inside.

Phone numbers become E.164 by Google's libphonenumber data (`phonenumbers`); a number must be of a possible length for
its region, not of an assigned range, since ranges are opened faster than data is released. E-mail addresses become
the `email-validator` normal form in lower case, syntax only. A canonical form is a fixed point: made canonical again
it is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import email_validator
import phonenumbers

from server.domain.fixed_points import is_canonical_email, is_canonical_phone
from server.domain.model import Channel, Recipient

MAX_ADDRESS_LENGTH = 320
_CACHED_ADDRESSES = 16_384


class InvalidAddress(ValueError):
    """The text is no address of its channel. The message says why and does not hold the text."""


def canonical(channel: Channel, text: str, country: str | None = None) -> Recipient:
    """Read an address in any usual form.

    `country` (ISO 3166-1 alpha-2) reads national phone numbers; without it a number needs its `+` and country code.
    Raises InvalidAddress.
    """
    return Recipient(channel, canonical_address(channel, text, country))


def canonical_address(channel: Channel, text: str, country: str | None = None) -> str:
    """Read an address in any usual form as `canonical` does, and answer its text alone. Raises InvalidAddress."""
    if channel is Channel.EMAIL:
        if is_canonical_email(text):
            return text
    elif is_canonical_phone(text):
        return text
    if len(text) > MAX_ADDRESS_LENGTH:
        raise InvalidAddress(f"longer than {MAX_ADDRESS_LENGTH} characters")
    return canonical_email(text) if channel is Channel.EMAIL else canonical_phone(text, country)


def canonical_addresses(
    channels: Sequence[Channel], texts: Iterable[str], country: str | None = None
) -> list[str | None]:
    """Read many addresses, each on its channel, as `canonical` does; None for those that are none."""
    return [
        text
        if (is_canonical_email(text) if channel is Channel.EMAIL else is_canonical_phone(text))
        else _canonical_or_none(channel, text, country)
        for channel, text in zip(channels, texts, strict=True)
    ]


def _canonical_or_none(channel: Channel, text: str, country: str | None) -> str | None:
    try:
        return canonical_address(channel, text, country)
    except InvalidAddress:
        return None


@lru_cache(maxsize=_CACHED_ADDRESSES)
def canonical_email(text: str) -> str:
    """Read an e-mail address; the whole of it is compared without case. Raises InvalidAddress."""
    try:
        normal = email_validator.validate_email(text.strip(), check_deliverability=False).normalized
        return email_validator.validate_email(normal.lower(), check_deliverability=False).normalized.lower()
    except email_validator.EmailNotValidError as error:
        raise InvalidAddress("not an e-mail address") from error


@lru_cache(maxsize=_CACHED_ADDRESSES)
def canonical_phone(text: str, country: str | None) -> str:
    """Read a phone number as E.164. Raises InvalidAddress."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException as error:
        if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE and country is None:
            raise InvalidAddress("not a phone number with + and a country code") from error
        raise InvalidAddress("not a phone number") from error
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise InvalidAddress("not a phone number: its length is not possible in its country")
    found = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    # The library drops one trunk zero a reading: +49 00 30… would become +49 0 30…, which is +49 30… when read again.
    return found if found == text else canonical_phone(found, None)


def country_of(recipient: Recipient) -> str | None:
    """The country of a canonical phone number (ISO 3166-1 alpha-2), where it belongs to one."""
    if recipient.channel is Channel.EMAIL:
        return None
    region = phonenumbers.region_code_for_number(phonenumbers.parse(recipient.address, None))
    return str(region) if region and region.isalpha() else None
