"""The engines that the conformance suite runs on, and the clock and keys that it gives them."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

from peewee import Database, PostgresqlDatabase

from server.domain.model import Instant
from server.domain.service_key import ServiceKey, ServiceKeys
from server.storage.database import open_storage
from server.storage.engines import open_sqlite
from server.storage.preparation import prepare
from server.storage.protocol import Storage
from tests.postgres.cluster import Cluster
from tests.postgres.growth import GROWTH

NOON = 1_700_000_000_000_000
KEYS = ServiceKeys(ServiceKey("k1", bytes(32)))


TENANT_ALONE = re.compile(r"Index Cond: \(\(?tenant_id = 1\)?\)$")


class Engine(Protocol):
    """One kind of database, with one empty database of it."""

    name: str
    url: str

    def open(self, clock: Callable[[], Instant]) -> Storage:
        """Open the storage; whoever opens closes."""
        ...

    def database(self) -> Database:
        """A connection behind the storage's back."""
        ...

    def grow(self, database: Database) -> None:
        """Fill the tables of tenant 1, where plans depend on how much is in them."""
        ...

    def walks(self, database: Database, sql: str, parameters: Sequence[object]) -> list[str]:
        """The steps of a query's plan that walk through a table, or through all of a tenant's in it."""
        ...


@dataclass(slots=True)
class Sqlite:
    folder: Path
    name: str = "sqlite"
    url: str = field(init=False)

    def __post_init__(self) -> None:
        self.url = f"sqlite:///{self.folder / 'consent.db'}"

    def open(self, clock: Callable[[], Instant]) -> Storage:
        return open_storage(self.url, KEYS, clock)

    def database(self) -> Database:
        return open_sqlite(self.folder / "consent.db")

    def grow(self, database: Database) -> None:
        """Plans are made without a look at the rows."""

    def walks(self, database: Database, sql: str, parameters: Sequence[object]) -> list[str]:
        rows = database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
        walks = [row[3] for row in rows if row[3].startswith("SCAN") or row[3].endswith("(tenant_id=?)")]
        # But for the list of addresses that the question itself gives.
        return [walk for walk in walks if "VIRTUAL TABLE" not in walk]


@dataclass(slots=True)
class Postgres:
    url: str
    name: str = "postgres"

    def open(self, clock: Callable[[], Instant]) -> Storage:
        return open_storage(self.url, KEYS, clock)

    def database(self) -> Database:
        return PostgresqlDatabase(self.url, prefer_psycopg3=True)

    def grow(self, database: Database) -> None:
        for statement in GROWTH:
            database.execute_sql(statement)

    def walks(self, database: Database, sql: str, parameters: Sequence[object]) -> list[str]:
        rows = database.execute_sql(f"EXPLAIN {sql}", parameters).fetchall()
        steps = [row[0] for row in rows]
        return [step for step in steps if "Seq Scan" in step or TENANT_ALONE.search(step)]


@contextmanager
def sqlite(folder: Path, cluster: Callable[[], Cluster]) -> Iterator[Engine]:
    """A file that is not there yet."""
    yield Sqlite(folder)


@contextmanager
def postgres(folder: Path, cluster: Callable[[], Cluster]) -> Iterator[Engine]:
    """A database of the tests' server, dropped in the end."""
    server = cluster()
    with server.database() as name:
        yield Postgres(server.url_of(name))


MakeEngine: TypeAlias = Callable[[Path, Callable[[], Cluster]], AbstractContextManager[Engine]]
ENGINES: dict[str, MakeEngine] = {"sqlite": sqlite, "postgres": postgres}


@dataclass(slots=True)
class Clock:
    """A clock that goes on by `step` microseconds each time it is read, and can be set."""

    moment: Instant = NOON
    step: int = 1
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> Instant:
        with self._guard:
            self.moment += self.step
            return self.moment


def migrated(engine: Engine, keys: ServiceKeys = KEYS) -> Engine:
    """Bring the engine's database to head."""
    prepare(engine.url, keys, NOON)
    return engine
