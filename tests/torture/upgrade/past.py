"""Databases as older programs wrote them, one for each migration, and what was said in them.

`mNNNN.sql` is the dump of an SQLite file that the program of that time made, at the command line and through both
doors, under the service key OLD. PostgreSQL has what the same migrations make there, with the same rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from server.domain.model import Channel
from server.domain.service_key import ServiceKey, ServiceKeys
from server.storage.migrations import MIGRATIONS

OLD = ServiceKeys(ServiceKey("old", bytes(32)))
API_KEY = "an-old-callers-key-0123456789"
LOGIN = "olduser", "an-old-password-0123456789"
TENANTS = ("acme", "zenith")
DEPARTMENT = "1f0a8a3e-5d5c-4d0e-9d3a-0b6f4f3f7a11"
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
_HERE = Path(__file__).parent
VERSIONS = tuple(sorted(int(path.stem[1:]) for path in _HERE.glob("m*.sql")))

Asked = tuple[str, str, Channel, str]
"""Sender, purpose, channel, address."""


def _of_brand(number: int) -> Asked:
    return ("brand", "marketing", Channel.SMS, f"+16505550{number}")


# By version: what a check answers in every tenant, and in acme alone.
VERDICTS: Mapping[int, Mapping[Asked, str]] = {
    1: {
        _of_brand(105): "OPTED_IN",
        _of_brand(106): "INSUFFICIENT_STRENGTH",
        _of_brand(107): "OPTED_OUT",
        _of_brand(108): "OPTED_IN",
        _of_brand(109): "OPT_OUT_SUSPECTED",
        _of_brand(110): "OPTED_OUT",
        _of_brand(111): "PENDING_CONFIRMATION",
        _of_brand(113): "NO_CONSENT",
        ("brand", "marketing", Channel.EMAIL, "bob@example.com"): "OPTED_IN",
    },
    2: {
        _of_brand(105): "OPTED_IN",
        _of_brand(106): "INSUFFICIENT_STRENGTH",
        _of_brand(107): "OPTED_OUT",
        _of_brand(108): "OPTED_OUT",
        _of_brand(109): "OPT_OUT_SUSPECTED",
        _of_brand(111): "OPTED_OUT",
        _of_brand(112): "OPTED_OUT",
        _of_brand(113): "NO_CONSENT",
        ("brand", "marketing", Channel.EMAIL, "bob@example.com"): "OPTED_IN",
    },
}
IN_ACME: Mapping[Asked, str] = {
    (DEPARTMENT, "transactional", Channel.SMS, "+16505550101"): "OPTED_OUT",
    (DEPARTMENT, "transactional", Channel.SMS, "+16505550102"): "OPTED_OUT",
    ("relay_client", "marketing", Channel.SMS, "+16505550103"): "OPTED_IN",
}
HEADS: Mapping[int, Mapping[str, int]] = {1: {"acme": 22, "zenith": 18}, 2: {"acme": 23, "zenith": 19}}


def write_sqlite(version: int, file: Path) -> None:
    """Make the file that a program of that time left."""
    with closing(sqlite3.connect(file)) as database:
        database.executescript((_HERE / f"m{version:04}.sql").read_text(encoding="utf-8"))
        database.execute("PRAGMA journal_mode = wal")


def write_postgres(version: int, url: str, scratch: Path) -> None:
    """Make the same in an empty database of PostgreSQL."""
    write_sqlite(version, scratch)
    with psycopg.connect(url) as target, closing(sqlite3.connect(scratch)) as source:
        for migration in MIGRATIONS[:version]:
            for statement in migration.statements("postgres"):
                target.execute(statement.encode())
        for (table,) in source.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        ):
            _move(source, target, table)
        for table in ("tenants", "credential_secrets"):
            count = SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), (SELECT max(id) FROM {}))")
            target.execute(count.format(table, Identifier(table)))


def _move(source: sqlite3.Connection, target: psycopg.Connection, table: str) -> None:
    cursor = source.execute(f'SELECT * FROM "{table}"')
    columns = [column[0] for column in cursor.description]
    asked = "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND data_type = 'boolean'"
    flags = {name for (name,) in target.execute(asked, (table,))}
    statement = SQL("INSERT INTO {} ({}) VALUES ({})").format(
        Identifier(table), SQL(", ").join(map(Identifier, columns)), SQL(", ").join([SQL("%s")] * len(columns))
    )
    for row in cursor:
        target.execute(statement, _typed(columns, row, flags))


def _typed(columns: Sequence[str], row: Sequence[object], flags: set[str]) -> list[object]:
    return [bool(value) if name in flags else value for name, value in zip(columns, row, strict=True)]
