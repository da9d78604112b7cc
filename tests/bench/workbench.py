"""What every case works with: how long and how often to measure, where to put things, and how to tell how far it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from server.cli.output import Meter
from server.demo import API_KEY
from tests.bench import echo, processes, seed
from tests.bench.loads import Load, Measured
from tests.bench.pinned import Pinned
from tests.bench.processes import Server
from tests.bench.rounds import Figure, Result, Run, alternate, compare

ECHO = f"/{echo.SERVICE}/{echo.METHOD}"
CREDENTIAL = (("x-api-key", API_KEY),)
PROCESSES = len(processes.CORES)

Verify = Callable[[Sequence[tuple[int, bytes]]], None]


@dataclass(frozen=True, slots=True)
class Workbench:
    """Settings of a whole run; databases stay in `cache`, `folder` is removed."""

    records: int
    rounds: int
    seconds: float
    memory_calls: int
    scrub_rows: int
    growth: int
    cache: Path
    folder: Path
    meter: Meter

    def database(self, records: int | None = None) -> Path:
        """The SQLite database with so many records, made where it is not there yet."""
        count = records or self.records

        def tell(done: int) -> None:
            self.meter.advance(done * 50 // count, f"making {count:,} records")

        return seed.sqlite_database(self.cache, count, tell)

    def say(self, text: str) -> None:
        """Show what is being done."""
        self.meter.advance(0, text)

    def turns(self, name: str, *runs: Run) -> list[list[Figure]]:
        """Run each once to warm up, then in turn; answer the figures of the latter."""
        self.say(f"{name}: warming up")
        for run in runs:
            run()
        done = 0

        def tell() -> None:
            nonlocal done
            done += 1
            self.meter.advance(done * 100 // (self.rounds * len(runs)), name)

        return alternate(runs, self.rounds, tell)

    def compare(self, name: str, unit: str, compared: str, ours: Run, floor: Run) -> Result:
        """Measure ours and the floor in turn."""
        mine, theirs = self.turns(name, ours, floor)
        return compare(name, unit, compared, mine, theirs)

    def load(self, server: Server, path: str, messages: Sequence[bytes], concurrency: int, **changed: object) -> Load:
        """A load on a gRPC server, its connections spread over its processes."""
        given: dict[str, object] = {
            "port": server.grpc,
            "path": path,
            "messages": messages,
            "concurrency": concurrency,
            "connections": 2 * server.shares,
            "seconds": self.seconds,
            "warm_seconds": self.seconds / 4,
            "headers": CREDENTIAL,
            "shares": server.shares,
            "owner": server.pid,
            "watched": server.workers,
        }
        return Load(**{**given, **changed})  # type: ignore[arg-type] # as the names above say


def facts(measured: Measured) -> dict[str, float]:
    """What else a run of a generator tells."""
    return {
        "p50_ms": measured.p50 * 1e3,
        "p99_ms": measured.p99 * 1e3,
        "server_cpu_us_a_call": measured.server_cpu_a_call * 1e6,
        "generator_cpu_us_a_call": measured.generator_cpu / measured.calls * 1e6,
    }


def rates(sender: Pinned[Load, Measured], load: Callable[[], Load], verify: Verify | None = None, each: int = 1) -> Run:
    """A run that answers calls a second, or items a second where a call holds `each` of them."""

    def run() -> Figure:
        measured = sender.run(load())
        if verify is not None:
            verify(measured.samples)
        return Figure(measured.rate * each, facts(measured))

    return run


def p99s(sender: Pinned[Load, Measured], load: Callable[[], Load], verify: Verify | None = None) -> Run:
    """A run that answers the p99 in milliseconds."""

    def run() -> Figure:
        measured = sender.run(load())
        if verify is not None:
            verify(measured.samples)
        return Figure(measured.p99 * 1e3, {**facts(measured), "rate": measured.rate})

    return run
