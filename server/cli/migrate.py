"""`consent migrate`."""

from __future__ import annotations

import os

import click

from server.cli.output import print_line
from server.cli.session import Refused, database_option, told
from server.settings import load_service_keys
from server.storage.database import wall_clock
from server.storage.engines import describe
from server.storage.migrations import HEAD, MIGRATIONS
from server.storage.preparation import prepare, schema_version


@click.command(
    epilog="""\b
    Examples:
      consent migrate --database /var/lib/consent/consent.db
      consent migrate up --database postgresql://consent@db.internal/consent
      consent migrate status
    """
)
@click.argument("step", type=click.Choice(("up", "status")), default="up", metavar="STEP")
@database_option
def migrate(step: str, database: str) -> None:
    """Bring the database to the newest schema.

    STEP is `up`, which applies the migrations that are missing and is meant where none is given, or `status`, which
    says which they are, changes nothing and ends with exit code 1 where there are any.

    An SQLite file is made where there is none, and `consent serve` and the other commands bring it up to date by
    themselves; this is for doing it apart from them, after a backup. A PostgreSQL database is migrated by this command
    only; it may be run by several at once, and servers begin to answer when it is done. A database that a newer
    program has migrated is refused.
    """
    if step == "status":
        _say_status(database)
    else:
        _bring_up(database)


def _bring_up(database: str) -> None:
    with told():
        keys = load_service_keys(database, os.environ.get("CONSENT_SERVICE_KEY"))
        applied = prepare(database, keys, wall_clock())
        name = describe(database)
    for migration in applied:
        print_line(f"applied migration {migration.name}")
    print_line(f"{name} is {'now' if applied else 'already'} at schema version {HEAD}")


def _say_status(database: str) -> None:
    with told():
        version = schema_version(database)
        name = describe(database)
    for migration in MIGRATIONS:
        print_line(f"{'applied' if migration.version <= version else 'missing'} {migration.name}")
    if version < HEAD:
        raise Refused(f"{name} is at schema version {version}, not {HEAD}; bring it up to date: consent migrate up")
    if version > HEAD:
        raise Refused(f"{name} is at schema version {version}, of a newer program; this one knows {HEAD}")
    print_line(f"{name} is at schema version {HEAD}")
