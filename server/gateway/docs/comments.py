"""The contract's comments: generated code has none, so they are shipped beside it, and a test holds them to it."""

from __future__ import annotations

from pathlib import Path

import orjson

_COMMENTS: dict[str, str] = orjson.loads(Path(__file__).with_suffix(".json").read_bytes())


def tell(full_name: str) -> str:
    """The comment of a message, field, enum or value, by its full name: `consent.v1.Recipient.address`.

    Empty where there is none.
    """
    return _COMMENTS.get(full_name, "")
