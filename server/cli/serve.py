"""`consent serve`."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import click
import structlog

from server import demo
from server.cli.session import Refused, Unusable, told
from server.cli.setting_options import setting_options
from server.descriptors import raise_descriptor_limit
from server.domain.service_key import ServiceKeys
from server.ports import Ports, PortUnavailable, bound_ports
from server.settings import ServeSettings, load_service_keys, misspelt, read_settings
from server.storage.database import open_storage, wall_clock
from server.storage.engines import is_postgres
from server.storage.preparation import make_ready
from server.supervisor import ProcessFailed
from server.supervisor import serve as supervise
from server.telemetry import configure_logging, log_uncaught
from server.tls import Certificates
from server.tls import load as load_tls

log = structlog.get_logger()


@click.command("serve")
@setting_options
def serve(**options: str | None) -> None:
    """Serve gRPC and the JSON gateway until SIGTERM.

    SIGHUP replaces the processes one by one and loses no call; one that dies is started again. A TLS certificate that
    has changed is taken in by itself.

    An SQLite file is brought up to date first; a PostgreSQL database by `consent migrate up`, and calls are UNAVAILABLE
    until it is. The service key is read from CONSENT_SERVICE_KEY or, for SQLite, from the file beside the database,
    which is made at the first start. Exit code 2: a setting, a port or the database cannot be used.
    """
    with told():
        settings = read_settings(options, os.environ).settings
        configure_logging(settings.log_format, settings.log_level)
        log_uncaught()
        raise_descriptor_limit()
        for fault in misspelt(os.environ):
            log.warning(fault)
        certificates = _certificates(settings)
        try:
            with bound_ports(settings.grpc, settings.http, settings.admin) as ports:
                keys = settings.service_key or load_service_keys(settings.database, None)
                _prepare(settings, keys)
                supervise(settings, keys, certificates, ports, lambda: _say_ready(settings, ports))
        except PortUnavailable as error:
            raise Unusable(str(error)) from error
        except ProcessFailed as error:
            raise Refused(str(error)) from error


def _certificates(settings: ServeSettings) -> Certificates | None:
    """What TLS is spoken by, looked after from now on. Raises TlsUnusable."""
    if settings.exposed:
        log.warning("other machines are served in clear text", places=", ".join(settings.exposed))
    if settings.tls is None:
        return None
    material = load_tls(settings.tls, datetime.now(UTC))
    log.info("TLS is spoken", expires=material.expires.isoformat(), asks_for_certificates=bool(material.client_ca))
    certificates = Certificates(settings.tls, material, log)
    certificates.watch()
    return certificates


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
        click.echo(demo.what_to_try(str(ports.grpc), str(ports.http), settings.tls))
    scheme = "https" if settings.tls else "http"
    admin = f" and metrics on http://{ports.admin}/metrics" if ports.admin else ""
    click.echo(f"ready: gRPC on {ports.grpc}, JSON on {scheme}://{ports.http}{admin}")
