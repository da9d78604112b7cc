"""One call: its deadline, its request id, and when it is sent again.

Sent again are reads, which change nothing, and writes, which carry a request id that makes the repeat safe; and only
on UNAVAILABLE, or once on RESOURCE_EXHAUSTED where the service says how long to wait; where it says so, no sooner. All
within one deadline.

This is a loop of our own, not gRPC's service config: that one repeats only what failed before any answer began, reads
no RetryInfo, gives a test nothing to see, and cannot be woken when the client is closed.
"""

from __future__ import annotations

import random
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import grpc
from google.protobuf.message import Message

from server.client.errors import (
    BadAnswer,
    ClientClosed,
    ConsentClientError,
    InvalidRequest,
    Throttled,
    Unavailable,
    read_failure,
)

# A few shorter than what the service takes, so that the batches of one call can be numbered.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,120}")

Request = TypeVar("Request", bound=Message)
Answer = TypeVar("Answer", bound=Message)
Read = TypeVar("Read")
# Quoted: only the types of grpc know that it is generic.
Method: TypeAlias = "grpc.UnaryUnaryMultiCallable[Request, Answer]"


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a call is sent, and how long to wait in between, in seconds. The wait doubles up to the longest."""

    attempts: int = 5
    first_wait: float = 0.05
    longest_wait: float = 1.0

    def wait(self, failures: int) -> float:
        """The wait after so many failures in a row. Up to a half is jitter, so that callers do not march in step."""
        longest = min(self.longest_wait, self.first_wait * 2.0 ** min(failures - 1, 30))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - not for secrets


class Line:
    """The way to the service that all calls of a client share: credential, default deadline, retries, and the end."""

    def __init__(self, metadata: tuple[str, str], timeout: float, retries: Retries) -> None:
        if timeout <= 0:
            raise ValueError("a timeout is more than 0 seconds")
        self._metadata = metadata
        self.timeout = timeout
        self.retries = retries
        self.closed = threading.Event()

    def metadata(self, request_id: str) -> tuple[tuple[str, str], ...]:
        """What a call carries beside its message."""
        return self._metadata, ("x-request-id", request_id)

    def call(self, method: Method[Request, Answer], request: Request, timeout: float | None, request_id: str) -> Answer:
        """Send a request until it is answered. Raises ConsentClientError."""
        return _Attempts(self, method, request, timeout, request_id).answer()

    def begin(
        self, method: Method[Request, Answer], request: Request, timeout: float | None, request_id: str
    ) -> Pending[Request, Answer]:
        """Send a request without waiting; its `answer` waits, and sends it again where that is due."""
        return Pending(self, method, request, timeout, request_id)


class _Attempts(Generic[Request, Answer]):
    def __init__(
        self, line: Line, method: Method[Request, Answer], request: Request, timeout: float | None, request_id: str
    ) -> None:
        self._line = line
        self._method: Any = method
        self._request = request
        self._timeout = line.timeout if timeout is None else timeout
        self.request_id = request_id

    def answer(self) -> Answer:
        """Wait for the answer. Raises ConsentClientError."""
        ends = time.monotonic() + self._timeout
        waited_for_quota = False
        failures = 0
        while True:
            failure = self._try(max(0.001, ends - time.monotonic()))
            if not isinstance(failure, ConsentClientError):
                return failure
            failures += 1
            wait = None
            if isinstance(failure, Unavailable) and failure.code is grpc.StatusCode.UNAVAILABLE:
                if failures >= self._line.retries.attempts:
                    raise failure
                # What the service asks for is the same for all: the wait of our own keeps callers out of step.
                wait = (failure.retry_after or 0.0) + self._line.retries.wait(failures)
            elif isinstance(failure, Throttled) and not waited_for_quota:
                wait, waited_for_quota = failure.retry_after, True
            if wait is None or time.monotonic() + wait >= ends:
                raise failure
            if self._line.closed.wait(wait):
                raise closed(self.request_id)

    def _try(self, seconds: float) -> Answer | ConsentClientError:
        if self._line.closed.is_set():
            return closed(self.request_id)
        try:
            return self._send(seconds)
        except (grpc.RpcError, grpc.FutureCancelledError, ValueError) as error:
            if self._line.closed.is_set():
                return closed(self.request_id)
            if not isinstance(error, grpc.RpcError):
                raise
            failure = read_failure(error, self.request_id)
            failure.__cause__ = error
            return failure

    def _send(self, seconds: float) -> Answer:
        found: Answer = self._method(self._request, timeout=seconds, metadata=self._line.metadata(self.request_id))
        return found


class Pending(_Attempts[Request, Answer]):
    """A call whose first attempt is under way. Its deadline for more begins when the answer is asked for."""

    def __init__(
        self, line: Line, method: Method[Request, Answer], request: Request, timeout: float | None, request_id: str
    ) -> None:
        super().__init__(line, method, request, timeout, request_id)
        self._first: Any = None
        if not line.closed.is_set():
            self._first = self._future(self._timeout)

    def cancel(self) -> None:
        """The answer is not wanted any more."""
        if self._first is not None:
            self._first.cancel()

    def _send(self, seconds: float) -> Answer:
        first, self._first = self._first, None
        found: Answer = (first or self._future(seconds)).result()
        return found

    def _future(self, seconds: float) -> Any:
        return self._method.future(self._request, timeout=seconds, metadata=self._line.metadata(self.request_id))


def closed(request_id: str = "") -> ClientClosed:
    """The failure of a call on a client that is closed."""
    return ClientClosed("the client is closed", request_id=request_id)


def new_request_id() -> str:
    """A request id that nobody has used: 128 random bits."""
    return secrets.token_hex(16)


def chosen_request_id(given: str) -> str:
    """The caller's own request id, or a new one. Raises ValueError for one that a header cannot hold."""
    if given and not _REQUEST_ID.fullmatch(given):
        raise ValueError("a request id is 1 to 120 letters, digits and ._-")
    return given or new_request_id()


def encoded(build: Callable[[], Request], request_id: str) -> Request:
    """Build a request. Raises InvalidRequest for a text that no message can hold, as a lone surrogate."""
    try:
        return build()
    except UnicodeError as error:
        raise InvalidRequest("a text of the request is not Unicode", request_id=request_id) from error


def decoded(read: Callable[[], Read], request_id: str) -> Read:
    """Read an answer. Raises BadAnswer for what the contract does not promise."""
    try:
        return read()
    except ValueError as error:
        raise BadAnswer(f"the answer is not what was promised: {error}", request_id=request_id) from error
