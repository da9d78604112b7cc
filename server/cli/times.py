"""Moments and durations as they are typed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

from server.domain.model import Instant
from server.usecases.as_of import AsOf
from server.usecases.credentials import MAX_OVERLAP_SECONDS

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DURATION = re.compile(r"(\d{1,9})([smhd])", re.ASCII)
_UNIT_NAMES = {"s": "s", "m": "min", "h": "h", "d": "d"}
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_REVISION = re.compile(r"\d+", re.ASCII)
_REVISION_LIMIT = 2**63
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXPECTED = "a day (2027-01-31, all of it in UTC) or a moment with its offset (2027-01-31T18:00:00Z)"
_START_EXPECTED = "a day (2027-01-31, its beginning in UTC) or a moment with its offset (2027-01-31T18:00:00Z)"


def read_end(_context: click.Context, _parameter: click.Parameter, text: str | None) -> Instant | None:
    """Read when something ends: a plain day is over at its last midnight, UTC. A callback for an option."""
    if text is None:
        return None
    try:
        moment = _parse_end(text)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(f"{text!r} is not {_EXPECTED}") from error
    return (moment - _EPOCH) // timedelta(microseconds=1)


def read_start(_context: click.Context, _parameter: click.Parameter, text: str | None) -> Instant | None:
    """Read when something was: a plain day means its beginning, UTC. A callback for an option."""
    return None if text is None else parse_start(text)


def parse_start(text: str) -> Instant:
    """Read a moment; a plain day means its beginning, UTC. Raises click.BadParameter."""
    try:
        moment = _parse_end(text) - (timedelta(days=1) if _DATE.fullmatch(text) else timedelta())
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(f"{text!r} is not {_START_EXPECTED}") from error
    return (moment - _EPOCH) // timedelta(microseconds=1)


def read_as_of(_context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]) -> AsOf:
    """Read what is asked about: a revision, a moment, or one of each. A callback for an option that may be repeated."""
    revisions = [text for text in texts if _REVISION.fullmatch(text)]
    moments = [text for text in texts if text not in revisions]
    if len(revisions) > 1 or len(moments) > 1:
        raise click.BadParameter("at most one revision and one moment")
    revision = int(revisions[0]) if revisions else 0
    if revisions and not 0 < revision < _REVISION_LIMIT:
        raise click.BadParameter(f"{revisions[0]} is no revision; the first is 1")
    return AsOf(revision, parse_start(moments[0]) if moments else None)


def _parse_end(text: str) -> datetime:
    if _DATE.fullmatch(text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(days=1)
    if _DATE_TIME.fullmatch(text):
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    raise ValueError(text)


def read_overlap(_context: click.Context, _parameter: click.Parameter, text: str) -> int:
    """Read an overlap such as `90m` in seconds. A callback for an option."""
    if text == "0":
        return 0
    found = _DURATION.fullmatch(text)
    if not found:
        raise click.BadParameter(f"{text!r} is not a number with a unit: 30s, 90m, 24h or 7d")
    seconds = int(found[1]) * _UNIT_SECONDS[found[2]]
    if seconds > MAX_OVERLAP_SECONDS:
        raise click.BadParameter(f"{text} is longer than {MAX_OVERLAP_SECONDS // _UNIT_SECONDS['d']} days")
    return seconds


def read_age(_context: click.Context, _parameter: click.Parameter, text: str) -> Instant:
    """Read how old something is, such as `400d`, in microseconds. A callback for an option."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise click.BadParameter(f"{text!r} is not a number with a unit: 36h or 400d")
    return int(found[1]) * _UNIT_SECONDS[found[2]] * 1_000_000


def duration(microseconds: int) -> str:
    """A span of time in its two largest units, for a person: `3 d 4 h`."""
    seconds = microseconds // 1_000_000
    parts: list[str] = []
    for unit, length in reversed(_UNIT_SECONDS.items()):
        count, seconds = divmod(seconds, length)
        if count or parts or unit == "s":
            parts.append(f"{count} {_UNIT_NAMES[unit]}")
    return " ".join(parts[:2])
