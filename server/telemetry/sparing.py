"""A bound for lines that callers cause: a flood of calls that are refused is not to be a flood of lines."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

LINES = 100
"""In each second, of each process."""

log = structlog.get_logger()


class Sparing:
    """Lets so many lines through in a second, and says with the next one how many it left out."""

    def __init__(self, lines: int = LINES, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._lines = lines
        self._monotonic = monotonic
        self._guard = threading.Lock()
        self._second = monotonic()
        self._asked = 0

    def allows(self) -> bool:
        """Whether one more line may be written."""
        with self._guard:
            now = self._monotonic()
            left_out = 0
            if now - self._second >= 1.0:
                left_out = max(0, self._asked - self._lines)
                self._second, self._asked = now, 0
            self._asked += 1
            allowed = self._asked <= self._lines
        if left_out:
            log.warning("lines of refused calls were left out", lines=left_out)
        return allowed
