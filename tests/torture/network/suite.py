"""The way to PostgreSQL slow, cut, half-open; callers that idle and crawl by the thousand, or freeze in the middle."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import quantiles

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from server.client import ConsentClient, ConsentClientError, Retries, sms
from server.demo import API_KEY, BRAND
from tests.e2e.loads import no_of
from tests.e2e.process import Served, serve_postgres, serving
from tests.postgres.cluster import Cluster, private_cluster
from tests.torture.kill.spell import PROMISES as KEPT
from tests.torture.kill.spells import Spells
from tests.torture.network import weathers
from tests.torture.network.freezing import PROMISES as THAWED
from tests.torture.network.freezing import bear_the_frozen
from tests.torture.network.idlers import descriptors, idling
from tests.torture.proxy import Proxy
from tests.torture.trial import Suite, Trial

BOUNDED = "while PostgreSQL says nothing, health is NOT_SERVING in 15 s and a call fails in 60 s"
WELL_AGAIN = "once PostgreSQL answers again, calls are answered in 15 s, with no restart"
SERVED = "while thousands idle and crawl, others are answered"
RETURNED = "the service itself ends who idles or crawls, and has its descriptors back"

_HASTY = {"options": "-cstatement_timeout=1000"}
_ROUNDS_A_SPELL = 9
_IDLERS = 1500
_SPARE_DESCRIPTORS = 60
_ENDED_SECONDS = 150.0
_PROBES = 300


def run(trial: Trial) -> None:
    """Idle and frozen callers and one long silence first, then bad weather in spells for the rest of the time."""
    _bear_idlers(trial)
    bear_the_frozen(trial, _home(trial, "frozen"))
    with private_cluster() as cluster:
        _bear_silence(trial, cluster)
        _bear_weather(trial, cluster)


def _bear_weather(trial: Trial, cluster: Cluster) -> None:
    spells, number = Spells(trial, "weather"), 0
    while not number or trial.left:
        trial.tell(f"{spells.struck.total()} rounds of bad weather")
        home = trial.folder / f"weather-{number}"
        home.mkdir()
        with cluster.database() as name, Proxy(cluster.url) as proxy:
            serve_postgres(home, proxy.url_of(name, **_HASTY))
            spells.suffer(home, weathers.strikes(proxy), _ROUNDS_A_SPELL, lambda: bool(trial.left))
        number += 1
    spells.tell()


def _bear_silence(trial: Trial, cluster: Cluster) -> None:
    """PostgreSQL takes what it is sent and answers nothing, with the limits that are shipped."""
    trial.tell("PostgreSQL falls silent")
    home = _home(trial, "silence")
    with cluster.database() as name, Proxy(cluster.url) as proxy:
        serve_postgres(home, proxy.url_of(name))
        with (
            serving(home, "--demo") as served,
            ConsentClient(served.grpc, api_key=API_KEY, timeout=120, retries=Retries(attempts=1)) as client,
            ThreadPoolExecutor() as pool,
        ):
            client.record(no_of(2_530_000))
            proxy.hold()
            asked = pool.submit(_timed, lambda: client.check(BRAND, sms("+16502530000"), "transactional"))
            told = pool.submit(_timed, lambda: client.record(no_of(2_530_001)))
            health = _seconds_until(lambda: not _serves(served), 60)
            slowest = max(asked.result(), told.result())
            late = health > 15 or slowest > 60
            trial.hold(BOUNDED, [f"health {health:.1f} s, calls {slowest:.1f} s"] if late else ())
            proxy.clear()
            again = _seconds_until(lambda: _answers(client) and _serves(served), 60)
            trial.hold(WELL_AGAIN, [f"{again:.1f} s"] if again > 15 else ())
    trial.figure("silence: seconds to NOT_SERVING", health)
    trial.figure("silence: seconds to the slowest call's failure", slowest)
    trial.figure("silence: seconds from its end to SERVING and answers", again)


def _bear_idlers(trial: Trial) -> None:
    trial.tell("callers idle")
    home = _home(trial, "idlers")
    with serving(home, "--demo") as served:
        before, broken = descriptors(served), list[str]()
        with idling(served, _IDLERS):
            during = descriptors(served)
            times = [_probe(served, number, broken) for number in range(_PROBES)]
            trial.hold(SERVED, broken, _PROBES)
            back = _seconds_until(lambda: descriptors(served) <= before + _SPARE_DESCRIPTORS, _ENDED_SECONDS)
            left = descriptors(served)
    trial.hold(RETURNED, [f"{left} of {during} are open after {back:.0f} s"] if back >= _ENDED_SECONDS else ())
    trial.inputs += _PROBES
    trial.figure("idlers: descriptors before", before)
    trial.figure("idlers: descriptors while they idle", during)
    trial.figure(
        "idlers: milliseconds of a call on a new connection meanwhile, p99", quantiles(times, n=100)[98] * 1000
    )
    trial.figure("idlers: seconds until all were ended", back)


def _probe(served: Served, number: int, broken: list[str]) -> float:
    """A write and a check of somebody who has just come; what goes wrong is added to `broken`."""
    began = time.monotonic()
    try:
        # Without retries: a caller that is not let in is a fault here.
        with ConsentClient(served.grpc, api_key=API_KEY, timeout=10, retries=Retries(attempts=1)) as client:
            client.record(no_of(2_600_000 + number))
            if client.check(BRAND, no_of(2_600_000 + number).recipient, "transactional").allowed:
                broken.append(f"probe {number}: ALLOW after a no")
    except ConsentClientError as error:
        broken.append(f"probe {number}: {error!r}")
    return time.monotonic() - began


def _home(trial: Trial, name: str) -> Path:
    home = trial.folder / name
    home.mkdir()
    return home


def _timed(call: Callable[[], object]) -> float:
    began = time.monotonic()
    try:
        call()
    except ConsentClientError:
        return time.monotonic() - began
    return time.monotonic() - began


def _answers(client: ConsentClient) -> bool:
    try:
        client.check(BRAND, sms("+16502530000"), "transactional")
    except ConsentClientError:
        return False
    return True


def _serves(served: Served) -> bool:
    with grpc.insecure_channel(served.grpc) as channel:
        try:
            status = HealthStub(channel).Check(HealthCheckRequest(), timeout=5).status
        except grpc.RpcError:
            return False
    return bool(status == HealthCheckResponse.SERVING)


def _seconds_until(holds: Callable[[], bool], most: float) -> float:
    """Seconds until it holds; the most that was waited where it does not."""
    began = time.monotonic()
    while not holds() and time.monotonic() - began < most:
        time.sleep(0.1)
    return time.monotonic() - began


SUITE = Suite(
    "network",
    "PostgreSQL behind a bad way; callers that idle, crawl and vanish",
    (*KEPT, BOUNDED, WELL_AGAIN, SERVED, RETURNED, *THAWED),
    run,
)
