"""The table of metrics in docs/operator.md, made from theirs: `python -m tests.docs.metrics_table` writes it."""

from __future__ import annotations

import re
from pathlib import Path

from server.metrics.families import FAMILIES, Family, Kind

FILE = Path(__file__).parents[2] / "docs/operator.md"
_PLACE = re.compile(r"(\| metric \| type \| labels \| \|\n\|---\|---\|---\|---\|\n)(?:\|.*\n)*")


def with_table(text: str) -> str:
    """The page's text with the table as it is to be."""
    made, count = _PLACE.subn(lambda place: place[1] + "".join(map(_row, FAMILIES)), text)
    assert count == 1, "the page has one table of metrics"
    return made


def _row(family: Family) -> str:
    name = f"{family.name}_total" if family.kind is Kind.COUNTER else family.name
    labels = ", ".join(f"`{label}`" for label in family.labels)
    return f"| `{name}` | {family.kind.value} | {labels} | {family.help} |\n"


if __name__ == "__main__":
    FILE.write_text(with_table(FILE.read_text(encoding="utf-8")), encoding="utf-8")
