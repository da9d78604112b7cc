"""Ten times the calls that one process can answer, from a core of their own, for a minute."""

from __future__ import annotations

from statistics import mean

from tests.bench import seed
from tests.bench.generator import generator
from tests.bench.loads import GRPC_OK, Load, Measured
from tests.bench.processes import CLIENT_CORE, Server, consent
from tests.bench.questions import CHECK, Checks
from tests.bench.workbench import CREDENTIAL
from tests.torture.load.flood import Flow, Flowed, flooder
from tests.torture.load.watching import Watched, watching
from tests.torture.trial import Suite, Trial

RECORDS = 20_000
TIMES = 10
CONNECTIONS = 32
GOODPUT = 0.8
P99_SECONDS = 2.0
HEALTH_SECONDS = 1.0
RECOVERY_SECONDS = 3.0
GROWTH = 1.1
UNAVAILABLE = 14

KEEPS_ON = f"at {TIMES} times its capacity it goes on to answer {GOODPUT} of it"
IN_TIME = f"99 of 100 that are answered are answered within {P99_SECONDS} s"
TELLS = "whoever is not answered is told UNAVAILABLE, and nobody is cut off"
LIVES = f"health answers SERVING, each time within {HEALTH_SECONDS} s"
FLAT = f"the memory does not grow under it, by more than {GROWTH - 1:.0%} from its first third to its last"
RECOVERS = f"{RECOVERY_SECONDS} s after the last call all is as before"


def run(trial: Trial) -> None:
    """Measure the capacity, flood, and measure again."""
    checks = Checks.of(RECORDS)
    database = seed.sqlite_database(trial.folder, RECORDS, lambda _: None)
    each = trial.minutes * 60 / 9
    with (
        consent(database) as server,
        generator(CLIENT_CORE) as closed,
        flooder(CLIENT_CORE) as open_loop,
    ):

        def capacity() -> Measured:
            return closed.run(closed_load(server, checks, each))

        trial.tell("measuring the capacity")
        before = capacity()
        trial.tell(f"offering {TIMES * before.rate:,.0f} calls a second")
        flow = Flow(server.grpc, CHECK, checks.messages, TIMES * before.rate, CONNECTIONS, each * 6, CREDENTIAL)
        with watching(server.workers[0], server.grpc) as watched:
            flowed = open_loop.run(flow)
        trial.tell("measuring the capacity again")
        after = capacity()
    judge(trial, before, flowed, watched, after)


def closed_load(server: Server, checks: Checks, seconds: float) -> Load:
    """As many checks as the process answers."""
    return Load(
        port=server.grpc,
        path=CHECK,
        messages=checks.messages,
        concurrency=64,
        connections=CONNECTIONS,
        seconds=seconds,
        headers=CREDENTIAL,
        watched=server.workers,
    )


def judge(trial: Trial, before: Measured, flowed: Flowed, watched: Watched, after: Measured) -> None:
    """Hold what was measured to what is promised."""
    capacity = mean((before.rate, after.rate))
    kept = flowed.goodput / capacity
    third = max(1, len(watched.looks) // 3)
    first, last = (mean(look.megabytes for look in looks) for looks in (watched.looks[:third], watched.looks[-third:]))
    told = {status: count for status, count in flowed.statuses.items() if status not in (GRPC_OK, UNAVAILABLE)}
    for name, value in {
        "capacity_before_calls_a_second": before.rate,
        "capacity_after_calls_a_second": after.rate,
        "offered_calls_a_second": flowed.arrived / flowed.seconds,
        "held_back_by_the_limit_of_streams": flowed.held_back,
        "goodput_calls_a_second": flowed.goodput,
        "goodput_of_capacity": kept,
        "refused_calls": flowed.statuses.get(UNAVAILABLE, 0),
        "accepted_p50_ms": flowed.accepted[50] * 1e3,
        "accepted_p99_ms": flowed.accepted[99] * 1e3,
        "health_worst_ms": max(watched.health) * 1e3,
        "memory_first_third_mb": first,
        "memory_last_third_mb": last,
        "drained_after_seconds": flowed.drain,
        "p99_before_ms": before.p99 * 1e3,
        "p99_after_ms": after.p99 * 1e3,
    }.items():
        trial.figure(name, value)
    trial.rounds, trial.inputs = 1, flowed.arrived - flowed.held_back
    trial.hold(KEEPS_ON, _unless(kept >= GOODPUT, f"{kept:.2f}"))
    p99 = flowed.accepted[99]
    trial.hold(IN_TIME, _unless(p99 <= P99_SECONDS, f"{p99:.2f} s"))
    cut = flowed.lost_connections + flowed.unanswered
    trial.hold(TELLS, _unless(not told and not cut, f"by status {told}, {cut} cut off"), sum(flowed.statuses.values()))
    slow = [f"{seconds:.2f} s" for seconds in watched.health if seconds > HEALTH_SECONDS]
    trial.hold(LIVES, [*watched.failed, *slow], len(watched.health) + len(watched.failed))
    trial.hold(FLAT, _unless(last <= first * GROWTH, f"{first:.0f} MB, then {last:.0f} MB"), len(watched.looks))
    again = after.rate / before.rate
    recovered = again >= GOODPUT and flowed.drain <= RECOVERY_SECONDS
    trial.hold(RECOVERS, _unless(recovered, f"{again:.2f} of the capacity, {flowed.drain:.1f} s until all were told"))


def _unless(holds: bool, case: str) -> list[str]:
    return [] if holds else [case]


SUITE = Suite(
    "load",
    "ten times the calls that a process can answer",
    (KEEPS_ON, IN_TIME, TELLS, LIVES, FLAT, RECOVERS),
    run,
    minutes=1.5,
)
