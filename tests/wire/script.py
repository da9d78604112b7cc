"""A ConsentService over a real socket that says what a test scripted, and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import grpc
from consent.v1.consent_service_pb2 import DESCRIPTOR
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import HealthServicer

_SERVICE = DESCRIPTOR.services_by_name["ConsentService"]


@dataclass(frozen=True)
class Failure:
    """A failure as the server tells it."""

    code: grpc.StatusCode
    reason: str = ""
    message: str = "the server's words"
    metadata: Mapping[str, str] = field(default_factory=dict)
    violations: Sequence[tuple[str, str, str]] = ()
    retry_after: Duration | None = None

    def abort(self, context: grpc.ServicerContext) -> NoReturn:
        """Ends the call with the status and its details."""
        details: list[Message] = []
        if self.reason:
            details.append(ErrorInfo(domain="consent.v1", reason=self.reason, metadata=self.metadata))
        if self.violations:
            found = [
                BadRequest.FieldViolation(field=name, reason=reason, description=description)
                for name, reason, description in self.violations
            ]
            details.append(BadRequest(field_violations=found))
        if self.retry_after:
            details.append(RetryInfo(retry_delay=self.retry_after))
        status = Status(code=self.code.value[0], message=self.message)
        for detail in details:
            packed = Packed()
            packed.Pack(detail)
            status.details.append(packed)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(self.code, self.message)


@dataclass(frozen=True)
class Asked:
    """One call that arrived."""

    method: str
    request: Any
    metadata: dict[str, str | bytes]
    seconds_left: float


class Script:
    """What the server answers next, to every call, until it is told otherwise."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answer: Message | Failure | None = None
        self.entered = threading.Event()
        self.go_on = threading.Event()
        self.clear()

    def clear(self) -> None:
        """Forgets everything; a call that nobody scripted answers an empty message, at once."""
        self.asked.clear()
        self.answer = None
        self.entered.clear()
        self.go_on.set()

    @property
    def only(self) -> Asked:
        """The one call that arrived."""
        (asked,) = self.asked
        return asked

    def handlers(self) -> grpc.GenericRpcHandler:
        """One handler a method of the contract."""
        methods: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            method.name: grpc.unary_unary_rpc_method_handler(
                lambda request, context, name=method.name: self._serve(name, request, context),
                request_deserializer=GetMessageClass(method.input_type).FromString,
                response_serializer=lambda message: message.SerializeToString(),
            )
            for method in _SERVICE.methods
        }
        return grpc.method_handlers_generic_handler(_SERVICE.full_name, methods)

    def _serve(self, name: str, request: Message, context: grpc.ServicerContext) -> Message:
        metadata = dict(context.invocation_metadata())
        self.asked.append(Asked(name, request, metadata, context.time_remaining()))
        self.entered.set()
        self.go_on.wait()
        if isinstance(self.answer, Failure):
            self.answer.abort(context)
        return self.answer or GetMessageClass(_SERVICE.methods_by_name[name].output_type)()


@contextmanager
def serving(script: Script, path: str) -> Iterator[HealthServicer]:
    """Serves the script on a unix socket; yields its health service, SERVING."""
    health = HealthServicer()
    health.set("", health_pb2.HealthCheckResponse.SERVING)
    with ThreadPoolExecutor(8) as pool:
        server = grpc.server(pool)
        server.add_generic_rpc_handlers((script.handlers(),))
        health_pb2_grpc.add_HealthServicer_to_server(health, server)
        server.add_insecure_port(f"unix:{path}")
        server.start()
        try:
            yield health
        finally:
            script.go_on.set()
            server.stop(None).wait()
