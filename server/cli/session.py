"""What every command that works on the database shares: its options, its storage, and how a refusal ends it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from server.cli.output import note
from server.cli.refusals import refusal
from server.domain.errors import ConsentError, StorageUnavailable
from server.domain.model import Principal, Tenant
from server.domain.service_key import ServiceKeys
from server.settings import DEFAULT_DATABASE, InvalidSetting, load_service_keys
from server.settings.kinds import DATABASE
from server.storage.database import SqlStorage, open_storage, wall_clock
from server.storage.engines import DatabaseUnusable, describe
from server.storage.migrations import Migration
from server.storage.preparation import make_ready
from server.storage.protocol import Snapshot, Transaction
from server.telemetry import configure_logging
from server.tls import TlsUnusable
from server.usecases.pages import PageTokens
from server.usecases.tenants import find_tenant, operator

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

SOURCE = "cli"
EXIT_UNUSABLE = 2


class Unusable(click.ClickException):
    """The settings or the database cannot be used."""

    exit_code = EXIT_UNUSABLE


class Refused(click.ClickException):
    """The service refused what was asked."""


def database_option(command: F) -> F:
    """Add `--database`."""
    return click.option(
        "--database",
        envvar="CONSENT_DATABASE",
        default=DEFAULT_DATABASE,
        show_default=True,
        show_envvar=True,
        metavar="URL",
        help=f"The database: {DATABASE.allowed}.",
    )(command)


def tenant_option(command: F) -> F:
    """Add `--tenant`."""
    return click.option("--tenant", required=True, metavar="NAME", help="The tenant's name.")(command)


def json_option(command: F) -> F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


@contextmanager
def told() -> Iterator[None]:
    """Turn refusals into a message on standard error and an exit code: 1 refused, 2 unusable."""
    _refuse_broken_text()
    try:
        yield
    except StorageUnavailable as error:
        raise Unusable(refusal(error)) from error
    except ConsentError as error:
        raise Refused(refusal(error)) from error
    except (DatabaseUnusable, InvalidSetting, TlsUnusable) as error:
        raise Unusable(str(error)) from error


def _refuse_broken_text() -> None:
    """Refuse arguments that were not text in the terminal's encoding: no database can hold them."""
    context = click.get_current_context()
    for parameter in context.command.params:
        try:
            str(context.params.get(parameter.name or "")).encode()
        except UnicodeEncodeError as error:
            raise click.BadParameter("is not UTF-8 text", context, parameter) from error


@dataclass(frozen=True, slots=True)
class Session:
    """An open database, brought to head."""

    storage: SqlStorage
    keys: ServiceKeys

    def tenant(self, name: str) -> Workplace:
        """Find a tenant to work in. Raises NotFound."""
        return Workplace(self.storage, self.keys, find_tenant(self.storage, name))


@dataclass(frozen=True, slots=True)
class Workplace:
    """One tenant, with the operator's rights."""

    storage: SqlStorage
    keys: ServiceKeys
    tenant: Tenant

    @property
    def tokens(self) -> PageTokens:
        """What turns pages."""
        return PageTokens(self.keys)

    @property
    def principal(self) -> Principal:
        """The operator."""
        return operator(self.tenant.id)

    def read(self, work: Callable[[Snapshot], T]) -> T:
        """Run `work` on one snapshot."""
        with self.storage.read(self.tenant.id) as snapshot:
            return work(snapshot)

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one transaction."""
        return self.storage.write(self.tenant.id, work)


@contextmanager
def session(database: str) -> Iterator[Session]:
    """Open a database, bringing an SQLite file to head; refusals end the command."""
    with told():
        configure_logging("console", "warning")
        keys, applied = bring_to_head(database)
        if applied:
            note(f"{describe(database)} is now at schema version {applied[-1].version}")
        storage = open_storage(database, keys)
        try:
            yield Session(storage, keys)
        finally:
            storage.close()


def bring_to_head(database: str) -> tuple[ServiceKeys, Sequence[Migration]]:
    """Read the keys, migrate an SQLite file and answer what was applied; hold a PostgreSQL database to being migrated.

    Raises InvalidSetting or DatabaseUnusable.
    """
    keys = load_service_keys(database, os.environ.get("CONSENT_SERVICE_KEY"))
    return keys, make_ready(database, keys, wall_clock())


def every_page(fetch: Callable[[str], tuple[Sequence[T], str]]) -> Iterator[T]:
    """All that `fetch` answers, page by page: it takes a page token and answers the page and the next token."""
    page, token = fetch("")
    yield from page
    while token:
        page, token = fetch(token)
        yield from page
