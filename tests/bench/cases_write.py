"""The cases that write: unary and batched records, inbound messages, the gateway. Each server has its own copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.bench import lone_commits, processes, statements
from tests.bench.generator import generator
from tests.bench.loads import Load, Measured
from tests.bench.pinned import Pinned
from tests.bench.processes import ALL, CLIENT_CORE, SERVER_CORE, Server, consent, echoing
from tests.bench.raw_writes import open_writes
from tests.bench.rounds import Figure, Result, Run, compare
from tests.bench.seed import copied
from tests.bench.statements import Supply
from tests.bench.workbench import ECHO, Verify, Workbench, rates

_CALLERS = 64
_GATEWAY_CALLERS = 32
_BATCH = 1000
_BATCH_CALLERS = 2
_MOST_A_SECOND = 8_000
_MOST_BATCHES_A_SECOND = 60

Sender = Pinned[Load, Measured]


def _writes(bench: Workbench, sender: Sender, server: Server, path: str, supply: Supply, verify: Verify) -> Run:
    """Runs of writes, each of its own messages."""
    size = int(_MOST_A_SECOND * (bench.seconds + 0.5)) // 2 * 2

    def load() -> Load:
        return bench.load(server, path, supply.take(size), _CALLERS, repeat=False)

    return rates(sender, load, verify)


def record(bench: Workbench) -> Iterator[Result]:
    """RecordConsent beside the echo, and beside itself with one commit a write."""
    source, count = bench.database(), bench.records
    with (
        generator(CLIENT_CORE) as sender,
        copied(source, bench.folder / "many") as many,
        copied(source, bench.folder / "lone") as lone,
        echoing() as floor,
        consent(many) as ours,
        consent(lone, module=lone_commits.__name__) as single,
    ):
        messages, hold = statements.records(count).take(10_000), statements.hold_records
        plain, named = statements.records(count), statements.records(count, request_ids=True, first=1 << 21)
        echoed = rates(sender, lambda: bench.load(floor, ECHO, messages, _CALLERS))
        grouped = _writes(bench, sender, ours, statements.RECORD, plain, hold)
        alone = _writes(bench, sender, single, statements.RECORD, statements.records(count), hold)
        repeatable = _writes(bench, sender, ours, statements.RECORD, named, hold)
        figures = bench.turns("record.unary.vs_echo", grouped, echoed, alone, repeatable)
        where = f"{_CALLERS} callers, one process on a core of its own"
        told = f"durable RecordConsent, {where}, beside"
        yield compare("record.unary.vs_echo", "calls/s", f"{told} a bare grpcio echo", figures[0], figures[1])
        yield compare(
            "record.unary.vs_single_commit", "calls/s", f"{told} itself with one commit a write", figures[0], figures[2]
        )
        named_told = f"the same with request ids, as our own client sends them, {where}, beside a bare grpcio echo"
        yield compare("record.unary.request_id.vs_echo", "calls/s", named_told, figures[3], figures[1])


def batch_record(bench: Workbench) -> Iterator[Result]:
    """BatchRecordConsents beside raw SQLite, which writes the same rows."""
    source, count = bench.database(), bench.records
    with (
        generator(CLIENT_CORE) as sender,
        copied(source, bench.folder / "ours") as own,
        copied(source, bench.folder / "raw") as bare,
        Pinned(SERVER_CORE, open_writes, bare, count) as raw,
        consent(own) as ours,
    ):
        supply = statements.batch_records(count, _BATCH)
        size = int(_MOST_BATCHES_A_SECOND * (bench.seconds + 0.5))

        def load() -> Load:
            messages = supply.take(size)
            path = statements.BATCH_RECORD
            return bench.load(ours, path, messages, _BATCH_CALLERS, repeat=False, sample_every=10)

        batched = rates(sender, load, statements.hold_batch_records, each=_BATCH)
        figures = bench.turns(
            "record.batch1000.vs_raw",
            batched,
            lambda: Figure(raw.run((_BATCH, bench.seconds))),
            lambda: Figure(raw.run((64, bench.seconds))),
        )
        told = f"durable BatchRecordConsents of {_BATCH}, {_BATCH_CALLERS} callers, one process, beside raw sqlite3: "
        told += "recipient, event, payload, consent and head rows, synchronous=FULL,"
        name, unit = "record.batch1000.vs_raw", "records/s"
        yield compare(name, unit, f"{told} {_BATCH} records a commit", figures[0], figures[1])
        yield compare("record.batch1000.vs_raw64", unit, f"{told} 64 records a commit", figures[0], figures[2])


def inbound(bench: Workbench) -> Iterator[Result]:
    """HandleInboundMessage beside RecordConsent, on one server."""
    with (
        generator(CLIENT_CORE) as sender,
        copied(bench.database(), bench.folder / "inbound") as own,
        consent(own) as ours,
    ):
        messages, records = statements.inbound_messages(bench.records), statements.records(bench.records)
        yield bench.compare(
            "inbound.vs_record",
            "calls/s",
            f"HandleInboundMessage (STOP and START), {_CALLERS} callers, beside RecordConsent; one process",
            _writes(bench, sender, ours, statements.INBOUND, messages, statements.hold_inbound),
            _writes(bench, sender, ours, statements.RECORD, records, statements.hold_records),
        )


def gateway(bench: Workbench) -> Iterator[Result]:
    """Relay's documented JSON write beside the same RPC. Server and gateway have a core each, on both sides."""
    with (
        generator(CLIENT_CORE) as sender,
        copied(bench.database(), bench.folder / "gateway") as own,
        consent(own, cores=ALL) as ours,
    ):
        processes.pin(ours.workers[0], SERVER_CORE)
        processes.pin(ours.gateway[0], CLIENT_CORE)
        updates, documented = statements.updates(bench.records), statements.json_updates(bench.records)
        size = int(_MOST_A_SECOND * (bench.seconds + 0.5))

        both = (*ours.workers, *ours.gateway)

        def rpc() -> Load:
            return bench.load(ours, statements.UPDATE, updates.take(size), _GATEWAY_CALLERS, repeat=False)

        def put() -> Load:
            changed = {"port": ours.http, "connections": _GATEWAY_CALLERS, "repeat": False, "watched": both}
            return bench.load(ours, "", documented.take(size), _GATEWAY_CALLERS, **changed)

        yield bench.compare(
            "gateway.vs_grpc",
            "calls/s",
            f"Relay's PUT of a consent through the gateway, {_GATEWAY_CALLERS} callers, beside UpdateChannelConsent; "
            "the server on a core of its own, gateway and callers on the other",
            rates(sender, put, statements.hold_json_updates),
            rates(sender, rpc, statements.hold_updates),
        )


CASES: dict[tuple[str, ...], Callable[[Workbench], Iterator[Result]]] = {
    (
        "record.unary.vs_echo",
        "record.unary.vs_single_commit",
        "record.unary.request_id.vs_echo",
    ): record,
    ("record.batch1000.vs_raw", "record.batch1000.vs_raw64"): batch_record,
    ("inbound.vs_record",): inbound,
    ("gateway.vs_grpc",): gateway,
}
