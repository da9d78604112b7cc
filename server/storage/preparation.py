"""Bringing a database to head and tying it to the service key, before anything is stored in it."""

from __future__ import annotations

from server.domain.model import Instant
from server.domain.service_key import ServiceKeys
from server.storage import migrations
from server.storage.engines import FAILURES, DatabaseUnusable, Engine, SqliteFile, is_postgres, open_engine, sqlite_path
from server.storage.readiness import defect, foreign_key, tie_to_key, unfit_encoding
from server.storage.tables import TenantRow


def prepare(url: str, keys: ServiceKeys, now: Instant) -> list[migrations.Migration]:
    """Bring the database that `url` names to head and tie it to the service key; answer what was applied.

    Raises DatabaseUnusable where it cannot be written, was made by a newer program, or under a key that is not given.
    """
    database = open_engine(url)
    try:
        _refuse(unfit_encoding(database))
        if database.table_exists("service_keys"):
            _refuse(foreign_key(database, keys))
        applied = migrations.migrate(database, now)
        with database.writing(()):
            tie_to_key(database, keys.current)
        _finish_forgetting(database)
    except migrations.SchemaTooNew as error:
        raise DatabaseUnusable(str(error)) from error
    except FAILURES as error:
        raise DatabaseUnusable(
            f"the database {database.name} cannot be brought up to date: {_shortly(error)}"
        ) from error
    finally:
        database.close_all()
    return applied


def make_ready(url: str, keys: ServiceKeys, now: Instant) -> list[migrations.Migration]:
    """Prepare a database that any command may migrate; hold another to being prepared. Raises DatabaseUnusable."""
    database = open_engine(url)
    try:
        if not database.migrates_itself:
            _refuse(defect(database, keys))
            return []
    except FAILURES as error:
        raise DatabaseUnusable(f"the database {database.name} cannot be read: {_shortly(error)}") from error
    finally:
        database.close_all()
    return prepare(url, keys, now)


def schema_version(url: str) -> int:
    """The schema version that the database has; 0 where it, or the file, has none. Raises DatabaseUnusable."""
    if not is_postgres(url) and not sqlite_path(url).exists():
        return 0
    database = open_engine(url)
    try:
        return migrations.current_version(database)
    except FAILURES as error:
        raise DatabaseUnusable(f"the database {database.name} cannot be read: {_shortly(error)}") from error
    finally:
        database.close_all()


def _shortly(error: Exception) -> str:
    """What a database said, in a line."""
    return next(iter(str(error).splitlines()), "") or repr(error)


def _refuse(reason: str | None) -> None:
    if reason is not None:
        raise DatabaseUnusable(reason)


def _finish_forgetting(database: Engine) -> None:
    """Empty the log where a process forgot somebody and ended before it could; readers in the way do that later."""
    if isinstance(database, SqliteFile) and TenantRow.select().where(TenantRow.erased_count > 0).exists(database):
        database.truncate_log(timeout_seconds=1.0)
