"""Importing a file of consents: portions of rows in a transaction each, none of which a bad row takes with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice

from server.cli.csv_file import BadRow
from server.cli.rehearsal import perform
from server.cli.session import Workplace
from server.cli.statement_file import Row
from server.domain.service_key import ServiceKeys
from server.usecases.imports import Portion, import_portion
from server.usecases.records import Draft

ROWS_A_PORTION = 500
_LABEL = "import portion"


class StatementImport:
    """One run over one file. `counts` and `last_line` tell what is durable, or in a dry run what would be.

    `silent` counts the rows that say neither yes nor no, `repeated` those that an earlier run of the batch imported.
    """

    def __init__(self, place: Workplace, batch_id: str, *, dry_run: bool) -> None:
        self._place = place
        self._batch_id = batch_id
        self._dry_run = dry_run
        names = ("new", "changed", "unchanged", "protected", "superseded", "silent", "bad")
        self.counts: Counter[str] = Counter(dict.fromkeys(names, 0))
        self.repeated = 0
        self.last_line = 0

    def run(self, rows: Iterable[Row | BadRow]) -> Iterator[Sequence[BadRow]]:
        """Write the rows; answer the bad ones after each commit. Raises StorageUnavailable."""
        remaining = iter(rows)
        number = 0
        while batch := list(islice(remaining, ROWS_A_PORTION)):
            number += 1
            said = [(row.line, row.draft) for row in batch if isinstance(row, Row) and row.draft is not None]
            bad = [row for row in batch if isinstance(row, BadRow)]
            self.counts["silent"] += len(batch) - len(said) - len(bad)
            bad += self._import(number, said)
            self.counts["bad"] += len(bad)
            self.last_line = batch[-1].line
            yield sorted(bad, key=lambda row: row.line)

    def _import(self, number: int, said: Sequence[tuple[int, Draft]]) -> list[BadRow]:
        drafts = [draft for _, draft in said]
        portion = Portion(self._batch_id, number, _fingerprints(self._place.keys, drafts), drafts)
        work = partial(import_portion, principal=self._place.principal, portion=portion)
        imported = perform(self._place, work, self._dry_run)
        self.counts.update(imported.counts)
        if imported.repeated:
            self.repeated += len(said)
        return [BadRow(said[place][0], reason) for place, reason in imported.refused]


def _fingerprints(keys: ServiceKeys, drafts: Sequence[Draft]) -> tuple[bytes, ...]:
    return tuple(keys.digests(_LABEL, repr(drafts).encode()))
