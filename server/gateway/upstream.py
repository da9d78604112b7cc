"""The channel to the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub
from grpc_health.v1.health_pb2_grpc import HealthStub

if TYPE_CHECKING:
    from consent.v1.consent_service_pb2_grpc import ConsentServiceAsyncStub

_OPTIONS = (
    # A write is sent once. gRPC's own retries are only for calls that no server saw, but a caller that hears of the
    # failure decides better.
    ("grpc.enable_retries", 0),
    # A server that restarts is found again within a second, not after gRPC's usual two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # A page of 1000 events with their evidence is more than gRPC's usual 4 MiB, and the server bounds it.
    ("grpc.max_receive_message_length", -1),
)


class Upstream:
    """The server at a gRPC target, such as `unix:/run/consent.sock`. Open only while entered, on one event loop."""

    consent: ConsentServiceAsyncStub
    health: HealthStub

    def __init__(self, target: str) -> None:
        self._target = target

    async def __aenter__(self) -> Upstream:
        """Opens the channel. It connects at the first call, so a server that is not there yet is no error."""
        self._channel = grpc.aio.insecure_channel(self._target, options=_OPTIONS)
        self.consent = ConsentServiceStub(self._channel)
        self.health = HealthStub(self._channel)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closes the channel."""
        await self._channel.close()
