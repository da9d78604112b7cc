"""How a command calls a running server: in clear text, over TLS as it is told, or as this machine's own is set to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click
import grpc

from server.cli.session import Unusable
from server.client import tls_credentials
from server.client.channel import open_channel
from server.settings import Address, NotAllowed
from server.tls import TlsUnusable, name_in

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where it listens; asked is the loopback address


@dataclass(frozen=True, slots=True)
class Place:
    """A server, and how it is called. `name` is that in its certificate, where that is not the target's."""

    target: str
    credentials: grpc.ChannelCredentials | None
    name: str | None

    def channel(self) -> grpc.Channel:
        """A channel to this very server, so by no proxy."""
        named = [("grpc.ssl_target_name_override", self.name)] if self.name else []
        return open_channel(self.target, self.credentials, [("grpc.enable_http_proxy", 0), *named])


@dataclass(frozen=True, slots=True)
class Told:
    """What the command line says of TLS."""

    tls: bool
    ca: Path | None
    certificate: Path | None
    key: Path | None
    name: str | None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise click.UsageError("give --certificate and --key together")
        if (self.certificate or self.name) and not (self.tls or self.ca):
            raise click.UsageError("--certificate, --key and --tls-name need --tls or --ca")


def place_at(target: str, told: Told, own: Mapping[str, str]) -> Place:
    """Where to call. Raises Unusable.

    `own` are the variables of this machine's own server where that is the target, else none: where they say that it
    speaks TLS and the command line says nothing, it is trusted by its certificate, and shown the same where it asks.
    """
    target = _reachable(target)
    certificate, key = own.get("CONSENT_TLS_CERTIFICATE"), own.get("CONSENT_TLS_KEY")
    try:
        if told.tls or told.ca:
            return Place(target, tls_credentials(ca=told.ca, certificate=told.certificate, key=told.key), told.name)
        if not certificate or not key:
            return Place(target, None, None)
        shown = {"certificate": certificate, "key": key} if own.get("CONSENT_TLS_CLIENT_CA") else {}
        return Place(target, tls_credentials(ca=certificate, **shown), name_in(Path(certificate)))
    except OSError as error:
        raise Unusable(f"{error.filename} cannot be read: {error.strerror}") from error
    except (ValueError, TlsUnusable) as error:
        raise Unusable(str(error)) from error


def _reachable(target: str) -> str:
    """The target, with this machine's address where it is only listened on."""
    try:
        address = Address.parse(target)
    except NotAllowed:
        return target
    return str(Address(_ANYWHERE.get(address.host, address.host), address.port))
