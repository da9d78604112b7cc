"""Paths as they were sent: split first, decoded then, so that `%2F` in a value splits nothing."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from server.gateway.errors import malformed


def segments_of(scope: Scope) -> tuple[bytes, ...]:
    """The decoded segments of a request's path. One slash at the end is as none."""
    raw: bytes = scope["raw_path"]
    return tuple(unquote_to_bytes(segment) for segment in raw.removesuffix(b"/").split(b"/")[1:])


class Template:
    """A path such as `/messaging_profiles/{profile_id}/autoresp_configs`, to hold others against."""

    def __init__(self, path: str) -> None:
        self._parts = path.split("/")[1:]

    def match(self, segments: tuple[bytes, ...]) -> Mapping[str, bytes] | None:
        """The values in a path of this shape, none of them empty; None for another path."""
        if len(segments) != len(self._parts):
            return None
        values = {}
        for part, segment in zip(self._parts, segments, strict=True):
            if part.startswith("{") and segment:
                values[part[1:-1]] = segment
            elif part.encode() != segment:
                return None
        return values


def decode_values(values: Mapping[str, bytes]) -> dict[str, str]:
    """The values as text. Raises Refused (MALFORMED_REQUEST) where one is not UTF-8."""
    texts = {}
    for name, value in values.items():
        try:
            texts[name] = value.decode()
        except UnicodeDecodeError as error:
            raise malformed(name, "is not UTF-8") from error
    return texts
