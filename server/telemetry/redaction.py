"""The last guard before a line is written: what looks like a person's address, or bears the name of one, goes.

Nothing personal is logged on purpose. This is for what comes within other words, such as those of a library.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from structlog.typing import EventDict

REDACTED = "[redacted]"
PERSONAL_KEYS = frozenset(
    (
        *("address", "addresses", "email", "from", "mobile", "phone", "recipient", "to", "user"),
        *("body", "evidence", "first", "keywords", "last", "payload", "text"),
        *("authorization", "metadata", "password", "secret", "token"),
    )
)
"""Names under which nothing is written, whatever it is."""
REQUEST_ID = "request_id"
_VERBATIM = frozenset({"exception", "timestamp", "level"})
_GAP = r"[\s().\-/\u00ad\u2010-\u2015\u200b-\u200f\u2060\ufeff]"
_KEPT = r"""
    [0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}                     # a UUID
  | (?<![\w+])[0-9a-f]{32,128}(?!\w)                                         # an id or digest that we made
  | (?<![\d.+])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\d.])                 # an IPv4 address
  | (?<![\d.+])0\.\d+(?![\d.])                                               # a fraction
  | (?<![\d+-])\d{4}-\d\d-\d\d(?:[T\ ]\d\d:\d\d:\d\d(?:\.\d+)?)?(?![\d-])    # a date, a moment
"""
_EMAIL = r"""[^\s@<>",;:()\[\]\\]{0,64}(?:@|%40)[^\s@<>"',;:()\[\]{}=/\\]+"""
_PHONE = rf"(?:\+|%2[bB])?\(?\d(?:(?:{_GAP}|%20){{0,3}}\d){{6,}}"
_FOUND = re.compile(f"(?P<kept>{_KEPT})|(?P<personal>{_EMAIL}|{_PHONE})", re.VERBOSE)
_NUMBER = re.compile(r"[.\-]*(?:\d[.\-]*){7,15}")
# What moves a cursor, begins a line, hides or turns text; and halves of characters, which no encoding writes.
_CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def redacted(text: str) -> str:
    """The text without what looks like a phone number or an e-mail address; our ids, moments and hosts stay."""
    return _FOUND.sub(lambda found: found[0] if found["kept"] else REDACTED, text)


def visible(text: str) -> str:
    """The text in one line, with what a terminal would obey written as its number."""
    return _CONTROLS.sub(lambda found: _escaped(ord(found[0])), text)


def _escaped(number: int) -> str:
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def redact(_: Any, __: str, line: EventDict) -> EventDict:
    """Clean every value of a line. Its exception was written without values before."""
    return {key: value if key in _VERBATIM else _clean(key, value) for key, value in line.items()}


def _clean(key: str, value: object) -> object:
    if key in PERSONAL_KEYS and value is not None:
        return REDACTED
    match value:
        case None | bool() | int() | float():
            return value
        case str() if key == REQUEST_ID:
            # A caller may make its own: one that may be a phone number is not written, all others are.
            return REDACTED if _NUMBER.fullmatch(value) else visible(value)
        case str():
            return visible(redacted(value))
        case PurePath():
            return visible(redacted(str(value)))
        case Mapping():
            return {str(name): _clean(str(name), inner) for name, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_clean("", inner) for inner in value]
        case _:
            # Whatever it is, its text may be anything.
            return f"<{type(value).__name__}>"
