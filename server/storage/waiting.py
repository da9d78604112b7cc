"""Rows that were written and wait: the database is given many at once, for a third of what each would cost alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from peewee import Model

from server.storage.rows import Row
from server.storage.sql import Sql
from server.storage.tables import AnswerRow, ConsentRow, EventRow, InboundMessageRow, PayloadRow, RecipientRow

# Tables of which rows may wait, in the order in which they are given.
_INSERTED: tuple[type[Model], ...] = (RecipientRow, EventRow, PayloadRow, InboundMessageRow)
_REPLACED: tuple[type[Model], ...] = (ConsentRow, AnswerRow)


def _tables() -> dict[type[Model], list[Row]]:
    return {table: [] for table in (*_INSERTED, *_REPLACED)}


@dataclass(slots=True)
class Waiting:
    """Rows by table, and who must not be looked for in the database before they are given.

    `addresses` (with their tenant) are those of which something waits; `answers` the keys of answers.
    """

    rows: dict[type[Model], list[Row]] = field(default_factory=_tables)
    addresses: set[tuple[int, str]] = field(default_factory=set)
    answers: set[tuple[object, ...]] = field(default_factory=set)

    def take_over(self, other: Waiting) -> None:
        """Let the rows of another, which has none then, wait here, behind these."""
        for table, rows in other.rows.items():
            if rows:
                self.rows[table] += rows
                rows.clear()
        self.addresses |= other.addresses
        self.answers |= other.answers
        other.addresses.clear()
        other.answers.clear()

    def statements(self, sql: Sql) -> Iterator[tuple[str, list[Row]]]:
        """The statements that give what waits, each with its rows."""
        for texts, tables in ((sql.inserts, _INSERTED), (sql.upserts, _REPLACED)):
            for table in tables:
                if self.rows[table]:
                    yield texts[table], self.rows[table]
