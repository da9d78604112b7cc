"""The order in which a request under a vendor's paths is judged, and its answer sent.

Route 404, method 405, credential absent 401, size 413, type 415, JSON 400; then the server: credential, authorization,
validation, existence.
"""

from __future__ import annotations

import re
import time
import uuid

import orjson
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from server.gateway.access import CLOSED, Access, Visit
from server.gateway.bodies import parse_object, read_body
from server.gateway.bounds import Bounds, Places
from server.gateway.calls import Answer, Call, Occasion
from server.gateway.credentials import find_credentials
from server.gateway.errors import Fault, FaultKind, Refused, refusal
from server.gateway.fields import Fields
from server.gateway.paths import decode_values, segments_of
from server.gateway.routes import Match as Found
from server.gateway.routes import Routes, choose, list_methods
from server.gateway.upstream import Upstream
from server.gateway.vendor import Vendor
from server.telemetry import begin

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

log = structlog.get_logger()


class Door(BaseRoute):
    """The route of everything under a vendor's prefixes."""

    def __init__(self, vendor: Vendor, upstream: Upstream, access: Access, bounds: Bounds, places: Places) -> None:
        self._vendor = vendor
        self._routes = Routes(vendor)
        self._upstream = upstream
        self._access = access
        self._bounds = bounds
        self._places = places

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the path is the vendor's."""
        owned = scope["type"] == "http" and self._routes.owns(segments_of(scope))
        return (Match.FULL if owned else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers the request; a caller that has gone is not answered."""
        request = Request(scope, receive)
        occasion = Occasion(_request_id(request), request.method, scope["raw_path"].decode("ascii", "replace"))
        began, status = time.perf_counter(), CLOSED
        # Each request has a task of its own, and what is begun ends with that.
        begin(Visit(occasion.request_id))
        try:
            response = await self._respond(request, occasion)
            if _states_two_lengths(request):
                # RFC 9112, 6.1: whoever stands before us may have read where it ends in another way.
                response.headers["connection"] = "close"
            response.headers["x-request-id"] = occasion.request_id
            status = response.status_code
            await response(scope, receive, send)
        except ClientDisconnect:
            return
        finally:
            self._access.note(occasion.request_id, request.method, status, time.perf_counter() - began)

    async def _respond(self, request: Request, occasion: Occasion) -> Response:
        found = self._routes.find(segments_of(request.scope))
        if found and request.method == "OPTIONS":
            return Response(status_code=204, headers={"allow": list_methods(found)})
        try:
            with self._places.one():
                return _print(await self._perform(request, occasion, found))
        except Refused as refused:
            return self._refuse(refused.fault, occasion)
        except ClientDisconnect:
            raise
        except Exception:
            log.exception("a request failed in the gateway", api=self._vendor.name)
            return self._refuse(refusal(FaultKind.INTERNAL_ERROR).fault, occasion)

    async def _perform(self, request: Request, occasion: Occasion, found: dict[str, Found]) -> Answer:
        if _states_two_lengths(request):
            raise Refused(Fault(FaultKind.MALFORMED_REQUEST, "the request states its length in two ways"))
        match = choose(found, request.method)
        credentials = find_credentials(self._vendor.credentials, request.headers)
        body = await read_body(request, self._bounds)
        fields = parse_object(body, request.headers, self._bounds) if match.operation.has_body else Fields({})
        values = decode_values(match.values)
        metadata = (*credentials, ("x-request-id", occasion.request_id), *_peer(request))
        call = Call(self._upstream, occasion, values, request.scope["query_string"], fields, metadata)
        return await match.operation.perform(call)

    def _refuse(self, fault: Fault, occasion: Occasion) -> Response:
        response = _print(self._vendor.render(fault, occasion))
        if fault.allow:
            response.headers["allow"] = fault.allow
        if fault.kind is FaultKind.BODY_TOO_SLOW:
            response.headers["connection"] = "close"
        if fault.retry_after is not None:
            response.headers["retry-after"] = str(fault.retry_after)
        if response.status_code == FaultKind.WRONG_CREDENTIALS.status and self._vendor.challenge:
            response.headers["www-authenticate"] = self._vendor.challenge
        return response


def _request_id(request: Request) -> str:
    """The caller's own id where it is a plain one, else a new one."""
    given = request.headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else str(uuid.uuid4())


def _states_two_lengths(request: Request) -> bool:
    return "content-length" in request.headers and "transfer-encoding" in request.headers


def _peer(request: Request) -> tuple[tuple[str, str], ...]:
    """The caller's address as the socket has it: a header could claim any."""
    return (("x-consent-peer", request.client.host),) if request.client else ()


def _print(answer: Answer) -> Response:
    content = answer.body if isinstance(answer.body, bytes) else orjson.dumps(answer.body)
    return Response(content, answer.status, answer.headers, media_type=answer.media_type)
