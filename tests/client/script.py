"""A ConsentService over a real socket that does what a test scripted, byte by byte, and can be stopped and started."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NoReturn

import grpc
from consent.v1.consent_service_pb2 import DESCRIPTOR
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health import HealthServicer

_SERVICE = DESCRIPTOR.services_by_name["ConsentService"]


@dataclass(frozen=True)
class Failure:
    """A failure as the service tells it."""

    code: grpc.StatusCode
    reason: str = ""
    violations: tuple[tuple[str, str, str], ...] = ()
    retry_after: float | None = None
    trailer: bytes | None = None

    def abort(self, context: grpc.ServicerContext) -> NoReturn:
        packed = self._packed() if self.trailer is None else self.trailer
        context.set_trailing_metadata((("grpc-status-details-bin", packed),))
        context.abort(self.code, "the service's words")

    def _packed(self) -> bytes:
        details: list[Message] = []
        if self.reason:
            details.append(ErrorInfo(domain="consent.v1", reason=self.reason, metadata={"sender": "acme"}))
        if self.violations:
            violations = [BadRequest.FieldViolation(field=f, reason=r, description=d) for f, r, d in self.violations]
            details.append(BadRequest(field_violations=violations))
        if self.retry_after is not None:
            delay = Duration()
            delay.FromNanoseconds(int(self.retry_after * 1e9))
            details.append(RetryInfo(retry_delay=delay))
        status = Status(code=self.code.value[0], message="the service's words")
        for detail in details:
            packed = Packed()
            packed.Pack(detail)
            status.details.append(packed)
        packed_status: bytes = status.SerializeToString()
        return packed_status


@dataclass(frozen=True)
class Asked:
    """One call that arrived."""

    method: str
    request: Any
    metadata: dict[str, str | bytes]
    seconds_left: float


Said = Message | Failure | bytes
Answers = Callable[[Any, grpc.ServicerContext], Said]
Streams = Callable[[Any, grpc.ServicerContext], Iterator[Message]]


def _bytes(said: Said, context: grpc.ServicerContext) -> bytes:
    if isinstance(said, Failure):
        said.abort(context)
    if isinstance(said, bytes):
        return said
    serialized: bytes = said.SerializeToString()
    return serialized


class Script:
    """What the service does. `answer` is asked for every call of one answer, `stream` for every stream."""

    def __init__(self) -> None:
        self.answer: Answers = lambda _request, _context: b""
        self.stream: Streams = lambda _request, _context: iter(())
        self.asked: list[Asked] = []
        self.arrived = threading.Semaphore(0)

    def says(self, *said: Said) -> None:
        """Say these in turn, and the last one from then on."""
        left = list(said)
        self.answer = lambda _request, _context: left.pop(0) if len(left) > 1 else left[0]

    def requests(self, method: str) -> list[Any]:
        return [asked.request for asked in self.asked if asked.method == method]

    def handlers(self) -> grpc.GenericRpcHandler:
        found: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
        for method in _SERVICE.methods:
            read = GetMessageClass(method.input_type).FromString
            if method.server_streaming:
                found[method.name] = grpc.unary_stream_rpc_method_handler(
                    lambda request, context, name=method.name: self._stream(name, request, context),
                    request_deserializer=read,
                    response_serializer=lambda message: message.SerializeToString(),
                )
            else:
                found[method.name] = grpc.unary_unary_rpc_method_handler(
                    lambda request, context, name=method.name: self._answer(name, request, context),
                    request_deserializer=read,
                )
        return grpc.method_handlers_generic_handler(_SERVICE.full_name, found)

    def _arrive(self, name: str, request: Any, context: grpc.ServicerContext) -> None:
        self.asked.append(Asked(name, request, dict(context.invocation_metadata()), context.time_remaining()))
        self.arrived.release()

    def _answer(self, name: str, request: Any, context: grpc.ServicerContext) -> bytes:
        self._arrive(name, request, context)
        return _bytes(self.answer(request, context), context)

    def _stream(self, name: str, request: Any, context: grpc.ServicerContext) -> Iterator[Message]:
        self._arrive(name, request, context)
        yield from self.stream(request, context)


class Server:
    """Serves a script, always on the same port."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.health = HealthServicer()
        self._port = 0
        self._server: grpc.Server | None = None
        self._pool = ThreadPoolExecutor(16)
        self.start()

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        self._server = grpc.server(self._pool)
        self._server.add_generic_rpc_handlers((self.script.handlers(),))
        health_pb2_grpc.add_HealthServicer_to_server(self.health, self._server)
        self._port = self._server.add_insecure_port(f"127.0.0.1:{self._port}")
        self._server.start()

    def stop(self) -> None:
        """Break every connection."""
        if self._server is not None:
            self._server.stop(None).wait()
            self._server = None

    def close(self) -> None:
        self.stop()
        self._pool.shutdown()
