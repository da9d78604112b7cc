"""A watch has each event once and in order, whatever becomes of its connections, and ends when it is told to."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import grpc
import pytest
from consent.v1.ledger_pb2 import ListConsentEventsResponse, WatchConsentEventsResponse

from server.client import (
    ClientClosed,
    ConsentClient,
    ConsentEvent,
    PermissionDenied,
    ResumeTokenOutOfRange,
    ServiceFault,
    Throttled,
    Unauthenticated,
    Watch,
)
from tests.client.script import Failure, Script, Server
from tests.client.things import event

Connect = Callable[..., ConsentClient]


def message(*revisions: int, token: str | None = None) -> WatchConsentEventsResponse:
    last = revisions[-1] if revisions else 0
    return WatchConsentEventsResponse(
        events=[event(revision) for revision in revisions],
        resume_token=f"epoch:{last}" if token is None else token,
        revision=last,
    )


class Ledger:
    """A ledger that a scripted service streams, in messages of any size, as the contract says."""

    def __init__(self) -> None:
        self.head = 0
        self.changed = threading.Condition()
        self.random = random.Random(4)

    def append(self, events: int) -> None:
        with self.changed:
            self.head += events
            self.changed.notify_all()

    def _due(self, context: grpc.ServicerContext, seen: int) -> bool:
        return self.head > seen or not context.is_active()

    def stream(self, request: Any, context: grpc.ServicerContext) -> Iterator[WatchConsentEventsResponse]:
        context.add_callback(lambda: self.append(0))
        seen = int(request.resume_token.partition(":")[2]) if request.resume_token else request.after_revision
        while context.is_active():
            with self.changed:
                self.changed.wait_for(partial(self._due, context, seen))
                until = min(self.head, seen + self.random.randint(1, 7))
            yield message(*range(seen + 1, until + 1), token=f"epoch:{until}")
            seen = until


def revisions(watch: Watch, many: int) -> list[int]:
    return [next(watch).revision for _ in range(many)]


def played(*connections: list[WatchConsentEventsResponse | Failure]) -> Callable[..., Any]:
    """Plays one list a connection, the last one for ever; a connection that ran out stays open."""
    left = list(connections)

    def stream(_request: Any, context: grpc.ServicerContext) -> Iterator[WatchConsentEventsResponse]:
        for said in left.pop(0) if len(left) > 1 else left[0]:
            if isinstance(said, Failure):
                said.abort(context)
            yield said
        gone = threading.Event()
        if context.add_callback(gone.set):
            gone.wait()

    return stream


def test_it_survives_a_service_that_is_killed_ten_times(script: Script, server: Server, client: ConsentClient) -> None:
    ledger = Ledger()
    script.stream = ledger.stream
    watch = client.watch(after_revision=0)
    got: list[int] = []
    for _ in range(10):
        ledger.append(50)
        got += revisions(watch, ledger.head - len(got))
        server.stop()
        ledger.append(5)
        server.start()
    got += revisions(watch, ledger.head - len(got))
    watch.close()
    assert got == list(range(1, 551))
    assert len(script.asked) >= 10


def test_events_while_the_service_is_killed_under_load(script: Script, server: Server, client: ConsentClient) -> None:
    ledger = Ledger()
    script.stream = ledger.stream
    got: list[int] = []
    watch = client.watch(after_revision=0)
    enough = threading.Semaphore(0)

    def follow() -> None:
        for found in watch:
            got.append(found.revision)
            if len(got) % 100 == 0:
                enough.release()

    following = threading.Thread(target=follow)
    following.start()
    for _ in range(5):
        ledger.append(200)
        assert enough.acquire(timeout=20)
        server.stop()
        server.start()
    for _ in range(5):
        assert enough.acquire(timeout=20)
    watch.close()
    following.join()
    assert got == list(range(1, 1001))


def test_it_resumes_where_an_earlier_watch_was(script: Script, client: ConsentClient) -> None:
    script.stream = played([message(1, 2, 3), message(4, 5)])
    first = client.watch(after_revision=0)
    assert revisions(first, 4) == [1, 2, 3, 4]
    assert (first.resume_token, first.revision) == ("epoch:3", 4)
    first.close()
    script.stream = played([message(4, 5), message(6)])
    second = client.watch(resume_token=first.resume_token, after_revision=first.revision)
    assert revisions(second, 2) == [5, 6]
    assert second.resume_token == "epoch:6"
    assert script.asked[-1].request.resume_token == "epoch:3"


def test_it_begins_now_even_where_the_first_connection_fails(script: Script, client: ConsentClient) -> None:
    script.says(ListConsentEventsResponse(events=[event(9)], revision=9))
    script.stream = played([Failure(grpc.StatusCode.UNAVAILABLE)], [message(10, 11)])
    assert revisions(client.watch(), 2) == [10, 11]
    assert [asked.request.after_revision for asked in script.asked[1:]] == [9, 9]


def test_repeated_events_are_left_out_and_heartbeats_move_the_token(script: Script, client: ConsentClient) -> None:
    script.stream = played(
        [message(1, 2), message(token="epoch:7"), Failure(grpc.StatusCode.UNAVAILABLE)],
        [message(2, 8, 8, 9), Failure(grpc.StatusCode.UNAVAILABLE)],
        [message(9, 10)],
    )
    watch = client.watch(after_revision=0, senders=["acme"])
    assert revisions(watch, 5) == [1, 2, 8, 9, 10]
    assert [asked.request.resume_token for asked in script.asked] == ["", "epoch:7", "epoch:9"]
    assert all(list(asked.request.senders) == ["acme"] for asked in script.asked)


def test_a_message_without_a_token_loses_nothing(script: Script, client: ConsentClient) -> None:
    script.stream = played([message(1, 2, token=""), Failure(grpc.StatusCode.UNAVAILABLE)], [message(3)])
    assert revisions(client.watch(after_revision=0), 3) == [1, 2, 3]
    assert script.asked[1].request.after_revision == 2


PASSING = {
    "unavailable": Failure(grpc.StatusCode.UNAVAILABLE, "STORAGE_UNAVAILABLE"),
    "a server that stops": Failure(grpc.StatusCode.CANCELLED),
    "its time is over": Failure(grpc.StatusCode.DEADLINE_EXCEEDED),
    "a broken connection": Failure(grpc.StatusCode.INTERNAL),
    "too many watchers": Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_WATCHERS", retry_after=0.01),
}


@pytest.mark.parametrize("failure", PASSING.values(), ids=PASSING)
def test_it_connects_again(script: Script, client: ConsentClient, failure: Failure) -> None:
    script.stream = played([message(1), failure], [failure], [message(2)])
    assert revisions(client.watch(after_revision=0), 2) == [1, 2]


ENDING = {
    "a restore": (Failure(grpc.StatusCode.OUT_OF_RANGE, "RESUME_TOKEN_OUT_OF_RANGE"), ResumeTokenOutOfRange),
    "a lost right": (Failure(grpc.StatusCode.PERMISSION_DENIED, "SENDER_NOT_PERMITTED"), PermissionDenied),
    "a revoked key": (Failure(grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_INVALID"), Unauthenticated),
    "a defect": (Failure(grpc.StatusCode.INTERNAL, "INTERNAL"), ServiceFault),
    "no such method": (Failure(grpc.StatusCode.UNIMPLEMENTED), ServiceFault),
    "too much": (Failure(grpc.StatusCode.RESOURCE_EXHAUSTED), Throttled),
}


@pytest.mark.parametrize(("failure", "kind"), ENDING.values(), ids=ENDING)
def test_it_ends_with_what_it_cannot_mend(
    script: Script, client: ConsentClient, failure: Failure, kind: type[Exception]
) -> None:
    script.stream = played([message(1), failure])
    watch = client.watch(after_revision=0)
    assert next(watch).revision == 1
    with pytest.raises(kind):
        next(watch)
    assert len(script.asked) == 1


def ended(watch: Watch, end: Callable[[], None], script: Script) -> list[ConsentEvent]:
    """What a thread that follows has got when it is over, after `end` once it is connected."""
    got: list[ConsentEvent] = []
    following = threading.Thread(target=lambda: got.extend(watch))
    following.start()
    script.arrived.acquire()
    end()
    following.join(20)
    assert not following.is_alive()
    return got


def test_close_ends_it_from_another_thread(script: Script, client: ConsentClient) -> None:
    script.stream = played([])
    watch = client.watch(after_revision=0)
    assert ended(watch, watch.close, script) == []
    assert list(watch) == []


def test_it_ends_with_its_client(script: Script, client: ConsentClient) -> None:
    script.stream = played([])
    assert ended(client.watch(after_revision=0), client.close, script) == []
    with pytest.raises(ClientClosed):
        next(client.watch(after_revision=0))


def test_close_ends_the_wait_for_the_next_connection(script: Script, connect: Connect) -> None:
    script.stream = played([Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, retry_after=900)])
    watch = connect().watch(after_revision=0)
    assert ended(watch, watch.close, script) == []


def test_break_ends_the_stream(script: Script, client: ConsentClient) -> None:
    gone = threading.Event()

    def stream(_request: Any, context: grpc.ServicerContext) -> Iterator[WatchConsentEventsResponse]:
        context.add_callback(gone.set)
        yield message(1)
        gone.wait()

    script.stream = stream
    for found in client.watch(after_revision=0):
        assert found.revision == 1
        break
    assert gone.wait(10)


def test_leaving_its_block_ends_it(script: Script, client: ConsentClient) -> None:
    script.stream = played([message(1, 2)])
    with client.watch(after_revision=0) as watch:
        assert next(watch).revision == 1
    assert list(watch) == []
