"""Counting commits, so that whoever waits for news of the ledger is woken by them."""

from __future__ import annotations

import threading


class Commits:
    """How many commits this process knows of: its own and, where the database tells, those of others."""

    def __init__(self) -> None:
        self._count = 0
        self._counted = threading.Condition()

    def count(self) -> None:
        """Count one more, and wake all who wait."""
        with self._counted:
            self._count += 1
            self._counted.notify_all()

    def wait(self, seen: int, timeout_seconds: float) -> int:
        """Wait for one after the `seen`-th, at most so long; answer how many there were."""
        with self._counted:
            if self._count == seen:
                self._counted.wait(timeout_seconds)
            return self._count
