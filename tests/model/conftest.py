from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import structlog

from tests.model.world import build

logging.getLogger("grpc_testing").setLevel(logging.CRITICAL)

NewDatabase = Callable[[], Path]


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> NewDatabase:
    """Makes databases in which nothing was said yet; each takes the place of the one before."""
    folder = tmp_path_factory.mktemp("model")
    template = folder / "template.db"
    build(template)
    numbers = count()

    def make() -> Path:
        for old in folder.glob("world-*"):
            old.unlink()
        return Path(shutil.copy(template, folder / f"world-{next(numbers)}.db"))

    return make


@pytest.fixture(autouse=True, scope="session")
def quiet() -> Iterator[None]:
    """A history makes thousands of calls: their access log would hide what failed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.reset_defaults()
