from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
import structlog

from tests.model.world import build
from tests.postgres.cluster import Cluster

logging.getLogger("grpc_testing").setLevel(logging.CRITICAL)

NewDatabase = Callable[[], str]


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def new_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewDatabase]:
    """Makes databases in which nothing was said yet, on each engine; each takes the place of the one before."""
    if request.param == "sqlite":
        yield _files(tmp_path_factory.mktemp("model"))
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    with cluster.database() as template:
        build(cluster.url_of(template))
        with ExitStack() as last:

            def make() -> str:
                last.close()
                return cluster.url_of(last.enter_context(cluster.database(template)))

            yield make


def _files(folder: Path) -> NewDatabase:
    template = folder / "template.db"
    build(str(template))
    numbers = count()

    def make() -> str:
        for old in folder.glob("world-*"):
            old.unlink()
        return str(shutil.copy(template, folder / f"world-{next(numbers)}.db"))

    return make


@pytest.fixture(autouse=True, scope="module")
def quiet() -> Iterator[None]:
    """A history makes thousands of calls: their access log would hide what failed. Other tests look for it."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.configure(**before)
