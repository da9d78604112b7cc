"""The service as a caller sees it: the whole chain on grpcio-testing, over an SQLite file, with clocks that obey."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import grpc_testing
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from prometheus_client import CollectorRegistry

from server.api.auth import Authenticator
from server.api.capacity import USUAL, Capacity
from server.api.lanes import Lanes
from server.api.rates import CallRates
from server.api.server import SERVICES, mount_services
from server.api.streams import Streams
from server.domain.model import Instant, Record
from server.domain.service_key import ServiceKey, ServiceKeys
from server.metrics.metrics import Metrics
from server.metrics.totals import Totals
from server.storage.database import SqlStorage, open_storage
from server.storage.protocol import Storage, StoredEvent
from tests.servicer.refusals import Refused

KEYS = ServiceKeys(ServiceKey("test", bytes(range(32))))
METHODS: dict[str, MethodDescriptor] = {method.name: method for service in SERVICES for method in service.methods}
GRPC_TESTING: Any = grpc_testing
PEER = "ipv4:192.0.2.1:5000"
ENDLESS = frozenset({"WatchConsentEvents"})
_TEST_PEER, _TEST_SECONDS_LEFT = "x-test-peer", "x-test-seconds-left"

Mounted = Mapping[ServiceDescriptor, SimpleNamespace]


class Clock:
    """Both clocks, the one on the wall and the one that never runs backwards; they move when they are told."""

    def __init__(self) -> None:
        self._now: Instant = 1_750_000_000_000_000

    def moment(self) -> Instant:
        """The wall clock."""
        return self._now

    def seconds(self) -> float:
        """The monotonic clock."""
        return self._now / 1_000_000

    def advance(self, seconds: float) -> None:
        self._now += round(seconds * 1_000_000)


class _Aborted(Exception):
    """The chain ended the call."""


class _Context:
    """What grpcio-testing leaves out: the peer, and an abort that keeps the trailing metadata."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._told: dict[str, Any] = dict(inner.invocation_metadata())

    def peer(self) -> str:
        return str(self._told[_TEST_PEER])

    def time_remaining(self) -> float | None:
        left = self._told.get(_TEST_SECONDS_LEFT)
        return None if left is None else float(left)

    def invocation_metadata(self) -> list[tuple[str, str | bytes]]:
        return [item for item in self._inner.invocation_metadata() if item[0] not in (_TEST_PEER, _TEST_SECONDS_LEFT)]

    def abort(self, code: grpc.StatusCode, details: str) -> None:
        self._inner.set_code(code)
        self._inner.set_details(details)
        raise _Aborted

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def _stream_behaviour(mounted_method: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def run(request: Any, context: Any) -> Iterator[Any]:
        with suppress(_Aborted):
            yield from mounted_method(request, _Context(context))

    return run


class Line:
    """The mounted services on grpcio-testing. Calls run on a pool, as they do behind a port: grpcio-testing begins a
    thread a call, and each thread has a database connection of its own."""

    def __init__(self, mounted: Mounted, tick: Callable[[], None]) -> None:
        self.calls = 0
        self._tick = tick
        self._pool = ThreadPoolExecutor(4)
        servicers = {
            service: SimpleNamespace(
                **{
                    method.name: (_stream_behaviour if method.server_streaming else self._behaviour)(
                        getattr(servicer, method.name)
                    )
                    for method in service.methods
                }
            )
            for service, servicer in mounted.items()
        }
        self._server = GRPC_TESTING.server_from_dictionary(servicers, GRPC_TESTING.strict_fake_time(0))

    def _behaviour(self, mounted_method: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def run(request: Any, context: Any) -> Any:
            try:
                return self._pool.submit(mounted_method, request, _Context(context)).result()
            except _Aborted:
                return None

        return run

    def call(self, method: MethodDescriptor, request: Any, metadata: tuple[tuple[str, str | bytes], ...]) -> Any:
        """Call, a millisecond after the call before; of a stream all messages, of a watch the first. Raises Refused."""
        self.calls += 1
        self._tick()
        if method.server_streaming:
            return self._stream(method, request, metadata)
        rpc = self._server.invoke_unary_unary(method, metadata, request, None)
        answer, trailers, code, message = rpc.termination()
        if code is not grpc.StatusCode.OK:
            raise Refused(code, message, dict(trailers))
        assert isinstance(answer, GetMessageClass(method.output_type))
        return answer

    def _stream(self, method: MethodDescriptor, request: Any, metadata: tuple[tuple[str, str | bytes], ...]) -> Any:
        rpc = self._server.invoke_unary_stream(method, metadata, request, None)
        messages = []
        with suppress(ValueError):  # what grpcio-testing raises where the stream has ended
            while True:
                messages.append(rpc.take_response())
                if method.name in ENDLESS:
                    rpc.cancel()
                    return messages
        trailers, code, message = rpc.termination()
        if code is not grpc.StatusCode.OK:
            raise Refused(code, message, dict(trailers))
        return messages

    def close(self) -> None:
        self._pool.shutdown()


@dataclass(frozen=True)
class Caller:
    """Somebody with a credential: `caller.CheckConsent(sender=…)` answers the response or raises Refused."""

    line: Line
    metadata: tuple[tuple[str, str | bytes], ...] = ()
    peer: str = PEER
    seconds_left: float | None = None

    def __getattr__(self, rpc: str) -> Callable[..., Any]:
        if rpc not in METHODS:
            raise AttributeError(rpc)
        method = METHODS[rpc]

        def call(request: Message | None = None, **fields: Any) -> Any:
            metadata = (*self.metadata, (_TEST_PEER, self.peer))
            if self.seconds_left is not None:
                metadata = (*metadata, (_TEST_SECONDS_LEFT, str(self.seconds_left)))
            message = GetMessageClass(method.input_type)(**fields) if request is None else request
            return self.line.call(method, message, metadata)

        return call

    def with_metadata(self, *items: tuple[str, str | bytes]) -> Caller:
        return replace(self, metadata=(*self.metadata, *items))


class World:
    """One service on one database, by its file or its URL."""

    def __init__(self, path: Path | str, wrap: Callable[[Storage], Storage] = lambda storage: storage) -> None:
        self.path = Path(path)
        self.clock = Clock()
        self.metrics = Metrics()
        self.storage: SqlStorage = open_storage(str(path), KEYS, self.clock.moment)
        self.lanes = Lanes(self.metrics)
        self.mounted = self.mount(wrap(self.storage))
        self.line = Line(self.mounted, self._tick)
        self._lines = [self.line]

    def mount(
        self, storage: Storage, streams: Streams | None = None, capacity: Capacity = USUAL, lanes: Lanes | None = None
    ) -> Mounted:
        """A process of its own on the database: its memory of credentials is empty."""
        rates = CallRates(capacity, self.clock.seconds, self.metrics)
        authenticator = Authenticator(storage, KEYS, self.clock.moment, self.clock.seconds)
        return mount_services(storage, KEYS, authenticator, self.metrics, streams, lanes or self.lanes, rates)

    def another_process(
        self, storage: Storage | None = None, streams: Streams | None = None, capacity: Capacity = USUAL
    ) -> Line:
        line = Line(self.mount(storage or self.storage, streams, capacity), self._tick)
        self._lines.append(line)
        return line

    def sample(self, name: str, **labels: str) -> float | None:
        """What Prometheus would be told of a metric."""
        totals, registry = Totals(), CollectorRegistry()
        registry.register(totals)
        totals.take("this", self.metrics.report())
        return registry.get_sample_value(name, labels)

    def _tick(self) -> None:
        self.clock.advance(0.001)

    def close(self) -> None:
        for line in self._lines:
            line.close()
        self.storage.close()

    def anybody(self, *metadata: tuple[str, str | bytes], peer: str = PEER) -> Caller:
        """A caller that shows exactly this."""
        return Caller(self.line, metadata, peer)

    def holder(self, key: str) -> Caller:
        """A caller with an API key."""
        return self.anybody(("x-api-key", key))

    def tenant_id(self, name: str) -> int:
        return next(tenant.id for tenant in self.storage.tenants() if tenant.name == name)

    def events(self, tenant: str) -> list[StoredEvent]:
        """The whole ledger of a tenant."""
        with self.storage.read(self.tenant_id(tenant)) as snapshot:
            return list(snapshot.events(0, 100_000))

    def records(self, tenant: str) -> list[Record]:
        """All current records of a tenant."""
        with self.storage.read(self.tenant_id(tenant)) as snapshot:
            return [record for _, record in snapshot.consents(None, 100_000)]

    def contents(self, tenant: str | None = None) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, or of a tenant, without last-used times: what a refused call leaves alone."""
        self.flush()
        with closing(sqlite3.connect(self.path)) as database:
            tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            only = None if tenant is None else self.tenant_id(tenant)
            return {table: list(_rows(database, table, only)) for table in tables}

    def flush(self) -> None:
        """Wait for the writes that nobody waits for."""
        self.storage.write(self.tenant_id("acme"), lambda _: None)


def _rows(database: sqlite3.Connection, table: str, tenant_id: int | None) -> Iterator[tuple[Any, ...]]:
    names = [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]
    columns = ", ".join(f'"{name}"' for name in names if name != "last_used_time")
    owner = "id" if table == "tenants" else "tenant_id" if "tenant_id" in names else None
    where = "" if tenant_id is None else f"WHERE {owner} = {tenant_id}" if owner else "WHERE FALSE"
    yield from database.execute(f'SELECT {columns} FROM "{table}" {where} ORDER BY {columns}')
