"""Failed logins, held back by a token bucket for each caller."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable

from server.domain.errors import LoginThrottled

BURST = 20
SECONDS_PER_FAILURE = 1.0
_MAX_CALLERS = 10_000


class FailureThrottle:
    """Lets each caller fail BURST times at once and once a second after that. `monotonic` answers seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._guard = threading.Lock()
        self._full_again: OrderedDict[str, float] = OrderedDict()

    def check(self, caller: str) -> None:
        """Refuse a caller that has failed too often. Raises LoginThrottled."""
        owed = self._full_again.get(caller, 0.0) - self._monotonic()
        wait = owed - (BURST - 1) * SECONDS_PER_FAILURE
        if wait > 0:
            raise LoginThrottled(math.ceil(wait))

    def note_failure(self, caller: str) -> None:
        """Count one failure."""
        now = self._monotonic()
        with self._guard:
            self._full_again[caller] = max(self._full_again.get(caller, now), now) + SECONDS_PER_FAILURE
            self._full_again.move_to_end(caller)
            while len(self._full_again) > _MAX_CALLERS:
                self._full_again.popitem(last=False)
