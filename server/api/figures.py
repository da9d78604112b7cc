"""The metrics that tell of the database as a whole, asked of it now and then."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import structlog

from server.domain.errors import StorageUnavailable
from server.domain.model import Instant
from server.metrics.families import REVIEW_AGE, REVIEW_ITEMS, REVISION, Labels
from server.metrics.metrics import Metrics
from server.storage.protocol import Figures, Storage

PERIOD_SECONDS = 10.0
_LAST_ANSWER_SECONDS = 5.0
_SECOND = 1_000_000

log = structlog.get_logger()


class FigureMonitor:
    """Asks the storage for its figures every ten seconds, so that no scrape does; while it fails, none are told."""

    def __init__(self, storage: Storage, clock: Callable[[], Instant], metrics: Metrics) -> None:
        self._storage = storage
        self._clock = clock
        self._found: Figures | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="consent-figures", daemon=True)
        metrics.read(REVIEW_ITEMS, lambda: self._told(lambda found: {(): found.open_review_items}))
        metrics.read(REVIEW_AGE, lambda: self._told(lambda found: {(): self._age(found)}))
        metrics.read(REVISION, lambda: self._told(lambda found: {(name,): n for name, n in found.revisions.items()}))

    def start(self) -> None:
        """Ask from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more; the storage may be closed then. A database that does not answer is not waited for long."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_LAST_ANSWER_SECONDS)

    def ask(self) -> None:
        """Ask now."""
        try:
            self._found = self._storage.figures()
        except StorageUnavailable:
            self._found = None
        except Exception:
            self._found = None
            log.exception("the figures of the database could not be read")

    def _run(self) -> None:
        while True:
            self.ask()
            if self._stop.wait(PERIOD_SECONDS):
                return

    def _told(self, tell: Callable[[Figures], Mapping[Labels, float]]) -> Mapping[Labels, float]:
        found = self._found
        return {} if found is None else tell(found)

    def _age(self, found: Figures) -> float:
        oldest = found.oldest_review_time
        return 0.0 if oldest is None else max(0.0, (self._clock() - oldest) / _SECOND)
