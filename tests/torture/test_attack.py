"""The short form of the suite `attack`: every door, tried by everybody who may not, at a service in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from server.gateway.app import VENDORS
from tests.servicer import tenants
from tests.servicer.world import World
from tests.torture.attack.matrix import Matrix
from tests.torture.attack.paths import PATHS, PUBLIC
from tests.torture.stand import CANARY_KEY, Stand, standing_here


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stand, World]]:
    with standing_here(tmp_path_factory.mktemp("attack")) as found:
        _, world = found
        world.clock.advance(tenants.EXPIRES_AFTER_SECONDS)
        yield found


@pytest.fixture
def stand(here: tuple[Stand, World]) -> Iterator[Stand]:
    """After each test every table is as it was before."""
    stand, world = here
    before = world.contents()
    yield stand
    assert world.contents() == before
    assert stand.sing() == []
    assert stand.head(CANARY_KEY)


@pytest.fixture
def matrix(here: tuple[Stand, World], stand: Stand) -> Matrix:
    # A failed login is forgotten after a second, and nobody has to wait for it.
    return Matrix(stand, lambda: here[1].clock.advance(1), thorough=False)


def test_each_path_of_the_gateway_is_told_of() -> None:
    served = {(operation.method, operation.path) for vendor in VENDORS for operation in vendor.operations}
    assert {found for found in served if found[1] not in PUBLIC} == set(PATHS)
    without = {operation.path for vendor in VENDORS if not vendor.credentials for operation in vendor.operations}
    assert without == PUBLIC


def test_nobody_gets_into_an_rpc(matrix: Matrix) -> None:
    assert list(matrix.try_rpcs()) == []


def test_nobody_gets_into_a_path(matrix: Matrix) -> None:
    assert list(matrix.try_paths()) == []
