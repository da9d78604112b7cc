"""The documentation as text: its pages, their headings, blocks, links and what stands between backquotes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block, and what follows it where that is another block."""

    language: str
    text: str


@dataclass(frozen=True)
class Page:
    """One page."""

    path: Path

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))

    @cached_property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """What is no block."""
        return _BLOCK.sub("", self.text)

    @property
    def blocks(self) -> list[Block]:
        """The fenced blocks, in order."""
        return [Block(found[1], found[2]) for found in _BLOCK.finditer(self.text)]

    @property
    def anchors(self) -> set[str]:
        """What a link may name after #, as the common renderers make it from headings."""
        titles = _HEADING.findall(self.prose)
        return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles}

    @property
    def links(self) -> list[str]:
        """Where it leads."""
        return _LINK.findall(self.prose)

    @property
    def code(self) -> list[str]:
        """What stands between backquotes, each on one line."""
        return [" ".join(found.split()) for found in _CODE.findall(self.prose)]


PAGES = [Page(path) for path in (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))]
