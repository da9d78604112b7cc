"""Options whose value is text of a bounded length."""

from __future__ import annotations

from typing import Any

import click

from server.api.limits import LIMITS, Text
from server.api.validation import limit_text
from server.domain.errors import Violation


class Bounded(click.ParamType[str]):
    """Text within the bounds that the contract sets for one of its fields, such as `Evidence.url`."""

    name = "text"

    def __init__(self, field: str) -> None:
        limit = LIMITS[f"consent.v1.{field}"]
        if not isinstance(limit, Text):
            raise TypeError(f"{field} is no text")
        self._check = limit_text(limit)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read the text; too long a one is a usage error."""
        found: list[Violation] = []
        self._check(str(value), "", found)
        if found:
            self.fail(found[0].description, param, ctx)
        return str(value)
