"""The floor of a batch of records on SQLite: one durable commit for many, by the same statements on made-up rows."""

from __future__ import annotations

import itertools
import os
import secrets
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from peewee import SqliteDatabase

from server.demo import BRAND, TENANT
from server.domain.model import Actor, State
from server.storage.engines.sqlite import CACHE_KIB
from server.storage.sql import insert, upsert
from server.storage.tables import ConsentRow, EventRow, PayloadRow, RecipientRow
from tests.bench import seed

_NEW = '{"actor":"RECIPIENT","effective_time":1700000000000000,"lifted_by":"RECIPIENT","state":"OPTED_OUT"}'
_PAYLOAD = b'{"address":"+12012000000","evidence":{"method":"WEB_FORM","url":"https://brand.example/leave"}}'


class RawWriter:
    """Writes records as the service does: recipient (every other one is new), event, payload, consent, head."""

    def __init__(self, database: Path, count: int) -> None:
        self._connection = sqlite3.connect(database, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", f"cache_size = -{CACHE_KIB}"):
            self._connection.execute(f"PRAGMA {pragma}")
        select = "SELECT id, head_revision FROM tenants WHERE name = ?"
        self._tenant, self._revision = self._connection.execute(select, (TENANT,)).fetchone()
        dialect = SqliteDatabase(None)
        tables = (RecipientRow, EventRow, PayloadRow)
        self._recipient, self._event, self._payload = (insert(dialect, table) for table in tables)
        self._consent = upsert(dialect, ConsentRow)
        self._count = count
        self._numbers = itertools.count()

    def commit(self, size: int) -> None:
        """Write `size` records in one durable commit."""
        tenant, numbers = self._tenant, list(itertools.islice(self._numbers, size))
        # At random, as the service gives them: ids in order would all fall into one page.
        made = {number: secrets.randbits(62) + 1 for number in numbers if number % 2}
        people = [made.get(number) or self._known(number) for number in numbers]
        revisions = range(self._revision + 1, self._revision + size + 1)
        self._revision += size
        now = time.time_ns() // 1000
        scope, hashed = (BRAND, "informational"), os.urandom(32)
        says = (State.OPTED_OUT, None, 2, None, None, None, Actor.RECIPIENT, now, now, now)
        tail = ("{}", _NEW, True, None, Actor.RECIPIENT, "bench", "web", None, hashed, hashed)
        heads = [(tenant, revision, "OPT_OUT", now, now, who) for revision, who in zip(revisions, people, strict=True)]
        run = self._connection
        run.execute("BEGIN IMMEDIATE")
        run.executemany(self._recipient, [(who, tenant, 1, f"+1000{n:08}", False) for n, who in made.items()])
        run.executemany(self._event, [(*head, *scope, *tail) for head in heads])
        run.executemany(self._payload, [(tenant, revision, hashed, _PAYLOAD) for revision in revisions])
        consents = [(tenant, who, *scope, *says, revision) for revision, who in zip(revisions, people, strict=True)]
        run.executemany(self._consent, consents)
        head = (self._revision, hashed, tenant)
        run.execute("UPDATE tenants SET head_revision = ?, head_hash = ? WHERE id = ?", head)
        run.execute("COMMIT")

    def _known(self, number: int) -> int:
        return seed.recipient_id(number * 7_919 % self._count, self._count)


def open_writes(database: Path, count: int) -> Callable[[tuple[int, float]], float]:
    """What follows an order (records a commit, seconds): answers durable records a second."""
    writer = RawWriter(database, count)

    def follow(order: tuple[int, float]) -> float:
        size, seconds = order
        began, done = time.perf_counter(), 0
        while (passed := time.perf_counter() - began) < seconds:
            writer.commit(size)
            done += size
        return done / passed

    return follow
