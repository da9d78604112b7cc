"""CSV files of contacts: which rows there are, and what is wrong with a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from server.cli.csv_file import BadRow, CsvFile
from server.usecases.contacts import FIELDS, ContactDraft

REQUIRED = ("id", "first", "last", "email", "mobile")
OPTIONAL = ("external_id",)


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is well formed; what it says is not judged yet."""

    line: int
    draft: ContactDraft


class ContactFile:
    """An open file. Iterating it answers its rows in order. Both raise FileUnusable: no header, or no reading."""

    def __init__(self, stream: BinaryIO) -> None:
        self._file = CsvFile(stream, REQUIRED, OPTIONAL)
        self.fields = FIELDS & self._file.columns
        self.ignored = self._file.ignored

    def detach(self) -> None:
        """Leave the stream open when this object goes."""
        self._file.detach()

    def __iter__(self) -> Iterator[Row | BadRow]:
        for row in self._file:
            if isinstance(row, BadRow):
                yield row
            elif not row.values["id"]:
                yield BadRow(row.line, "id: is needed")
            else:
                yield Row(row.line, ContactDraft(**row.values))
