"""Moments on the wire: RFC 3339 in, each vendor's print form out."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)?)?", re.ASCII)


def parse_time(text: str) -> Timestamp:
    """The moment that an RFC 3339 date-time names. A plain date is its midnight; without an offset it is UTC.

    Raises:
        ValueError: the text is none, or names a day or hour that does not exist.

    """
    if not _RFC3339.fullmatch(text):
        raise ValueError(text)
    moment = datetime.fromisoformat(text.upper())
    stamp = Timestamp()
    try:
        stamp.FromDatetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except OverflowError as error:
        # An offset can push a moment of year 1 or 9999 out of the calendar.
        raise ValueError(text) from error
    return stamp


def print_micros(stamp: Timestamp) -> str:
    """Telnyx's form: `2023-03-21T23:37:45.858535+00:00`, always six digits."""
    return stamp.ToDatetime(tzinfo=UTC).isoformat(timespec="microseconds")


def print_millis(stamp: Timestamp) -> str:
    """Relay's form: `2024-07-05T22:16:12.934Z`, always three digits."""
    return stamp.ToDatetime().isoformat(timespec="milliseconds") + "Z"


def print_exactly(stamp: Timestamp) -> str:
    """Proto3's form: no fraction, or as many of 3, 6 and 9 digits as it needs. A fifth of what ToJsonString costs."""
    text = datetime.fromtimestamp(stamp.seconds, UTC).isoformat().removesuffix("+00:00")
    nanos = stamp.nanos
    if not nanos:
        return text + "Z"
    if nanos % 1_000:
        return f"{text}.{nanos:09}Z"
    return f"{text}.{nanos // 1_000:06}Z" if nanos % 1_000_000 else f"{text}.{nanos // 1_000_000:03}Z"
