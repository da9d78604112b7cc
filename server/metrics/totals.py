"""The sum of what all processes report, as Prometheus is told it.

A process reports what it has counted since it began. What one that has ended had counted last stays in the sum, so that
no counter ever runs backwards; its gauges go.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from server.metrics.families import FAMILIES, Cells, Family, Kind, Labels
from server.metrics.metrics import Report, add_to

SILENCE_SECONDS = 5.0
"""After which a process that has not reported is taken to be stuck."""

Told: TypeAlias = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily


class Totals(Collector):
    """Keeps each process's last report, and adds them up when it is asked."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._guard = threading.Lock()
        self._gone: Report = {}
        self._reports: dict[object, Report] = {}
        self._moments: dict[object, float] = {}

    def take(self, process: object, report: Report) -> None:
        """Take a process's report in the place of its last one."""
        with self._guard:
            self._reports[process] = report
            self._moments[process] = self._monotonic()

    def leave(self, process: object) -> None:
        """Keep what a process that has ended had counted."""
        with self._guard:
            last = self._reports.pop(process, {})
            self._moments.pop(process, None)
            for family in FAMILIES:
                if family.kind is not Kind.GAUGE:
                    add_to(self._gone.setdefault(family.name, {}), last.get(family.name, {}))

    def newest(self, family: Family) -> dict[Labels, Cells]:
        """What the processes say of a family, the younger one's word first; not those that have fallen silent."""
        with self._guard:
            silent = self._monotonic() - SILENCE_SECONDS
            heard = [report for process, report in self._reports.items() if self._moments[process] > silent]
            return _sum(family, [report.get(family.name, {}) for report in heard])

    def collect(self) -> Iterator[Told]:
        """Every family, with what is known of it."""
        with self._guard:
            reports = [self._gone, *self._reports.values()]
            sums = [(family, _sum(family, [report.get(family.name, {}) for report in reports])) for family in FAMILIES]
        for family, values in sums:
            yield _told(family, values)


def _sum(family: Family, reports: list[dict[Labels, Cells]]) -> dict[Labels, Cells]:
    found: dict[Labels, Cells] = {}
    for report in reports:
        if family.is_latest:
            found.update(report)
        else:
            add_to(found, report)
    return found


def _told(family: Family, values: Mapping[Labels, Cells]) -> Told:
    if family.kind is Kind.HISTOGRAM:
        return _told_histogram(family, values)
    make = CounterMetricFamily if family.kind is Kind.COUNTER else GaugeMetricFamily
    told: CounterMetricFamily | GaugeMetricFamily = make(family.name, family.help, labels=family.labels)
    for labels, (value,) in sorted(values.items()):
        told.add_metric(labels, value)
    return told


def _told_histogram(family: Family, values: Mapping[Labels, Cells]) -> HistogramMetricFamily:
    told = HistogramMetricFamily(family.name, family.help, labels=family.labels)
    bounds = [*map(str, family.bounds), "+Inf"]
    for labels, (*counts, total) in sorted(values.items()):
        told.add_metric(labels, list(zip(bounds, itertools.accumulate(counts), strict=True)), total)
    return told
