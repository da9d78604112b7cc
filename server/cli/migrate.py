"""`consent migrate`."""

from __future__ import annotations

import click

from server.cli.output import print_line
from server.cli.session import bring_to_head, database_option, told
from server.storage.engines import sqlite_path
from server.storage.migrations import HEAD


@click.command(epilog="Example: consent migrate --database /var/lib/consent/consent.db")
@database_option
def migrate(database: str) -> None:
    """Bring the database to the newest schema.

    It is made where there is none. `consent serve` and the other commands do the same by themselves; this is for doing
    it apart from them, after a backup. A file that a newer program has migrated is refused.
    """
    with told():
        _, applied = bring_to_head(database)
        path = sqlite_path(database)
    for migration in applied:
        print_line(f"applied migration {migration.name}")
    print_line(f"{path} is {'now' if applied else 'already'} at schema version {HEAD}")
