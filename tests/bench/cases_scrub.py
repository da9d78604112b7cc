"""The case of the campaign: a list of a million rows, file to file, by the command line."""

from __future__ import annotations

import itertools
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from statistics import median

from consent.v1.decision_pb2 import Verdict

from server.demo import BRAND, TENANT
from tests.bench import people
from tests.bench.connections import descendants
from tests.bench.loads import LoadFailed
from tests.bench.processes import ROOT, command, environment, shared_megabytes
from tests.bench.rounds import Result
from tests.bench.workbench import Workbench

_UNKNOWN_EACH = 11
_LOOK_SECONDS = 0.1


def _listed(count: int, known: int) -> Iterator[int]:
    """Persons with a phone number, in no order of the database's; one in eleven is unknown."""
    places = (place for place in itertools.count() if people.person_at(place, known) % 10 >= 2)
    for row, place in zip(range(count), places, strict=False):
        person = people.person_at(place, known)
        yield known * 2 + row * 10 + 9 if row % _UNKNOWN_EACH == 0 or place >= known else person


def _write_list(path: Path, count: int, known: int) -> int:
    """Write a list with a header; answer how many of its rows may be sent to."""
    allowed = 0
    with path.open("w") as file:
        file.write("name,phone,city\n")
        for person in _listed(count, known):
            file.write(f"Person {person},{people.recipient(person)[1]},Springfield\n")
            allowed += people.truth(person, known)[0] == Verdict.VERDICT_ALLOW
    return allowed


def million(bench: Workbench) -> Iterator[Result]:
    """`consent scrub`, several times over; its own time and the memory of all its processes."""
    database, count = bench.database(), bench.scrub_rows
    given, out, denied = (bench.folder / name for name in ("list.csv", "allowed.csv", "denied.csv"))
    bench.say(f"writing a list of {count:,}")
    allowed = _write_list(given, count, bench.records)
    files = ("--out", str(out), "--denied", str(denied), "--force")
    who = ("--tenant", TENANT, "--sender", BRAND, "--purpose", people.MARKETING, "--channel", "sms")
    line = command(
        "server", "scrub", str(given), *who, "--processes", "2", *files, "--database", f"sqlite:///{database}"
    )
    told: list[tuple[float, float]] = []
    for place in range(bench.rounds + 1):
        bench.meter.advance(place * 100 // (bench.rounds + 1), "scrub.million")
        told.append(_run(line))
        found = _rows(out), _rows(denied)
        if found != (allowed, count - allowed):
            raise LoadFailed(f"scrub allowed {found[0]} and denied {found[1]}, not {allowed} and {count - allowed}")
    seconds, megabytes = zip(*told[1:], strict=True)
    compared = f"`consent scrub` of {count:,} rows, file to file, {bench.records:,} records, two processes"
    facts: dict[str, float | str] = {"fastest": min(seconds), "slowest": max(seconds)}
    yield Result("scrub.million", median(seconds), "s", compared, facts=facts)
    memory = f"the memory of all processes of the same (PSS, highest seen, looked at every {_LOOK_SECONDS} s)"
    yield Result("scrub.million.memory", max(megabytes), "MB", memory)


def _rows(path: Path) -> int:
    """How many rows a list has below its header."""
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b"")) - 1


def _run(line: list[str]) -> tuple[float, float]:
    """Run it; answer the seconds that it took and the most megabytes that its processes held. Raises LoadFailed."""
    highest, over = 0.0, threading.Event()
    began = time.perf_counter()
    process = subprocess.Popen(
        line, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )

    def watch() -> None:
        nonlocal highest
        while not over.wait(_LOOK_SECONDS):
            held = 0.0
            for pid in descendants(process.pid):
                with suppress(OSError):
                    held += shared_megabytes(pid)
            highest = max(highest, held)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    _, errors = process.communicate()
    seconds = time.perf_counter() - began
    over.set()
    watcher.join()
    if process.returncode:
        raise LoadFailed(f"scrub failed: {errors[-2000:]}")
    return seconds, highest


CASES: dict[tuple[str, ...], Callable[[Workbench], Iterator[Result]]] = {
    ("scrub.million", "scrub.million.memory"): million,
}
