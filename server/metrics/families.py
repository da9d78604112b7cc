"""Every metric that there is: its name, what it says, its labels. The table of the README is made from this one.

Names follow Prometheus: base units, `_total` is added to counters when they are told. Labels hold no personal data and
few values: methods, codes, reasons, and the names of the largest tenants.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

Labels: TypeAlias = tuple[str, ...]
Cells: TypeAlias = tuple[float, ...]
"""A value: of a counter or gauge one number; of a histogram each bucket's own count, the infinite one's, the sum."""


class Kind(Enum):
    """What Prometheus calls the type."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Family:
    """One metric; a histogram with the upper bounds of its buckets, without the infinite one."""

    name: str
    kind: Kind
    help: str
    labels: Labels = ()
    bounds: tuple[float, ...] = ()
    of_database: bool = False
    """Whether a gauge tells of the database, which all processes see, and not of the process."""


_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)

CALLS = Family("consent_calls", Kind.COUNTER, "gRPC calls answered, by method and status code.", ("method", "code"))
CALL_SECONDS = Family(
    "consent_call_seconds",
    Kind.HISTOGRAM,
    "Time to answer a gRPC call; of a stream, until its end.",
    ("method",),
    _SECONDS,
)
VERDICTS = Family(
    "consent_verdicts", Kind.COUNTER, "Verdicts answered, those of batches too, by reason.", ("verdict", "reason")
)
LIMITED = Family("consent_limited_calls", Kind.COUNTER, "Calls refused because of a limit, by limit.", ("limit",))

FAMILIES = (CALLS, CALL_SECONDS, VERDICTS, LIMITED)
