"""One row of consents, as files hold it: read as a statement, and written so that it can be read again.

A spreadsheet runs a cell that begins with =, +, -, @, a tab or a carriage return. So in CSV such a value gets an
apostrophe before it, as one that begins with an apostrophe does; what is read loses the apostrophe again. Spreadsheets
do the same, so that the cell shows the value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

import click

from server.api.limits import LIMITS, Text
from server.api.validation import limit_text
from server.cli import evidence
from server.cli.recipients import channel_of
from server.cli.times import parse_start
from server.domain.errors import Violation
from server.domain.model import Actor, Channel, Instant, State, Strength
from server.usecases.records import Draft

E = TypeVar("E", bound=Enum)

COLUMNS = ("channel", "address", "sender", "purpose", "state", "strength", "effective_time", "expire_time", "suspected")
EVIDENCE = evidence.NAMES
# What an export tells besides, and an import does not take over: it is the import that says so, now.
TOLD_BESIDES = ("lifted_by", "suspect_time", "request_time", "actor", "create_time", "update_time", "revision")
KNOWN = frozenset((*COLUMNS, *EVIDENCE, *TOLD_BESIDES))
SOURCE = "import"

# The last four: full-width forms, which spreadsheets of East Asia take for the same. The apostrophe marks a safe cell.
_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "＝", "＋", "－", "＠")
_LIMITS = {
    "address": "Recipient.address",
    "sender": "ConsentStatement.sender",
    "purpose": "ConsentStatement.purpose",
    **{name: f"Evidence.{name}" for name in EVIDENCE if name != "method"},
}
_CHECKS = {
    name: limit_text(limit)
    for name, field in _LIMITS.items()
    if isinstance(limit := LIMITS[f"consent.v1.{field}"], Text)
}


class RowRefused(ValueError):
    """The row is no statement; the message says why and holds nothing personal."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for rows that do not say it themselves."""

    sender: str = ""
    purpose: str = ""
    strength: Strength | None = None
    effective_time: Instant | None = None


def safe_cell(value: str) -> str:
    """A value as a cell that no spreadsheet runs."""
    return f"'{value}" if value.startswith(_RUN_BY_SPREADSHEETS) else value


def read_cell(cell: str) -> str:
    """The value of a cell that `safe_cell` wrote."""
    return cell.removeprefix("'")


def read_statement(values: Mapping[str, str], defaults: Defaults) -> Draft:
    """Read a row's values, by column, as a statement of an import, whoever made it. Raises RowRefused."""
    told = {name: value for name, value in values.items() if value}
    for name, check in _CHECKS.items():
        if name in told:
            _check(name, told[name], check)
    if told.get("suspected", "false").lower() not in ("false", "0", "no"):
        raise RowRefused("suspected: it waits to be judged; judge it where it stands, then import it")
    address = _needed(told, "address")
    state = _member(State, "state", _needed(told, "state"))
    strength = _member(Strength, "strength", told["strength"]) if "strength" in told else defaults.strength
    proofs = {name: told[name] for name in EVIDENCE if name in told}
    return Draft(
        channel=_member(Channel, "channel", told["channel"]) if "channel" in told else channel_of(address, None),
        address=address,
        sender_id=_needed(told, "sender", defaults.sender),
        purpose_id=_needed(told, "purpose", defaults.purpose),
        state=state,
        actor=Actor.IMPORT,
        strength=strength if state is State.OPTED_IN or "strength" in told else None,
        lifted_by=None,
        effective_time=_effective_time(told, defaults),
        expire_time=_moment("expire_time", told["expire_time"]) if "expire_time" in told else None,
        evidence=proofs | ({"method": _method(proofs["method"])} if "method" in proofs else {}),
        source=SOURCE,
    )


def _check(name: str, value: str, check: object) -> None:
    found: list[Violation] = []
    if callable(check):
        check(value, name, found)
    if found:
        raise RowRefused(f"{name}: {found[0].description}")


def _needed(told: Mapping[str, str], name: str, default: str = "") -> str:
    value = told.get(name, default)
    if not value:
        raise RowRefused(f"{name}: is needed")
    return value


def _member(kind: type[E], name: str, text: str) -> E:
    try:
        return kind[text.strip().upper().replace("-", "_").replace(" ", "_")]
    except KeyError as error:
        raise RowRefused(f"{name}: must be one of {', '.join(member.name for member in kind)}") from error


def _method(text: str) -> str:
    word = text.strip().lower().replace("_", "-")
    if word not in evidence.METHODS:
        raise RowRefused(f"method: must be one of {', '.join(evidence.METHODS.values())}")
    return evidence.METHODS[word]


def _effective_time(told: Mapping[str, str], defaults: Defaults) -> Instant:
    if "effective_time" in told:
        return _moment("effective_time", told["effective_time"])
    if defaults.effective_time is None:
        raise RowRefused("effective_time: is needed, in the row or by --effective-time")
    return defaults.effective_time


def _moment(name: str, text: str) -> Instant:
    try:
        return parse_start(text)
    except click.BadParameter as error:
        raise RowRefused(f"{name}: is no day (2027-01-31) and no moment (2027-01-31T18:00:00Z)") from error
