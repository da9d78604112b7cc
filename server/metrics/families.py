"""Every metric that there is: its name, what it says, its labels. docs/operator.md has a table made from it.

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
    is_latest: bool = False
    """Whether of several processes the youngest one's value is told, not the sum: a gauge of what they share, or of a
    place that one takes over from another."""


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
REQUESTS = Family(
    "consent_gateway_requests", Kind.COUNTER, "JSON requests answered, by API and HTTP status.", ("api", "status")
)
REQUEST_SECONDS = Family(
    "consent_gateway_request_seconds", Kind.HISTOGRAM, "Time to answer a JSON request.", ("api",), _SECONDS
)
COMMIT_UNITS = Family(
    "consent_commit_units",
    Kind.HISTOGRAM,
    "Writes that shared a commit.",
    bounds=(1, 2, 4, 8, 16, 32, 64, 128, 256),
)
COMMIT_SECONDS = Family(
    "consent_commit_seconds", Kind.HISTOGRAM, "Time of a commit with all that its writes did.", bounds=_SECONDS
)
DATABASE_ERRORS = Family(
    "consent_database_errors",
    Kind.COUNTER,
    "Failures that the database told, by kind; a commit that is attempted again is one each time.",
    ("kind",),
)
POOL = Family(
    "consent_pool_connections",
    Kind.GAUGE,
    "Connections that reads of PostgreSQL have open, lent to a call or idle.",
    ("process", "state"),
    is_latest=True,
)
POOL_SIZE = Family(
    "consent_pool_size", Kind.GAUGE, "Connections that reads may have open, at most.", ("process",), is_latest=True
)
WATCHES = Family("consent_watches_open", Kind.GAUGE, "Watches of the ledger that are open.")
REVIEW_ITEMS = Family(
    "consent_review_items_open",
    Kind.GAUGE,
    "Messages that wait to be judged, of all tenants; counted up to 10,000.",
    is_latest=True,
)
REVIEW_AGE = Family(
    "consent_review_oldest_age_seconds",
    Kind.GAUGE,
    "How long the oldest of them waits; 0 where none does.",
    is_latest=True,
)
REVISION = Family(
    "consent_ledger_revision",
    Kind.GAUGE,
    "Revision of a tenant's ledger; of the 100 longest ledgers.",
    ("tenant",),
    is_latest=True,
)
SERVING = Family(
    "consent_serving", Kind.GAUGE, "Whether a serving process answers that it serves.", ("process",), is_latest=True
)
CERTIFICATE = Family(
    "consent_tls_certificate_not_after_seconds",
    Kind.GAUGE,
    "When the TLS certificate in force ends, in seconds since 1970; told only where there is one.",
)
DEATHS = Family(
    "consent_process_deaths", Kind.COUNTER, "Serving processes that died and were started again.", ("process",)
)
BUILD = Family("consent_build_info", Kind.GAUGE, "1, with the version of the program.", ("version",))

PROCESS_FAMILIES = (
    Family("process_start_time_seconds", Kind.GAUGE, "When it began, in Unix time.", ("process",), is_latest=True),
    Family("process_cpu_seconds", Kind.COUNTER, "Processor time that it used.", ("process",)),
    Family("process_resident_memory_bytes", Kind.GAUGE, "Memory that it has.", ("process",), is_latest=True),
    Family("process_open_fds", Kind.GAUGE, "File descriptors that it has open.", ("process",), is_latest=True),
    Family("process_max_fds", Kind.GAUGE, "File descriptors that it may have open.", ("process",), is_latest=True),
)
FAMILIES = (
    *(CALLS, CALL_SECONDS, VERDICTS, LIMITED, REQUESTS, REQUEST_SECONDS),
    *(COMMIT_UNITS, COMMIT_SECONDS, DATABASE_ERRORS, POOL, POOL_SIZE),
    *(WATCHES, REVIEW_ITEMS, REVIEW_AGE, REVISION),
    *(SERVING, DEATHS, CERTIFICATE, BUILD, *PROCESS_FAMILIES),
)
