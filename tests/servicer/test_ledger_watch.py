"""WatchConsentEvents over a real server: each event once and in order, whatever happens to either side."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from consent.v1 import ledger_pb2
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub
from google.rpc import error_details_pb2, status_pb2

from server.api.auth import Authenticator
from server.api.capacity import Capacity
from server.api.lanes import Lanes
from server.api.server import ConsentServer, build_server, mount_services
from server.api.streams import Streams
from server.domain.model import Actor, Channel, LiftedBy, Recipient, Scope
from server.domain.transitions import Move, Statement
from server.storage.database import open_storage
from server.storage.protocol import Storage
from server.usecases.pages import PageTokens
from server.usecases.statements import Provenance, record_statement
from server.usecases.tenants import operator
from tests.servicer import tenants
from tests.servicer.test_ledger_verification import tamper
from tests.servicer.world import KEYS, World

Request = ledger_pb2.WatchConsentEventsRequest


@dataclass(frozen=True)
class Served:
    """A server behind a socket, and calls to it."""

    world: World
    server: ConsentServer
    target: str
    channel: grpc.Channel

    def watch(self, key: str = tenants.READER, **asked: Any) -> Any:
        stub = ConsentServiceStub(self.channel)
        return stub.WatchConsentEvents(Request(**asked), metadata=(("x-api-key", key),), timeout=60)

    @property
    def head(self) -> int:
        return len(self.world.events(tenants.ACME))


Serve = Callable[..., Served]


@contextmanager
def serving(world: World, folder: Path, number: int, **limits: int) -> Iterator[Served]:
    capacity = Capacity(**limits)
    streams, lanes = Streams(capacity), Lanes(world.metrics, capacity)
    authenticator = Authenticator(world.storage, KEYS, world.clock.moment, world.clock.seconds)
    mounted = mount_services(world.storage, KEYS, authenticator, world.metrics, streams, lanes)
    target = f"unix:{folder}/{number}"
    server = build_server(world.storage, mounted, [target], streams, lanes=lanes)
    server.start()
    with grpc.insecure_channel(target) as channel:
        yield Served(world, server, target, channel)
    server.stop(5)


@pytest.fixture
def served(world: World, tmp_path: Path) -> Iterator[Served]:
    with serving(world, tmp_path, 1) as made:
        yield made


def write(storage: Storage, tenant_id: int, number: int, sender: str = tenants.BRAND, text: str = "") -> None:
    """One no of a person of its own."""
    recipient = Recipient(Channel.SMS, f"+1650{number:07}")
    origin = Provenance(operator(tenant_id), "test", {"text_shown": text})
    no = Statement(Move.OPT_OUT, Scope(sender), Actor.RECIPIENT, 5, lifted_by=LiftedBy.RECIPIENT)
    storage.write(tenant_id, lambda tx: record_statement(tx, recipient, no, origin))


def say(served: Served, number: int, sender: str = tenants.BRAND, text: str = "") -> None:
    write(served.world.storage, served.world.tenant_id(tenants.ACME), number, sender, text)


def take(watch: Any, count: int) -> list[int]:
    """The next revisions, at least so many."""
    found: list[int] = []
    while len(found) < count:
        found += [event.revision for event in next(watch).events]
    return found


def reason_of(watch: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as raised:
        list(watch)
    metadata: Any = raised.value.trailing_metadata()
    trailers = dict(metadata)
    info = error_details_pb2.ErrorInfo()
    status_pb2.Status.FromString(trailers["grpc-status-details-bin"]).details[0].Unpack(info)
    return raised.value.code(), info.reason


def test_what_was_comes_first_and_then_what_happens(served: Served) -> None:
    head = served.head
    watch = served.watch()
    assert take(watch, head) == list(range(1, head + 1))
    for number in range(5):
        say(served, number)
        assert take(watch, 1) == [head + 1 + number]
    watch.cancel()


def test_an_event_is_told_whole(served: Served) -> None:
    head = served.head
    watch = served.watch(after_revision=head)
    say(served, 7, text="shown")
    (told,) = next(watch).events
    listed = served.world.holder(tenants.READER).ListConsentEvents(newest_first=True, page_size=1).events[0]
    assert told == listed
    assert told.recipient.address == "+16500000007"
    watch.cancel()


def test_who_begins_with_the_next_knows_at_once_where(served: Served) -> None:
    watch = served.watch(after_revision=-1)
    first = next(watch)
    assert (len(first.events), first.revision) == (0, served.head)
    watch.cancel()
    say(served, 1)
    resumed = served.watch(resume_token=first.resume_token)
    assert take(resumed, 1) == [first.revision + 1]
    resumed.cancel()


def test_another_process_is_heard_too(served: Served) -> None:
    watch = served.watch(after_revision=served.head)
    elsewhere = open_storage(str(served.world.path), KEYS, served.world.clock.moment)
    write(elsewhere, served.world.tenant_id(tenants.ACME), 1)
    elsewhere.close()
    assert take(watch, 1) == [served.head]
    watch.cancel()


def test_a_bound_caller_and_a_filter_leave_out_the_rest(served: Served) -> None:
    head = served.head
    bound, wanted, wide = (
        served.watch(tenants.BOUND_READER, after_revision=head),
        served.watch(after_revision=head, senders=[tenants.BRAND]),
        served.watch(after_revision=head, senders=["*"]),
    )
    for number, sender in enumerate((tenants.BRAND, tenants.CLIENT, tenants.OTHER_CLIENT, "*")):
        say(served, number, sender)
    assert take(bound, 2) == [head + 2, head + 4]
    assert take(wanted, 2) == [head + 1, head + 4]
    assert take(wide, 1) == [head + 4]
    for watch in (bound, wanted, wide):
        watch.cancel()


def test_a_bound_caller_may_not_name_another_sender(served: Served) -> None:
    found = reason_of(served.watch(tenants.BOUND_READER, senders=[tenants.BRAND]))
    assert found == (grpc.StatusCode.PERMISSION_DENIED, "SENDER_NOT_PERMITTED")


def test_tokens_that_lead_nowhere_are_refused(served: Served) -> None:
    token = next(served.watch(after_revision=-1)).resume_token
    tenant = served.world.tenant_id(tenants.ACME)
    beyond = PageTokens(KEYS).seal(("watch", tenant), ["first", 10**6])
    gone = (grpc.StatusCode.OUT_OF_RANGE, "RESUME_TOKEN_OUT_OF_RANGE")
    wrong = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert reason_of(served.watch(resume_token=beyond)) == gone
    assert reason_of(served.watch(tenants.RIVAL_ADMIN, resume_token=token)) == wrong
    assert reason_of(served.watch(resume_token="x" + token)) == wrong
    assert reason_of(served.watch(after_revision=served.head + 1)) == wrong
    assert reason_of(served.watch(after_revision=-2)) == wrong
    tamper(served.world, "UPDATE tenants SET epoch = 'restored' WHERE id = :t")
    assert reason_of(served.watch(resume_token=token)) == gone


def test_the_chain_guards_a_stream_too(served: Served) -> None:
    assert reason_of(served.watch("unknown-key-unknown-key"))[0] is grpc.StatusCode.UNAUTHENTICATED
    assert served.world.sample("consent_calls_total", method="WatchConsentEvents", code="UNAUTHENTICATED")


def test_one_watch_too_many_is_refused_and_the_place_is_given_again(world: World, tmp_path: Path) -> None:
    with serving(world, tmp_path, 1, watches_a_tenant=2) as served:
        open_ones = [served.watch(after_revision=-1) for _ in range(2)]
        for watch in open_ones:
            next(watch)
        assert reason_of(served.watch(after_revision=-1)) == (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "TOO_MANY_WATCHERS",
        )
        rival = served.watch(tenants.RIVAL_ADMIN, after_revision=-1)
        assert next(rival).resume_token
        open_ones[0].cancel()
        assert any(_is_admitted(served) for _ in range(1000))
        open_ones[1].cancel()
        rival.cancel()


def _is_admitted(served: Served) -> bool:
    watch = served.watch(after_revision=-1)
    try:
        return bool(next(watch).resume_token)
    except grpc.RpcError:
        return False
    finally:
        watch.cancel()


def test_a_watcher_that_is_cut_off_again_and_again_ends_with_exactly_the_ledger(served: Served) -> None:
    """Eight writers at work; the watcher's call is cut after each few messages, and the server is asked anew."""
    head = served.head
    with ThreadPoolExecutor(8) as pool:
        writes = [pool.submit(say, served, number) for number in range(400)]
        seen: list[int] = []
        token = ""
        while len(seen) < 400:
            watch = served.watch(resume_token=token, after_revision=0 if token else head)
            for _ in range(3):
                message = next(watch)
                seen += [event.revision for event in message.events]
                token = message.resume_token
                if len(seen) >= 400:
                    break
            watch.cancel()
        for done in writes:
            done.result()
    assert seen == list(range(head + 1, head + 401))


