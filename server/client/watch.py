"""The events of the ledger as they are committed, over any number of connections."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import grpc
from consent.v1 import ledger_pb2
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub

from server.client.calls import Line, closed, decoded, new_request_id
from server.client.errors import (
    ConsentClientError,
    DeadlineExceeded,
    ServiceFault,
    Throttled,
    Unavailable,
    read_failure,
)
from server.client.events import ConsentEvent, decode_event

# A stream is begun anew after this time, so that none hangs for good and a new server gets its share.
_STREAM_SECONDS = 600.0

log = logging.getLogger("consent.client")


class Watch:
    """Iterates over events, each once and in order, and connects again where the connection is lost.

    It ends without an error by `close`, which any thread may call, by leaving its `with` block, or with its client. It
    raises ResumeTokenOutOfRange after a restore of the database, Unauthenticated or PermissionDenied where the
    credential lost its right, and any other failure that connecting again does not mend. One thread iterates.

    To go on after a restart of your program, keep `resume_token` and the `revision` of the last event that you dealt
    with, and give both to `ConsentClient.watch`.
    """

    def __init__(
        self, line: Line, stub: ConsentServiceStub, after_revision: int, resume_token: str, senders: Sequence[str]
    ) -> None:
        self._line = line
        self._stub = stub
        self._senders = tuple(senders)
        self._revision = after_revision
        self._resume_token = resume_token
        self._waiting: deque[ConsentEvent] = deque()
        self._token_in_hand = resume_token
        self._call: Any = None
        self._request_id = ""
        self._failures = 0
        self._closed = threading.Event()
        self._lock = threading.Lock()

    @property
    def resume_token(self) -> str:
        """Where to go on: behind every event of each message that was iterated over whole. Empty before the first."""
        return self._resume_token

    @property
    def revision(self) -> int:
        """The revision of the last event that was iterated over, or the one after which the watch began."""
        return self._revision

    def close(self) -> None:
        """End the iteration, also from another thread."""
        with self._lock:
            self._closed.set()
            if self._call is not None:
                self._call.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> ConsentEvent:
        while not self._waiting:
            self._receive()
        if self._closed.is_set():
            raise StopIteration
        event = self._waiting.popleft()
        self._revision = event.revision
        if not self._waiting:
            self._resume_token = self._token_in_hand
        return event

    def _receive(self) -> None:
        """Take in the next message, or connect again after a wait. Raises what ends the watch."""
        try:
            if self._call is None:
                self._open()
            message = next(self._call, None)
        except grpc.RpcError as error:
            self._lost(read_failure(error, self._request_id), error)
            return
        if self._closed.is_set():
            raise StopIteration
        if message is None:
            self._lost(Unavailable("the service ended the stream", request_id=self._request_id), None)
            return
        self._failures = 0
        self._take(decoded(lambda: [decode_event(event) for event in message.events], self._request_id), message)

    def _open(self) -> None:
        self._request_id = new_request_id()
        request = ledger_pb2.WatchConsentEventsRequest(
            resume_token=self._token_in_hand,
            after_revision=0 if self._token_in_hand else self._revision,
            senders=self._senders,
        )
        with self._lock:
            if self._closed.is_set():
                raise StopIteration
            if self._line.closed.is_set():
                raise closed(self._request_id)
            self._call = self._stub.WatchConsentEvents(
                request, timeout=_STREAM_SECONDS, metadata=self._line.metadata(self._request_id)
            )

    def _take(self, events: list[ConsentEvent], message: ledger_pb2.WatchConsentEventsResponse) -> None:
        """Keep what is new: a message may overlap with what was seen before its token was."""
        last = self._revision
        for event in events:
            if event.revision > last:
                self._waiting.append(event)
                last = event.revision
        self._token_in_hand = message.resume_token or self._token_in_hand
        if not self._waiting:
            self._resume_token = self._token_in_hand

    def _lost(self, failure: ConsentClientError, cause: BaseException | None) -> None:
        """Wait before connecting again. Raises where that is of no use."""
        self._call = None
        if self._closed.is_set():
            raise StopIteration
        if not _passes(failure):
            raise failure from cause
        if isinstance(failure, DeadlineExceeded):
            return
        self._failures += 1
        wait = max(self._line.retries.wait(self._failures), getattr(failure, "retry_after", None) or 0.0)
        log.info("watch interrupted, connecting again in %.2f seconds: %s", wait, failure)
        if self._closed.wait(wait):
            raise StopIteration


def _passes(failure: ConsentClientError) -> bool:
    """Whether connecting again may mend it: the service or the way to it is down, or the stream's time is over.

    A connection that breaks in the middle is told by some proxies and gRPC itself as INTERNAL or UNKNOWN; where the
    service itself says so, it names a reason.
    """
    match failure:
        case Unavailable() | DeadlineExceeded():
            return True
        case Throttled():
            return failure.retry_after is not None
        case ServiceFault():
            return not failure.reason and failure.code in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)
        case _:
            return False
