"""Measuring two things beside each other: in turn, so that what disturbs the machine disturbs both alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

Facts = dict[str, float]


@dataclass(frozen=True, slots=True)
class Figure:
    """What one run came to; `facts` are what else is worth to be told of it."""

    value: float
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What a case came to, over all rounds.

    `value` is the service's median and `floor` that of what it was compared with; `ratio` is the median of the rounds'
    ratios and `spread` how far these lie apart, as a part of it.
    """

    name: str
    value: float
    unit: str
    compared: str
    floor: float | None = None
    ratio: float | None = None
    ratios: tuple[float, ...] = ()
    facts: dict[str, float | str] = field(default_factory=dict)

    @property
    def spread(self) -> float | None:
        """The widest difference between two rounds' ratios, as a part of the median."""
        return (max(self.ratios) - min(self.ratios)) / self.ratio if self.ratio and self.ratios else None


Run = Callable[[], Figure]


def alternate(runs: Sequence[Run], rounds: int, tell: Callable[[], None]) -> list[list[Figure]]:
    """Run A B A B …; answer each one's figures."""
    figures: list[list[Figure]] = [[] for _ in runs]
    for _ in range(rounds):
        for run, told in zip(runs, figures, strict=True):
            told.append(run())
            tell()
    return figures


def compare(name: str, unit: str, compared: str, ours: Sequence[Figure], floor: Sequence[Figure]) -> Result:
    """Put the figures of both sides into one result."""
    ratios = tuple(one.value / other.value for one, other in zip(ours, floor, strict=True))
    facts: dict[str, float | str] = {**_medians(ours, ""), **_medians(floor, "floor_")}
    value, beside = (median(figure.value for figure in side) for side in (ours, floor))
    return Result(name, value, unit, compared, beside, median(ratios), ratios, facts)


def _medians(figures: Sequence[Figure], prefix: str) -> Facts:
    return {prefix + name: median(figure.facts[name] for figure in figures) for name in figures[0].facts}
