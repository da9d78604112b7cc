"""What docs/guarantees.md says of torture, made from its suites: `python -m tests.docs.torture_list` writes it."""

from __future__ import annotations

from pathlib import Path

from tests.torture.trial import Suite, find_suites

FILE = Path(__file__).parents[2] / "docs/guarantees.md"
_MARK = "<!-- From here on made by `make generate` from the suites of tests/torture. -->\n"


def with_list(text: str) -> str:
    """The page's text with the end as it is to be."""
    kept, mark, _ = text.partition(_MARK)
    assert mark, "the page has a place for the suites"
    return kept + _MARK + "".join(map(_section, find_suites().values()))


def _section(suite: Suite) -> str:
    promises = "".join(f"- {promise[0].upper()}{promise[1:]}.\n" for promise in suite.promises)
    short = f"In short in `tests/torture/test_{suite.name}.py`."
    return f"\n### `make torture TORTURE={suite.name}`: {suite.what}\n\n{promises}\n{short}\n"


if __name__ == "__main__":
    FILE.write_text(with_list(FILE.read_text(encoding="utf-8")), encoding="utf-8")
