"""The command line. Commands work on the database directly, so that the first credential can be made."""

from __future__ import annotations

import click

from server.cli.backups import backup
from server.cli.checks import check
from server.cli.config import config
from server.cli.contacts import contact
from server.cli.copying import copy
from server.cli.credentials import credential
from server.cli.exports import export
from server.cli.forgetting import forget, hold
from server.cli.health import health
from server.cli.history import history
from server.cli.imports import import_statements
from server.cli.inbound import inbound
from server.cli.migrate import migrate
from server.cli.person import person
from server.cli.pruning import prune
from server.cli.purposes import purpose
from server.cli.records import record
from server.cli.restoring import new_epoch, restore
from server.cli.reverting import revert
from server.cli.reviews import review
from server.cli.scrub import scrub
from server.cli.senders import sender
from server.cli.serve import serve
from server.cli.tenants import tenant
from server.cli.verification import verify
from server.version import VERSION


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, prog_name="consent")
def main() -> None:
    """Ask and keep one answer: may we send this to this person, on this channel, for this purpose, now?"""


for command in (
    *(serve, config, health, migrate, copy, backup, restore, new_epoch, tenant, sender, purpose, credential, contact),
    *(check, scrub, record, import_statements, revert, export, inbound, review, history),
    *(verify, person, hold, forget, prune),
):
    main.add_command(command)
