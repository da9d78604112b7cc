"""The floor of a batch check on SQLite: the same lookup with nothing around it, in every way that we know."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from server.demo import TENANT
from server.storage.engines.sqlite import CACHE_KIB
from tests.bench import people
from tests.bench.loads import LoadFailed

BATCH = 1000
_BATCHES = 200
_UNKNOWN = 1.1
_CACHE = f"PRAGMA cache_size = -{CACHE_KIB}"
COLUMNS = (
    "r.address, r.channel, c.sender_id, c.purpose_id, c.state, c.strength, c.suspect_time, c.expire_time, "
    "c.request_time, c.revision"
)
_JOINED = "CROSS JOIN consents c ON c.tenant_id = r.tenant_id AND c.recipient_id = r.id"
_MARKS = ", ".join("?" * BATCH)
_BY_IN = f"SELECT {COLUMNS} FROM recipients r {_JOINED} WHERE r.tenant_id = ? AND r.address IN ({_MARKS})"
_BY_LIST = "SELECT {columns} FROM {list} v CROSS JOIN recipients r ON r.tenant_id = ? AND r.address = v.value {joined}"

Lookup = Callable[[Sequence[str]], list[Any]]


def batches(count: int, size: int = BATCH) -> list[list[int]]:
    """Persons to ask about in batches, at random; one in eleven is unknown where `count` are known."""
    chance = random.Random(4)
    return [chance.sample(range(int(count * _UNKNOWN)), size) for _ in range(_BATCHES)]


def _by_list(source: str) -> str:
    return _BY_LIST.format(columns=COLUMNS, list=source, joined=_JOINED)


def _sqlite3_ways(database: Path) -> dict[str, Lookup]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, isolation_level=None)
    connection.execute(_CACHE)
    (tenant,) = connection.execute("SELECT id FROM tenants WHERE name = ?", (TENANT,)).fetchone()
    by_json = _by_list("json_each(?)")
    return {
        "sqlite3, IN": lambda addresses: connection.execute(_BY_IN, (tenant, *addresses)).fetchall(),
        "sqlite3, sorted json_each": lambda addresses: connection.execute(
            by_json, (json.dumps(sorted(addresses)), tenant)
        ).fetchall(),
        "sqlite3, json_each": lambda addresses: connection.execute(by_json, (json.dumps(addresses), tenant)).fetchall(),
    }


def _apsw_ways(database: Path) -> dict[str, Lookup]:
    import apsw

    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    connection.execute(_CACHE)
    ((tenant,),) = connection.execute("SELECT id FROM tenants WHERE name = ?", (TENANT,)).fetchall()
    by_array = _by_list("carray(?)")
    return {
        "apsw, IN": lambda addresses: connection.execute(_BY_IN, (tenant, *addresses)).fetchall(),
        "apsw, sorted carray": lambda addresses: connection.execute(
            by_array, (apsw.carray(tuple(sorted(addresses))), tenant)
        ).fetchall(),
        "apsw, carray": lambda addresses: connection.execute(
            by_array, (apsw.carray(tuple(addresses)), tenant)
        ).fetchall(),
    }


def open_lookup(database: Path, count: int) -> Callable[[tuple[str, float]], tuple[str, float]]:
    """What follows an order (way, seconds): answers the way and its addresses a second. No way asks for the fastest."""
    addresses = [[people.recipient(person)[1] for person in batch] for batch in batches(count)]
    ways = {**_sqlite3_ways(database), **_apsw_ways(database)}
    found = {name: len(lookup(addresses[0])) for name, lookup in ways.items()}
    if len(set(found.values())) != 1:
        raise LoadFailed(f"the raw lookups do not find the same: {found}")

    def measure(way: str, seconds: float) -> float:
        lookup, began, done = ways[way], time.perf_counter(), 0
        while (passed := time.perf_counter() - began) < seconds:
            lookup(addresses[done % len(addresses)])
            done += 1
        return done * BATCH / passed

    def follow(order: tuple[str, float]) -> tuple[str, float]:
        way, seconds = order
        if not way:
            way = max(ways, key=lambda name: measure(name, seconds))
        return way, measure(way, seconds)

    return follow
