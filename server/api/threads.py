"""The threads that calls run on, by what they wait for; the rest share the server's own pool."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from server.domain.model import Role

# SQLite answers a check at once: more threads would only take the interpreter's lock from one another.
CHECKING_THREADS = 4
# A server that answers from elsewhere is waited for.
CHECKING_THREADS_REMOTE = 16
# Batches are long, and run no faster side by side: two at a time, and no call of another kind behind them.
BATCH_THREADS = 2
# Writers wait for a commit that they share: as many as a commit may carry without being late for the next.
WRITING_THREADS = 64


class CallThreads:
    """Pools for the calls that are made most, so that none of them waits behind a call of another kind."""

    def __init__(self, checking: int = CHECKING_THREADS) -> None:
        self._checking = ThreadPoolExecutor(checking, thread_name_prefix="consent-check")
        self._batches = ThreadPoolExecutor(BATCH_THREADS, thread_name_prefix="consent-batch")
        self._writing = ThreadPoolExecutor(WRITING_THREADS, thread_name_prefix="consent-write")

    def of(self, roles: Mapping[str, Role]) -> Mapping[str, ThreadPoolExecutor]:
        """The pools of those methods that have one, by the roles that the methods need."""
        own = {"CheckConsent": self._checking, "BatchCheckConsent": self._batches}
        writing = {name: self._writing for name, role in roles.items() if role is Role.WRITER}
        return {**writing, **{name: pool for name, pool in own.items() if name in roles}}
