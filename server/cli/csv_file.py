"""CSV files with a header, read row by row in constant memory: which rows there are, and what is wrong with a row.

A quote that is not closed would swallow the rows after it. So a record over several lines that turns out to be
malformed costs only its first line: reading goes on at the second.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

MAX_LINE_LENGTH = 64 * 1024
MAX_RECORD_LINES = 200

_NOT_UTF8 = "is not UTF-8 text"
_UNCLOSED = "a quote is not closed"


class FileUnusable(Exception):
    """The file as a whole cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Cells:
    """A row that is well formed: its cells of known columns, by name."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was refused. The reason holds nothing of what the row says."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    too_long: bool = False


Record: TypeAlias = tuple[list[_Line], list[str]]


class _Malformed(Exception):
    def __init__(self, lines: Sequence[_Line], reason: str) -> None:
        super().__init__(reason)
        self.lines = lines


class CsvFile:
    """An open file. Iterating it answers its rows in order. Both raise FileUnusable: no header, or no reading."""

    def __init__(self, stream: BinaryIO, required: Sequence[str], optional: Sequence[str] = ()) -> None:
        # Bytes that are not UTF-8 become lone surrogates, so that their row is refused and the file goes on.
        self._text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
        self._required, self._columns = required, (*required, *optional)
        self._number = 0
        self._again: deque[_Line] = deque()
        self._header = self._read_header()
        self._places = {name: self._header.index(name) for name in self._columns if name in self._header}
        self.columns = frozenset(self._places)
        self.ignored = tuple(name for name in self._header if name not in self._columns)

    def detach(self) -> None:
        """Leave the stream open when this object goes."""
        self._text.detach()

    def __iter__(self) -> Iterator[Cells | BadRow]:
        while True:
            try:
                record = self._next_record(len(self._header))
            except _Malformed as fault:
                self._again.extendleft(reversed(fault.lines[1:]))
                yield BadRow(fault.lines[0].number, str(fault))
                continue
            if record is None:
                return
            lines, cells = record
            if any(cells):
                yield self._row(lines[0].number, cells)

    def _row(self, line: int, cells: list[str]) -> Cells | BadRow:
        values = {name: cells[place] for name, place in self._places.items()}
        broken = [name for name, value in values.items() if not _is_text(value)]
        if broken:
            return BadRow(line, f"{broken[0]}: {_NOT_UTF8}")
        return Cells(line, values)

    def _read_header(self) -> list[str]:
        try:
            record = self._next_record(None)
        except _Malformed as fault:
            raise FileUnusable(f"the first line cannot be read: {fault}") from fault
        if record is None:
            raise FileUnusable(f"the file is empty; its first line must name the columns {', '.join(self._required)}")
        header = [cell.lower() for cell in record[1]]
        if not all(map(_is_text, header)):
            raise FileUnusable(f"the first line {_NOT_UTF8}; save the file as CSV in UTF-8")
        missing = [name for name in self._required if name not in header]
        if missing:
            hint = "" if len(header) > 1 else "; columns are separated by commas"
            raise FileUnusable(f"the first line does not name the columns {', '.join(missing)}{hint}")
        twice = [name for name in self._columns if header.count(name) > 1]
        if twice:
            raise FileUnusable(f"the first line names the column {twice[0]} twice")
        return header

    def _next_record(self, width: int | None) -> Record | None:
        """Read the next record that is not blank, its cells without the spaces around them; None at the end."""
        while True:
            lines: list[_Line] = []
            try:
                cells = next(csv.reader(self._feed(lines), strict=True, skipinitialspace=True), None)
            except csv.Error as error:
                raise _Malformed(lines, _reason(error)) from error
            if cells is None:
                return None
            if cells and cells != [""]:
                self._check_form(lines, cells, width)
                return lines, [cell.strip() for cell in cells]

    def _check_form(self, lines: list[_Line], cells: list[str], width: int | None) -> None:
        if width is None:
            return
        if len(cells) != width:
            raise _Malformed(lines, f"has {_counted(len(cells))}, the first line has {_counted(width)}")
        if any("\n" in cells[place] or "\r" in cells[place] for place in self._places.values()):
            raise _Malformed(lines, f"{_UNCLOSED}, or a value holds a line break")

    def _feed(self, taken: list[_Line]) -> Iterator[str]:
        """The lines from here on; `taken` collects those that were asked for."""
        while (line := self._next_line()) is not None:
            taken.append(line)
            if line.too_long:
                raise csv.Error(f"the line has more than {MAX_LINE_LENGTH} characters")
            if len(taken) > MAX_RECORD_LINES:
                raise csv.Error(_UNCLOSED)
            yield line.text

    def _next_line(self) -> _Line | None:
        if self._again:
            return self._again.popleft()
        text = rest = self._read()
        if not text:
            return None
        self._number += 1
        while len(rest) == MAX_LINE_LENGTH and not rest.endswith(("\n", "\r")):
            rest = self._read()
        return _Line(self._number, text, too_long=rest is not text)

    def _read(self) -> str:
        try:
            return self._text.readline(MAX_LINE_LENGTH)
        except OSError as error:
            raise FileUnusable(f"cannot be read: {error.strerror}") from error


def _is_text(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _counted(columns: int) -> str:
    return "1 column" if columns == 1 else f"{columns} columns"


def _reason(error: csv.Error) -> str:
    """What the csv module means, in words for whoever made the file."""
    text = str(error)
    if "unexpected end of data" in text or "field limit" in text:
        return _UNCLOSED
    if "expected after" in text:
        return "a quote stands where none may stand"
    return text
