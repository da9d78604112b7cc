"""The floor of a batch check on PostgreSQL: the same lookup by psycopg on one connection, with nothing around it."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg

from server.demo import TENANT
from tests.bench import people
from tests.bench.raw_lookup import BATCH, COLUMNS, batches

_ONE = (
    f"SELECT {COLUMNS} FROM recipients r JOIN consents c ON c.tenant_id = r.tenant_id AND c.recipient_id = r.id "
    "WHERE r.tenant_id = %s AND r.address = ANY(%s)"
)


def open_lookup(url: str, count: int) -> Callable[[float], float]:
    """What measures for so many seconds: answers addresses a second."""
    connection = psycopg.connect(url, autocommit=True)
    found = connection.execute("SELECT id FROM tenants WHERE name = %s", (TENANT,)).fetchone()
    assert found is not None
    tenant = found[0]
    addresses = [[people.recipient(person)[1] for person in batch] for batch in batches(count)]

    def measure(seconds: float) -> float:
        began, done = time.perf_counter(), 0
        while (passed := time.perf_counter() - began) < seconds:
            connection.execute(_ONE, (tenant, addresses[done % len(addresses)]), prepare=True).fetchall()
            done += 1
        return done * BATCH / passed

    return measure
