"""Databases with many records, made once and kept: the product's own schema, filled by SQL.

The demo tenant holds them. The ledger has no events for them, but its head stands behind their revisions, so that the
service goes on from there.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

from server.demo import TENANT, create_demo
from server.domain.model import Actor, State
from server.settings import load_service_keys
from server.storage.database import open_storage, wall_clock
from server.storage.migrations import HEAD
from server.storage.preparation import prepare
from server.storage.tables import ConsentRow, RecipientRow
from tests.bench import people

RECIPIENTS, CONSENTS = RecipientRow._meta.table_name, ConsentRow._meta.table_name
SEEDED_AT = 1_700_000_000_000_000
_VERSION = 1
_CHUNK = 50_000
_ID_BITS = 62

Row = tuple[object, ...]
Tell = Callable[[int], None]


def recipient_id(place: int, count: int) -> int:
    """The id at this place: spread over the whole range, as random ones are, and in order, so that filling is fast."""
    return (place + 1) * ((1 << _ID_BITS) // (count + 2))


def recipient_rows(tenant_id: int, count: int) -> Iterator[Row]:
    """Rows of recipients, in the order of their ids."""
    for place in range(count):
        channel, address = people.recipient(people.person_at(place, count))
        yield recipient_id(place, count), tenant_id, channel, address, False


def consent_rows(tenant_id: int, count: int) -> Iterator[Row]:
    """Rows of consents, in the order of their recipients' ids."""
    for place in range(count):
        sender, purpose, state, strength, lifted_by, ends = people.facts(people.person_at(place, count))
        actor = Actor.BUSINESS if state is State.OPTED_IN else Actor.RECIPIENT
        scope = (tenant_id, recipient_id(place, count), sender, purpose)
        says = (int(state), strength and int(strength), lifted_by and int(lifted_by), None, ends, None, int(actor))
        yield *scope, *says, SEEDED_AT, SEEDED_AT, SEEDED_AT, place + 1


def sqlite_database(cache: Path, count: int, tell: Tell) -> Path:
    """A database with so many records, which nobody may change; made where it is not there yet."""
    path = cache / f"sqlite-v{HEAD}-{_VERSION}-{count}" / "consent.db"
    if not path.exists():
        making = path.parent.with_name(path.parent.name + ".making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        _fill(making / path.name, count, tell)
        making.rename(path.parent)
    return path


@contextmanager
def copied(database: Path, folder: Path) -> Iterator[Path]:
    """A copy that may be changed, with its service key; removed at the end."""
    own = folder / "copy"
    shutil.copytree(database.parent, own)
    try:
        yield own / database.name
    finally:
        shutil.rmtree(own)


def _fill(path: Path, count: int, tell: Tell) -> None:
    make_tenant(f"sqlite:///{path}")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -500000")
        (tenant_id,) = connection.execute("SELECT id FROM tenants WHERE name = ?", (TENANT,)).fetchone()
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
            (RECIPIENTS,),
        ).fetchall()
        connection.execute("BEGIN")
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        _insert(connection, RECIPIENTS, recipient_rows(tenant_id, count), tell)
        _insert(connection, CONSENTS, consent_rows(tenant_id, count), lambda done: tell(count + done))
        for _, sql in indexes:
            connection.execute(sql)
        connection.execute("UPDATE tenants SET head_revision = ?, head_time = ?", (count + 100, SEEDED_AT))
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")


def make_tenant(url: str, service_key: str | None = None) -> None:
    """Bring a database to head and make the demo tenant in it."""
    keys = load_service_keys(url, service_key)
    prepare(url, keys, wall_clock())
    storage = open_storage(url, keys)
    try:
        create_demo(storage, keys)
    finally:
        storage.close()


def _insert(connection: sqlite3.Connection, table: str, rows: Iterator[Row], tell: Tell) -> None:
    done = 0
    while chunk := list(islice(rows, _CHUNK)):
        marks = ", ".join("?" * len(chunk[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", chunk)
        done += len(chunk)
        tell(done)
