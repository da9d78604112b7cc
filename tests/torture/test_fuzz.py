"""The short form of the suite `fuzz`: a few inputs of each kind, at a service in this process."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import grpc
import pytest
from google.protobuf.message import DecodeError
from hypothesis import find

from tests.servicer import tenants
from tests.servicer.samples import sample
from tests.servicer.world import METHODS
from tests.torture.fuzz import callers, http1, http2
from tests.torture.fuzz.answers import judge, traces
from tests.torture.fuzz.messages import Messages, texts_of
from tests.torture.fuzz.rpcs import Fuzzer, Tally
from tests.torture.stand import CANARY_KEY, Stand, standing_here

SEED = 17
EACH = 8
BYTES = 200


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """After all of these tests its ledgers verify, and the canary is as it was."""
    with standing_here(tmp_path_factory.mktemp("fuzz")) as (stand, _):
        before = stand.head(CANARY_KEY)
        yield stand
        assert stand.sing() == []
        assert stand.head(CANARY_KEY) == before
        stand.head(tenants.ADMIN)


def test_messages_to_each_rpc(stand: Stand) -> None:
    tally = Tally()
    fuzzer = Fuzzer(stand.grpc, tally)
    for rpc in METHODS:
        fuzzer.try_method(rpc, EACH, SEED)
    fuzzer.close()
    assert (tally.wrong, tally.hung) == ([], [])
    assert tally.sent > EACH * len(METHODS) / 2
    # Some of what is sent is right: nothing but refusals at the door would show little.
    assert tally.answered > len(METHODS)


def test_bytes_at_the_json_door(stand: Stand) -> None:
    tally, garbage = Tally(), http1.Http1(Random(SEED))
    callers.throw(
        stand.http, [*(make() for make in garbage.kinds.values()), *(garbage.make() for _ in range(BYTES))], tally
    )
    assert (tally.wrong, tally.hung, tally.sent) == ([], [], BYTES + len(garbage.kinds))
    assert tally.answered > BYTES / 2


def test_bytes_at_the_grpc_door(stand: Stand) -> None:
    tally, garbage = Tally(), http2.Http2(Random(SEED))
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda one: http2.throw(stand.grpc, one, tally), [garbage.make() for _ in range(BYTES)]))
    assert (tally.wrong, tally.hung, tally.sent) == ([], [], BYTES)
    assert tally.answered > BYTES / 2


@pytest.mark.parametrize("kind", http2.Http2(Random(SEED)).floods)
def test_a_flood_ends_and_the_others_are_served(stand: Stand, kind: str) -> None:
    tally = Tally()
    http2.throw(stand.grpc, http2.Http2(Random(SEED)).flood(kind), tally)
    assert (tally.wrong, tally.hung) == ([], [])
    assert stand.sing() == []


def test_what_was_sent_itself_is_no_trace_of_the_inside() -> None:
    assert traces("no such purpose: SQLITE", b"\n\x06SQLITE") == ""
    assert traces("no such purpose: SQLITE; peewee", b"\n\x06SQLITE") == "peewee"


def test_what_the_suite_says_of_a_service_that_is_broken() -> None:
    assert list(judge(grpc.StatusCode.INTERNAL, "row 17", {}, "fuzz-1")) == ["INTERNAL: row 17"]
    assert list(judge(grpc.StatusCode.NOT_FOUND, "nothing", {}, "fuzz-1")) == ["NOT_FOUND without details: nothing"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Traceback (most recent call last)", "Traceback"),
        ("UNIQUE constraint failed: recipients.id", "constraint failed"),
        ("KeyError: 'x'", "KeyError"),
        ("in /usr/lib/python", "/usr/"),
        ("needed for the update type MESSAGE", ""),
        ('{"category": "ThrottleError"}', ""),
    ],
)
def test_traces_of_the_inside(text: str, found: str) -> None:
    assert traces(text) == found


@pytest.mark.parametrize("rpc", ["CheckConsent", "RecordConsent"])
def test_messages_are_good_and_bad(rpc: str) -> None:
    """What is always refused, or always accepted, would find nothing."""
    good = sample(rpc)
    requests = Messages(texts_of([good])).requests(good)

    def is_message(message: bytes) -> bool:
        try:
            good.FromString(message)
        except DecodeError:
            return False
        return True

    find(requests, is_message)
    find(requests, lambda message: not is_message(message))
