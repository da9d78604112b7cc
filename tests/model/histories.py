"""Histories that Hypothesis makes up: few people, few scopes, few moments, so that much meets."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.model.documented import Department, DropWords, MoveContact, OptOutUser, Relay, SetWords
from tests.model.game import Step
from tests.model.rules import (
    ALWAYS,
    BUSINESS,
    BY_BUSINESS,
    BY_RECIPIENT,
    CARRIER,
    EMAIL,
    IMPORT,
    NEEDS_NO_NO,
    NEEDS_YES,
    RCS,
    RECIPIENT,
    SMS,
    VOICE,
    Key,
    Purpose,
    Who,
)
from tests.model.service import Words
from tests.model.statements import Inbound, Pass, Record, Resolve, SetPurpose, SetSender, Stated
from tests.model.world import CLIENTS, DEPARTMENTS, EVENTS, MAIL, PHONES, PROFILES, PURPOSES, SENDERS

BODIES = ("START", "Stop!", "unsubscribe", "start", "help", "Yes", "hush", "JOIN", "hours?", "ok, stop", "See you at 5")
RULES = (
    *(Purpose(NEEDS_YES, minimum) for minimum in (1, 2, 3)),
    Purpose(NEEDS_NO_NO),
    Purpose(ALWAYS),
    Purpose(ALWAYS, ignores_no=True),
)
# One phone is spoken of more often than the others.
_PHONES = st.sampled_from((*PHONES, PHONES[0], PHONES[0]))
_WHO = st.builds(Who, st.sampled_from((SMS, SMS, SMS, RCS, VOICE)), _PHONES) | st.just(Who(EMAIL, MAIL))
_MINUTES = st.none() | st.integers(-6, 4)
_ACTORS = st.sampled_from((RECIPIENT, RECIPIENT, BUSINESS, BUSINESS, CARRIER, IMPORT))


@st.composite
def _stated(draw: st.DrawFn, force: bool, channels: Any = _WHO) -> Stated:
    actor = draw(_ACTORS.filter(lambda each: not force or each != IMPORT))
    what = draw(st.sampled_from(("yes", "yes", "yes", "no", "no")))
    sender = draw(st.sampled_from(("*", "*", *SENDERS)))
    purpose = draw(st.sampled_from(("*", "*", *PURPOSES)))
    at = draw(_MINUTES)
    key = Key(draw(channels), sender, purpose)
    if what == "no":
        lifters = (BY_BUSINESS, BY_RECIPIENT) if actor == BUSINESS else (BY_RECIPIENT,)
        return Stated("no", key, actor, at, lifted_by=draw(st.sampled_from(lifters)))
    return Stated("yes", key, actor, at, draw(st.sampled_from((3, 2, 3, 1))), draw(st.none() | st.integers(1, 8)))


@st.composite
def _record(draw: st.DrawFn) -> Record:
    force = draw(st.sampled_from((False,) * 5 + (True,)))
    statements = draw(st.lists(_stated(force), min_size=1, max_size=3))
    return Record(tuple(statements), force, draw(st.sampled_from((False,) * 7 + (True,))))


_VALUES = st.builds(Who, st.sampled_from((SMS, SMS, VOICE)), _PHONES) | st.just(Who(EMAIL, MAIL))


@st.composite
def _department(draw: st.DrawFn) -> Department:
    event = draw(st.sampled_from(EVENTS))
    rolls = event.startswith("DOUBLE")
    customer = event.startswith(("USER", "COMMUNICATION"))
    recipients = () if rolls else tuple(draw(st.lists(_VALUES, min_size=int(customer), max_size=2)))
    return Department(
        draw(st.sampled_from(DEPARTMENTS)),
        event,
        recipients,
        draw(st.sampled_from(("m1", "m2", "m3", "m4"))),
        draw(st.sampled_from(("ann", "bob"))),
        draw(st.sampled_from((None, True, False))) if event.startswith("COMMUNICATION") else None,
    )


_CONSENTS = st.tuples(_PHONES, st.sampled_from(("WRITTEN", "EXPRESS", "STOP")))
_RELAY = st.builds(
    Relay,
    st.sampled_from(CLIENTS),
    st.lists(_CONSENTS, min_size=1, max_size=2, unique_by=lambda each: each[0]).map(tuple),
    st.booleans(),
)
_WORDS = st.builds(
    Words,
    st.sampled_from(("*", "US", "CA")),
    st.lists(st.sampled_from(("hush", "join", "yes", "hours")), min_size=1, max_size=2, unique=True).map(tuple),
    st.integers(1, 3),
)
_NAMES = st.sampled_from(("a", "b"))
_USERS = st.builds(OptOutUser, st.just("mobile"), _PHONES) | st.just(OptOutUser("email", MAIL))
_MOVES = st.builds(MoveContact, st.sampled_from(("ann", "bob")), st.sampled_from((*PHONES, "")))
_INBOUND = st.builds(
    Inbound,
    st.sampled_from(SENDERS),
    st.builds(Who, st.sampled_from((SMS, SMS, RCS)), _PHONES),
    st.sampled_from(BODIES),
    st.sampled_from(("i1", "i2", "i3", "i4", "i5")),
    _MINUTES,
    st.sampled_from((False,) * 7 + (True,)),
)

_SETTINGS: st.SearchStrategy[Step] = st.one_of(
    st.builds(SetWords, st.sampled_from(PROFILES), _NAMES, _WORDS),
    st.builds(DropWords, st.sampled_from(PROFILES), _NAMES),
    st.builds(SetSender, st.sampled_from(SENDERS), st.booleans(), st.booleans()),
    st.builds(SetPurpose, st.sampled_from(tuple(PURPOSES)), st.sampled_from(RULES)),
)
_RESOLVE = st.builds(Resolve, st.integers(0, 5), st.booleans())
_PASS = st.builds(Pass, st.integers(1, 6))
_CUSTOMERS: st.SearchStrategy[Step] = st.one_of(_USERS, _MOVES, _MOVES)
# An opt-out of everywhere is rare, or little else would ever be answered.
_WEIGHED: tuple[st.SearchStrategy[Step], ...] = (
    *(_record(),) * 6,
    *(_department(),) * 4,
    *(_INBOUND,) * 4,
    *(_RELAY, _SETTINGS, _RESOLVE, _PASS) * 2,
    _CUSTOMERS,
)
STEPS: st.SearchStrategy[Step] = st.integers(0, 22).flatmap(lambda number: _WEIGHED[number])
HISTORIES = st.lists(STEPS, min_size=10, max_size=30)
