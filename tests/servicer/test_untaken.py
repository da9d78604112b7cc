"""Answers that their callers do not take: only so many bytes are kept of them, and the longest wait is ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from consent.v1 import ledger_pb2

from tests.servicer import tenants
from tests.servicer.test_ledger_watch import Served, say, serving
from tests.servicer.world import World

LIST = "/consent.v1.ConsentService/ListConsentEvents"
EVENTS, FEWER = 19, 17
_BYTES = 100_000
_MOST = 3_000_000
"""One page of so many events, or of fewer, is less; two are more."""


@pytest.fixture
def served(world: World, tmp_path: Path) -> Iterator[Served]:
    with serving(world, tmp_path, 1, untaken_bytes=_MOST) as made:
        for number in range(EVENTS):
            say(made, number, text="x" * _BYTES)
        # A client that takes from its connection only what is asked for; else it takes as much as it comes by.
        with grpc.insecure_channel(made.target, options=(("grpc.http2.bdp_probe", 0),)) as channel:
            yield replace(made, channel=channel)


def ask(served: Served, events: int = EVENTS) -> Any:
    """A page that is large, of which nothing is taken before the first `next`."""
    rpc: Any = served.channel.unary_stream(LIST, ledger_pb2.ListConsentEventsRequest.SerializeToString)
    request = ledger_pb2.ListConsentEventsRequest(page_size=events, newest_first=True)
    return rpc(request, metadata=(("x-api-key", tenants.READER),), timeout=60)


def await_kept(served: Served, events: int) -> None:
    """Return once an answer with so many events is kept, and nothing else."""
    while served.server.lanes.untaken.bytes // _BYTES != events:
        pass


def test_of_answers_that_nobody_takes_the_longest_wait_is_ended(served: Served) -> None:
    first = ask(served)
    await_kept(served, EVENTS)
    second = ask(served, FEWER)
    await_kept(served, FEWER)
    with pytest.raises(grpc.RpcError):
        next(first)
    assert first.code() is grpc.StatusCode.CANCELLED
    (page,) = second
    assert len(ledger_pb2.ListConsentEventsResponse.FromString(page).events) == FEWER
    await_kept(served, 0)


def test_who_takes_what_was_asked_for_is_answered_however_often(served: Served) -> None:
    for _ in range(4):
        (page,) = ask(served)
        assert len(page) > _MOST // 2
    await_kept(served, 0)


def test_a_caller_that_goes_leaves_nothing(served: Served) -> None:
    call = ask(served)
    await_kept(served, EVENTS)
    call.cancel()
    await_kept(served, 0)
