from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.storage.database import open_storage
from server.storage.preparation import prepare
from server.storage.protocol import Storage
from tests.servicer import supplies, tenants
from tests.servicer.world import KEYS, Caller, Clock, World

# grpcio-testing logs each aborted call as an error, with its traceback.
logging.getLogger("grpc_testing").setLevel(logging.CRITICAL)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "supplied: services begin with all that a good request of each RPC speaks of")


MakeWorld = Callable[[Callable[[Storage], Storage]], World]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with both tenants, made once and copied for each test."""
    path = tmp_path_factory.mktemp("template") / "consent.db"
    clock = Clock()
    prepare(str(path), KEYS, clock.moment())
    storage = open_storage(str(path), KEYS, clock.moment, tenants.numbered_ids())
    tenants.fill(storage, clock.moment())
    storage.close()
    return path


@pytest.fixture(scope="session")
def supplied(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template with all that a good request of each RPC speaks of."""
    path = Path(shutil.copy(template, tmp_path_factory.mktemp("supplied") / "consent.db"))
    storage = open_storage(str(path), KEYS, Clock().moment, tenants.numbered_ids(supplies.FIRST_ID))
    supplies.supply(storage)
    storage.close()
    return path


@pytest.fixture
def origin(request: pytest.FixtureRequest) -> Path:
    """The database that a test's services begin with: the supplied one where the module is marked `supplied`."""
    marked = request.node.get_closest_marker("supplied") is not None
    found: Path = request.getfixturevalue("supplied" if marked else "template")
    return found


@pytest.fixture
def make_world(origin: Path, tmp_path: Path) -> Iterator[MakeWorld]:
    """Makes services on databases of their own, with the storage wrapped."""
    made: list[World] = []

    def make(wrap: Callable[[Storage], Storage]) -> World:
        made.append(World(Path(shutil.copy(origin, tmp_path / f"{len(made)}.db")), wrap))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A service on a database of its own."""
    return make_world(lambda storage: storage)


@pytest.fixture
def admin(world: World) -> Caller:
    return world.holder(tenants.ADMIN)


@pytest.fixture
def writer(world: World) -> Caller:
    return world.holder(tenants.WRITER)


@pytest.fixture
def reader(world: World) -> Caller:
    return world.holder(tenants.READER)


@pytest.fixture
def bound_admin(world: World) -> Caller:
    """An admin that is bound to the first department, client and profile."""
    return world.holder(tenants.BOUND_ADMIN)


@pytest.fixture
def bound_writer(world: World) -> Caller:
    return world.holder(tenants.BOUND_WRITER)


@pytest.fixture
def bound_reader(world: World) -> Caller:
    return world.holder(tenants.BOUND_READER)


@pytest.fixture
def rival(world: World) -> Caller:
    """The admin of the other tenant."""
    return world.holder(tenants.RIVAL_ADMIN)
