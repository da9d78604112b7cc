"""Emptying the write-ahead log after a forget, so that no file of the database holds what was forgotten.

The log can be emptied only while nobody reads an older state. `scrub` tries for about a second in the caller's thread;
where readers stand in the way longer, a thread goes on every second until it is done, and says so in the log. The
forget itself is durable before that and never fails for it. A process that ends first leaves it to the next opening.
"""

from __future__ import annotations

import sqlite3
import threading

import structlog
from peewee import PeeweeException

from server.storage.engines import SqliteFile
from server.storage.engines.kinds import error_text

ATTEMPTS = 5
ATTEMPT_SECONDS = 0.1
PAUSE_SECONDS = 0.1
RETRY_SECONDS = 1.0

log = structlog.get_logger()


class Scrubber:
    """Empties one database's log, now or in the background."""

    def __init__(self, database: SqliteFile) -> None:
        self._database = database
        self._closed = threading.Event()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._asked = 0

    def scrub(self) -> None:
        """Empty the log now, or see to it that it will be."""
        for attempt in range(ATTEMPTS):
            if attempt:
                self._closed.wait(PAUSE_SECONDS)
            if self._closed.is_set() or self._try():
                return
        self.scrub_later()

    def scrub_later(self) -> None:
        """Empty the log in the background, again and again until it is done."""
        with self._guard:
            self._asked += 1
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, name="consent-scrubber", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Try no more."""
        self._closed.set()
        with self._guard:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        tries = 0
        while not self._closed.is_set():
            with self._guard:
                asked = self._asked
            if self._try():
                with self._guard:
                    if asked == self._asked:
                        self._thread = None
                        return
                continue
            tries += 1
            if tries in (5, 60) or tries % 600 == 0:
                log.warning("the log still holds what was forgotten: readers keep it open", tries=tries)
            self._closed.wait(RETRY_SECONDS)

    def _try(self) -> bool:
        try:
            return self._database.truncate_log(ATTEMPT_SECONDS)
        except (sqlite3.Error, PeeweeException) as error:
            log.warning("the log could not be emptied", error=error_text(error))
            return False
