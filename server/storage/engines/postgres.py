"""A PostgreSQL database, through psycopg."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import psycopg
from peewee import PostgresqlDatabase, __exception_wrapper__  # type: ignore[attr-defined]
from psycopg.sql import SQL, Identifier

from server.storage.engines.bell import Bell
from server.storage.engines.connection import Connection
from server.storage.engines.failures import OutcomeUnknown, is_conflict, is_lost
from server.storage.engines.pool import Pool, PoolUse
from server.storage.engines.urls import PostgresAddress

CONNECT_SECONDS = 5
POOL_WAIT_SECONDS = 5.0
# A migration holds it; any number, as long as no other program takes it in the same database.
_MIGRATION_LOCK = 7_402_311_955_801
# What the server holds each connection to, in milliseconds, the keepalives in seconds; `options` in the URL comes after
# these and prevails.
_LIMITS = {
    "statement_timeout": 30_000,
    "lock_timeout": 10_000,
    "idle_in_transaction_session_timeout": 300_000,
    # So that the server too finds out that this machine is gone, and lets go of what it held.
    "tcp_keepalives_idle": 10,
    "tcp_keepalives_interval": 5,
    "tcp_keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_LOCK = "SELECT id FROM tenants WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
# A server may be set to answer before a commit is on the disk; what is acknowledged here is durable.
_DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') IN ('off', 'local')"
)
# A writer holds its tenants: one that fell silent in the middle must not keep all others from them.
_LET_GO = (
    "SELECT set_config('idle_in_transaction_session_timeout', '10s', false) "
    "WHERE current_setting('idle_in_transaction_session_timeout') = '5min'"
)


class PostgresServer(PostgresqlDatabase):
    """A PostgreSQL database, where a thread has a connection of a bounded pool only while it reads.

    The thread that writes has its own beside the pool, so that readers cannot starve it. A statement outside of
    `snapshot` and `writing` borrows a connection for itself; it must only read, since it is run again where the
    connection had died in the pool.
    """

    _state: Any
    execute_sql: Callable[..., Any]
    dialect = "postgres"
    migrates_itself = False

    def __init__(self, address: PostgresAddress) -> None:
        self.name = address.name
        self._address = address
        self._pool = Pool(self.dial, address.pool_size, POOL_WAIT_SECONDS)
        self._own = threading.local()
        self._bell = Bell(self.dial)
        super().__init__(address.conninfo, prefer_psycopg3=True)
        # Nothing is shared between threads but the pool. Held while one waits for the pool, peewee's lock would keep
        # all others from giving back.
        self._lock = nullcontext()

    def dial(self) -> Connection:
        """Open a connection of one's own. Raises psycopg.Error."""
        given = psycopg.conninfo.conninfo_to_dict(self._address.conninfo)
        limits = " ".join(f"-c {name}={value}" for name, value in _LIMITS.items())
        usual: dict[str, Any] = {
            "connect_timeout": CONNECT_SECONDS,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,
            "application_name": "consent",
            # A verdict comes from the primary: a standby may not know of a no yet.
            "target_session_attrs": "read-write",
        }
        fixed = {"options": f"{limits} {given.get('options', '')}".strip(), "client_encoding": "UTF8"}
        connection = Connection.connect(autocommit=True, **{**usual, **given, **fixed})
        try:
            connection.learn_limit()
        except BaseException:
            connection.close()
            raise
        return connection

    def check_place(self) -> None:
        """Hold what will be read to what was opened: a connection is to one database for ever."""

    def damage(self) -> str | None:
        """What is wrong with the pages: PostgreSQL has their checksums and says so itself when it reads one."""
        return None

    def look_afresh(self) -> None:
        """Look whether the database is still what it was: the server's business."""

    def look(self, sql: str, params: Sequence[object]) -> list[Any]:
        """Run a statement by itself and answer its rows."""
        rows: list[Any] = self.execute_sql(sql, params).fetchall()
        return rows

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one committed state. Within another it is the same one."""
        if not self.is_closed():
            yield
            return
        self._retried(lambda: self._begin(_READ))
        try:
            yield
        finally:
            # What was read was read, whatever becomes of the connection; the pool keeps none that is broken.
            # COMMIT also where it failed: at a ROLLBACK psycopg forgets all statements that it has prepared.
            with suppress(psycopg.Error):
                self._state.conn.execute("COMMIT")
            self.close()

    @contextmanager
    def writing(self, tenant_ids: Collection[int]) -> Iterator[None]:
        """Write in a transaction that has locked these tenants, in the order of their ids, and sees them since.

        Raises OutcomeUnknown where the connection was lost during the commit.
        """
        self._own.connection = True
        try:
            self._begin(_WRITE)
            if tenant_ids:
                self.execute_sql(_LOCK, (sorted(set(tenant_ids)),))
            yield
        except BaseException as error:
            self._abandon(lost=is_lost(error))
            raise
        try:
            self.execute_sql("COMMIT")
        except BaseException as error:
            self._abandon(lost=True)
            if is_lost(error):
                raise OutcomeUnknown(
                    "the connection was lost during the commit: it may have happened or not"
                ) from error
            raise

    def execute_many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Run a statement once for each row of parameters within `writing`; the answers are awaited together."""
        with __exception_wrapper__, self._state.conn.cursor() as cursor:
            cursor.executemany(sql, rows)

    @contextmanager
    def migrating(self) -> Iterator[None]:
        """Change the schema, alone: who comes second waits until the first is done."""
        with self.writing(()):
            self.execute_sql("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0")
            with self._state.conn.unhurried():
                self.execute_sql("SELECT pg_advisory_xact_lock(%s)", (_MIGRATION_LOCK,))
                yield

    @contextmanager
    def copying_in(self, table: str, columns: Sequence[str]) -> Iterator[Callable[[Sequence[object]], None]]:
        """Take rows for a table within `writing`, one by one, as fast as the server takes any; none is kept here."""
        statement = SQL("COPY {} ({}) FROM STDIN").format(Identifier(table), SQL(", ").join(map(Identifier, columns)))
        with __exception_wrapper__, self._state.conn.cursor() as cursor, cursor.copy(statement) as copy:
            yield copy.write_row

    def roll_back_to(self, savepoint: str) -> None:
        """Undo what was done since a savepoint, in silence: psycopg would forget all that it has prepared."""
        with __exception_wrapper__:
            self._state.conn.execute_quietly(f"ROLLBACK TO SAVEPOINT {savepoint}")

    def may_run_again(self, error: BaseException) -> bool:
        """Whether a write that failed left nothing and may succeed at once."""
        return not isinstance(error, OutcomeUnknown) and (is_conflict(error) or is_lost(error))

    def passing_locked(self, query: Any) -> Any:
        """A query that passes over rows which others hold."""
        return query.for_update("FOR UPDATE SKIP LOCKED")

    @property
    def pool_use(self) -> PoolUse:
        """How much of the connections reads use now."""
        return self._pool.use

    def ring(self) -> None:
        """Tell other processes of a commit; a failure only lets them poll."""
        try:
            self._bell.ring(self._state.conn)
        except psycopg.Error:
            self._abandon(lost=True)

    def listen(self, heard: Callable[[], object]) -> None:
        """Call `heard` for other processes' commits, from now until `close_all`."""
        self._bell.listen(heard)

    def interrupt(self) -> None:
        """Let statements that are running be: the server ends what takes long, and nothing is closed under them."""

    def close_all(self, *, idle: bool = True) -> None:  # noqa: ARG002
        """Close the connections of the pool, those that are in use when they are given back."""
        self._bell.close()
        self._pool.close()
        if not self.is_closed():
            self.close()

    def _begin(self, begin: str) -> None:
        """Begin a transaction on a connection, kept where there is one. Raises PeeweeException."""
        if self.is_closed():
            self.connect()
        try:
            self.execute_sql(begin)
        except BaseException:
            self.close()
            raise

    def _abandon(self, *, lost: bool) -> None:
        """Undo the transaction of this thread's connection; where that fails, the connection goes."""
        if self.is_closed():
            return
        try:
            if not lost:
                self._state.conn.execute("ROLLBACK")
        except psycopg.Error:
            lost = True
        if lost:
            self.close()

    def _retried(self, run: Callable[[], Any]) -> Any:
        """Run it; once more, on a new connection, where the pool's had died since it was used last."""
        try:
            return run()
        except Exception as error:
            if not is_lost(error):
                raise
            self._pool.empty()
            return run()

    def _execute_cursor(self, sql: str, params: object, **cursor_options: object) -> Any:
        if not self.is_closed():
            return super()._execute_cursor(sql, params, **cursor_options)  # type: ignore[misc]

        def alone() -> Any:
            self.connect()
            try:
                return super(PostgresServer, self)._execute_cursor(sql, params, **cursor_options)  # type: ignore[misc]
            finally:
                self.close()

        # Its rows are with the cursor, which needs the connection no longer.
        return self._retried(alone)

    def _connect(self) -> Connection:
        if not getattr(self._own, "connection", False):
            return self._pool.take()
        connection = self.dial()
        connection.execute(_DURABLE)
        connection.execute(_LET_GO)
        return connection

    def _close(self, connection: Connection) -> None:
        if getattr(self._own, "connection", False):
            with suppress(psycopg.Error):
                connection.close()
        else:
            self._pool.give(connection)


def open_postgres(address: PostgresAddress) -> PostgresServer:
    """Speak to a PostgreSQL server, which need not answer yet."""
    return PostgresServer(address)