def test_the_server_stops_without_waiting_for_watchers(world: World, tmp_path: Path) -> None:
    with serving(world, tmp_path, 1) as served:
        quick, slow = served.watch(after_revision=-1), served.watch(after_revision=-1)
        next(quick)
        next(slow)
        for number in range(300):
            say(served, number, text="x" * 10_000)
        with ThreadPoolExecutor(1) as pool:
            rest = pool.submit(reason_of, quick)
            served.server.stop(3600)  # what waited for a watcher would still wait when the test's own limit ends it
            assert rest.result() == (grpc.StatusCode.UNAVAILABLE, "SERVER_STOPPING")
        with pytest.raises(grpc.RpcError):
            list(slow)


def test_a_watcher_resumes_at_the_next_server(world: World, tmp_path: Path) -> None:
    seen: list[int] = []
    token, head = "", 0
    for number in range(10):
        with serving(world, tmp_path, number) as served:
            head = head or served.head
            watch = served.watch(resume_token=token, after_revision=0 if token else head)
            for more in range(5):
                say(served, number * 5 + more)
            while len(seen) < (number + 1) * 5 - 2:
                message = next(watch)
                seen += [event.revision for event in message.events]
                token = message.resume_token
    with serving(world, tmp_path, 10) as served:
        watch = served.watch(resume_token=token)
        seen += take(watch, 50 - len(seen)) if len(seen) < 50 else []
        watch.cancel()
    assert seen == list(range(head + 1, head + 51))


def test_a_slow_watcher_harms_nobody(served: Served) -> None:
    head = served.head
    slow = served.watch(after_revision=head)
    quick = served.watch(after_revision=head)
    done = threading.Event()

    def follow() -> list[int]:
        found = take(quick, 1000)
        done.set()
        return found

    with ThreadPoolExecutor(1) as pool:
        followed = pool.submit(follow)
        for number in range(1000):
            say(served, number, text="x" * 5_000)
        assert followed.result(timeout=60) == list(range(head + 1, head + 1001))
    reader = served.world.holder(tenants.READER)
    assert (
        reader.CheckConsent(
            sender=tenants.BRAND, recipient={"channel": 1, "address": "+16500000001"}, purposes=["marketing"]
        ).revision
        == head + 1000
    )
    assert take(slow, 1000) == list(range(head + 1, head + 1001))
    slow.cancel()
    quick.cancel()
