"""Asking at either door without the libraries that would refuse to: what was answered, and nothing read into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from tests.servicer.world import ENDLESS

Headers = tuple[tuple[str, str], ...]
REQUEST_ID = ("x-request-id", "attack-1")
PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Told:
    """An answer: an HTTP status, or a gRPC code by its name, with the body or the reason."""

    status: int | str
    text: str
    headers: dict[str, str] = field(default_factory=dict, compare=False)

    def without(self, names: tuple[str, ...]) -> Told:
        """The same, with each of the names as NAME: what it tells whichever thing was named."""
        text = self.text
        for name in sorted(names, key=len, reverse=True):
            text = text.replace(name, "NAME")
        return Told(self.status, text)


def ask_json(address: str, method: str, target: str, headers: Headers = (), body: bytes | None = None) -> Told:
    """One request on a connection of its own."""
    connection = HTTPConnection(address, timeout=PATIENCE)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        given = {name for name, _ in headers}
        content = () if body is None else (("content-type", "application/json"), ("content-length", str(len(body))))
        for name, value in (REQUEST_ID, *content, *headers):
            if (name, value) in headers or name not in given:
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return Told(answer.status, answer.read().decode(), {name.lower(): value for name, value in answer.getheaders()})
    finally:
        connection.close()


def ask_grpc(channel: grpc.Channel, method: MethodDescriptor, request: bytes, metadata: Any = ()) -> Told:
    """One call; of a stream the first message."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    told = (REQUEST_ID, *metadata)
    try:
        if method.server_streaming:
            stream: Any = channel.unary_stream(path)
            call = stream(request, metadata=told, timeout=PATIENCE)
            answer = next(call)
            if method.name in ENDLESS:
                call.cancel()
        else:
            unary: Any = channel.unary_unary(path)
            answer = unary(request, metadata=told, timeout=PATIENCE)
    except grpc.RpcError as error:
        return _refusal(error)
    return Told("OK", answer.hex())


def _refusal(error: Any) -> Told:
    info = ErrorInfo()
    trailers = dict(error.trailing_metadata() or ())
    for detail in Status.FromString(trailers.get("grpc-status-details-bin", b"")).details:
        detail.Unpack(info)
    return Told(error.code().name, f"{info.reason}: {error.details()} {sorted(info.metadata.items())}")
