"""What Telnyx's lists share: the values of their queries, and the figures of their pages."""

from __future__ import annotations

import re

from consent.v1.auto_response_pb2 import PaginationMeta
from google.protobuf.timestamp_pb2 import Timestamp

from server.gateway.errors import malformed
from server.gateway.times import parse_time

_INT32 = 2**31 - 1
_FLAGS = {"": False, "false": False, "true": True}


def read_time(query: dict[str, str], key: str) -> Timestamp | None:
    """A moment; None where absent or empty."""
    text = query.get(key)
    if not text:
        return None
    try:
        return parse_time(text)
    except ValueError as error:
        raise malformed(key, "must be an RFC 3339 date or date-time") from error


def read_integer(query: dict[str, str], key: str) -> int:
    """The integer, as near as the contract can hold it: the server clamps or refuses what lies beyond anyway."""
    text = query.get(key) or "0"
    if not re.fullmatch(r"-?[0-9]{1,100}", text):
        raise malformed(key, "must be an integer")
    return max(-_INT32, min(_INT32, int(text)))


def read_flag(query: dict[str, str], key: str) -> bool:
    """A boolean, in any case: the vendor's SDKs send text, such as Python's `True`. False where absent or empty."""
    flag = _FLAGS.get(query.get(key, "").lower())
    if flag is None:
        raise malformed(key, "must be true or false")
    return flag


def print_meta(meta: PaginationMeta) -> dict[str, int]:
    """The figures of a page, zeros included."""
    return {
        "page_number": meta.page_number,
        "page_size": meta.page_size,
        "total_pages": meta.total_pages,
        "total_results": meta.total_results,
    }
