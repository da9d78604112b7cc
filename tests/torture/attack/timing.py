"""How long a failed login takes, by why it fails: a difference that can be measured would tell what nobody is told."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from random import Random

import grpc

from tests.servicer.samples import sample
from tests.servicer.world import METHODS
from tests.torture.attack.doors import ask_grpc
from tests.torture.attack.intruders import ADMIN, PASSWORD, REFUSED, WRONG_PASSWORD, Secret, basic

# A key that was revoked or has ended is found, and takes some ten microseconds more. Only who has it could see that.
_KEYS = {kind: REFUSED[kind] for kind in ("wrong", "almost right", "in capitals")}
_LOGINS = {
    "unknown user": Secret("", "nobody"),
    "wrong password": WRONG_PASSWORD,
    "almost right password": Secret("", ADMIN.user, PASSWORD[:-1] + "2"),
    "revoked user": REFUSED["revoked"],
    "expired user": REFUSED["expired"],
}


@dataclass(frozen=True, slots=True)
class Spread:
    """What was measured of one kind: seconds."""

    median: float
    deviation: float
    """Of the median, from the median absolute deviation."""


def measure(
    address: str, between: Callable[[], None], random: Random, rounds: int, *, passwords: bool
) -> dict[str, Spread]:
    """The times of refusals, each kind as often as the others and in an order of chance."""
    kinds = _LOGINS if passwords else _KEYS
    shown = {
        kind: ("authorization", basic(secret.user, secret.password)) if passwords else ("x-api-key", secret.key)
        for kind, secret in kinds.items()
    }
    taken: Mapping[str, list[float]] = {kind: [] for kind in kinds}
    request, method = sample("ListConsents").SerializeToString(), METHODS["ListConsents"]
    with grpc.insecure_channel(address) as channel:
        for _ in range(rounds):
            for kind in random.sample(sorted(kinds), len(kinds)):
                between()
                began = time.perf_counter()
                told = ask_grpc(channel, method, request, (shown[kind],))
                taken[kind].append(time.perf_counter() - began)
                if told.status != "UNAUTHENTICATED":
                    raise AssertionError(f"{kind}: {told}")
    return {kind: _spread(times) for kind, times in taken.items()}


def _spread(times: list[float]) -> Spread:
    median = statistics.median(times)
    deviation = 1.4826 * statistics.median(abs(one - median) for one in times)
    return Spread(median, 1.2533 * deviation / len(times) ** 0.5)


def tell_apart(spreads: Mapping[str, Spread], errors: float, usable: float) -> list[str]:
    """The pairs whose medians differ by more than so many standard errors and more than `usable` seconds."""
    found = []
    for (kind, one), (other_kind, other) in combinations(spreads.items(), 2):
        difference = abs(one.median - other.median)
        if difference > max(usable, errors * (one.deviation**2 + other.deviation**2) ** 0.5):
            found.append(f"{kind} and {other_kind} differ by {difference * 1e6:.0f} µs")
    return found
