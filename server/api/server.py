"""The grpcio server: services in the chain, health, reflection, ports."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace

import grpc
from consent.v1 import admin_service_pb2, consent_service_pb2
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health_pb2, health_pb2_grpc

from server.api import pipeline
from server.api.auth import Authenticator
from server.api.capacity import Capacity
from server.api.endless import EndlessCalls
from server.api.health import HealthMonitor
from server.api.lanes import Lanes
from server.api.rates import CallRates
from server.api.reflection import enable_reflection
from server.api.servicers import admin, decision, documented, inbound, ledger
from server.api.streams import Streams
from server.api.tls import server_credentials
from server.api.units import Units
from server.domain.service_key import ServiceKeys
from server.metrics.metrics import Metrics
from server.storage.protocol import Storage
from server.telemetry import AccessLog
from server.tls import Certificates
from server.usecases.pages import PageTokens
from server.usecases.permits import ReplyPermits

WORKER_THREADS = 16
STREAMS_A_CONNECTION = 100
_ANY = 1 << 30
SERVER_OPTIONS = (
    ("grpc.so_reuseport", 1),
    # Who has so many calls under way waits with the next one, where it costs the server nothing.
    ("grpc.max_concurrent_streams", STREAMS_A_CONNECTION),
    # gRPC would reset new calls while many that have ended are put away, and these are many when all are short.
    ("grpc.http2.max_deallocating_streams", _ANY),
    # Calls that no thread has looked at yet wait here, and gRPC refuses more of them without a word.
    ("grpc.server.max_pending_requests", _ANY),
    ("grpc.server.max_pending_requests_hard_limit", _ANY),
    # Who connects and says nothing, and who has gone without a word.
    ("grpc.server_handshake_timeout_ms", 10_000),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
)
CONSENT_SERVICE = consent_service_pb2.DESCRIPTOR.services_by_name["ConsentService"]
ADMIN_SERVICE = admin_service_pb2.DESCRIPTOR.services_by_name["AdminService"]
SERVICES = (CONSENT_SERVICE, ADMIN_SERVICE)


def mount_services(
    storage: Storage,
    keys: ServiceKeys,
    authenticator: Authenticator,
    metrics: Metrics,
    streams: Streams | None = None,
    lanes: Lanes | None = None,
    rates: CallRates | None = None,
    access_log: AccessLog = "errors",
) -> dict[ServiceDescriptor, SimpleNamespace]:
    """Every service with the whole chain around each method."""
    lanes = lanes or Lanes(metrics)
    rates = rates or CallRates(lanes.capacity, time.monotonic, metrics)
    chain = pipeline.build_chain(authenticator, metrics, rates, access_log)
    units, tokens = Units(storage, keys), PageTokens(keys)
    permits = ReplyPermits(tokens)
    streams = streams or Streams()
    ledgers = ledger.LedgerServicer(units, tokens, authenticator, streams)
    consent_parts = tuple(
        pipeline.Part(servicer, roles, lanes.of(roles))
        for servicer, roles in (
            (documented.DocumentedServicer(units, permits), documented.ROLES),
            (decision.DecisionServicer(units, tokens, permits, metrics), decision.ROLES),
            (inbound.InboundServicer(units, tokens, permits, keys), inbound.ROLES),
            (ledgers, ledger.ROLES),
        )
    )
    admin_parts = (
        pipeline.Part(admin.AdminServicer(units, tokens, keys), admin.ROLES, lanes.of(admin.ROLES)),
        pipeline.Part(ledgers, ledger.ADMIN_ROLES, lanes.of(ledger.ADMIN_ROLES)),
    )
    return {
        CONSENT_SERVICE: pipeline.mount(CONSENT_SERVICE, consent_parts, chain),
        ADMIN_SERVICE: pipeline.mount(ADMIN_SERVICE, admin_parts, chain),
    }


@dataclass(frozen=True, slots=True)
class ConsentServer:
    """A server that was built and not yet started, with its health."""

    grpc: grpc.Server
    health: HealthMonitor
    endless: EndlessCalls
    streams: Streams
    lanes: Lanes

    def start(self) -> None:
        """Judge health, then answer calls."""
        self.health.start()
        self.lanes.start()
        self.grpc.start()

    def stop(self, grace_seconds: float) -> None:
        """Accept nothing more, and finish the calls that are under way within the grace."""
        self.health.stop()
        stopped = self.grpc.stop(grace_seconds)
        self.endless.end()
        self.streams.stop()
        stopped.wait()
        self.lanes.stop()


def build_server(
    storage: Storage,
    mounted: dict[ServiceDescriptor, SimpleNamespace],
    addresses: list[str],
    streams: Streams | None = None,
    connection_age: int | None = None,
    certificates: Certificates | None = None,
    *,
    lanes: Lanes,
) -> ConsentServer:
    """Put services, health and reflection on a server that listens at `addresses` (`host:port` or `unix:/path`).

    A connection is told to go (GOAWAY) after `connection_age` seconds; the calls on it end in peace, streams too, and
    the client connects anew, perhaps to another process. This is the one way in grpcio to leave a client without a
    loss: a server that stops cancels what comes in before the client has heard of it.

    Raises RuntimeError where an address cannot be bound.
    """
    server = grpc.server(
        ThreadPoolExecutor(WORKER_THREADS, thread_name_prefix="consent-call"),
        options=(*SERVER_OPTIONS, *_bounds(lanes.capacity), *_ages(connection_age)),
    )
    endless = EndlessCalls()
    monitor = HealthMonitor(storage, [service.full_name for service in mounted], endless, lanes)
    for service, servicer in mounted.items():
        server.add_generic_rpc_handlers((pipeline.generic_handler(service, servicer),))
    health_pb2_grpc.add_HealthServicer_to_server(monitor.servicer, server)
    names = (
        *(service.full_name for service in mounted),
        health_pb2.DESCRIPTOR.services_by_name["Health"].full_name,
    )
    enable_reflection(names, server, endless)
    for address in addresses:
        # A private socket is the gateway's alone, on this machine.
        if certificates is None or address.startswith("unix:"):
            server.add_insecure_port(address)
        else:
            server.add_secure_port(address, server_credentials(certificates))
    return ConsentServer(server, monitor, endless, streams or Streams(), lanes)


def _bounds(capacity: Capacity) -> tuple[tuple[str, int], ...]:
    return (
        ("grpc.max_receive_message_length", capacity.request_bytes),
        ("grpc.max_allowed_incoming_connections", capacity.connections),
    )


def _ages(connection_age: int | None) -> tuple[tuple[str, int], ...]:
    return () if connection_age is None else (("grpc.max_connection_age_ms", connection_age * 1000),)
