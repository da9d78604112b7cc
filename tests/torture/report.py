"""What torture came to: build/torture.json for programs, a table for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson

from server.cli.output import print_line, print_table
from tests.bench.report import Machine
from tests.torture.trial import Trial

_TITLES = ("suite", "promise", "examined", "held")
_SHOWN = 5


def write_json(path: Path, trial: Trial, machine: Machine) -> None:
    """Put a trial into the file, in the place of the same suite's earlier one; the other suites' stay."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = orjson.loads(path.read_bytes()) if path.exists() else []
    told = [*(kept for kept in before if kept["suite"] != trial.suite), _facts(trial, machine)]
    told.sort(key=lambda facts: str(facts["suite"]))
    path.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")


def _facts(trial: Trial, machine: Machine) -> dict[str, object]:
    return {
        "suite": trial.suite,
        "passed": trial.passed,
        "failure": trial.failure,
        "seed": trial.seed,
        "minutes": trial.minutes,
        "seconds": round(trial.seconds, 1),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "rounds": trial.rounds,
        "inputs": trial.inputs,
        "figures": trial.figures,
        "promises": [
            {
                "promise": promise.text,
                "held": promise.held,
                "examined": promise.examined,
                "broken": len(promise.broken),
                "cases": promise.broken[:100],
            }
            for promise in trial.promises.values()
        ],
        "machine": machine,
    }


def show(trials: Sequence[Trial]) -> None:
    """Print the promises of each suite, and below them its figures and what was broken."""
    rows = [
        (trial.suite, promise.text, f"{promise.examined:,}", _verdict(promise.examined, len(promise.broken)))
        for trial in trials
        for promise in trial.promises.values()
    ]
    print_table(_TITLES, rows, "nothing was tried")
    for trial in trials:
        print_line("")
        print_line(_summary(trial))
        for name, value in trial.figures.items():
            print_line(f"  {name}: {value:,.6g}" if isinstance(value, float | int) else f"  {name}: {value}")
        for promise in trial.promises.values():
            for case in promise.broken[:_SHOWN]:
                print_line(f"  BROKEN {promise.text}: {case}")


def _verdict(examined: int, broken: int) -> str:
    if not examined:
        return "NOT EXAMINED"
    return f"BROKEN {broken} times" if broken else "yes"


def _summary(trial: Trial) -> str:
    counted = [f"{count:,} {what}" for count, what in ((trial.rounds, "rounds"), (trial.inputs, "inputs")) if count]
    ended = f"DID NOT END: {trial.failure}" if trial.failure else f"{trial.seconds:,.0f} s"
    return f"{trial.suite}: {', '.join([*counted, ended])}, seed {trial.seed}"
