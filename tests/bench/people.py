"""Whom the benchmark asks about: addresses by number, and what the service must answer for each.

Person `i` has always the same address: two in ten an e-mail address, four a North American number, four a number of
one of the other regions, all in canonical form. The first `count` persons have one record each; the others are
unknown. The truth about each is known without the service, so that its answers can be held to it.
"""

from __future__ import annotations

import functools
from typing import TypeAlias

import phonenumbers
from consent.v1.consent_pb2 import Channel
from consent.v1.decision_pb2 import Verdict, VerdictReason

from server.demo import BRAND, DEPARTMENT
from server.domain.model import Channel as DomainChannel
from server.domain.model import LiftedBy, State, Strength
from server.domain.recipients import InvalidAddress, canonical

MARKETING = "marketing"
EXPIRED_AT = 1_600_000_000_000_000
_AREAS = ("201", "212", "213", "305", "312", "404", "415", "503", "512", "602", "617", "650", "702", "713", "808")
_LOOSE_DIGITS = 6
_SPREAD = 7_919
_ORDER = 1_000_000_007
_CLASSES = 20

Facts = tuple[str, str, State, Strength | None, LiftedBy | None, int | None]
Answer: TypeAlias = "tuple[Verdict.ValueType, VerdictReason.ValueType]"


@functools.cache
def _prefixes() -> tuple[str, ...]:
    """E.164 beginnings of the regions outside North America; six digits more make a canonical number."""
    found = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
        if example is None or example.country_code == 1:
            continue
        prefix = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)[:-_LOOSE_DIGITS]
        if all(_is_canonical(prefix + ending) for ending in ("000000", "123456", "999999", "555555")):
            found.append(prefix)
    return tuple(dict.fromkeys(found))


def _is_canonical(number: str) -> bool:
    try:
        return canonical(DomainChannel.SMS, number).address == number
    except InvalidAddress:
        return False


def recipient(person: int) -> tuple[Channel.ValueType, str]:
    """The channel and the canonical address of a person."""
    ten, kind = divmod(person, 10)
    if kind < 2:
        return Channel.CHANNEL_EMAIL, f"first.last{person}@mail{person % 97}.net"
    place = ten * 4 + (kind - 2) % 4
    if kind < 6:
        return Channel.CHANNEL_SMS, north_american(place)
    prefixes = _prefixes()
    prefix, number = prefixes[place % len(prefixes)], place // len(prefixes) * _SPREAD % 10**_LOOSE_DIGITS
    return Channel.CHANNEL_SMS, f"{prefix}{number:0{_LOOSE_DIGITS}}"


def north_american(place: int) -> str:
    """The number of the person at this place among those of North America."""
    return f"+1{_AREAS[place % len(_AREAS)]}{2_000_000 + place // len(_AREAS) * _SPREAD % 7_999_993:07}"


def facts(person: int) -> Facts:
    """The record of a person: sender, purpose, state, strength, who lifts it, and when it ends."""
    match person // 10 * 7 % _CLASSES:
        case kind if kind <= 10:
            return BRAND, MARKETING, State.OPTED_IN, Strength.EXPRESS_WRITTEN, None, None
        case kind if kind <= 14:
            return "*", "*", State.OPTED_OUT, None, LiftedBy.RECIPIENT, None
        case kind if kind <= 16:
            return BRAND, "*", State.OPTED_OUT, None, LiftedBy.BUSINESS, None
        case 17:
            return BRAND, MARKETING, State.OPTED_IN, Strength.IMPLIED, None, None
        case 18:
            return BRAND, MARKETING, State.OPTED_IN, Strength.EXPRESS_WRITTEN, None, EXPIRED_AT
        case _:
            return DEPARTMENT, MARKETING, State.OPTED_IN, Strength.EXPRESS_WRITTEN, None, None


def truth(person: int, count: int) -> Answer:
    """May the brand send marketing to this person, and why?"""
    if person >= count:
        return Verdict.VERDICT_DENY, VerdictReason.VERDICT_REASON_NO_CONSENT
    match facts(person):
        case _, _, State.OPTED_OUT, _, _, _:
            return Verdict.VERDICT_DENY, VerdictReason.VERDICT_REASON_OPTED_OUT
        case sender, *_ if sender != BRAND:
            return Verdict.VERDICT_DENY, VerdictReason.VERDICT_REASON_NO_CONSENT
        case _, _, _, Strength.IMPLIED, _, _:
            return Verdict.VERDICT_DENY, VerdictReason.VERDICT_REASON_INSUFFICIENT_STRENGTH
        case *_, int():
            return Verdict.VERDICT_DENY, VerdictReason.VERDICT_REASON_EXPIRED
        case _:
            return Verdict.VERDICT_ALLOW, VerdictReason.VERDICT_REASON_OPTED_IN


def person_at(place: int, count: int) -> int:
    """Who stands at this place in the order of recipient ids: another order than that of the addresses."""
    return place * _ORDER % count
