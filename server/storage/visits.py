"""Who is at work in the database now, so that it is closed under nobody: SQLite would end the process."""

from __future__ import annotations

import time
from collections.abc import Callable

_PAUSE_SECONDS = 0.01


class Visits(set[object]):
    """One object for each piece of work, from before it looks whether the database is closed until it is done.

    Whoever closes notes that first and looks here then, so that none comes in unseen. It needs no lock: adding and
    discarding are one step each.
    """

    def await_end(self, hasten: Callable[[], object], patience_seconds: float) -> bool:
        """Wait until nobody is at work, calling `hasten` again and again; answer False where some stay too long."""
        patience = time.monotonic() + patience_seconds
        while self:
            if time.monotonic() > patience:
                return False
            hasten()
            time.sleep(_PAUSE_SECONDS)
        return True
