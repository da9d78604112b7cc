"""Whether the service serves, by gRPC's own health protocol. It needs no credential."""

from __future__ import annotations

import time

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from server.client.calls import Line, closed
from server.client.errors import ConsentClientError, Unavailable, read_failure


def wait_until_serving(line: Line, channel: grpc.Channel, timeout: float) -> None:
    """Ask until the answer is SERVING. Raises Unavailable after `timeout` seconds, with what was answered last."""
    stub = HealthStub(channel)
    ends = time.monotonic() + timeout
    asked = 0
    while True:
        if line.closed.is_set():
            raise closed()
        failure = _ask(stub, max(0.001, min(line.timeout, ends - time.monotonic())))
        if failure is None:
            return
        asked += 1
        wait = line.retries.wait(asked)
        if time.monotonic() + wait >= ends:
            raise failure
        if line.closed.wait(wait):
            raise closed()


def _ask(stub: HealthStub, timeout: float) -> ConsentClientError | None:
    try:
        status = stub.Check(HealthCheckRequest(), timeout=timeout).status
    except grpc.RpcError as error:
        failure = read_failure(error, "")
        return Unavailable(f"the service does not serve: {failure.message}", code=failure.code)
    if status == HealthCheckResponse.SERVING:
        return None
    return Unavailable("the service does not serve yet")
