"""`consent serve`."""

from __future__ import annotations

import os
from typing import cast, get_args

import click

from server import demo
from server.cli.session import Refused, Unusable, database_option, told
from server.domain.service_key import ServiceKeys
from server.ports import Ports, PortUnavailable, bound_ports
from server.settings import (
    DEFAULT_CONNECTION_AGE,
    DEFAULT_GRPC,
    DEFAULT_HTTP,
    MAX_PROCESSES,
    Address,
    ServeSettings,
    default_processes,
    load_service_keys,
)
from server.storage.database import open_storage, wall_clock
from server.storage.engines import is_postgres
from server.storage.preparation import make_ready
from server.supervisor import ProcessFailed
from server.supervisor import serve as supervise
from server.telemetry import LogFormat, LogLevel, configure_logging


@click.command("serve")
@database_option
@click.option(
    "--grpc",
    envvar="CONSENT_GRPC",
    default=DEFAULT_GRPC,
    show_default=True,
    show_envvar=True,
    metavar="HOST:PORT",
    help="Where gRPC is served; port 0 lets the system choose.",
)
@click.option(
    "--http",
    envvar="CONSENT_HTTP",
    default=DEFAULT_HTTP,
    show_default=True,
    show_envvar=True,
    metavar="HOST:PORT",
    help="Where the JSON gateway is served; port 0 lets the system choose.",
)
@click.option(
    "--processes",
    envvar="CONSENT_PROCESSES",
    type=click.IntRange(1, MAX_PROCESSES),
    show_default="one a core on PostgreSQL, one on SQLite",
    show_envvar=True,
    help="How many processes answer gRPC on the one port, each on a core of its own where there are several.",
)
@click.option(
    "--connection-age",
    envvar="CONSENT_CONNECTION_AGE",
    type=click.IntRange(1, 86_400),
    default=DEFAULT_CONNECTION_AGE,
    show_default=True,
    show_envvar=True,
    metavar="SECONDS",
    help="After how long a gRPC client is told to connect anew; no call is lost. Spreads clients over the processes, "
    "and is how long a process that was replaced stays.",
)
@click.option(
    "--demo",
    "with_demo",
    envvar="CONSENT_DEMO",
    is_flag=True,
    show_envvar=True,
    help="Make a demo tenant with well-known credentials, and print what to try. Loopback only.",
)
@click.option(
    "--log-format",
    envvar="CONSENT_LOG_FORMAT",
    type=click.Choice(get_args(LogFormat)),
    default="console",
    show_default=True,
    show_envvar=True,
    help="Log lines for a person, or JSON.",
)
@click.option(
    "--log-level",
    envvar="CONSENT_LOG_LEVEL",
    type=click.Choice(get_args(LogLevel)),
    default="info",
    show_default=True,
    show_envvar=True,
    help="The least important lines to log.",
)
def serve(
    database: str,
    grpc: str,
    http: str,
    processes: int | None,
    connection_age: int,
    with_demo: bool,
    log_format: str,
    log_level: str,
) -> None:
    """Serve gRPC and the JSON gateway until SIGTERM.

    SIGHUP replaces the processes one by one and loses no call; one that dies is started again.

    An SQLite file is brought up to date first; a PostgreSQL database by `consent migrate up`, and calls are UNAVAILABLE
    until it is. The service key is read from CONSENT_SERVICE_KEY or, for SQLite, from the file beside the database,
    which is made at the first start. Exit code 2: a setting, a port or the database cannot be used.
    """
    with told():
        settings = ServeSettings(
            database,
            Address.parse("--grpc", grpc),
            Address.parse("--http", http),
            with_demo,
            cast("LogFormat", log_format),
            cast("LogLevel", log_level),
            processes or default_processes(database),
            connection_age,
        )
        settings.verify()
        configure_logging(settings.log_format, settings.log_level)
        try:
            with bound_ports(settings.grpc, settings.http) as ports:
                keys = load_service_keys(database, os.environ.get("CONSENT_SERVICE_KEY"))
                _prepare(settings, keys)
                supervise(settings, keys, ports, lambda: _say_ready(settings, ports))
        except PortUnavailable as error:
            raise Unusable(str(error)) from error
        except ProcessFailed as error:
            raise Refused(str(error)) from error


def _prepare(settings: ServeSettings, keys: ServiceKeys) -> None:
    """Bring an SQLite file to head and, where asked, make the demo tenant.

    A PostgreSQL database need not answer yet, nor be at head: serving waits for it.
    """
    if is_postgres(settings.database) and not settings.demo:
        return
    for migration in make_ready(settings.database, keys, wall_clock()):
        click.echo(f"applied migration {migration.name}", err=True)
    if settings.demo:
        storage = open_storage(settings.database, keys)
        try:
            demo.create_demo(storage, keys)
        finally:
            storage.close()


def _say_ready(settings: ServeSettings, ports: Ports) -> None:
    if settings.demo:
        click.echo(demo.what_to_try(str(ports.grpc), str(ports.http)))
    click.echo(f"ready: gRPC on {ports.grpc}, JSON on http://{ports.http}")
