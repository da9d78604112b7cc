"""Anything at all, at both doors: from the descriptors, from the OpenAPI document, raw bytes, floods."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.servicer import tenants
from tests.servicer.world import METHODS
from tests.torture.fuzz import callers, http1, http2
from tests.torture.fuzz.document import try_document
from tests.torture.fuzz.rpcs import Fuzzer, Tally
from tests.torture.stand import CANARY_KEY, Stand, standing
from tests.torture.trial import Suite, Trial

ANSWERS = "an answer is the contract's: a documented code and reason, the request's id, nothing of the inside"
IN_TIME = "every input is answered, or its connection ended, within 20 seconds"
DOCUMENT = "the OpenAPI document says what is answered, and nothing else is answered (schemathesis, all its checks)"
STAYS_UP = "the same processes go on serving, and a canary is answered rightly at both doors"
MEMORY = "no process grows by more than 512 MiB"
SILENT = "the log tells of no defect"
LEDGERS = "the ledgers verify, and that of the tenant whom nobody asked for is as it was"

_KINDS = ("messages", "bytes at the JSON door", "bytes at the gRPC door", "bytes at the admin port", "floods")
_EACH = 150
_MOST_EXAMPLES = 40
_BYTES_AT_JSON, _BYTES_AT_GRPC = 1500, 1000
# A worker comes to some hundred threads, each with memory of its own, and a third of them with pages of the database.
_MOST_MIB = 512
_DEFECT = re.compile(r"Traceback|\[(error|critical) *\]|\w+Error\b")


def run(trial: Trial) -> None:
    """Send until the time is over."""
    # Nothing is limited but by its kind: what is refused for coming too often would show nothing.
    with standing(trial.folder, "--log-level", "warning", "--admin", "127.0.0.1:0") as stand:
        assert stand.served is not None
        pids = stand.served.children()
        canary, grown = stand.head(CANARY_KEY), {pid: resident(pid) for pid in pids.values()}
        tallies = {kind: Tally() for kind in _KINDS}
        trial.tell(DOCUMENT)
        examples = max(5, min(_MOST_EXAMPLES, round(2 * trial.minutes)))
        inputs, wrong = try_document(stand, trial.folder, trial.random.randrange(2**32), examples)
        trial.hold(DOCUMENT, wrong, times=inputs)
        trial.figure("inputs: from the OpenAPI document", inputs)
        while trial.left:
            _round(trial, stand, tallies)
            trial.hold(STAYS_UP, [*stand.sing(), *(["other processes"] if stand.served.children() != pids else [])])
        trial.inputs = inputs + sum(tally.sent for tally in tallies.values())
        _conclude(trial, stand, tallies, canary)
        most = max(resident(pid) - before for pid, before in grown.items())
        trial.figure("growth of the process that grew most, MiB", most)
        trial.hold(MEMORY, [f"{most:.0f} MiB"] if most > _MOST_MIB else [], len(grown))


def _round(trial: Trial, stand: Stand, tallies: dict[str, Tally]) -> None:
    trial.rounds += 1
    trial.tell(f"round {trial.rounds}, {sum(tally.sent for tally in tallies.values()):,} inputs")
    fuzzer = Fuzzer(stand.grpc, tallies["messages"])
    for rpc in trial.random.sample(sorted(METHODS), len(METHODS)):
        fuzzer.try_method(rpc, _EACH, trial.random.randrange(2**32))
    fuzzer.close()
    throw_bytes(trial, stand, tallies, _BYTES_AT_JSON, _BYTES_AT_GRPC)


def throw_bytes(trial: Trial, stand: Stand, tallies: dict[str, Tally], at_json: int, at_grpc: int) -> None:
    """Raw bytes at both doors, then one flood of each kind."""
    one, two = http1.Http1(trial.random), http2.Http2(trial.random)
    callers.throw(stand.http, [one.make() for _ in range(at_json)], tallies["bytes at the JSON door"])
    if stand.admin:
        callers.throw(stand.admin, [one.make() for _ in range(at_grpc // 4)], tallies["bytes at the admin port"])
    garbage = [two.make() for _ in range(at_grpc)]
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda each: http2.throw(stand.grpc, each, tallies["bytes at the gRPC door"]), garbage))
    for kind in two.floods:
        http2.throw(stand.grpc, two.flood(kind), tallies["floods"])


def _conclude(trial: Trial, stand: Stand, tallies: dict[str, Tally], canary: int) -> None:
    for kind, tally in tallies.items():
        trial.hold(ANSWERS, tally.wrong, tally.sent)
        trial.hold(IN_TIME, tally.hung, tally.sent)
        trial.figure(f"inputs: {kind}", tally.sent)
    trial.figure("messages that were answered OK", tallies["messages"].answered)
    trial.figure("frames in a flood", http2.FRAMES)
    trial.hold(SILENT, list(defects(stand)))
    trial.hold(LEDGERS, list(_ledgers(stand, canary)), 2)


def _ledgers(stand: Stand, canary: int) -> Iterator[str]:
    try:
        stand.head(tenants.ADMIN)
        if (now := stand.head(CANARY_KEY)) != canary:
            yield f"the canary's ledger went from {canary} to {now}"
    except AssertionError as error:
        yield str(error)


def defects(stand: Stand) -> Iterator[str]:
    """The lines of the log that tell of a defect."""
    assert stand.served is not None
    yield from (line[:300] for line in stand.served.log.splitlines() if _DEFECT.search(line))


def resident(pid: int) -> float:
    """How much memory a process has, in MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 2**20


SUITE = Suite(
    "fuzz",
    "sends anything at all to both doors",
    (ANSWERS, IN_TIME, DOCUMENT, STAYS_UP, MEMORY, SILENT, LEDGERS),
    run,
)
