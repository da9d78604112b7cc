"""What the gateway says for itself: whether it is alive and ready, and that a path is nobody's."""

from __future__ import annotations

from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from server.gateway.calls import Answer, Call, Occasion
from server.gateway.errors import Fault, Refused
from server.gateway.vendor import Operation, Vendor


async def tell_alive(_: Call) -> Answer:
    """200: the process answers."""
    return Answer(200, {"status": "ok"})


async def tell_ready(call: Call) -> Answer:
    """200 while the server behind answers SERVING to grpc.health.v1, else 503."""
    try:
        response = await call.send(call.upstream.health.Check, HealthCheckRequest())
    except Refused:
        return _UNAVAILABLE
    return Answer(200, {"status": "ok"}) if response.status == HealthCheckResponse.SERVING else _UNAVAILABLE


_UNAVAILABLE = Answer(503, {"status": "unavailable"})


def render(fault: Fault, occasion: Occasion) -> Answer:
    """`{"code", "message", "request_id"}`."""
    return Answer(
        fault.kind.status,
        {"code": fault.kind.name, "message": fault.message, "request_id": occasion.request_id},
    )


HOUSE = Vendor(
    name="consent",
    prefixes=("",),
    bases=("",),
    operations=(Operation("GET", "/healthz", tell_alive), Operation("GET", "/readyz", tell_ready)),
    credentials=(),
    render=render,
)
