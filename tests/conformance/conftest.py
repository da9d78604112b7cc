"""Every test over `storage` runs on every engine, on a fresh database with two tenants."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.domain.model import Tenant
from server.storage.protocol import Storage
from tests.conformance.engines import ENGINES, Clock, Engine, migrated


@pytest.fixture(params=ENGINES)
def empty_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine with a database that was never migrated."""
    with ENGINES[request.param](tmp_path, lambda: request.getfixturevalue("cluster")) as made:
        yield made


@pytest.fixture
def engine(empty_engine: Engine) -> Engine:
    """An engine with a database at head."""
    return migrated(empty_engine)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def storage(engine: Engine, clock: Clock) -> Iterator[Storage]:
    storage = engine.open(clock)
    yield storage
    storage.close()


@pytest.fixture
def tenant(storage: Storage) -> Tenant:
    return storage.create_tenant("acme", "US")


@pytest.fixture
def other(storage: Storage) -> Tenant:
    return storage.create_tenant("other", None)
