"""What one process counts and measures, and its report of all that."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TypeAlias, TypeVar

import structlog

from server.metrics.families import CALL_SECONDS, CALLS, LIMITED, Cells, Family, Labels
from server.metrics.tallies import Counts, Times

K = TypeVar("K", bound=Hashable)
Report: TypeAlias = dict[str, dict[Labels, Cells]]
"""What a process has counted since it began and measures now, by family and labels."""

log = structlog.get_logger()


class Meter:
    """Counts and times the calls of one method."""

    def __init__(self, counts: Counts[tuple[str, str]], times: Times, method: str) -> None:
        self._count = counts.add
        self._time = times.add
        self._method = method

    def observe(self, code: str, seconds: float) -> None:
        """Count and time one call."""
        self._count((self._method, code))
        self._time(seconds)


class Metrics:
    """The metrics of this process. To count costs a tenth of a microsecond, takes no lock and never raises."""

    def __init__(self) -> None:
        self._sources: list[Callable[[], Report]] = []
        self._calls: Counts[tuple[str, str]] = self.counts(CALLS, lambda labels: labels)
        self._limited: Counts[str] = self.counts(LIMITED, lambda limit: (limit,))

    def meter(self, method: str) -> Meter:
        """Make what counts and times a method's calls; made once a method, not once a call."""
        return Meter(self._calls, self.times(CALL_SECONDS, method), method)

    def limited(self, limit: str) -> None:
        """Count a call that was refused because of a limit."""
        self._limited.add(limit)

    def counts(self, family: Family, labels_of: Callable[[K], Labels], known: Iterable[K] = ()) -> Counts[K]:
        """Make a counter; `known` keys are told as 0 from the start."""
        made = Counts(family, labels_of, known)
        self.include(lambda: {family.name: made.totals()})
        return made

    def times(self, family: Family, *labels: str) -> Times:
        """Make a histogram for these labels."""
        made = Times(family, labels)
        self.include(lambda: {family.name: made.totals()})
        return made

    def read(self, family: Family, read: Callable[[], Mapping[Labels, float]]) -> None:
        """Let `read` say at each report what a gauge shows, or how much was counted elsewhere."""
        self.include(lambda: {family.name: {labels: (value,) for labels, value in read().items()}})

    def include(self, source: Callable[[], Report]) -> None:
        """Let a source add to each report. It runs beside the calls, so it must be quick."""
        self._sources.append(source)

    def report(self) -> Report:
        """Everything as it stands. A source that fails is left out, and logged."""
        report: Report = {}
        for source in self._sources:
            try:
                for name, values in source().items():
                    add_to(report.setdefault(name, {}), values)
            except Exception:
                log.exception("a metric could not be read")
        return report


def add_to(totals: dict[Labels, Cells], more: Mapping[Labels, Cells]) -> None:
    """Add each cell to the one in its place."""
    for labels, cells in more.items():
        present = totals.get(labels)
        totals[labels] = cells if present is None else tuple(map(sum, zip(present, cells, strict=True)))
