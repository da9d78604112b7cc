"""On SQLite a check searches once for the person and once for the records: each search more is a sixth of its price."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.storage.engines import open_sqlite
from server.storage.sql import Sql
from tests.conformance.engines import Sqlite, migrated


@pytest.mark.parametrize("question", ["glimpse", "standings"])
def test_person_and_records_are_searched_once(tmp_path: Path, question: str) -> None:
    migrated(Sqlite(tmp_path))
    database = open_sqlite(tmp_path / "consent.db")
    sql = Sql(database)
    text = sql.glimpse(1) if question == "glimpse" else sql.standings
    plan = [row[3] for row in database.execute_sql(f"EXPLAIN QUERY PLAN {text}", [1] * text.count("?"))]
    database.close_all()
    person, records = (step for step in plan if "(tenant_id=? AND address" in step or "recipient_id=?" in step)
    assert "(tenant_id=? AND address=?)" in person
    assert "(tenant_id=? AND recipient_id=?)" in records
