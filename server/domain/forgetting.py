"""Forgetting: what stands in the place of an address, and how traces of it are found.

A forgotten address is replaced by `erased:` and an HMAC of (tenant, channel, address) under the service key, so that
whoever has the address and the key can still find its noes, and nobody can read the address from it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import phonenumbers

from server.domain.model import ERASED_PREFIX, Channel, Recipient
from server.domain.service_key import ServiceKey, ServiceKeys

_LABEL = "erased address"
_NO_DIGIT = re.compile(r"\D+")


def erased_form(key: ServiceKey, tenant_id: int, recipient: Recipient) -> str:
    """What stands in the place of a canonical address that was forgotten."""
    told = f"{tenant_id}\0{recipient.channel.name}\0{recipient.address}"
    return ERASED_PREFIX + key.digest(_LABEL, told.encode()).hex()


def erased_forms(keys: ServiceKeys, tenant_id: int, recipient: Recipient) -> tuple[str, ...]:
    """What may stand there, under each readable key, the one in use first."""
    return tuple(erased_form(key, tenant_id, recipient) for key in keys.all)


def judged_forms(keys: ServiceKeys, tenant_id: int, recipient: Recipient) -> tuple[str, ...]:
    """What may stand for a forgotten address on the channels that are judged together with the recipient's."""
    channels = (recipient.channel, recipient.channel.sibling)
    return tuple(
        form
        for channel in channels
        if channel is not None
        for form in erased_forms(keys, tenant_id, Recipient(channel, recipient.address))
    )


def channels_of(recipient: Recipient) -> tuple[Channel, ...]:
    """Every channel on which the same address may be known: a phone number is one on all that have numbers."""
    if recipient.channel is Channel.EMAIL:
        return (Channel.EMAIL,)
    return tuple(channel for channel in Channel if channel is not Channel.EMAIL)


def trace_finder(recipient: Recipient) -> Callable[[bytes], bool]:
    """A test for bytes that hold the address, in whatever form a caller may have written it.

    It errs on the side of finding: a number is looked for by its national digits, whatever stands between them.
    """
    if recipient.channel is Channel.EMAIL:
        return _email_finder(recipient.address)
    digits = str(phonenumbers.parse(recipient.address, None).national_number)
    return lambda data: digits in _digits(data)


def _email_finder(address: str) -> Callable[[bytes], bool]:
    local, _, domain = address.rpartition("@")
    try:
        wire_form = f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        wire_form = address
    wanted = {_folded(address), _folded(wire_form)}

    def holds(data: bytes) -> bool:
        text = _folded(data.decode(errors="replace"))
        return any(form in text for form in wanted)

    return holds


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _digits(data: bytes) -> str:
    found = _NO_DIGIT.sub("", data.decode(errors="replace"))
    return found if found.isascii() else "".join(str(unicodedata.decimal(digit)) for digit in found)
