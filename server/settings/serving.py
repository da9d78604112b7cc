"""The settings of `consent serve`: one table, which is one value object.

To add one, add a field here: `name: type = setting(kind, default, help)`, with a kind of `kinds.py`. From it come the
option `--the-name`, the variable CONSENT_THE_NAME, what is said of a bad value, `consent config` and, by
`make generate`, the README's table. What must hold between settings goes into `conflicts`. Workers and the gateway get
the whole object: it must be possible to pickle it.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import get_args

from server.api.capacity import USUAL as CAPACITY
from server.api.capacity import Capacity
from server.domain.service_key import ServiceKeys
from server.gateway.bounds import USUAL as BOUNDS
from server.gateway.bounds import Bounds
from server.settings.keys import KEY_NEEDED
from server.settings.kinds import (
    ADDRESS,
    DATABASE,
    FILE,
    FLAG,
    OPTIONAL_ADDRESS,
    SERVICE_KEYS,
    Address,
    Kind,
    choice,
    whole,
)
from server.settings.setting import declared_in, derived, optional, setting
from server.storage.engines import is_postgres
from server.telemetry import AccessLog, LogFormat, LogLevel
from server.tls import TlsFiles

DEFAULT_DATABASE = "sqlite:///consent.db"
DEFAULT_GRPC = "127.0.0.1:50051"
MAX_PROCESSES = 256
_EXPOSED = (
    "{places} can be reached by other machines, in clear text: give --tls-certificate and --tls-key "
    "(CONSENT_TLS_CERTIFICATE, CONSENT_TLS_KEY), listen on 127.0.0.1 or, behind something that encrypts, say "
    "--insecure-plaintext (CONSENT_INSECURE_PLAINTEXT=on)"
)
_LOG_FORMAT: Kind[LogFormat] = choice(get_args(LogFormat))
_ACCESS_LOG: Kind[AccessLog] = choice(get_args(AccessLog))
_LOG_LEVEL: Kind[LogLevel] = choice(get_args(LogLevel))


def usable_cores() -> list[int]:
    """The cores that this process may use; never none."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def default_processes(database: str) -> int:
    """How many workers serve a database: one a core on PostgreSQL, one on SQLite, where one writes at a time."""
    return min(MAX_PROCESSES, len(usable_cores())) if is_postgres(database) else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """What `consent serve` needs to know. Read it by `read_settings`."""

    database: str = setting(DATABASE, DEFAULT_DATABASE, "The database: an SQLite file or a PostgreSQL database.")
    service_key: ServiceKeys | None = optional(
        SERVICE_KEYS,
        "the file beside the SQLite database",
        "The service key, and older ones that stay readable. PostgreSQL needs it.",
        is_option=False,
    )
    grpc: Address = setting(ADDRESS, DEFAULT_GRPC, "Where gRPC is served; port 0 lets the system choose.")
    http: Address = setting(
        ADDRESS, "127.0.0.1:8080", "Where the JSON gateway is served; port 0 lets the system choose."
    )
    admin: Address | None = setting(
        OPTIONAL_ADDRESS,
        "127.0.0.1:9464",
        "Where /metrics, /healthz and /readyz are served, to anybody who reaches it; port 0 lets the system choose.",
    )
    processes: int = derived(
        whole(1, MAX_PROCESSES),
        "one a core on PostgreSQL, one on SQLite",
        "How many processes answer gRPC on the one port, each on a core of its own where there are several.",
        lambda settled: default_processes(settled["database"]),
    )
    tls_certificate: Path | None = optional(
        FILE,
        "no TLS",
        "Serve both ports over TLS by this certificate (PEM), before those of its issuers. A changed file is taken in "
        "without a restart.",
    )
    tls_key: Path | None = optional(FILE, "no TLS", "The key of the certificate (PEM, without a passphrase).")
    tls_client_ca: Path | None = optional(
        FILE, "clients need no certificate", "Refuse clients without a certificate of one of these authorities (PEM)."
    )
    insecure_plaintext: bool = setting(
        FLAG,
        "off",
        "Serve other machines in clear text: whoever is on the way reads credentials and addresses. For what stands "
        "behind something that encrypts.",
    )
    connection_age: int = setting(
        whole(1, 86_400, "SECONDS"),
        "30",
        "After how many seconds a gRPC client is told to connect anew; no call is lost. Spreads clients over the "
        "processes, and is how long a process that was replaced stays.",
    )
    max_calls: int = setting(
        whole(1, 1_000_000),
        str(CAPACITY.calls),
        "How many calls one process has under way, those that wait included; more are UNAVAILABLE.",
    )
    max_requests: int = setting(
        whole(1, 1_000_000),
        str(BOUNDS.requests),
        "How many JSON requests are under way; more are answered 503.",
    )
    max_connections: int = setting(
        whole(1, 1_000_000),
        str(CAPACITY.connections),
        "How many connections one process of gRPC takes, and the gateway; more are closed.",
    )
    max_call_seconds: int = setting(
        whole(1, 3600, "SECONDS"),
        str(CAPACITY.call_seconds),
        "How long a gRPC call may take, whatever its deadline; streams aside.",
    )
    max_message: int = setting(
        whole(1024, 1 << 30, "BYTES"), str(CAPACITY.request_bytes), "The largest gRPC request, in bytes."
    )
    max_body: int = setting(
        whole(1024, 1 << 30, "BYTES"), str(BOUNDS.body_bytes), "The largest body of a JSON request, in bytes."
    )
    max_items: int = setting(
        whole(1, CAPACITY.batch_items),
        str(CAPACITY.batch_items),
        "How many items one call may hold, where the contract allows as many.",
    )
    max_watches: int = setting(whole(1, 10_000), str(CAPACITY.watches), "How many watches one process serves.")
    max_tenant_watches: int = setting(
        whole(1, 10_000), str(CAPACITY.watches_a_tenant), "How many of them one tenant may have open."
    )
    rate: int = setting(
        whole(0, 1_000_000),
        "0",
        "How many calls a second a credential may make of one process, 0 for any number; a call with many items counts "
        "as one more for each hundred.",
    )
    burst: int = derived(
        whole(0, 1_000_000),
        "the rate",
        "How many calls a credential may make at once, where it has a rate.",
        lambda settled: settled["rate"],
    )
    demo: bool = setting(
        FLAG, "off", "Make a demo tenant with well-known credentials, and print what to try. Loopback only."
    )
    log_format: LogFormat = setting(_LOG_FORMAT, "console", "Log lines for a person, or JSON, on standard error.")
    access_log: AccessLog = setting(
        _ACCESS_LOG,
        "errors",
        "Which calls and requests get a line: none, those that were refused, or all.",
    )
    log_level: LogLevel = setting(_LOG_LEVEL, "info", "The least important lines to log.")

    @property
    def tls(self) -> TlsFiles | None:
        """What TLS is served by; None where it is not."""
        if self.tls_certificate is None or self.tls_key is None:
            return None
        return TlsFiles(self.tls_certificate, self.tls_key, self.tls_client_ca)

    @property
    def exposed(self) -> list[str]:
        """What other machines reach in clear text; the admin port speaks nothing else."""
        plain = {"--admin": self.admin} if self.tls else self._places()
        return [f"{option} {place}" for option, place in plain.items() if place and not place.is_loopback]

    @property
    def capacity(self) -> Capacity:
        """What a process that answers gRPC takes on."""
        return Capacity(
            calls=self.max_calls,
            call_seconds=self.max_call_seconds,
            request_bytes=self.max_message,
            batch_items=self.max_items,
            watches_a_tenant=self.max_tenant_watches,
            watches=self.max_watches,
            connections=self.max_connections,
            rate=self.rate,
            burst=self.burst,
        )

    @property
    def bounds(self) -> Bounds:
        """What the gateway takes on."""
        return Bounds(body_bytes=self.max_body, requests=self.max_requests, connections=self.max_connections)

    def conflicts(self) -> Iterator[str]:
        """What does not go together, each in a sentence for a person."""
        for (one, its), (other, others) in itertools.combinations(self._places().items(), 2):
            if its == others and its.port:
                yield f"{one} and {other} are both {its}; give each its own port"
        if is_postgres(self.database) and self.service_key is None:
            yield KEY_NEEDED
        if self.demo and not (self.grpc.is_loopback and self.http.is_loopback):
            yield "--demo has credentials that everybody knows; it serves on loopback addresses only"
        if self.rate and not self.burst:
            yield "--burst 0 would refuse every call; leave it out, or set --rate to 0 as well"
        yield from self._tls_conflicts()

    def _places(self) -> dict[str, Address]:
        places = {"--grpc": self.grpc, "--http": self.http, "--admin": self.admin}
        return {option: place for option, place in places.items() if place is not None}

    def _tls_conflicts(self) -> Iterator[str]:
        if (self.tls_certificate is None) != (self.tls_key is None):
            given, missing = ("key", "certificate") if self.tls_key else ("certificate", "key")
            yield f"--tls-{given} needs --tls-{missing} (CONSENT_TLS_{missing.upper()}) beside it"
        elif self.tls_client_ca and self.tls is None:
            yield "--tls-client-ca needs --tls-certificate and --tls-key beside it"
        if self.tls_certificate is None and self.exposed and not self.insecure_plaintext:
            yield _EXPOSED.format(places=" and ".join(self.exposed))


SERVE = declared_in(fields(ServeSettings))
