"""A bounded set of connections that threads borrow for the time of a read.

A connection is opened in the thread that needs it, so that one which fails says so at once and the next call after a
restart of the server finds it: a pool that reconnects in the background, with growing pauses, would let calls wait.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psycopg
from psycopg.pq import TransactionStatus

from server.storage.engines.connection import Connection


class PoolFull(psycopg.OperationalError):
    """Every connection stayed in use for as long as a call may wait for one."""


@dataclass(frozen=True, slots=True)
class PoolUse:
    """How many connections are lent, and open without use, of how many at most."""

    lent: int
    idle: int
    size: int


class Pool:
    """At most `size` connections, opened by `dial`, the last one given back taken first."""

    def __init__(self, dial: Callable[[], Connection], size: int, wait_seconds: float) -> None:
        self._dial = dial
        self._size = size
        self._wait_seconds = wait_seconds
        self._free = threading.Semaphore(size)
        self._idle: deque[Connection] = deque()
        self._lent: set[Connection] = set()
        self._closed = False

    def take(self) -> Connection:
        """Borrow a connection. Raises PoolFull, or psycopg.Error where none can be opened."""
        if not self._free.acquire(timeout=self._wait_seconds):
            raise PoolFull(f"all {self._size} connections of the pool were in use for {self._wait_seconds} s")
        try:
            connection = self._idle.pop()
        except IndexError:
            try:
                connection = self._dial()
            except BaseException:
                self._free.release()
                raise
        self._lent.add(connection)
        return connection

    def give(self, connection: Connection) -> None:
        """Give a connection back; one that is broken, or in the middle of something, is closed."""
        self._lent.discard(connection)
        if self._closed or connection.pgconn.transaction_status != TransactionStatus.IDLE:
            with suppress(psycopg.Error):
                connection.close()
        else:
            self._idle.append(connection)
        self._free.release()

    @property
    def use(self) -> PoolUse:
        """How it is used now."""
        return PoolUse(len(self._lent), len(self._idle), self._size)

    def empty(self) -> None:
        """Close the connections that nobody uses: where one was found broken, all may be."""
        with suppress(IndexError):
            while True:
                connection = self._idle.pop()
                with suppress(psycopg.Error):
                    connection.close()

    def close(self) -> None:
        """Close the connections that nobody uses, and each of the others when it is given back."""
        self._closed = True
        self.empty()
