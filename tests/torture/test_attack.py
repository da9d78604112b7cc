"""The short form of the suite `attack`: every door, tried by everybody who may not, at a service in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from server.gateway.app import VENDORS
from tests.servicer import tenants
from tests.servicer.world import World
from tests.torture.attack import sizes
from tests.torture.attack.doors import ask_json
from tests.torture.attack.intruders import ADMIN, REFUSED, WRONG_PASSWORD, Secret, basic
from tests.torture.attack.matrix import Matrix
from tests.torture.attack.paths import ENDPOINTS, PATHS, PUBLIC
from tests.torture.attack.tricks import Tricks
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


@pytest.fixture
def tricks(here: tuple[Stand, World], stand: Stand) -> Tricks:
    # One path of each API: of all, the suite asks.
    few = {endpoint.vendor.name: endpoint for endpoint in ENDPOINTS if not endpoint.is_alias}
    return Tricks(stand, lambda: here[1].clock.advance(1), tuple(few.values()))


def test_no_spelling_of_a_path_gets_around_its_credential(tricks: Tricks) -> None:
    assert list(tricks.try_spellings()) == []


def test_no_claim_gives_a_right(tricks: Tricks) -> None:
    assert list(tricks.try_claims()) == []
    assert list(tricks.try_metadata()) == []
    assert list(tricks.try_two_credentials()) == []


def test_what_everybody_is_told_tells_nothing_of_a_tenant(tricks: Tricks) -> None:
    assert list(tricks.try_public()) == []


def test_too_much_of_anything_is_refused(stand: Stand) -> None:
    few = sizes.SIZES[1::2]
    wrong = [*sizes.try_headers(stand, few), *sizes.try_metadata(stand, few), *sizes.try_bombs(stand, 8)]
    assert wrong == []


@pytest.mark.parametrize("secret", [*(REFUSED[kind] for kind in REFUSED), WRONG_PASSWORD], ids=str)
def test_each_login_that_fails_costs_one_verification(
    here: tuple[Stand, World], stand: Stand, monkeypatch: pytest.MonkeyPatch, secret: Secret
) -> None:
    """Whether the user exists, is revoked or has ended: what a caller could measure is the same."""
    verified: list[str] = []

    def noted(_: str, password: str) -> bool:
        verified.append(password)
        return False

    monkeypatch.setattr("server.api.auth.password_matches", noted)
    here[1].clock.advance(30)
    told = ask_json(stand.http, "GET", "/v1/consents", (("authorization", basic(secret.user, secret.password)),))
    assert (told.status, verified) == (401, [secret.password])


def test_a_key_is_looked_up_by_its_digest_and_never_compared(
    here: tuple[Stand, World], stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An almost right key differs from the right one in all of its digest: no part of it can be guessed for itself."""
    looked_up: list[tuple[bytes, ...]] = []
    find = here[1].storage.find_by_key

    def noted(digests: tuple[bytes, ...], now: int) -> object:
        looked_up.append(digests)
        return find(digests, now)

    monkeypatch.setattr(here[1].storage, "find_by_key", noted)
    here[1].clock.advance(31)
    for secret in (ADMIN, REFUSED["almost right"]):
        ask_json(stand.http, "GET", "/v1/consents", (("x-api-key", secret.key),))
    (right,), (almost,) = looked_up
    same = sum(one == other for one, other in zip(right, almost, strict=True))
    assert (len(right), len(almost)) == (32, 32)
    assert same < 8
    assert ADMIN.key.encode() not in right
