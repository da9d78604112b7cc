"""A connection to PostgreSQL that does not wait for ever.

The server holds itself to `statement_timeout`, and TCP finds out that a machine is gone. Neither helps against a server
that is frozen, or a way to it that swallows what is sent and goes on confirming it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.generators import execute
from psycopg.pq import ExecStatus, TransactionStatus

T = TypeVar("T")

MARGIN_SECONDS = 5.0
"""What an answer may take beyond what the server may take to find it."""
_FIRST_SECONDS = 5.0
_LIMIT = "SELECT EXTRACT(EPOCH FROM current_setting('statement_timeout')::interval)::float8"
_TICK_SECONDS = 0.1


class NoAnswer(psycopg.OperationalError):
    """The server did not answer in time. The connection is closed; what was asked may have happened or not."""


class Connection(psycopg.Connection[tuple[Any, ...]]):
    """Waits for an answer a little longer than the server's own limit, where it has one, then closes itself."""

    _patience: float | None = _FIRST_SECONDS

    def learn_limit(self) -> None:
        """Ask the server how long a statement may take here. Raises psycopg.Error."""
        found = self.execute(_LIMIT).fetchone()
        limit = found[0] if found else 0
        self._patience = limit + MARGIN_SECONDS if limit else None

    @contextmanager
    def unhurried(self) -> Iterator[None]:
        """Wait as long as it takes."""
        usual, self._patience = self._patience, None
        try:
            yield
        finally:
            self._patience = usual

    def wait(self, gen: PQGen[T], interval: float = _TICK_SECONDS, timeout: float | None = None) -> T:
        """Wait for an answer. Raises NoAnswer, unless the caller gave a time of its own."""
        if timeout is not None or self._patience is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self._patience)
        except psycopg.OperationalError as error:
            # Whatever the server says, it has done with the query; where the connection broke, nobody knows.
            if self.pgconn.transaction_status != TransactionStatus.ACTIVE:
                raise
            self.close()
            raise NoAnswer(f"no answer in {self._patience:g} s") from error

    def execute_quietly(self, sql: str) -> None:
        """Run a statement that has no rows, unseen by what psycopg knows of it. Raises psycopg.Error."""
        self.pgconn.send_query(sql.encode())
        (result,) = self.wait(execute(self.pgconn))
        if result.status != ExecStatus.COMMAND_OK:
            raise psycopg.OperationalError(result.error_message.decode(errors="replace").strip())
