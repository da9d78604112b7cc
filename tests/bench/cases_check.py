"""The cases that ask: unary checks, batches, growth."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.bench import processes
from tests.bench.generator import generator
from tests.bench.loads import Load, Measured
from tests.bench.pinned import Pinned
from tests.bench.processes import ALL, CLIENT_CORE, SERVER_CORE, Server, consent, echoing
from tests.bench.questions import BATCH_CHECK, CHECK, BatchChecks, Checks
from tests.bench.raw_lookup import BATCH, batches, open_lookup
from tests.bench.rounds import Figure, Result, Run
from tests.bench.workbench import ECHO, PROCESSES, Workbench, p99s, rates

_CALLERS = 32
_FEW_CALLERS = 16
_BATCH_CALLERS = 4

Sender = Pinned[Load, Measured]


def unary(bench: Workbench) -> Iterator[Result]:
    """CheckConsent beside the echo, with as many processes as cores."""
    checks, database = Checks.of(bench.records), bench.database()
    with generator(ALL) as sender, echoing(PROCESSES) as floor, consent(database, PROCESSES) as ours:
        where = f"{PROCESSES} processes each, pinned one a core; the generator shares the cores"
        yield bench.compare(
            "check.unary.vs_echo",
            "calls/s",
            f"CheckConsent, {bench.records:,} records, SQLite, {_CALLERS} callers, beside a bare grpcio echo; {where}",
            rates(sender, lambda: bench.load(ours, CHECK, checks.messages, _CALLERS), checks.hold),
            rates(sender, lambda: bench.load(floor, ECHO, checks.messages, _CALLERS)),
        )
        yield bench.compare(
            "check.unary.p99_vs_echo",
            "ms",
            f"p99 of CheckConsent, {_FEW_CALLERS} callers, beside the bare echo's; {where}",
            p99s(sender, lambda: bench.load(ours, CHECK, checks.messages, _FEW_CALLERS), checks.hold),
            p99s(sender, lambda: bench.load(floor, ECHO, checks.messages, _FEW_CALLERS)),
        )


def under_batch(bench: Workbench) -> Iterator[Result]:
    """Checks while somebody sends one batch after the other, beside checks alone."""
    checks, database = Checks.of(bench.records), bench.database()
    asked = BatchChecks.of(bench.records, batches(bench.records))
    with generator(ALL) as sender, generator(ALL) as other, consent(database, PROCESSES) as ours:
        alone = p99s(sender, lambda: bench.load(ours, CHECK, checks.messages, _FEW_CALLERS), checks.hold)

        def beside() -> Figure:
            seconds = bench.seconds + 1.0
            load = bench.load(ours, BATCH_CHECK, asked.messages, 1, connections=1, shares=1, seconds=seconds)
            other.begin(load)
            figure = alone()
            batched = other.end()
            asked.hold(batched.samples)
            return Figure(figure.value, {**figure.facts, "batches_a_second": batched.rate})

        yield bench.compare(
            "check.unary.p99_under_batch",
            "ms",
            f"p99 of CheckConsent, {_FEW_CALLERS} callers, {PROCESSES} processes, while one caller sends batches of "
            f"{BATCH} one after the other, beside the same without batches",
            beside,
            alone,
        )


def batch(bench: Workbench) -> Iterator[Result]:
    """BatchCheckConsent beside the fastest raw lookup, with one process and with two."""
    database = bench.database()
    asked = BatchChecks.of(bench.records, batches(bench.records))
    with Pinned(SERVER_CORE, open_lookup, database, bench.records) as raw:
        way, _ = raw.run(("", min(0.5, bench.seconds)))

        def floor() -> Figure:
            return Figure(raw.run((way, bench.seconds))[1])

        for count, name in ((1, "check.batch1000.vs_raw"), (2, "check.batch1000.two_processes.vs_raw")):
            with generator(CLIENT_CORE if count == 1 else ALL) as sender, consent(database, count) as ours:
                yield bench.compare(
                    name,
                    "addresses/s",
                    f"BatchCheckConsent of {BATCH} (e-mail and all regions), {bench.records:,} records, "
                    f"{_BATCH_CALLERS} callers, {_where(count)}, beside the fastest raw lookup in one process ({way})",
                    _batch_rates(bench, sender, ours, asked),
                    floor,
                )


def _where(count: int) -> str:
    if count == 1:
        return "one process on a core of its own"
    return f"{count} processes, which share the cores with the callers"


def _batch_rates(bench: Workbench, sender: Sender, server: Server, asked: BatchChecks) -> Run:
    load = lambda: bench.load(server, BATCH_CHECK, asked.messages, _BATCH_CALLERS, sample_every=20)  # noqa: E731
    return rates(sender, load, asked.hold, each=BATCH)


def growth(bench: Workbench) -> Iterator[Result]:
    """The same calls on ten times the records."""
    many = bench.records * bench.growth
    few_checks, many_checks = Checks.of(bench.records), Checks.of(many)
    few_batches, many_batches = (BatchChecks.of(count, batches(count)) for count in (bench.records, many))
    small, large = bench.database(), bench.database(many)
    with generator(CLIENT_CORE) as sender, consent(small) as before, consent(large) as after:

        def checked(server: Server, checks: Checks) -> Run:
            return rates(sender, lambda: bench.load(server, CHECK, checks.messages, _CALLERS), checks.hold)

        compared = f"{many:,} records beside {bench.records:,}, one process on a core of its own"
        yield bench.compare(
            "growth.1M_to_10M",
            "calls/s",
            f"CheckConsent, {compared}",
            checked(after, many_checks),
            checked(before, few_checks),
        )
        yield bench.compare(
            "growth.1M_to_10M.batch",
            "addresses/s",
            f"BatchCheckConsent of {BATCH}, {compared}",
            _batch_rates(bench, sender, after, many_batches),
            _batch_rates(bench, sender, before, few_batches),
        )


def memory(bench: Workbench) -> Iterator[Result]:
    """A serving process's own memory after many calls, beside that after a fifth of them."""
    checks, calls = Checks.of(bench.records), bench.memory_calls
    with generator(CLIENT_CORE) as sender, consent(bench.database()) as ours:
        told: list[float] = []
        for place, part in enumerate((calls // 5, calls - calls // 5)):
            bench.say(f"memory.process: call {place * part:,} of {calls:,}")
            load = bench.load(
                ours, CHECK, checks.messages, _CALLERS, calls=part, seconds=float("inf"), warm_seconds=0.0
            )
            checks.hold(sender.run(load).samples)
            told.append(processes.private_megabytes(ours.workers[0]))
    ratio = told[1] / told[0]
    compared = f"private memory (USS) of the serving process after {calls:,} checks, beside after {calls // 5:,}"
    yield Result("memory.process", told[1], "MB", compared, told[0], ratio, (ratio,))


CASES: dict[tuple[str, ...], Callable[[Workbench], Iterator[Result]]] = {
    ("check.unary.vs_echo", "check.unary.p99_vs_echo"): unary,
    ("check.unary.p99_under_batch",): under_batch,
    ("check.batch1000.vs_raw", "check.batch1000.two_processes.vs_raw"): batch,
    ("growth.1M_to_10M", "growth.1M_to_10M.batch"): growth,
    ("memory.process",): memory,
}
