"""LISTEN and NOTIFY: telling other processes that something was committed, and hearing of it from them.

It only wakes who waits; what was committed is read from the ledger. So a ring that is lost costs a poll, nothing else.
"""

from __future__ import annotations

import secrets
import select
import socket
import threading
from collections.abc import Callable

import psycopg
import structlog

from server.storage.engines.connection import Connection
from server.storage.engines.kinds import error_text

_CHANNEL = "consent_commits"
_RETRY_SECONDS = 1.0
# A commit of its own, which need not be on the disk: nobody waits for it and nothing is lost with it.
_RING = "BEGIN; SET LOCAL synchronous_commit = off; NOTIFY {channel}, '{token}'; COMMIT"

log = structlog.get_logger()


class Bell:
    """Rings for the commits of this process, and hears those of others in a thread with a connection of its own."""

    def __init__(self, dial: Callable[[], Connection]) -> None:
        self._dial = dial
        self._token = secrets.token_hex(8)
        self._guard = threading.Lock()
        self._listener: _Listener | None = None
        self._closed = False

    def ring(self, connection: Connection) -> None:
        """Tell of a commit. Raises psycopg.Error."""
        connection.execute(_RING.format(channel=_CHANNEL, token=self._token).encode(), prepare=False)

    def listen(self, heard: Callable[[], object]) -> None:
        """Call `heard` for each of the others' rings, and where some may have been missed; the first call counts."""
        if self._listener is not None:
            return
        with self._guard:
            if self._listener is None and not self._closed:
                self._listener = _Listener(self._dial, self._token, heard)

    def close(self) -> None:
        """Hear no more."""
        with self._guard:
            listener, self._listener, self._closed = self._listener, None, True
        if listener is not None:
            listener.close()


class _Listener:
    """The thread that hears; it reconnects for ever."""

    def __init__(self, dial: Callable[[], Connection], own: str, heard: Callable[[], object]) -> None:
        self._dial = dial
        self._own = own
        self._heard = heard
        self._closed = False
        self._woken, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="consent-bell", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        self._wake.send(b"!")
        self._thread.join()
        self._woken.close()
        self._wake.close()

    def _run(self) -> None:
        told = False
        while not self._closed:
            try:
                with self._dial() as connection:
                    connection.execute(f"LISTEN {_CHANNEL}".encode())
                    told = False
                    self._heard()
                    self._hear(connection)
            except psycopg.Error as error:
                if not told:
                    log.warning("commits of others are not heard of; polling instead", error=error_text(error))
                told = True
                select.select([self._woken.fileno()], [], [], _RETRY_SECONDS)

    def _hear(self, connection: Connection) -> None:
        while not self._closed:
            rings = list(connection.notifies(timeout=0))
            if any(ring.payload != self._own for ring in rings):
                self._heard()
            if not rings:
                select.select([connection.fileno(), self._woken.fileno()], [], [])
