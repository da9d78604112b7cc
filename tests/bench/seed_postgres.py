"""The same records on PostgreSQL: made anew for each run, since its server ends with the run."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

from server.demo import TENANT
from tests.bench.seed import CONSENTS, RECIPIENTS, SEEDED_AT, Row, Tell, consent_rows, make_tenant, recipient_rows

_TOLD_EVERY = 50_000


def fill(url: str, service_key: str, count: int, tell: Tell) -> None:
    """Bring a database to head, with so many records of the demo tenant."""
    make_tenant(url, service_key)
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT id FROM tenants WHERE name = %s", (TENANT,)).fetchone()
        assert found is not None
        (tenant_id,) = found
        _copy(connection, RECIPIENTS, recipient_rows(tenant_id, count), 0, tell)
        _copy(connection, CONSENTS, consent_rows(tenant_id, count), count, tell)
        head = (count + 100, SEEDED_AT, tenant_id)
        connection.execute("UPDATE tenants SET head_revision = %s, head_time = %s WHERE id = %s", head)
        # What a server does by itself after a while: plans need it, and so do reads of the index alone.
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


def _copy(connection: psycopg.Connection, table: str, rows: Iterator[Row], first: int, tell: Tell) -> None:
    with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
        for done, row in enumerate(rows, 1):
            copy.write_row(row)
            if done % _TOLD_EVERY == 0:
                tell(first + done)
