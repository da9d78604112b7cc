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


@click.group(
    invoke_without_command=True,
    epilog="""\b
    Examples:
      consent migrate --database /var/lib/consent/consent.db
      consent migrate up --database postgresql://consent@db.internal/consent
      consent migrate status
    """,
)
@database_option
@click.pass_context
def migrate(context: click.Context, database: str) -> None:
    """Bring the database to the newest schema, or say how far it is; alone, it is `up`.

    An SQLite file is made where there is none, and `consent serve` and the other commands bring it up to date by
    themselves. A PostgreSQL database is migrated by this command only; it may be run by several at once.
    A database that a newer program has migrated is refused.
    """
    if context.invoked_subcommand is None:
        _bring_up(database)
    elif context.get_parameter_source("database") is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError(f"give --database after {context.invoked_subcommand}")


@migrate.command()
@database_option
def up(database: str) -> None:
    """Apply the migrations that are missing."""
    _bring_up(database)


@migrate.command()
@database_option
def status(database: str) -> None:
    """Say which migrations are applied. Exit code 1: some are missing, or the database is of a newer program."""
    with told():
        version = schema_version(database)
        name = describe(database)
    for migration in MIGRATIONS:
        print_line(f"{'applied' if migration.version <= version else 'missing'}  {migration.name}")
    if version < HEAD:
        raise Refused(f"{name} is at schema version {version}, not {HEAD}: run consent migrate up")
    if version > HEAD:
        raise Refused(f"{name} is at schema version {version}, made by a newer program; this one knows {HEAD}")
    print_line(f"{name} is at schema version {HEAD}")


def _bring_up(database: str) -> None:
    with told():
        keys = load_service_keys(database, os.environ.get("CONSENT_SERVICE_KEY"))
        applied = prepare(database, keys, wall_clock())
        name = describe(database)
    for migration in applied:
        print_line(f"applied migration {migration.name}")
    print_line(f"{name} is {'now' if applied else 'already'} at schema version {HEAD}")
