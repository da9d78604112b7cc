"""How many watches may be open, and how all long streams end with the server."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import grpc

from server.api.capacity import USUAL, Capacity
from server.domain.errors import ServerStopping, TooManyWatchers

RETRY_AFTER_SECONDS = 30
END_SECONDS = 1.0


class Streams:
    """The long streams of one server."""

    def __init__(self, capacity: Capacity = USUAL) -> None:
        self._capacity = capacity
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
            most, most_of_all = self._capacity.watches_a_tenant, self._capacity.watches
            if self._tenants[tenant_id] >= most or self._tenants.total() >= most_of_all:
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
