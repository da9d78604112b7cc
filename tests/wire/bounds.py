"""The server's table of lengths, ranges and formats as JSON Schema, for the OpenAPI document to quote.

python -m tests.wire.bounds    writes server/gateway/docs/bounds.json anew
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from server.api.limits import LIMITS, Items, Limit, Number, Text

FILE = Path(__file__).parents[2] / "server/gateway/docs/bounds.json"
# What str.strip leaves something of.
_NOT_BLANK = r"[^\s\u001c-\u001f\u0085]"


def read_bounds() -> dict[str, dict[str, Any]]:
    """The keywords for each field of the table, by full name."""
    return {name: told for name, limit in LIMITS.items() if (told := _tell(limit))}


def _tell(limit: Limit) -> dict[str, Any]:
    match limit:
        case Text(pattern=pattern) if pattern is not None:
            return {"format": "uuid", "pattern": f"^{pattern.pattern}$"}
        case Text(most=most, required=required):
            return {"maxLength": most, **({"minLength": 1, "pattern": _NOT_BLANK} if required else {})}
        case Number(least=least, most=most):
            return {"minimum": max(0, least), **({} if most is None else {"maximum": most})}
        case Items(most=most, each=each):
            return {"maxItems": most, **({} if each is None else {"items": _tell(each)})}


def print_bounds() -> str:
    """The file's text."""
    return json.dumps(read_bounds(), indent=1, ensure_ascii=True, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(print_bounds(), encoding="utf-8")
