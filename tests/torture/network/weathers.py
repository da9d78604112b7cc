"""What may become of the way to PostgreSQL while the service is used, each for a few seconds."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.e2e.process import Served
from tests.torture.kill.strikes import Strike
from tests.torture.proxy import COMMITTED, Proxy, Weather

Dice = random.Random
FROZEN_SECONDS = 8.0
"""More than the service waits for an answer in these tests: a second for the statement, and five."""


def strikes(proxy: Proxy) -> dict[str, Strike]:
    """Every kind of bad weather, by name."""
    return {
        "cut": lambda *_: proxy.cut(),
        "forgotten": lambda *_: proxy.forget(),
        "held a while": _for_a_while(proxy, proxy.hold, (0.2, 3.0)),
        "frozen": _for_a_while(proxy, proxy.hold, (FROZEN_SECONDS, FROZEN_SECONDS)),
        "closed": _under(proxy, lambda _: Weather(closed=True), cut=True),
        "slow": _under(proxy, lambda dice: Weather(delay_seconds=dice.uniform(0.005, 0.05))),
        "a byte at a time": _under(proxy, lambda _: Weather(bytes_at_once=1)),
        "commits unanswered": _under(proxy, _losing_commits),
        "cut in the middle": _under(proxy, _ending_after_bytes),
    }


def _for_a_while(proxy: Proxy, begin: Callable[[], None], seconds: tuple[float, float]) -> Strike:
    def strike(served: Served, dice: Dice) -> None:
        with _then_clear(proxy):
            begin()
            time.sleep(dice.uniform(*seconds))

    return strike


def _under(proxy: Proxy, weather: Callable[[Dice], Weather], cut: bool = False) -> Strike:
    def strike(served: Served, dice: Dice) -> None:
        with proxy.bad(weather(dice)):
            if cut:
                proxy.cut()
            time.sleep(dice.uniform(0.5, 3.0))

    return strike


@contextmanager
def _then_clear(proxy: Proxy) -> Iterator[None]:
    try:
        yield
    finally:
        proxy.clear()


def _losing_commits(dice: Dice) -> Weather:
    """Every third answer to a COMMIT is lost, after it was carried out, with its connection."""
    own = random.Random(dice.random())
    return Weather(hurt=lambda answer: None if COMMITTED in answer and own.random() < 1 / 3 else answer)


def _ending_after_bytes(dice: Dice) -> Weather:
    """Connections end somewhere within an answer."""
    own = random.Random(dice.random())

    def hurt(answer: bytes) -> bytes | None:
        return None if own.random() < 0.02 else answer

    return Weather(hurt=hurt, bytes_at_once=own.randint(1, 64))
