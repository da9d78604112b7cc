"""The chain that every call passes, outermost first, and how methods are mounted in it.

request id → errors → metrics → access log → deadline → authentication → rate → validation → servicer

Only the errors layer touches status codes. A method is wrapped once, at the start, not once a call. Around a method
that answers a stream the layers that care how a call ends last as long as the stream does; the others, whose work is
done before the first message, are the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import reduce
from types import SimpleNamespace
from typing import Any

import grpc
import structlog
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from server.api import status
from server.api.access_log import CallLog
from server.api.auth import Authenticator
from server.api.call import REQUEST_ID, Call, Handler, Layer, Method
from server.api.rates import CallRates, bound
from server.api.validation import RequestRules
from server.domain.errors import ConsentError, DeadlinePassed, MalformedRequest, RoleInsufficient
from server.domain.model import Role
from server.metrics.metrics import Metrics
from server.telemetry import AccessLog, begin, end

MALFORMED = object()

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Chain:
    """The layers, as one tuple, outermost first."""

    layers: tuple[Layer, ...]

    def around(self, method: Method, servicer_method: Handler) -> Handler:
        """Wrap one method."""
        return reduce(lambda inner, layer: layer(method, inner), reversed(self.layers), servicer_method)


def build_chain(
    authenticator: Authenticator, metrics: Metrics, rates: CallRates, access_log: AccessLog = "errors"
) -> Chain:
    """Put the layers in their order."""

    def metered(method: Method, inner: Handler) -> Handler:
        return _metered(method, inner, metrics)

    calls = CallLog(access_log)

    def logged(method: Method, inner: Handler) -> Handler:
        return _logged(method, inner, calls)

    def authenticated(method: Method, inner: Handler) -> Handler:
        return _authenticated(method, inner, authenticator)

    def rated(method: Method, inner: Handler) -> Handler:
        return bound(method, inner, rates)

    return Chain((identified, errors_told, metered, logged, in_time, authenticated, rated, validated))


def identified(method: Method, inner: Handler) -> Handler:
    """Read the call's metadata, and its request id where the caller gave one that is usable; lines name it by that."""

    def read(call: Call) -> None:
        call.metadata = {key: value for key, value in call.context.invocation_metadata() if isinstance(value, str)}
        given = call.metadata.get("x-request-id", "")
        if given and REQUEST_ID.fullmatch(given):
            call.given_id = given

    def run(call: Call, request: Any) -> Any:
        read(call)
        begin(call)
        try:
            return inner(call, request)
        finally:
            end()

    def run_stream(call: Call, request: Any) -> Iterator[Any]:
        read(call)
        begin(call)
        try:
            yield from inner(call, request)
        finally:
            end()

    return run_stream if method.streams else run


def errors_told(method: Method, inner: Handler) -> Handler:
    """Turn what was raised into a status; what is not ours is logged and told as INTERNAL."""

    def run(call: Call, request: Any) -> Any:
        try:
            return inner(call, request)
        except BaseException as error:  # not even an exit may end a thread that other calls wait for
            failure = _failure(method, call, error)
        return _abort(call, failure)

    def run_stream(call: Call, request: Any) -> Iterator[Any]:
        try:
            yield from inner(call, request)
        except Exception as error:
            failure = _failure(method, call, error)
        else:
            return
        _abort(call, failure)

    return run_stream if method.streams else run


def _failure(method: Method, call: Call, error: BaseException) -> status.Failure:
    if isinstance(error, ConsentError):
        return status.encode(error, call.request_id)
    log.exception("unexpected error", method=method.name, request_id=call.request_id)
    return status.encode(status.InternalError(), call.request_id)


def _abort(call: Call, failure: status.Failure) -> Any:
    call.context.set_trailing_metadata(((status.DETAILS_KEY, failure.details), ("x-request-id", call.request_id)))
    return call.context.abort(failure.code, failure.message)


def _metered(method: Method, inner: Handler, metrics: Metrics) -> Handler:
    """Count and time the call; a stream until its last message was taken. CANCELLED: its caller went away."""
    observe = metrics.meter(method.name).observe

    def run(call: Call, request: Any) -> Any:
        call.began = began = time.perf_counter()
        code = "OK"
        try:
            return inner(call, request)
        except BaseException as error:
            code = status.code_of(error).name
            raise
        finally:
            observe(code, time.perf_counter() - began)

    def run_stream(call: Call, request: Any) -> Iterator[Any]:
        call.began = began = time.perf_counter()
        code = "CANCELLED"
        try:
            yield from inner(call, request)
            if call.context.is_active():
                code = "OK"
        except Exception as error:
            code = status.code_of(error).name
            raise
        finally:
            observe(code, time.perf_counter() - began)

    return run_stream if method.streams else run


