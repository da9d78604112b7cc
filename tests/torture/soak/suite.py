"""Twenty minutes at half of what a process can answer, checks and writes: nothing may grow, and nothing slow down."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, median

from tests.bench import seed, statements
from tests.bench.generator import generator
from tests.bench.loads import GRPC_OK
from tests.bench.processes import CLIENT_CORE, Server, consent
from tests.bench.questions import CHECK, Checks
from tests.bench.workbench import CREDENTIAL
from tests.torture.load.flood import Flow, Flowed, flooder
from tests.torture.load.suite import RECORDS, closed_load
from tests.torture.load.watching import Look
from tests.torture.trial import Suite, Trial

SHARE = 0.5
WRITES_A_SECOND = 20
WINDOWS = 24
CONNECTIONS = 8
GROWTH = 1.1
MORE_MEGABYTES = 8
MORE_DESCRIPTORS = 4
SLOWER = 2.0
SLOWER_SECONDS = 0.005

ANSWERS = "at half of its capacity every call is answered"
MEMORY = f"the memory of the last third is at most {GROWTH - 1:.0%} and {MORE_MEGABYTES} MB above that of the first"
DESCRIPTORS = f"no more than {MORE_DESCRIPTORS} descriptors and no threads are added from the first third to the last"
LATENCY = (
    f"the p99 of the last third is at most {SLOWER:.0f} times that of the first, or within {SLOWER_SECONDS} s of it"
)


def run(trial: Trial) -> None:
    """Measure the capacity, then offer half of it in windows, and look at the process after each."""
    checks = Checks.of(RECORDS)
    database = seed.sqlite_database(trial.folder, RECORDS, lambda _: None)
    windows: list[tuple[Flowed, Flowed, Look]] = []
    with (
        consent(database) as server,
        generator(CLIENT_CORE) as closed,
        flooder(CLIENT_CORE) as asking,
        flooder(CLIENT_CORE) as writing,
    ):
        length = trial.minutes * 60 / (WINDOWS + 1)
        capacity = closed.run(closed_load(server, checks, length)).rate
        trial.figure("capacity_calls_a_second", capacity)
        supply = statements.records(RECORDS, request_ids=True)
        for number in range(WINDOWS):
            trial.tell(f"window {number + 1} of {WINDOWS}")
            asking.begin(_flow(server, CHECK, checks.messages, SHARE * capacity, length))
            writes = supply.take(int(WRITES_A_SECOND * length) + 1)
            writing.begin(_flow(server, statements.RECORD, writes, WRITES_A_SECOND, length))
            windows.append((asking.end(), writing.end(), Look.at(server.workers[0])))
    judge(trial, windows)


def _flow(server: Server, path: str, messages: Sequence[bytes], rate: float, seconds: float) -> Flow:
    return Flow(server.grpc, path, messages, rate, CONNECTIONS, seconds, CREDENTIAL)


def judge(trial: Trial, windows: Sequence[tuple[Flowed, Flowed, Look]]) -> None:
    """Hold what was measured to what is promised."""
    third = max(1, len(windows) // 3)
    first, last = windows[:third], windows[-third:]
    megabytes = [mean(look.megabytes for _, _, look in part) for part in (first, last)]
    descriptors = [max(look.descriptors for _, _, look in part) for part in (first, last)]
    # The least: health has a timer for each of its judgements, which a look may find.
    threads = [min(look.threads for _, _, look in part) for part in (first, last)]
    p99s = [median(asked.accepted[99] for asked, _, _ in part) for part in (first, last)]
    trial.rounds = len(windows)
    trial.inputs = sum(asked.arrived + written.arrived for asked, written, _ in windows)
    for name, values, unit in (
        ("memory", megabytes, "MB"),
        ("descriptors", descriptors, ""),
        ("threads", threads, ""),
        ("check_p50", [median(asked.accepted[50] for asked, _, _ in part) * 1e3 for part in (first, last)], "ms"),
        ("check_p99", [one * 1e3 for one in p99s], "ms"),
    ):
        trial.figure(f"{name}_first_and_last_third", " → ".join(f"{value:.1f} {unit}".strip() for value in values))
    trial.figure("memory_by_window_mb", " ".join(f"{look.megabytes:.0f}" for _, _, look in windows))
    trial.figure("check_p99_by_window_ms", " ".join(f"{asked.accepted[99] * 1e3:.0f}" for asked, _, _ in windows))
    trial.hold(ANSWERS, [case for window in windows for case in _unanswered(*window[:2])], trial.inputs)
    grew = megabytes[1] > megabytes[0] * GROWTH + MORE_MEGABYTES
    trial.hold(MEMORY, [f"{megabytes[0]:.0f} MB, then {megabytes[1]:.0f} MB"] if grew else [], len(windows))
    more = descriptors[1] > descriptors[0] + MORE_DESCRIPTORS or threads[1] > threads[0]
    trial.hold(DESCRIPTORS, [f"{descriptors} descriptors, {threads} threads"] if more else [], len(windows))
    slower = p99s[1] > max(p99s[0] * SLOWER, p99s[0] + SLOWER_SECONDS)
    trial.hold(LATENCY, [f"{p99s[0] * 1e3:.0f} ms, then {p99s[1] * 1e3:.0f} ms"] if slower else [], len(windows))


def _unanswered(*flows: Flowed) -> list[str]:
    """What became of calls that were not answered, in words."""
    found = []
    for flowed in flows:
        failed = {status: count for status, count in flowed.statuses.items() if status != GRPC_OK}
        if failed or flowed.held_back or flowed.unanswered:
            found.append(f"by status {failed}, {flowed.held_back} held back, {flowed.unanswered} without an answer")
    return found


SUITE = Suite(
    "soak",
    "twenty minutes at half of what a process can answer",
    (ANSWERS, MEMORY, DESCRIPTORS, LATENCY),
    run,
)
