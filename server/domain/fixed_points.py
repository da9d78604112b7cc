"""Addresses that are canonical already, told by their shape in a microsecond.

`recipients` makes an address canonical with libraries that take 20 to 80 µs, and a batch has thousands. What these two
accept is proved to come back from there unchanged (tests hold it against the libraries in every region); what they do
not accept may be canonical all the same, and the libraries say so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, TypeAlias

import email_validator
import phonenumbers

# Answers anything but None for a number that is canonical.
Judge: TypeAlias = Callable[[str], object | None]

# As many as there are of three digits.
_BEGINNINGS = 1000
_NOTHING: Judge = re.compile(r"(?!)").match
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN_EMAIL = re.compile(rf"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:{_LABEL}\.)+[a-z]{{2,63}}")
_MAX_EMAIL_LENGTH = 254
_REGIONS = {str(code): regions[0] for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()}
_SPECIAL_USE = tuple(f".{name}" for name in email_validator.SPECIAL_USE_DOMAIN_NAMES)


def is_canonical_email(text: str) -> bool:
    """Whether this is surely the canonical form of an e-mail address: plain ASCII in lower case, no Punycode."""
    return (
        _PLAIN_EMAIL.fullmatch(text) is not None
        and len(text) <= _MAX_EMAIL_LENGTH
        and "--" not in text
        and not text.endswith(_SPECIAL_USE)
    )


def is_canonical_phone(text: str) -> bool:
    """Whether this is surely the E.164 form of a number: a calling code, a possible length, no national prefix."""
    return _judge_of(text[:4])(text) is not None


@lru_cache(maxsize=_BEGINNINGS)
def _judge_of(beginning: str) -> Judge:
    """How numbers are judged that begin with a plus and these digits; where no calling code does, none is canonical."""
    if beginning[:1] == "+":
        # No calling code begins with another one.
        for end in (2, 3, 4):
            region = _REGIONS.get(beginning[1:end])
            if region is not None:
                return _judge(beginning[1:end], region)
    return _NOTHING


@cache
def _judge(calling_code: str, region: str) -> Judge:
    """How numbers of a calling code are judged, by the library's own data.

    The library takes a national prefix off even behind a calling code: +44 020… is +44 20…, so that whatever begins
    like one is left to it.
    """
    metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(int(calling_code), region)
    lengths = "|".join(f"[0-9]{{{length}}}" for length in metadata.general_desc.possible_length)
    prefix = metadata.national_prefix_for_parsing
    if prefix and re.match(prefix, ""):
        return _judge_with_optional_prefix(len(calling_code) + 1, re.compile(lengths), re.compile(prefix))
    unprefixed = f"(?!(?:{prefix}))" if prefix else ""
    return re.compile(rf"\+{calling_code}{unprefixed}(?:{lengths})").fullmatch


def _judge_with_optional_prefix(begin: int, lengths: re.Pattern[str], prefix: re.Pattern[str]) -> Judge:
    """For a prefix that matches nothing too: that takes nothing off and, without its last group, rewrites nothing."""

    def judge(text: str) -> re.Match[str] | None:
        found = prefix.match(text, begin)
        harmless = found is None or (found.end() == begin and not (prefix.groups and found.group(prefix.groups)))
        return lengths.fullmatch(text, begin) if harmless else None

    return judge