def _logged(method: Method, inner: Handler, calls: CallLog) -> Handler:
    """Log calls as the operator wants: all, those that were refused, none."""
    if not calls.tells_refusals:
        return inner

    def run(call: Call, request: Any) -> Any:
        try:
            answer = inner(call, request)
        except Exception as error:
            calls.refused(call, error)
            raise
        if calls.tells_answers:
            calls.answered(call)
        return answer

    def run_stream(call: Call, request: Any) -> Iterator[Any]:
        try:
            yield from inner(call, request)
        except Exception as error:
            calls.refused(call, error)
            raise
        if calls.tells_answers:
            calls.answered(call)

    return run_stream if method.streams else run


def in_time(_: Method, inner: Handler) -> Handler:
    """Refuse a call whose deadline passed while it waited, before it costs or changes anything."""

    def run(call: Call, request: Any) -> Any:
        remaining = call.context.time_remaining()
        if remaining is not None and remaining <= 0:
            raise DeadlinePassed
        return inner(call, request)

    return run


def _authenticated(method: Method, inner: Handler, authenticator: Authenticator) -> Handler:
    """Find out who calls, and whether the role reaches."""

    def run(call: Call, request: Any) -> Any:
        principal = authenticator.authenticate(call.metadata, call.context.peer)
        call.authenticated = principal
        if principal.role < method.role:
            raise RoleInsufficient(principal.role.name.lower(), method.role.name.lower())
        return inner(call, request)

    return run


def validated(method: Method, inner: Handler) -> Handler:
    """Refuse a request that is malformed or breaks the contract's field rules."""
    rules = RequestRules.of_method(method.full_name)

    def run(call: Call, request: Any) -> Any:
        if request is MALFORMED:
            raise MalformedRequest
        rules.check(request)
        return inner(call, request)

    return run


@dataclass(frozen=True, slots=True)
class Part:
    """Some of a service's methods, with the roles that they need; `pools`: those with threads of their own."""

    servicer: object
    roles: Mapping[str, Role]
    pools: Mapping[str, ThreadPoolExecutor] = field(default_factory=dict)


def mount(service: ServiceDescriptor, parts: Sequence[Part], chain: Chain) -> SimpleNamespace:
    """Wrap every method of a service; the result has the shape of a gRPC servicer."""
    homes = {name: part for part in parts for name in part.roles}

    def behaviour(name: str, streams: bool) -> Any:
        part = homes[name]
        method = Method(f"/{service.full_name}/{name}", part.roles[name], streams)
        handler = chain.around(method, getattr(part.servicer, name))

        def behave(request: Any, context: grpc.ServicerContext) -> Any:
            return handler(Call(method, context), request)

        if name in part.pools:
            behave.experimental_thread_pool = part.pools[name]  # type: ignore[attr-defined] # grpcio looks for it here
        return behave

    return SimpleNamespace(**{found.name: behaviour(found.name, found.server_streaming) for found in service.methods})


def generic_handler(service: ServiceDescriptor, mounted: SimpleNamespace) -> grpc.GenericRpcHandler:
    """Serve a mounted service. Bytes that cannot be decoded reach the chain too, so that they get a proper error."""

    def decoder(message_class: Any) -> Any:
        def decode(data: bytes) -> Any:
            try:
                return message_class.FromString(data)
            except DecodeError:
                return MALFORMED

        return decode

    def handler(method: MethodDescriptor) -> Any:
        make = grpc.unary_stream_rpc_method_handler if method.server_streaming else grpc.unary_unary_rpc_method_handler
        return make(
            getattr(mounted, method.name),
            request_deserializer=decoder(GetMessageClass(method.input_type)),
            response_serializer=GetMessageClass(method.output_type).SerializeToString,
        )

    handlers = {method.name: handler(method) for method in service.methods}
    return grpc.method_handlers_generic_handler(service.full_name, handlers)


def layer_names(chain: Chain) -> Sequence[str]:
    """The layers' names, outermost first."""
    return [layer.__name__ for layer in chain.layers]
