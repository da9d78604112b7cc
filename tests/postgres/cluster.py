"""PostgreSQL for tests: a server of their own, or the one that CONSENT_TEST_POSTGRES_URL names; never none.

Each test has a database of its own, cloned from one that was migrated, and dropped after it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

import psycopg

KEEPER = Path(__file__).with_name("keeper.py")
GIVEN = "CONSENT_TEST_POSTGRES_URL"
# Nothing here outlives the machine; what must be on the disk is tested by killing processes, not machines.
FAST = (
    "fsync=off",
    "full_page_writes=off",
    "max_connections=200",
    "shared_buffers=32MB",
    "min_wal_size=32MB",
    "max_wal_size=128MB",
    "autovacuum=off",
    "log_min_messages=fatal",
)


@dataclass
class Cluster:
    """A server with databases that tests make; `url` is that of its own `postgres` database."""

    url: str
    keeper: subprocess.Popen[str] | None = None
    _numbers: Iterator[int] = field(default_factory=count)
    _prefix: str = field(default_factory=lambda: f"consent_test_{os.getpid()}")

    def url_of(self, database: str) -> str:
        """Where a database of this server is."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{database}"))

    def execute(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement as the server's owner, and answer its rows."""
        with psycopg.connect(self.url_of(database), autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def create(self, template: str = "template1") -> str:
        """Make a database and answer its name."""
        name = f"{self._prefix}_{next(self._numbers)}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop(self, name: str) -> None:
        """Drop a database, ending whatever is connected to it."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """A database for the time being, by its name."""
        name = self.create(template)
        try:
            yield name
        finally:
            self.drop(name)

    def order(self, what: str) -> None:
        """Let the keeper `start`, `stop` or `crash` the server, and wait until it has."""
        assert self.keeper is not None
        assert self.keeper.stdin is not None
        assert self.keeper.stdout is not None
        self.keeper.stdin.write(what + "\n")
        self.keeper.stdin.flush()
        assert self.keeper.stdout.readline() == "done\n"


@contextmanager
def private_cluster(*settings: str) -> Iterator[Cluster]:
    """A server of one's own, that may be stopped and killed."""
    keeper = subprocess.Popen(
        [sys.executable, str(KEEPER), *FAST, *settings],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Interrupting the tests must not end it before they have dropped what they made.
        start_new_session=True,
    )
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    try:
        folder = keeper.stdout.readline().strip()
        assert folder, "the PostgreSQL of the tests did not start; its error stands above"
        yield Cluster(f"postgresql://postgres@/postgres?{urlencode({'host': folder})}", keeper)
    finally:
        keeper.stdin.close()
        keeper.stdout.read()
        keeper.stdout.close()
        keeper.wait()


@contextmanager
def any_cluster() -> Iterator[Cluster]:
    """The server that was given, or one of one's own."""
    given = os.environ.get(GIVEN)
    if given:
        yield Cluster(given)
        return
    with private_cluster() as made:
        yield made
