"""An operation's example as a command for a shell."""

from __future__ import annotations

import json
import shlex
from typing import Any
from urllib.parse import quote

_CREDENTIALS = {
    "bearer": '-H "Authorization: Bearer $KEY"',
    "basic": '-u "$LOGIN"',
}


def write_curl(method: str, path: str, told: dict[str, Any]) -> str:
    """The command. It needs `$BASE`, and `$KEY` or `$LOGIN`, in the shell."""
    lines = [
        f'curl -X {method} "$BASE{_address(path, told)}"' if method != "GET" else f'curl "$BASE{_address(path, told)}"'
    ]
    schemes = [name for choice in told["security"] for name in choice]
    if schemes:
        lines.append(_CREDENTIALS.get(schemes[0], f'-H "{schemes[0]}: $KEY"'))
    if "requestBody" in told:
        body = told["requestBody"]["content"]["application/json"]["example"]
        lines.append("-H 'Content-Type: application/json'")
        lines.append(f"-d {shlex.quote(json.dumps(body, indent=2, ensure_ascii=False))}")
    return " \\\n  ".join(lines)


def _address(path: str, told: dict[str, Any]) -> str:
    """The path and query with the parameters' examples; encoded, as curl reads brackets in its own way."""
    shown = [one for one in told.get("parameters", []) if "example" in one]
    for one in shown:
        path = path.replace(f"{{{one['name']}}}", quote(one["example"], safe="@"))
    query = "&".join(
        f"{quote(one['name'], safe='')}={quote(one['example'], safe='')}" for one in shown if one["in"] == "query"
    )
    return f"{path}?{query}" if query else path
