"""What the gateway says for itself: whether it is alive and ready, what its paths are, and that one is nobody's."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from server.gateway.calls import Answer, Call, Occasion
from server.gateway.docs import house as docs
from server.gateway.docs.document import describe
from server.gateway.docs.page import PAGE_HEADERS, render_page
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


def build_house(vendors: Sequence[Vendor]) -> Vendor:
    """The house, which tells of the vendors beside it and of itself. It owns every path, so it comes last."""
    shown: dict[str, Answer] = {}

    async def show_document(_: Call) -> Answer:
        return shown["document"]

    async def show_page(_: Call) -> Answer:
        return shown["page"]

    house = Vendor(
        name="Health",
        prefixes=("",),
        bases=("",),
        operations=(
            Operation("GET", "/healthz", tell_alive, docs.ALIVE),
            Operation("GET", "/readyz", tell_ready, docs.READY),
            Operation("GET", "/openapi.json", show_document, None),
            Operation("GET", "/docs", show_page, None),
        ),
        credentials=(),
        render=render,
        manual=docs.MANUAL,
    )
    document = describe((*vendors, house))
    shown["document"] = Answer(200, orjson.dumps(document))
    shown["page"] = Answer(200, render_page(document), PAGE_HEADERS, "text/html; charset=utf-8")
    return house
