"""What the server holds texts, numbers and lists of requests to, as JSON Schema says it.

The server's table is the server's own; it is shipped beside this, and a test holds the one to the other.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

_BOUNDS: dict[str, dict[str, Any]] = orjson.loads(Path(__file__).with_suffix(".json").read_bytes())


def bound(full_name: str) -> dict[str, Any]:
    """The keywords that bound a field, by its full name: `consent.v1.Recipient.address`. Empty where nothing does."""
    return _BOUNDS.get(full_name, {})
