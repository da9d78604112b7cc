"""Each answered request: counted and timed by API and status, logged as the operator wants, never with its values."""

from __future__ import annotations

from dataclasses import dataclass, field

import structlog

from server.metrics.families import REQUEST_SECONDS, REQUESTS
from server.metrics.metrics import Metrics
from server.metrics.tallies import Counts
from server.telemetry import AccessLog, Sparing

CLOSED = 499
"""The status under which a request is noted whose caller went away before it was answered."""
_REFUSED = 400
_OURS = 500
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Visit:
    """A request by its id, for the lines that are logged meanwhile. Whose tenant it is only the servers know."""

    request_id: str
    tenant_id: None = None


@dataclass(frozen=True, slots=True)
class Noting:
    """Where answers are counted, and which of them are logged: those of a flood of refused ones not all."""

    metrics: Metrics = field(default_factory=Metrics)
    access_log: AccessLog = "errors"
    sparing: Sparing = field(default_factory=Sparing)


class Access:
    """Knows of every answer of one API of the gateway."""

    def __init__(self, noting: Noting, vendor: str) -> None:
        self._api = vendor.lower().replace(" ", "_")
        self._noting = noting
        self._counts: Counts[int] = noting.metrics.counts(REQUESTS, lambda status: (self._api, str(status)))
        self._times = noting.metrics.times(REQUEST_SECONDS, self._api)

    def note(self, request_id: str, method: str, status: int, seconds: float) -> None:
        """Note an answer."""
        self._counts.add(status)
        self._times.add(seconds)
        refused = status >= _REFUSED
        if not self._tells(refused):
            return
        write = log.warning if status >= _OURS else log.info
        write(
            "request refused" if refused else "request answered",
            api=self._api,
            # What is none may be any word that a caller sends.
            method=method if method in _METHODS else "other",
            status=status,
            seconds=round(seconds, 6),
            request_id=request_id,
        )

    def _tells(self, refused: bool) -> bool:
        match self._noting.access_log:
            case "off":
                return False
            case "errors":
                return refused and self._noting.sparing.allows()
            case "all":
                return True
