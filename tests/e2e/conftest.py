from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.accounts import Account, Caller, calling, open_account
from tests.e2e.process import Served, serve_postgres, serving
from tests.postgres.cluster import Cluster

ENGINES = ("sqlite", "postgres")


@contextmanager
def home_of(engine: str, folder: Path, cluster: Callable[[], Cluster]) -> Iterator[Path]:
    """A folder whose servers work on an engine, on a database of their own."""
    if engine == "sqlite":
        yield folder
        return
    with cluster().database() as name:
        serve_postgres(folder, cluster().url_of(name))
        yield folder


@pytest.fixture(scope="session", params=ENGINES)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server for the tests that do not end it."""
    with (
        home_of(request.param, tmp_path_factory.mktemp("served"), lambda: request.getfixturevalue("cluster")) as home,
        serving(home) as running,
    ):
        yield running


@pytest.fixture(params=ENGINES)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder for a server of one's own, on each engine."""
    with home_of(request.param, tmp_path, lambda: request.getfixturevalue("cluster")) as found:
        yield found


@pytest.fixture(scope="session")
def account(served: Served) -> Account:
    """A tenant for the tests that keep to addresses of their own."""
    return open_account(served, "shared")


@pytest.fixture
def caller(served: Served, account: Account) -> Iterator[Caller]:
    """The shared tenant's callers."""
    with calling(served, account) as open_caller:
        yield open_caller


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for a server's own database in a file."""
    return tmp_path
