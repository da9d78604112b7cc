"""The trial of callers who vanish: what the others notice of it, what it costs, and when it is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from signal import SIGTERM
from typing import Any

import grpc
import httpx
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from server.api.capacity import USUAL as CAPACITY
from server.client import ConsentClient, ConsentClientError, Retries
from server.demo import API_KEY, BRAND
from server.storage.engines.sqlite import CACHE_KIB
from tests.e2e.loads import Watcher, no_of
from tests.e2e.metrics import scrape, value
from tests.e2e.process import Served, serving
from tests.torture.network.freezer import Connection
from tests.torture.network.frozen import (
    HEALTH,
    REFLECTION,
    WATCH,
    WIDE,
    answers,
    frozen,
    megabytes,
    pages,
    sockets,
    streams,
)
from tests.torture.trial import Trial

ANSWERED = "while peers are frozen, others are answered"
IN_ORDER = "a watcher beside frozen ones gets every event once and in order"
COSTS = "what nobody reads takes 1 GiB of memory at most, and what comes later no more than pages of the database"
THAWED = "the service itself ends who is frozen, and has its sockets and watches back, in 150 s"
PLACE = "a watch takes a place among its tenant's while it is frozen, and gives it back"
STOPS = "a service that is told to stop while peers are frozen ends by itself in 40 s"
PROMISES = (ANSWERED, IN_ORDER, COSTS, THAWED, PLACE, STOPS)

_MOST_MEGABYTES = 1024.0
# The thread of each watch keeps the pages that it has read, up to the size of its cache.
_MOST_MORE = 64.0 + CAPACITY.watches_a_tenant * CACHE_KIB / 1000
_ENDED_SECONDS = 150.0
_SETTLED_SECONDS = 30.0
_STOP_SECONDS = 40.0
"""The gateway is given 12 seconds to be rid of its answers, and then the others 15."""
_SPARE_SOCKETS = 8
"""Callers who were told to connect anew have two connections for a while."""
_PATIENCE_SECONDS = 10.0
_TEXT = "x" * 9_500
_ASKED = 50
_EVENTS = 200
"""More for each stream than its windows and sockets hold."""
_QUESTION = {
    "sender": BRAND,
    "recipient": {"channel": "CHANNEL_SMS", "address": "+16502530000"},
    "purposes": ["marketing"],
}


class Others:
    """Who goes on beside the frozen: callers at each door, and a watcher, who knows each event that is written here."""

    def __init__(self, served: Served, client: ConsentClient, watcher: Watcher, first: int) -> None:
        self._served = served
        self._client = client
        self._watcher = watcher
        self._first = self._last = first
        self._numbers = iter(range(1, 10_000_000))

    def write(self, count: int, text: str = _TEXT) -> None:
        """Record so many noes, several at a time."""
        numbers = [next(self._numbers) for _ in range(count)]
        with ThreadPoolExecutor(16) as pool:
            recorded = pool.map(lambda number: self._client.record(no_of(number, text)).revision, numbers)
        self._last = max(self._last, *recorded)

    def ask(self, times: int) -> list[str]:
        """Write, check and ask for health at both doors, one after the other; answer what went wrong."""
        return [f"{time}: {wrong}" for time in range(times) for wrong in self._ask()]

    def _ask(self) -> Iterator[str]:
        no = no_of(next(self._numbers))
        try:
            self._last = self._client.record(no).revision
            if self._client.check(BRAND, no.recipient, "transactional").allowed:
                yield "ALLOW after a no"
            with grpc.insecure_channel(self._served.grpc) as channel:
                health = HealthStub(channel).Check(HealthCheckRequest(), timeout=_PATIENCE_SECONDS)
            if health.status != HealthCheckResponse.SERVING:
                yield "NOT_SERVING"
            key = {"x-api-key": API_KEY}
            check = f"{self._served.http}/v1/consents:check"
            answer = httpx.post(check, json=_QUESTION, headers=key, timeout=_PATIENCE_SECONDS, trust_env=False)
            if answer.status_code != httpx.codes.OK:
                yield f"JSON: {answer.status_code}"
        except (ConsentClientError, grpc.RpcError, httpx.HTTPError) as error:
            yield repr(error)

    def misses(self) -> list[str]:
        """What the watcher did not see as it was, once it has come to what was written last."""
        self._watcher.revisions.wait_for(self._last)
        seen, wanted = self._watcher.revisions.seen, [*range(self._first + 1, self._last + 1)]
        return [] if seen == wanted else [f"{len(seen)} revisions seen, not {len(wanted)} in order: {seen[:50]}"]


@contextmanager
def beside(served: Served) -> Iterator[Others]:
    """The others, who do not try again: whoever is not let in is a fault."""
    retries = Retries(attempts=1)
    with ConsentClient(served.grpc, api_key=API_KEY, timeout=_PATIENCE_SECONDS, retries=retries) as client:
        first = client.record(no_of(0)).revision
        with Watcher(client.watch(after_revision=first)) as watcher:
            others = Others(served, client, watcher, first)
            assert others.ask(1) == []
            yield others


def watchers(served: Served) -> list[Connection]:
    """Watches of all but one of the places that a tenant has, and others who wait for news."""
    first = CAPACITY.watches_a_tenant // 2
    usual = streams(served, [*[WATCH] * first, HEALTH, REFLECTION])
    wide = streams(served, [*[WATCH] * (CAPACITY.watches_a_tenant - 1 - first), HEALTH, REFLECTION], WIDE)
    return [usual, wide]


def readers(served: Served, at_json: int = 40, at_grpc: int = 3) -> list[Connection]:
    """So many connections at each door by which large answers are asked for and not read."""
    return [
        *(answers(served, "/v1/consentEvents?page_size=1000", 3) for _ in range(at_json)),
        *(pages(served, 100) for _ in range(at_grpc)),
    ]


def refusal_of_a_watch(served: Served) -> str:
    """How a watch of the tenant is refused; empty where it is not."""
    path, request = WATCH
    with grpc.insecure_channel(served.grpc) as channel:
        watch: Any = ConsentServiceStub(channel).WatchConsentEvents(
            request, metadata=(("x-api-key", API_KEY),), timeout=_PATIENCE_SECONDS
        )
        try:
            next(watch)
        except grpc.RpcError:
            return f"{path}: {watch.code().name}"
        watch.cancel()
    return ""


def stop_beside(served: Served, connections: Sequence[Connection]) -> list[str]:
    """Stop the service while they are frozen; answer what is wrong with its end."""
    with frozen(connections):
        served.send(SIGTERM)
        began, code = time.monotonic(), served.wait()
        took = time.monotonic() - began
    _, trace, told = served.log.partition("Traceback")
    clean = code == 0 and took <= _STOP_SECONDS and not trace
    return [] if clean else [f"exit code {code} after {took:.1f} s; {trace}{told[:2000]}"]


def bear_the_frozen(trial: Trial, home: Path) -> None:
    """Freeze callers of every kind at once, go on beside them, and wait for their end; then stop beside others."""
    trial.tell("peers are frozen")
    with serving(home, "--demo") as served:
        with beside(served) as others:
            others.write(_EVENTS)
            before, memory = sockets(served), megabytes(served)
            with frozen([*watchers(served), *readers(served)]):
                _go_on(trial, served, others, memory)
                began = time.monotonic()
                thawed = _holds_in_time(lambda: _is_over(served, before))
                left = f"{sockets(served)} sockets, {before} before, {_watches(served):.0f} watches"
                trial.hold(THAWED, [] if thawed else [left])
                trial.figure("frozen: seconds from the last event until all were ended", time.monotonic() - began)
            trial.hold(PLACE, filter(None, [refusal_of_a_watch(served)]))
            trial.hold(IN_ORDER, others.misses())
            others.write(1)
        began = time.monotonic()
        trial.hold(STOPS, stop_beside(served, [*watchers(served), *readers(served)]))
        trial.figure("frozen: seconds of a stop beside others, their beginning included", time.monotonic() - began)


def _go_on(trial: Trial, served: Served, others: Others, memory: float) -> None:
    refused = refusal_of_a_watch(served)
    trial.hold(PLACE, [] if "RESOURCE_EXHAUSTED" in refused else [f"one too many: {refused or 'let in'}"])
    trial.figure("frozen: sockets meanwhile", sockets(served))
    began = time.monotonic()
    others.write(_EVENTS)
    filled = _settled(served)
    trial.hold(ANSWERED, others.ask(_ASKED), _ASKED)
    others.write(_EVENTS)
    later = _settled(served)
    trial.inputs += 2 * _EVENTS + _ASKED
    trial.figure("frozen: seconds of 450 writes and 50 rounds of calls meanwhile", time.monotonic() - began)
    trial.figure("frozen: megabytes before, of all processes", memory)
    trial.figure("frozen: megabytes more, once nothing more fits", filled - memory)
    trial.figure("frozen: megabytes more, after as many events again", later - filled)
    told = [f"{filled - memory:.0f} MB, and then {later - filled:.0f} MB"]
    trial.hold(COSTS, told if filled - memory > _MOST_MEGABYTES or later - filled > _MOST_MORE else ())
    trial.hold(IN_ORDER, others.misses())


def _settled(served: Served) -> float:
    """The memory of all processes once it grows no more: answers that were asked for are made one after another."""
    ends, now = time.monotonic() + _SETTLED_SECONDS, megabytes(served)
    while time.monotonic() < ends:
        before = now
        time.sleep(1)
        now = megabytes(served)
        if now - before < 1:
            break
    return now


def _watches(served: Served) -> float:
    return value(scrape(served), "consent_watches_open")


def _is_over(served: Served, before: int) -> bool:
    return sockets(served) <= before + _SPARE_SOCKETS and _watches(served) <= 1


def _holds_in_time(holds: Callable[[], bool]) -> bool:
    """Whether it holds before the time is over."""
    ends = time.monotonic() + _ENDED_SECONDS
    while not holds():
        if time.monotonic() > ends:
            return False
        time.sleep(0.5)
    return True
