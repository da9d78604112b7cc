"""Moving a whole service from an SQLite file into an empty PostgreSQL database.

The source is read as it was at one moment. The target is filled in one transaction, which is committed only when what
stands there was found to be what was read: a transfer that fails leaves it as empty as it was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from peewee import AutoField, Model, PeeweeException

from server.domain.model import Instant, Tenant
from server.domain.service_key import ServiceKeys
from server.storage import rows
from server.storage.columns import Columns, Row
from server.storage.engines import (
    DatabaseUnusable,
    Engine,
    PostgresServer,
    SqliteFile,
    is_postgres,
    open_postgres,
    open_sqlite,
    postgres_address,
    sqlite_path,
)
from server.storage.engines.failures import OutcomeUnknown
from server.storage.protocol import Snapshot
from server.storage.readiness import defect, unfit_encoding
from server.storage.snapshot import SqlSnapshot
from server.storage.sql import Sql
from server.storage.tables import TABLES, MigrationRow, ServiceKeyRow, TenantRow

# The schema is the target's own; the keys that it is used with come on top of those that it knows.
MOVED = tuple(model for model in TABLES if model not in (MigrationRow, ServiceKeyRow))
ROWS_A_TURN = 1000
# A transfer takes as long as it takes; only to wait for others' locks it does not.
_LIMITS = "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL lock_timeout = '10s'"
_CHANGES = "PRAGMA data_version"
_GO_ON = "SELECT setval(pg_get_serial_sequence(%s, %s), (SELECT max({column}) FROM {table}))"


class TransferRefused(Exception):
    """Both databases can be used, but this cannot be moved into that; the message says why. Nothing was changed."""


class Transfer:
    """A service on its way: the source as it was at one moment, and the target, not yet committed."""

    def __init__(self, source: SqliteFile, target: PostgresServer, keys: ServiceKeys, now: Instant) -> None:
        self._source = source
        self._target = target
        self._keys = keys
        self._now = now
        self._sql = Sql(target)
        self.sizes: Mapping[str, int] = _sizes(source)
        self.tenants: Sequence[Tenant] = _tenants(source)
        self._changes = _changes(source)

    def copy(self, advance: Callable[[str, int], None]) -> None:
        """Write every row of the source into the target; `advance` hears of each table and how many rows it has yet.

        Raises TransferRefused for a row that cannot stand there, DatabaseUnusable for one that cannot be read.
        """
        for model in MOVED:
            self._copy_table(model, advance)
        keys = ServiceKeyRow.select().dicts().execute(self._source)
        ServiceKeyRow.insert_many(list(keys)).on_conflict_ignore().execute(self._target)
        for model in MOVED:
            key = model._meta.primary_key
            if isinstance(key, AutoField) and self.sizes[model._meta.table_name]:
                self._go_on_counting(model._meta.table_name, key.column_name)
        # For the plans of the verification, and of whoever is first to be served.
        self._target.execute_sql(f"ANALYZE {_listed(MOVED)}")

    def compare(self) -> None:
        """Hold the target to the source: as many rows in each table, the same tenants with the same heads."""
        found = _sizes(self._target)
        for table, size in self.sizes.items():
            if found[table] != size:
                raise TransferRefused(f"{table} has {size:,} rows in the source and {found[table]:,} in the target")
        arrived = {tenant.id: tenant for tenant in _tenants(self._target)}
        for tenant in self.tenants:
            if arrived.get(tenant.id) != tenant:
                raise TransferRefused(f"the tenant {tenant.name} is not the same in the target as in the source")

    @contextmanager
    def open_snapshot(self, tenant: Tenant) -> Iterator[Snapshot]:
        """Read what stands in the target for a tenant, before it is committed."""
        row = self._target.execute_sql(self._sql.tenant, (tenant.id,)).fetchone()
        yield SqlSnapshot(self._target, self._sql, rows.tenant(row), self._now, self._keys)

    def check_source(self) -> None:
        """Hold the source to what was read. Raises TransferRefused where anybody has written to it since."""
        if _changes(self._source) == self._changes:
            return
        before = {tenant.id: tenant for tenant in self.tenants}
        moved = [tenant.name for tenant in _tenants(self._source) if before.get(tenant.id) != tenant]
        what = f"the ledger of {', '.join(moved)} went on" if moved else "another command has worked on it"
        raise TransferRefused(
            f"{self._source.name} has changed since the copy began: {what}. Nothing was copied; "
            "stop `consent serve` and whatever else works on it, and copy again"
        )

    def _copy_table(self, model: type[Model], advance: Callable[[str, int], None]) -> None:
        columns, count = Columns(model), 0
        advance(columns.table, count)
        with self._target.copying_in(columns.table, columns.names) as put:
            for row in self._rows(model):
                misfit = columns.misfit(row)
                if misfit is not None:
                    raise TransferRefused(f"{misfit}. Nothing was copied")
                put(row)
                count += 1
                if count % ROWS_A_TURN == 0:
                    advance(columns.table, count)
        advance(columns.table, count)

    def _rows(self, model: type[Model]) -> Iterator[Row]:
        """Every row of a table as SQLite holds it, one at a time."""
        count = 0
        try:
            for row in self._source.execute_sql(*model.select().sql()):
                yield row
                count += 1
        except sqlite3.Error as error:
            # Where a text is no UTF-8, the message goes on with it.
            reason = str(error).partition(" with text ")[0]
            raise DatabaseUnusable(
                f"{model._meta.table_name} in {self._source.name} cannot be read beyond {count:,} rows: {reason}"
            ) from error

    def _go_on_counting(self, table: str, column: str) -> None:
        """Let the next row that is made have an id of its own."""
        self._target.execute_sql(_GO_ON.format(table=table, column=column), (table, column))


@contextmanager
def transferring(source_url: str, target_url: str, keys: ServiceKeys, now: Instant) -> Iterator[Transfer]:
    """Begin a transfer and commit it at the end of the block, where the source has not changed meanwhile.

    The source must be at head. Raises TransferRefused, or DatabaseUnusable where a database cannot be used.
    """
    check_ends(source_url, target_url)
    target = open_postgres(postgres_address(target_url))
    source = open_sqlite(sqlite_path(source_url))
    try:
        with target.migrating():
            _claim(target, keys)
            with source.snapshot():
                transfer = Transfer(source, target, keys, now)
                if not transfer.tenants:
                    raise TransferRefused(f"there are no tenants in {source.name}, so there is nothing to copy")
                yield transfer
            transfer.check_source()
    except OutcomeUnknown as error:
        raise DatabaseUnusable(
            f"{target.name}: {error}. Look whether `consent tenant list` shows the tenants there; if not, copy again"
        ) from error
    except PeeweeException as error:
        first = next(iter(str(error).splitlines()), "") or repr(error)
        raise DatabaseUnusable(f"the copy to {target.name} failed: {first}. Nothing was copied") from error
    finally:
        source.close_all()
        target.close_all()


def check_ends(source_url: str, target_url: str) -> None:
    """Hold the URLs to what can be moved: an SQLite file that is there, to PostgreSQL. Raises DatabaseUnusable."""
    if is_postgres(source_url):
        raise DatabaseUnusable(
            "only an SQLite file can be copied: --from sqlite:///consent.db; for PostgreSQL: pg_dump"
        )
    path = sqlite_path(source_url)
    if not is_postgres(target_url):
        raise DatabaseUnusable(
            "a service can be copied only to PostgreSQL: --to postgresql://USER@HOST/NAME; "
            "a copy of an SQLite file: consent backup FILE"
        )
    postgres_address(target_url)
    if not path.is_file():
        raise DatabaseUnusable(f"there is no database {path} to copy")


def _claim(target: PostgresServer, keys: ServiceKeys) -> None:
    """Take an empty target for oneself: others may read it, and wait to write."""
    reason = unfit_encoding(target) or defect(target, keys)
    if reason is not None:
        raise DatabaseUnusable(reason)
    target.execute_sql(_LIMITS)
    target.execute_sql(f"LOCK TABLE {_listed(MOVED)} IN SHARE ROW EXCLUSIVE MODE")
    for model in MOVED:
        if model.select().exists(target):
            raise TransferRefused(
                f"{target.name} is not empty: there are rows in {model._meta.table_name}. "
                "A service is copied into a database that `consent migrate up` has just made ready"
            )


def _sizes(database: Engine) -> dict[str, int]:
    return {model._meta.table_name: model.select().count(database) for model in MOVED}


def _tenants(database: Engine) -> list[Tenant]:
    query = TenantRow.select().order_by(TenantRow.id).tuples()
    return [rows.tenant(row) for row in query.execute(database)]


def _changes(source: SqliteFile) -> int:
    """A number that is another when others have written to the file since it was read over the same connection."""
    return int(source.execute_sql(_CHANGES).fetchone()[0])


def _listed(models: Sequence[type[Model]]) -> str:
    return ", ".join(model._meta.table_name for model in models)
