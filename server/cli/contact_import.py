"""Importing contacts: many rows in one transaction, each judged alone, so that a bad one takes no good one with it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import islice

from server.cli.contact_file import Row
from server.cli.csv_file import BadRow
from server.cli.session import SOURCE, Workplace
from server.domain.errors import InvalidField
from server.storage.protocol import Transaction
from server.usecases.contacts import Saved, save_contact

ROWS_PER_TRANSACTION = 250


class SeenIds:
    """The ids that a file had so far, with their lines: in a temporary file, since there may be millions."""

    def __init__(self) -> None:
        # It is used by the writer's thread, while this one waits.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID")

    def line_of(self, identifier: str) -> int | None:
        """The line where an id was seen."""
        found = self._database.execute("SELECT line FROM seen WHERE id = ?", (identifier,)).fetchone()
        return int(found[0]) if found else None

    def add(self, identifier: str, line: int) -> None:
        """Remember an id."""
        self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (identifier, line))

    def close(self) -> None:
        """Drop the temporary file."""
        self._database.close()


class ContactImport:
    """One run over one file. `counts` and `last_line` tell what is durable."""

    def __init__(self, place: Workplace, fields: frozenset[str]) -> None:
        self._place = place
        self._fields = fields
        self.counts: Counter[str] = Counter(new=0, changed=0, unchanged=0, bad=0)
        self.last_line = 1

    def run(self, rows: Iterable[Row | BadRow]) -> Iterator[Sequence[BadRow]]:
        """Write the rows; answer the bad ones after each commit. Raises StorageUnavailable."""
        remaining = iter(rows)
        with closing(SeenIds()) as seen:
            while batch := list(islice(remaining, ROWS_PER_TRANSACTION)):
                outcomes = self._place.write(partial(self._save, batch, seen))
                bad = [outcome for outcome in outcomes if isinstance(outcome, BadRow)]
                self.counts.update(outcome.name.lower() for outcome in outcomes if isinstance(outcome, Saved))
                self.counts["bad"] += len(bad)
                self.last_line = batch[-1].line
                yield bad

    def _save(self, batch: Sequence[Row | BadRow], seen: SeenIds, tx: Transaction) -> list[Saved | BadRow]:
        return [self._judge(tx, row, seen) for row in batch]

    def _judge(self, tx: Transaction, row: Row | BadRow, seen: SeenIds) -> Saved | BadRow:
        """Save one row, or say why not. A refusal comes before the first write, so a bad row leaves nothing."""
        if isinstance(row, BadRow):
            return row
        known = seen.line_of(row.draft.id)
        # The row itself is known where the database lets the transaction run again.
        if known not in (None, row.line):
            return BadRow(row.line, f"id: stands in line {known} already")
        try:
            saved = save_contact(tx, self._place.principal, row.draft, SOURCE, self._fields)
        except InvalidField as error:
            reasons = (f"{v.field.removeprefix('contact.')}: {v.description}" for v in error.violations)
            return BadRow(row.line, "; ".join(reasons))
        seen.add(row.draft.id, row.line)
        return saved
