"""The rows of a list, as the bytes that they are: what is carried through is carried through unchanged.

A list is CSV text with a line feed (or, from old machines, a carriage return) after each row; a quoted cell may hold
line breaks. A row that is malformed, one whose quote is not closed within MAX_ROW_LINES lines included, costs only its
first line: reading goes on at the second. So where a row begins never depends on how the list was cut into chunks.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

MAX_ROW_LINES = 100
MAX_ROW_LENGTH = 1024 * 1024
_UNFINISHED = "unexpected end of data"


@dataclass(frozen=True, slots=True)
class Form:
    """How a list is written: what separates cells, what ends a line and how many cells a row has."""

    delimiter: str
    line_end: str
    width: int

    @property
    def last_character(self) -> str:
        """The character that every line ends with."""
        return self.line_end[-1]


@dataclass(slots=True)
class Rows:
    """Rows in order: the text of each with its line end, and its cells, or None where it is malformed.

    `rest` is the text of a last row that goes on behind the end of what was read. Blank lines are left out.
    """

    texts: list[str] = field(default_factory=list)
    cells: list[list[str] | None] = field(default_factory=list)
    rest: str = ""


def decode(data: bytes) -> str:
    """The text of bytes; those that are not UTF-8 become lone surrogates, which `encode` turns back."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode(errors="surrogateescape")


def encode(text: str) -> bytes:
    """The bytes that a text was decoded from."""
    return text.encode(errors="surrogateescape")


def read_rows(text: str, form: Form, *, final: bool) -> Rows:
    """Read whole lines into rows. `text` begins where a row begins; `final` says that nothing comes after it."""
    lines = _lines(text, form)
    with _long_cells():
        try:
            cells = list(csv.reader(lines, delimiter=form.delimiter, strict=True))
        except csv.Error:
            cells = []
        if len(cells) == len(lines) and set(map(len, cells)) == {form.width} and all(map(str.strip, lines)):
            return Rows(lines, list(cells))
        return _read_carefully(lines, form, final)


def read_first_row(text: str, form: Form) -> tuple[str, list[str]]:
    """The text up to the end of the first row that is not blank, and its cells, of which there may be any number.

    Both are empty where there is none. Raises csv.Error where it is malformed.
    """
    feed = _Feed(_lines(text, form))
    passed = ""
    with _long_cells():
        for cells in csv.reader(feed, delimiter=form.delimiter, strict=True):
            passed += (row := feed.end_row())
            if row.strip():
                return passed, cells
    return "", []


def _lines(text: str, form: Form) -> list[str]:
    if form.last_character == "\n":
        lines = list(io.StringIO(text, newline="\n"))
    else:
        lines = [part + "\r" for part in text.removesuffix("\r").split("\r")]
    if lines and not lines[-1].endswith(form.last_character):
        lines[-1] += form.line_end
    return lines


class _Feed:
    """Lines for a csv.reader, which asks for as many as its row has: too many for one row are an error."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self.row_start = self._next = 0

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if self._next == len(self._lines):
            raise StopIteration
        if self._next - self.row_start == MAX_ROW_LINES:
            raise csv.Error(f"a row of more than {MAX_ROW_LINES} lines")
        self._next += 1
        return self._lines[self._next - 1]

    def end_row(self) -> str:
        """The text of the row that was just read; the next one begins behind it."""
        text = "".join(self._lines[self.row_start : self._next])
        self.row_start = self._next
        return text

    def end_line(self) -> str:
        """The first line of the row that could not be read; the next row begins behind it."""
        self._next = self.row_start + 1
        return self.end_row()

    def remainder(self) -> str:
        """The text from the beginning of the row on."""
        return "".join(self._lines[self.row_start :])


def _read_carefully(lines: Sequence[str], form: Form, final: bool) -> Rows:
    """Read rows of which some are blank, malformed, or of several lines."""
    found, feed = Rows(), _Feed(lines)
    while True:
        try:
            for cells in csv.reader(feed, delimiter=form.delimiter, strict=True):
                text = feed.end_row()
                if text.strip():
                    found.texts.append(text)
                    found.cells.append(cells if len(cells) == form.width else None)
        except csv.Error as error:
            if str(error) == _UNFINISHED and not final:
                found.rest = feed.remainder()
                return found
            found.texts.append(feed.end_line())
            found.cells.append(None)
        else:
            return found


@contextmanager
def _long_cells() -> Iterator[None]:
    before = csv.field_size_limit(MAX_ROW_LENGTH)
    try:
        yield
    finally:
        csv.field_size_limit(before)
