"""Waiting for what the server says of its health."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from tests.e2e.process import Served

SERVING = HealthCheckResponse.SERVING
NOT_SERVING = HealthCheckResponse.NOT_SERVING


@contextmanager
def watching(served: Served, service: str = "") -> Iterator[Iterator[HealthCheckResponse]]:
    """The statuses of a service as they change."""
    with grpc.insecure_channel(served.grpc) as channel:
        call = HealthStub(channel).Watch(HealthCheckRequest(service=service))
        yield call
        call.cancel()


def await_status(statuses: Iterator[HealthCheckResponse], wanted: int) -> None:
    """Return at the first status that is `wanted`."""
    assert any(response.status == wanted for response in statuses)
