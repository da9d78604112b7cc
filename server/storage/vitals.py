"""What a storage counts of its own work: commits, and failures of the database by kind."""

from __future__ import annotations

from server.metrics.families import COMMIT_SECONDS, COMMIT_UNITS, DATABASE_ERRORS
from server.metrics.metrics import Metrics
from server.storage.engines.kinds import KINDS, error_text, kind_of


class Vitals:
    """Counts for the metrics."""

    def __init__(self, metrics: Metrics) -> None:
        self._units = metrics.times(COMMIT_UNITS)
        self._seconds = metrics.times(COMMIT_SECONDS)
        self._errors = metrics.counts(DATABASE_ERRORS, lambda kind: (kind,), KINDS)

    def committed(self, units: int, seconds: float) -> None:
        """Count a commit that so many units shared, and that took so long with all that they did."""
        self._units.add(units)
        self._seconds.add(seconds)

    def failed(self, error: BaseException) -> str:
        """Count a failure; answer what the log may say of it."""
        self._errors.add(kind_of(error))
        return error_text(error)
