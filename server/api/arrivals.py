"""A call from the moment that its headers are there: its message, its answer, or a refusal that costs next to nothing.

grpcio's server takes a thread for a call as soon as its headers are there, and the thread waits for the message: as
many callers as there are threads, who send headers and nothing else, would stop everybody. Here a thread is taken when
the message is there, and the message is decoded in it. That needs names of grpcio that are not public; test_lanes holds
them to what is made of them here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

from grpc import _server
from grpc._cython import cygrpc  # type: ignore[attr-defined]

from server.api.status import DETAILS_KEY, Failure
from server.api.untaken import SMALL_BYTES, Untaken

_RECEIVING = "receive_message"
_is_active: Callable[[Any], bool] = _server._is_rpc_state_active


class Stage(Enum):
    """How far a call is."""

    RECEIVING = auto()
    WAITING = auto()
    RUNNING = auto()
    ANSWERED = auto()
    REFUSED = auto()
    """Its caller was told no; a thread may be at it still."""


class Arrival:
    """A call with one request message, as grpcio submits it to an executor. `since`: when it came, monotonic."""

    __slots__ = (
        "_behavior",
        "_decode",
        "_encode",
        "_event",
        "_message",
        "_respond",
        "_run",
        "_state",
        "since",
        "stage",
    )

    def __init__(
        self,
        run: Callable[..., object],
        respond: Callable[..., None],
        event: Any,
        state: Any,
        behavior: Callable[[Any, Any], Any],
        _: Callable[[], Any],
        decode: Callable[[bytes], Any],
        encode: Callable[[Any], bytes],
    ) -> None:
        self.since = time.monotonic()
        self.stage = Stage.RECEIVING
        self._run, self._respond = run, respond
        self._event, self._state = event, state
        self._behavior, self._decode, self._encode = behavior, decode, encode
        self._message = b""

    @property
    def method(self) -> str:
        """The method's full name, as `/service/method`."""
        name: bytes = self._event.call_details.method
        return name.decode()

    @property
    def given_id(self) -> str:
        """The request id that the caller gave, not yet looked at; empty without one."""
        return next((value for key, value in self._event.invocation_metadata if key == "x-request-id"), "")

    @property
    def is_awaited(self) -> bool:
        """Whether a caller waits for an answer: it has not gone, its deadline has not passed, it was not refused."""
        return _is_active(self._state)

    def receive(self, then: Callable[[Arrival], object], otherwise: Callable[[Arrival], object]) -> None:
        """Take the message when it comes, and go on with `then`; with `otherwise` where none came.

        To be called where grpcio submits the call: in its one thread for events, which calls back too.
        """
        take = _server._receive_message(self._state, self._event.call, None)

        def took(event: Any) -> Any:
            told = take(event)
            message, self._state.request = self._state.request, None
            if message is None or self.stage is Stage.REFUSED:
                otherwise(self)
            else:
                self._message = message
                then(self)
            return told

        self._event.call.start_server_batch((cygrpc.ReceiveMessageOperation(0),), took)
        self._state.due.add(_RECEIVING)

    def answer(self, untaken: Untaken | None = None) -> None:
        """Do the work in this thread, and answer; where the answer is large, count it until it is taken."""
        self.stage = Stage.RUNNING

        def encode(answer: Any) -> bytes:
            data = self._encode(answer)
            if untaken is not None and len(data) > SMALL_BYTES:
                self._count(untaken, len(data))
            return data

        self._run(self._respond, self._event, self._state, self._behave, self._request, self._decode, encode)

    def _count(self, untaken: Untaken, size: int) -> None:
        with self._state.condition:
            # Without a list of those who are to know of its end, the call has ended.
            if self._state.callbacks is None:
                return
            untaken.add(self, size)
            self._state.callbacks.append(lambda: untaken.discard(self))

    def drop(self) -> None:
        """End the call, with what gRPC keeps of its answer."""
        self._event.call.cancel()

    def _request(self) -> Any:
        message, self._message = self._message, b""
        try:
            return self._decode(message)
        except Exception:
            with self._state.condition:
                text = b"the message cannot be decoded"
                _server._abort(self._state, self._event.call, cygrpc.StatusCode.invalid_argument, text)
            return None

    def _behave(self, request: Any, context: Any) -> Any:
        try:
            return self._behavior(request, context)
        finally:
            with self._state.condition:
                if self.stage is Stage.REFUSED:
                    # There is nobody to answer any more: this is how grpcio drops a call.
                    self._state.aborted = False
                    _server._raise_rpc_error(self._state)
                self.stage = Stage.ANSWERED

    def refuse(self, failure: Failure, request_id: str) -> bool:
        """Tell the caller no, from any thread. Answers False where it cannot be told: it has gone, or was answered."""
        with self._state.condition:
            if self.stage in (Stage.ANSWERED, Stage.REFUSED) or not _is_active(self._state):
                return False
            self.stage = Stage.REFUSED
            self._state.trailing_metadata = ((DETAILS_KEY, failure.details), ("x-request-id", request_id))
            self._state.code = failure.code
            _server._abort(self._state, self._event.call, cygrpc.StatusCode.unknown, failure.message.encode())
        return True
