"""The channels to the servers, of which any may be gone."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import grpc
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub
from google.protobuf.message import Message
from grpc_health.v1.health_pb2_grpc import HealthStub

from server.gateway.errors import DETAILS_TRAILER

if TYPE_CHECKING:
    from consent.v1.consent_service_pb2_grpc import ConsentServiceAsyncStub

_Request = TypeVar("_Request", bound=Message)
_Response = TypeVar("_Response", bound=Message)
Metadata = tuple[tuple[str, str], ...]

_OPTIONS = (
    # gRPC repeats by itself only what no server has seen: it was on its way when the connection was told to go.
    ("grpc.enable_retries", 1),
    # A server that restarts is found again within a second, not after gRPC's usual two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # A page of 1000 events with their evidence is more than gRPC's usual 4 MiB, and the server bounds it.
    ("grpc.max_receive_message_length", -1),
)
_OWN_CONNECTION = ("grpc.use_local_subchannel_pool", 1)
_NEVER_SENT = "failed to connect to all addresses"
"""How gRPC's own words begin for a call that found no connection; a test holds it to them."""


class Upstream:
    """The servers at gRPC targets, such as `unix:/run/consent.sock`. Open only while entered, on one event loop.

    Calls are spread over the servers and go around one that is gone. What may have reached a server is sent to another
    only if it changes nothing or carries a request id.
    """

    consent: ConsentServiceAsyncStub
    health: HealthStub

    def __init__(self, targets: Sequence[str]) -> None:
        self._targets = targets
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Upstream:
        """Opens the channels. They connect at the first call, so a server that is not there yet is no error."""
        # On connections of its own health is asked for however many calls wait on the others.
        spread, apart = [await self._open(options) for options in (_OPTIONS, (*_OPTIONS, _OWN_CONNECTION))]
        self.consent = ConsentServiceStub(spread)
        self.health = HealthStub(apart)
        return self

    async def _open(self, options: Sequence[tuple[str, int]]) -> Any:
        channels = [grpc.aio.insecure_channel(target, options=options) for target in self._targets]
        for channel in channels:
            await self._stack.enter_async_context(channel)
        return _Spread(channels)

    async def __aexit__(self, *_: object) -> None:
        """Closes the channels."""
        await self._stack.aclose()


class _Spread:
    """Several channels in the place of one, for the stubs: their calls become `_SpreadCall`s."""

    def __init__(self, channels: Sequence[grpc.aio.Channel]) -> None:
        self._channels = channels
        self._turns = itertools.count()

    def unary_unary(self, method: str, **how: Any) -> _SpreadCall[Any, Any]:
        """A method of all channels."""
        return _SpreadCall([channel.unary_unary(method, **how) for channel in self._channels], self.order)

    def unary_stream(self, method: str, **how: Any) -> object:
        """A method of one channel: the gateway calls no streams, but the stubs name them all."""
        return self._channels[0].unary_stream(method, **how)

    def order(self) -> Iterator[int]:
        """Which channels to try: each in its turn first, those that cannot connect last."""
        count = len(self._channels)
        first = next(self._turns) % count
        turn = [(first + step) % count for step in range(count)]
        failing = {number for number in turn if self._fails(number)} if count > 1 else set()
        yield from (number for number in turn if number not in failing)
        yield from (number for number in turn if number in failing)

    def _fails(self, number: int) -> bool:
        return self._channels[number].get_state() is grpc.ChannelConnectivity.TRANSIENT_FAILURE


class _SpreadCall(Generic[_Request, _Response]):
    """One method of several servers."""

    def __init__(
        self,
        rpcs: Sequence[grpc.aio.UnaryUnaryMultiCallable[_Request, _Response]],
        order: Callable[[], Iterator[int]],
    ) -> None:
        self._rpcs = rpcs
        self._order = order

    async def __call__(self, message: _Request, *, metadata: Metadata = (), timeout: float) -> _Response:
        """The first server's answer that is to be had within the time. Raises AioRpcError."""
        end = time.monotonic() + timeout
        *earlier, last = self._order()
        for number in earlier:
            try:
                return await self._rpcs[number](message, metadata=metadata, timeout=end - time.monotonic())
            except grpc.aio.AioRpcError as error:
                if not _may_go_on(error, message):
                    raise
        return await self._rpcs[last](message, metadata=metadata, timeout=end - time.monotonic())


def _may_go_on(error: grpc.aio.AioRpcError, message: Message) -> bool:
    """Whether another server may be asked: this one did not answer, and none does the same thing twice."""
    if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED) or _was_answered(error):
        return False
    return _was_never_sent(error) or _is_repeatable(message)


def _was_answered(error: grpc.aio.AioRpcError) -> bool:
    return any(key == DETAILS_TRAILER for key, _ in error.trailing_metadata() or ())


def _was_never_sent(error: grpc.aio.AioRpcError) -> bool:
    return error.code() is grpc.StatusCode.UNAVAILABLE and (error.details() or "").startswith(_NEVER_SENT)


def _is_repeatable(message: Message) -> bool:
    """Whether a request may be carried out twice: every one that changes something has a request id, to be given."""
    field = message.DESCRIPTOR.fields_by_name.get("request_id")
    return field is None or any(given is field for given, _ in message.ListFields())
