"""The README's table of settings, made from theirs: `python -m tests.e2e.settings_table` writes it."""

from __future__ import annotations

import re
from pathlib import Path

from server.settings import SERVE, Setting

README = Path(__file__).resolve().parents[2] / "README.md"
_PLACE = re.compile(r"(## Settings of `consent serve`\n\n)(?:\|.*\n)*")
_TITLES = "| option | variable | default | allowed | |\n|---|---|---|---|---|\n"


def with_table(text: str) -> str:
    """The README's text with the table as it is to be."""
    made, count = _PLACE.subn(lambda place: place[1] + _TITLES + "".join(map(_row, SERVE)), text)
    assert count == 1, "the README has one section of settings"
    return made


def _row(setting: Setting) -> str:
    option = f"`{setting.option}`" if setting.is_option else ""
    default = setting.default if " " in setting.default else f"`{setting.default}`"
    cells = (option, f"`{setting.variable}`", default, setting.kind.allowed, setting.help)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
