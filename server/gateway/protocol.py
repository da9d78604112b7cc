"""HTTP/1.1 on a connection, as uvicorn and h11 read it, and what is said to bytes that are none.

A connection that does not do its part is ended: whoever sends a byte now and then, or takes no answer, would keep it.
Of what nobody takes one answer is kept for each connection, and of all together as much as the bounds allow.

What h11 refuses: lengths that disagree, broken chunks, NULs, heads of more than 64 KiB. It is refused as everything
else is, with a request id, once, and the connection ends: what follows cannot be told from what it belongs to.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import uuid
from http import HTTPStatus
from typing import Any, ClassVar

import h11
import orjson
import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

from server.gateway.bounds import USUAL, Bounds
from server.telemetry import Sparing

log = structlog.get_logger()

# uvicorn warns of each such connection, and of each request to upgrade, in words that name no request: whoever likes to
# could fill the disk with them.
_DEFECTS = logging.getLogger("uvicorn.error.connection")
_DEFECTS.setLevel(logging.ERROR)
_SPARING = Sparing()
_MESSAGE = "the bytes are no HTTP/1.1 request"

ARRIVE_SECONDS = 30.0
"""How long a request may take to arrive whole, from its first byte on; and a new connection to send one at all."""
TAKE_SECONDS = 30.0
"""How long a caller may take nothing of an answer that is waiting for it."""
_AT_ONCE = struct.pack("ii", 1, 0)


class HttpProtocol(H11Protocol):
    """uvicorn's, but what is no HTTP is answered in the house's envelope, and nobody keeps a connection for nothing."""

    bounds = USUAL
    untaken: ClassVar[dict[HttpProtocol, int]] = {}
    """Bytes of the answers that wait for their callers, by connection, the longest wait first."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.logger = _DEFECTS
        self._completed = False
        self._arriving: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Begins to wait for a request; turns away who is one too many."""
        super().connection_made(transport)
        if len(self.connections) > self.bounds.connections:
            transport.abort()
        else:
            self._arriving = self.loop.call_later(ARRIVE_SECONDS, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Waits for nothing any more."""
        self.untaken.pop(self, None)
        for timer in (self._arriving, self._taking):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Reads what came, and waits no longer than it may for the rest of the request."""
        super().data_received(data)
        arrives = self.conn.their_state in (h11.IDLE, h11.SEND_BODY) and not self.transport.is_closing()
        if arrives and self._arriving is None:
            self._arriving = self.loop.call_later(ARRIVE_SECONDS, self.transport.abort)
        elif not arrives and self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None

    def pause_writing(self) -> None:
        """Begins to wait for the caller to take what was sent; where too much waits, the longest wait is over."""
        super().pause_writing()
        self._taking = self.loop.call_later(TAKE_SECONDS, self.drop)
        self.untaken[self] = self.transport.get_write_buffer_size()
        while len(self.untaken) > 1 and sum(self.untaken.values()) > self.bounds.untaken_bytes:
            next(iter(self.untaken)).drop()

    def resume_writing(self) -> None:
        """The caller goes on."""
        super().resume_writing()
        self.untaken.pop(self, None)
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None
        if self._completed:
            self._completed = False
            super().on_response_complete()

    def on_response_complete(self) -> None:
        """Goes on to the next request, but not before its caller takes the answer to this one."""
        if self.flow.write_paused and not self.transport.is_closing():
            self._completed = True
        else:
            super().on_response_complete()

    def drop(self) -> None:
        """Ends the connection with all that waits in it, which the system too would go on keeping for the caller."""
        self.untaken.pop(self, None)
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own words go to nobody
        """Refuses what is no HTTP. The request before it, if it is not answered yet, is not answered any more."""
        if self.cycle is not None and not self.cycle.response_complete:
            # Its answer would come behind this one, as the answer to something else.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        request_id = str(uuid.uuid4())
        if _SPARING.allows():
            log.info("no http request", request_id=request_id)
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._refuse(request_id)
        self.transport.close()

    def _refuse(self, request_id: str) -> None:
        body = orjson.dumps({"code": "MALFORMED_REQUEST", "message": _MESSAGE, "request_id": request_id})
        headers = [
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("x-request-id", request_id),
            ("connection", "close"),
        ]
        status = HTTPStatus.BAD_REQUEST
        for event in (
            h11.Response(status_code=status, headers=headers, reason=status.phrase.encode()),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")


def bounded(bounds: Bounds) -> type[HttpProtocol]:
    """The protocol within these bounds. (uvicorn takes a class.)"""
    return type(HttpProtocol.__name__, (HttpProtocol,), {"bounds": bounds, "untaken": {}})
