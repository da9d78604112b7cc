"""What all tests share: a PostgreSQL server, started when the first test of a process needs it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgres.cluster import Cluster, any_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with any_cluster() as running:
        yield running
