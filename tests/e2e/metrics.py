"""What the admin port tells, as numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.process import Served

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(served: Served) -> Samples:
    """Every sample by its name and labels."""
    answer = httpx.get(f"{served.admin}/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    """One sample; 0 where there is none yet."""
    return samples.get((name, frozenset(labels.items())), 0.0)


def total(samples: Samples, name: str, **labels: str) -> float:
    """The sum of the samples that have these labels among theirs."""
    asked = set(labels.items())
    return sum(found for (own, its), found in samples.items() if own == name and asked <= its)


def scrape_until(served: Served, enough: Callable[[Samples], bool]) -> Samples:
    """The first scrape that is enough; the processes report once a second."""
    while not enough(samples := scrape(served)):
        pass
    return samples
