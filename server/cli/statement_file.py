"""Files of consents, read in constant memory: CSV with a header, JSON lines, or one JSON document of moderate size."""

from __future__ import annotations

import io
import os
from collections.abc import Generator
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO

import orjson

from server.cli.csv_file import BadRow, CsvFile, FileUnusable
from server.cli.statement_rows import COLUMNS, EVIDENCE, TOLD_BESIDES, Defaults, RowRefused, read_cell, read_statement
from server.cli.vendor_rows import OWN, Shape
from server.usecases.records import Draft

MAX_LINE_LENGTH = 8 * 1024 * 1024
MAX_DOCUMENT_LENGTH = 64 * 1024 * 1024
_HEAD = 256
_BOM = b"\xef\xbb\xbf"
_REQUIRED = ("address", "state")


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is a statement, or says nothing (None): what it says is not judged yet."""

    line: int
    draft: Draft | None


Rows = Generator["Row | BadRow", None, None]


def read_file(stream: BinaryIO, shape: Shape, defaults: Defaults) -> Rows:
    """Read a file in the form that its first character tells. Raises FileUnusable, also while it is read."""
    head = _peek(stream)
    if head.removeprefix(_BOM).lstrip()[:1] in (b"{", b"["):
        return _json_rows(stream, shape, defaults)
    if shape is not OWN:
        raise FileUnusable("is no JSON: give the vendor's answers, one on each line")
    optional = (*(name for name in (*COLUMNS, *EVIDENCE) if name not in _REQUIRED), *TOLD_BESIDES)
    file = CsvFile(stream, _REQUIRED, optional)
    if file.ignored:
        file.detach()
        raise FileUnusable(f"has columns that are not known: {', '.join(map(repr, file.ignored))}")
    return _csv_rows(file, defaults)


def _peek(stream: BinaryIO) -> bytes:
    """The first bytes, which stay to be read."""
    try:
        if isinstance(stream, io.BufferedReader):
            return stream.peek(_HEAD)[:_HEAD]
        head = stream.read(_HEAD)
        stream.seek(-len(head), os.SEEK_CUR)
    except OSError as error:
        raise FileUnusable(f"cannot be read: {error.strerror}") from error
    return head


def _csv_rows(file: CsvFile, defaults: Defaults) -> Rows:
    try:
        for row in file:
            if isinstance(row, BadRow):
                yield row
                continue
            yield _row(row.line, {name: read_cell(cell) for name, cell in row.values.items()}, OWN, defaults)
    finally:
        file.detach()


def _json_rows(stream: BinaryIO, shape: Shape, defaults: Defaults) -> Rows:
    first = _line(stream).removeprefix(_BOM)
    if _parsed(first) is None and (document := _parsed(first + _rest(stream))) is not None:
        for item in shape.items(document):
            yield _row(1, item, shape, defaults)
        return
    for number, line in enumerate(chain([first], iter(lambda: _line(stream), b"")), start=1):
        if not line.strip():
            continue
        answer = _parsed(line)
        if answer is None:
            yield BadRow(number, "is no JSON")
            continue
        for item in shape.items(answer):
            yield _row(number, item, shape, defaults)


def _row(line: int, item: Any, shape: Shape, defaults: Defaults) -> Row | BadRow:
    try:
        if not isinstance(item, dict):
            raise RowRefused("is no JSON object")
        values = shape.read(item)
        return Row(line, None if values is None else read_statement(values, defaults))
    except RowRefused as refused:
        return BadRow(line, str(refused))


def _parsed(text: bytes) -> object | None:
    try:
        found: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found


def _line(stream: BinaryIO) -> bytes:
    try:
        line = stream.readline(MAX_LINE_LENGTH + 1)
    except OSError as error:
        raise FileUnusable(f"cannot be read: {error.strerror}") from error
    if len(line) > MAX_LINE_LENGTH:
        raise FileUnusable(f"has a line of more than {MAX_LINE_LENGTH:,} bytes: put one object on each line")
    return line


def _rest(stream: BinaryIO) -> bytes:
    """The rest of a document; nothing, and the stream where it was, where it is too long or cannot be read twice."""
    if not stream.seekable():
        return b""
    place = stream.tell()
    rest = stream.read(MAX_DOCUMENT_LENGTH + 1)
    if len(rest) > MAX_DOCUMENT_LENGTH or _parsed(rest) is not None:
        stream.seek(place)
        return b""
    stream.seek(place)
    return rest
