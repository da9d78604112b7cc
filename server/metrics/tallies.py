"""Counting on a call's way: each thread for itself, in plain numbers and without a lock; who reads adds them up.

What fails here is missing from the metrics, and logged: it never fails a call.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

import structlog

from server.metrics.families import Cells, Family, Labels

K = TypeVar("K", bound=Hashable)

log = structlog.get_logger()


class Counts(Generic[K]):
    """How often something happened, by a key of which `labels_of` makes the labels when it is read."""

    def __init__(self, family: Family, labels_of: Callable[[K], Labels], known: Iterable[K] = ()) -> None:
        self.family = family
        self._labels_of = labels_of
        self._own = threading.local()
        # What is known beforehand is told as 0, so that its first time is seen as a rise.
        self._tallies: list[dict[K, int]] = [dict.fromkeys(known, 0)]

    def add(self, key: K, amount: int = 1) -> None:
        """Count it."""
        try:
            self._own.tally[key] += amount
        except AttributeError:
            self._own.tally = tally = defaultdict(int, {key: amount})
            self._tallies.append(tally)
        except Exception:
            log.exception("a metric failed", metric=self.family.name)

    def totals(self) -> dict[Labels, Cells]:
        """How often each was counted, by all threads."""
        found: dict[Labels, int] = defaultdict(int)
        for tally in self._tallies.copy():
            for key, count in tally.copy().items():
                found[self._labels_of(key)] += count
        return {labels: (count,) for labels, count in found.items()}


class Times:
    """How many observations fell into each bucket of a histogram, and their sum, for one set of labels."""

    def __init__(self, family: Family, labels: Labels = ()) -> None:
        self.family = family
        self._labels = labels
        self._bounds = family.bounds
        self._blank: Cells = (*(0 for _ in self._bounds), 0, 0.0)
        self._own = threading.local()
        self._tallies: list[list[float]] = []

    def add(self, value: float) -> None:
        """Count an observation."""
        try:
            tally = self._own.tally
        except AttributeError:
            self._own.tally = tally = list(self._blank)
            self._tallies.append(tally)
        try:
            tally[bisect_left(self._bounds, value)] += 1
            tally[-1] += value
        except Exception:
            log.exception("a metric failed", metric=self.family.name)

    def totals(self) -> dict[Labels, Cells]:
        """The buckets' counts, each of its own and the infinite one last, then the sum; nothing before the first."""
        cells = tuple(map(sum, zip(*(tally.copy() for tally in self._tallies.copy()), strict=True)))
        return {self._labels: cells} if cells else {}
