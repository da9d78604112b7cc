"""Each answered request: counted and timed by API and status."""

from __future__ import annotations

from server.metrics.families import REQUEST_SECONDS, REQUESTS
from server.metrics.metrics import Metrics
from server.metrics.tallies import Counts

CLOSED = 499
"""The status under which a request is counted whose caller went away before it was answered."""


class Access:
    """Knows of every answer of one API of the gateway."""

    def __init__(self, metrics: Metrics, vendor: str) -> None:
        self._api = vendor.lower().replace(" ", "_")
        self._counts: Counts[int] = metrics.counts(REQUESTS, lambda status: (self._api, str(status)))
        self._times = metrics.times(REQUEST_SECONDS, self._api)

    def note(self, status: int, seconds: float) -> None:
        """Count an answer."""
        self._counts.add(status)
        self._times.add(seconds)
