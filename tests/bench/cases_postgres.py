"""The cases on PostgreSQL, on a server that is started for them and ends with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from server.domain.service_key import ServiceKey
from tests.bench import seed_postgres
from tests.bench.generator import generator
from tests.bench.pinned import Pinned
from tests.bench.processes import ALL, CLIENT_CORE, SERVER_CORE, consent, echoing
from tests.bench.questions import BATCH_CHECK, CHECK, BatchChecks, Checks
from tests.bench.raw_lookup import BATCH, batches
from tests.bench.raw_postgres import open_lookup
from tests.bench.rounds import Figure, Result
from tests.bench.workbench import ECHO, PROCESSES, Workbench, rates
from tests.postgres.cluster import private_cluster

_CALLERS = 32
_BATCH_CALLERS = 4
# As an operator would have it, and unlike the tests' server.
_SETTINGS = (
    "fsync=on",
    "full_page_writes=on",
    "autovacuum=on",
    "shared_buffers=1GB",
    "max_wal_size=4GB",
)


@contextmanager
def _filled(bench: Workbench) -> Iterator[tuple[str, str]]:
    """A database with the records, by its URL, and the service key that it was made under."""
    key = ServiceKey.generate().encode()
    with private_cluster(*_SETTINGS) as cluster, cluster.database() as name:
        url = cluster.url_of(name)
        count = bench.records
        seed_postgres.fill(
            url, key, count, lambda done: bench.meter.advance(done * 50 // count, f"making {count:,} records")
        )
        yield url, key


def checks(bench: Workbench) -> Iterator[Result]:
    """Unary checks beside the echo, batches beside psycopg."""
    with _filled(bench) as (url, key):
        yield _unary(bench, url, key)
        yield _batch(bench, url, key)


def _unary(bench: Workbench, url: str, key: str) -> Result:
    asked = Checks.of(bench.records)
    with generator(ALL) as sender, echoing(PROCESSES) as floor, consent(url, PROCESSES, service_key=key) as ours:
        return bench.compare(
            "check.postgres.vs_echo",
            "calls/s",
            f"CheckConsent, {bench.records:,} records, PostgreSQL on the same machine, {_CALLERS} callers, beside a "
            f"bare grpcio echo; {PROCESSES} processes each, pinned one a core; PostgreSQL and the callers share these",
            rates(sender, lambda: bench.load(ours, CHECK, asked.messages, _CALLERS), asked.hold),
            rates(sender, lambda: bench.load(floor, ECHO, asked.messages, _CALLERS)),
        )


def _batch(bench: Workbench, url: str, key: str) -> Result:
    asked = BatchChecks.of(bench.records, batches(bench.records))
    with (
        Pinned(SERVER_CORE, open_lookup, url, bench.records) as raw,
        generator(CLIENT_CORE) as sender,
        consent(url, 1, service_key=key) as ours,
    ):
        return bench.compare(
            "check.batch1000.postgres.vs_raw",
            "addresses/s",
            f"BatchCheckConsent of {BATCH}, {bench.records:,} records, {_BATCH_CALLERS} callers, one process on a core "
            f"of its own, beside psycopg on one connection with = ANY({BATCH})",
            rates(
                sender,
                lambda: bench.load(ours, BATCH_CHECK, asked.messages, _BATCH_CALLERS, sample_every=20),
                asked.hold,
                each=BATCH,
            ),
            lambda: Figure(raw.run(bench.seconds)),
        )


CASES: dict[tuple[str, ...], Callable[[Workbench], Iterator[Result]]] = {
    ("check.postgres.vs_echo", "check.batch1000.postgres.vs_raw"): checks,
}
