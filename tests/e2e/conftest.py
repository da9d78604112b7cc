from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.accounts import Account, Caller, calling, open_account
from tests.e2e.process import Served, serving


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server for the tests that do not end it."""
    with serving(tmp_path_factory.mktemp("served")) as running:
        yield running


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
    """An empty folder for a server's own database."""
    return tmp_path
