"""Numbered migrations: each is applied once, in order, in one transaction, and never edited after a release.

A migration is a module `mNNNN_name` with `statements(dialect)`, which answers its SQL for `sqlite` or `postgres`.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass

from server.domain.model import Instant
from server.storage.engines import Engine
from server.storage.tables import MigrationRow


class SchemaTooNew(Exception):
    """The database was migrated by a newer program; this one would misread it."""

    def __init__(self, found: int, head: int) -> None:
        super().__init__(f"the database has schema version {found}; this program knows versions up to {head}")
        self.found = found
        self.head = head


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    version: int
    name: str

    def statements(self, dialect: str) -> list[str]:
        """Its SQL, in order."""
        module = importlib.import_module(f"{__name__}.{self.name}")
        found: list[str] = module.statements(dialect)
        return found


MIGRATIONS = tuple(
    Migration(int(module.name[1:5]), module.name)
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name)
)
HEAD = MIGRATIONS[-1].version


def current_version(database: Engine) -> int:
    """The newest migration that was applied; 0 for an empty database."""
    if not database.table_exists("schema_migrations"):
        return 0
    rows = MigrationRow.select(MigrationRow.version).order_by(MigrationRow.version.desc()).limit(1).tuples()
    return next((int(version) for (version,) in rows.execute(database)), 0)


def migrate(database: Engine, now: Instant) -> list[Migration]:
    """Apply what is missing, safely when two do so at once; answer what was applied. Raises SchemaTooNew."""
    with database.migrating():
        version = current_version(database)
        if version > HEAD:
            raise SchemaTooNew(version, HEAD)
        missing = [migration for migration in MIGRATIONS if migration.version > version]
        for migration in missing:
            for statement in migration.statements(database.dialect):
                database.execute_sql(statement)
            MigrationRow.insert(version=migration.version, apply_time=now).execute(database)
    return missing
