"""Statements that make the first tenant big: few rows PostgreSQL rightly walks through, and many it must not."""

from __future__ import annotations

from collections.abc import Iterator

ROWS = 20_000
# Each row is told by its number `n`, and beyond what tests write themselves.
_TABLES = {
    "recipients": "4700000000000000000 + n, 1, 1, '+1' || (2000000000 + n), FALSE",
    "consents": "1, 4700000000000000000 + n, 'dept', '*', 2, NULL, 1, NULL, NULL, NULL, 1, n, n, n, n",
    "consent_events": (
        "1, 1000 + n, 'OPT_OUT', n, n, 4700000000000000000 + n, 'dept', '*', '', '', "
        "TRUE, NULL, 1, NULL, 'test', NULL, '', ''"
    ),
    "event_payloads": "1, 1000 + n, '', ''",
    "contacts": "1, n, n, '', '', '', n || '@example.com', '+1' || (2000000000 + n), n, n, NULL",
    "answers": "1, 'k', 'M', n, '', '', n",
}


def _statements() -> Iterator[str]:
    for table, row in _TABLES.items():
        yield f"INSERT INTO {table} SELECT {row} FROM generate_series(1, {ROWS}) AS n"
    yield "ANALYZE"


GROWTH = tuple(_statements())
