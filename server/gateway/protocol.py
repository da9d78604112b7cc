"""HTTP/1.1 on a connection, as uvicorn and h11 read it, and what is said to bytes that are none.

What h11 refuses: lengths that disagree, broken chunks, NULs, heads of more than 64 KiB. It is refused as everything
else is, with a request id, once, and the connection ends: what follows cannot be told from what it belongs to.
"""

from __future__ import annotations

import logging
import uuid
from http import HTTPStatus
from typing import Any

import h11
import orjson
import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

log = structlog.get_logger()

# uvicorn warns of each such connection, and of each request to upgrade, in words that name no request: whoever likes to
# could fill the disk with them.
_DEFECTS = logging.getLogger("uvicorn.error.connection")
_DEFECTS.setLevel(logging.ERROR)
_MESSAGE = "the bytes are no HTTP/1.1 request"


class HttpProtocol(H11Protocol):
    """uvicorn's, but what is no HTTP is answered in the house's envelope."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.logger = _DEFECTS

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own words go to nobody
        """Refuses what is no HTTP. The request before it, if it is not answered yet, is not answered any more."""
        if self.cycle is not None and not self.cycle.response_complete:
            # Its answer would come behind this one, as the answer to something else.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        request_id = str(uuid.uuid4())
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
