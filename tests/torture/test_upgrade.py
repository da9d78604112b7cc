"""The upgrade suite's short form: a database of each earlier migration, on each engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.storage.migrations import HEAD
from server.storage.preparation import schema_version
from tests.postgres.cluster import Cluster
from tests.torture.upgrade import looks, past
from tests.torture.upgrade.past import VERSIONS
from tests.torture.upgrade.suite import ENGINES, examine, killed, older


def test_there_is_a_database_of_each_earlier_migration() -> None:
    """One more is due with each release that migrates: tests/torture/upgrade/past.py says what they are."""
    assert set(range(1, HEAD)) <= set(VERSIONS)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("version", VERSIONS)
def test_an_older_database_is_migrated_and_answers_as_it_did(
    version: int, engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with older(engine, version, tmp_path, lambda: request.getfixturevalue("cluster")) as url:
        assert schema_version(url) == version
        assert examine(url, version) == {looks.VERIFIES: [], looks.ANSWERS: [], looks.OPENS: []}
        assert schema_version(url) == HEAD


def test_a_migration_that_was_killed_is_done_by_the_next(tmp_path: Path, cluster: Cluster) -> None:
    with older("sqlite", 1, tmp_path, lambda: cluster) as url:
        assert killed(url, 0.5) is None
        assert not any(examine(url, 1).values())


def test_what_the_suite_is_there_to_find_it_finds(
    tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    with older("sqlite", 1, tmp_path, lambda: cluster) as url:
        monkeypatch.setattr(looks, "API_KEY", "another-callers-key-0123456789")
        monkeypatch.setattr(looks, "IN_ACME", dict.fromkeys(past.IN_ACME, "EXPIRED"))
        monkeypatch.setattr(looks, "HEADS", {1: {"acme": 21, "zenith": 18}})
        found = examine(url, 1)
    assert all(found.values()), found
