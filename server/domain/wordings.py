"""A set of phrases, and where they stand in a message: one step a word, however the message is made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from server.domain.keywords import comparable


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase, as shipped, and the words [start, end) that it covers."""

    phrase: str
    start: int
    end: int


@dataclass(slots=True)
class _Node:
    """What may follow the words so far, and the phrase that ends here."""

    following: dict[str, _Node] = field(default_factory=dict)
    phrase: str | None = None


class Wordings:
    """Phrases from a text as `server.domain.phrases` writes it: `(a|b)` is either, `(a|b)?` either or neither."""

    def __init__(self, text: str) -> None:
        self._root = _Node()
        for line in _CONTINUED.sub(" ", text).split("\n"):
            for choice in product(*_slots(line)):
                self._add(" ".join(shown for shown, _ in choice if shown), [w for _, words in choice for w in words])

    def _add(self, phrase: str, words: Sequence[str]) -> None:
        if not words:
            return
        node = self._root
        for word in words:
            if (following := node.following.get(word)) is None:
                following = node.following[word] = _Node()
            node = following
        if node.phrase is None:
            node.phrase = phrase

    def find(self, words: Sequence[str]) -> Iterator[Found]:
        """Every occurrence by its start, a shorter one before a longer one. Words must be comparable."""
        first = self._root.following
        for start, word in enumerate(words):
            node = first.get(word)
            end = start + 1
            while node is not None:
                if node.phrase is not None:
                    yield Found(node.phrase, start, end)
                node = node.following.get(words[end]) if end < len(words) else None
                end += 1

    def match(self, words: Sequence[str]) -> str | None:
        """The phrase that the words are, nothing left over."""
        node: _Node | None = self._root
        for word in words:
            if node is None:
                return None
            node = node.following.get(word)
        return node.phrase if node else None

    def __iter__(self) -> Iterator[str]:
        """Each phrase as shipped; one that is spelt in two ways comes twice."""
        nodes = [self._root]
        while nodes:
            node = nodes.pop()
            nodes.extend(node.following.values())
            if node.phrase is not None:
                yield node.phrase


def _slots(line: str) -> list[list[tuple[str, list[str]]]]:
    """A line's words and groups in order, each with its choices: as shipped, and as comparable words."""
    slots = []
    for group, optional, word in _SLOT.findall(line):
        choices = [choice for shown in (group or word).split("|") for choice in _spellings(shown.strip())]
        slots.append([*choices, ("", [])] if optional else choices)
    return slots


def _spellings(shown: str) -> list[tuple[str, list[str]]]:
    """With its apostrophes as spaces, which is how they are compared, and left out, which is how people type."""
    folded = {comparable(shown): None, comparable(_APOSTROPHE.sub("", shown)): None}
    return [(shown, words.split()) for words in folded]


_CONTINUED = re.compile(r"\n +")
_SLOT = re.compile(r"\(([^()]*)\)(\?)?|([^\s()]+)")
_APOSTROPHE = re.compile("['’]")
