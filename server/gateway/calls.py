"""One request of a caller, and the RPC that it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import unquote_to_bytes

import grpc
import structlog
from google.protobuf.message import Message

from server.gateway.credentials import check_sendable
from server.gateway.errors import FaultKind, Refused, malformed, read_failure
from server.gateway.fields import Fields
from server.gateway.upstream import Upstream

_Request = TypeVar("_Request", bound=Message)
_Response = TypeVar("_Response", bound=Message)

log = structlog.get_logger()

DEADLINE = 10.0
"""Seconds that an RPC may take."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What an answer may quote of its request. `path` is as it was sent."""

    request_id: str
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: `body` is printed as JSON, so None is `null`; bytes go as they are, and say what they are."""

    status: int
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was read as far as the gateway can: the values of its path, its query, its JSON object."""

    upstream: Upstream
    occasion: Occasion
    path: Mapping[str, str]
    query_string: bytes
    body: Fields
    metadata: tuple[tuple[str, str], ...]

    def query(self) -> dict[str, str]:
        """The query's values by key; the last of several."""
        return dict(self.query_pairs())

    def query_pairs(self) -> list[tuple[str, str]]:
        """The query's decoded keys and values, in order. A `+` is a plus, as in `+00:00`, not a space."""
        pairs = []
        for part in filter(None, self.query_string.split(b"&")):
            key, _, value = (unquote_to_bytes(piece) for piece in part.partition(b"="))
            try:
                pairs.append((key.decode(), value.decode()))
            except UnicodeDecodeError as error:
                raise malformed(key.decode(errors="replace"), "is not UTF-8") from error
        return pairs

    async def send(self, rpc: grpc.aio.UnaryUnaryMultiCallable[_Request, _Response], message: _Request) -> _Response:
        """The server's answer. Sent once, never again: whether a write that failed was done is not known here.

        Raises:
            Refused: the call failed, or the credential is one that cannot be sent.

        """
        check_sendable(self.metadata)
        try:
            return await rpc(message, metadata=self.metadata, timeout=DEADLINE)
        except grpc.aio.AioRpcError as error:
            fault = read_failure(error)
            if fault.kind.status >= FaultKind.INTERNAL_ERROR.status:
                # What the transport says quotes nothing; of all other words nobody knows.
                why = error.details() if error.code() is grpc.StatusCode.UNAVAILABLE else None
                log.warning("a call to a server failed", code=error.code().name, why=why)
            raise Refused(fault) from error
