"""Moments, here and in the contract: aware datetimes and Timestamps."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp


def timestamp_of(moment: datetime | None) -> Timestamp | None:
    """The Timestamp of an aware datetime. Raises ValueError for a naive one: it names no moment."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError("a time needs a time zone, as datetime.now(UTC) has")
    found = Timestamp()
    found.FromDatetime(moment)
    return found


def moment_of(message: Message, field: str) -> datetime | None:
    """The moment in a Timestamp field, in UTC; None where it is unset. Raises ValueError for one out of range."""
    if not message.HasField(field):
        return None
    found: Timestamp = getattr(message, field)
    try:
        return found.ToDatetime(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError(f"{field} is out of range") from error
