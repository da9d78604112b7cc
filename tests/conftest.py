"""What all tests share: a PostgreSQL server, started when the first test of a process needs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres.cluster import Cluster, any_cluster

_HERE = Path(__file__).parent

# Whose tests start servers and wait for them: begun first, so that no process ends long after the others.
_SLOW = ("e2e", "torture", "cli", "model", "conformance")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders with the slowest files first; within one all stays as it was."""
    places = {folder: place for place, folder in enumerate(_SLOW)}
    items.sort(key=lambda item: places.get(item.path.relative_to(_HERE).parts[0], len(_SLOW)))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with any_cluster() as running:
        yield running
