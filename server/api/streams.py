"""The threads that long streams run on, how many watches may be open, and how all of them end with the server."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc

from server.domain.errors import ServerStopping, TooManyWatchers

WATCHES_A_TENANT = 32
WATCHES = 96
# Threads that are never watches, so that one too many can be refused.
_SPARE_THREADS = 8
_VERIFICATIONS = 2
RETRY_AFTER_SECONDS = 30
END_SECONDS = 1.0


class Streams:
    """The long streams of one server. None of them takes a thread from the calls that answer at once."""

    def __init__(self, watches_a_tenant: int = WATCHES_A_TENANT) -> None:
        self._watches_a_tenant = watches_a_tenant
        self.watch_pool = ThreadPoolExecutor(WATCHES + _SPARE_THREADS, thread_name_prefix="consent-watch")
        self.verify_pool = ThreadPoolExecutor(_VERIFICATIONS, thread_name_prefix="consent-verify")
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._open: set[grpc.ServicerContext] = set()
        self._tenants: Counter[int] = Counter()

    @property
    def watches(self) -> int:
        """How many watches are open."""
        return self._tenants.total()

    @contextmanager
    def watch(self, tenant_id: int, context: grpc.ServicerContext) -> Iterator[None]:
        """Count a watch while it is open. Raises TooManyWatchers."""
        with self._changed:
            if self._tenants[tenant_id] >= self._watches_a_tenant or self._tenants.total() >= WATCHES:
                raise TooManyWatchers(RETRY_AFTER_SECONDS)
            self._tenants[tenant_id] += 1
        with self.stream(context):
            try:
                yield
            finally:
                with self._changed:
                    self._tenants[tenant_id] -= 1

    @contextmanager
    def stream(self, context: grpc.ServicerContext) -> Iterator[None]:
        """Know of a stream while it is open."""
        with self._changed:
            self._open.add(context)
        try:
            yield
        finally:
            with self._changed:
                self._open.discard(context)
                self._changed.notify_all()

    def check_open(self, context: grpc.ServicerContext) -> bool:
        """Whether the caller is still there. Raises ServerStopping."""
        if self._stopping.is_set():
            raise ServerStopping
        return bool(context.is_active())

    def pause(self, seconds: float) -> None:
        """Wait, but not for a server that stops."""
        self._stopping.wait(seconds)

    def stop(self) -> None:
        """End all streams: by a status, or, where the caller does not take what it is told, by cancelling the call."""
        self._stopping.set()
        with self._changed:
            self._changed.wait_for(lambda: not self._open, END_SECONDS)
            slow = list(self._open)
        for context in slow:
            context.cancel()
        self.watch_pool.shutdown(wait=False)
        self.verify_pool.shutdown(wait=False)
