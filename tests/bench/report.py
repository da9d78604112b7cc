"""What a run came to: build/bench.json for programs, a table for people."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import orjson

from server.cli.output import print_line, print_table
from tests.bench.bars import BARS
from tests.bench.rounds import Result

_PACKAGES = ("grpcio", "protobuf", "peewee", "phonenumbers", "apsw", "psycopg", "fastapi", "sqlalchemy", "uvicorn")
_DIGITS = 4
_TITLES = ("name", "measured", "unit", "beside", "ratio", "spread", "bar", "aim", "met", "server cpu a call")

Machine = dict[str, object]


def describe_machine() -> Machine:
    """What the figures were taken on."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load_before": os.getloadavg()[0],
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def is_met(result: Result) -> bool | None:
    """Whether a result meets its bar; None where it has none."""
    bar = BARS.get(result.name)
    return None if bar is None else bar.is_met(result)


def write_json(path: Path, results: Sequence[Result], machine: Machine) -> None:
    """Write one object a result."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told = [_facts(result, machine) for result in results]
    path.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")


def _facts(result: Result, machine: Machine) -> dict[str, object]:
    bar = BARS.get(result.name)
    return {
        "name": result.name,
        "value": result.value,
        "unit": result.unit,
        "floor": result.floor,
        "ratio": result.ratio,
        "spread": result.spread,
        "ratios": result.ratios,
        "bar": str(bar) if bar else None,
        "aim": bar.aim if bar else None,
        "met": is_met(result),
        "compared": result.compared,
        "facts": result.facts,
        "machine": machine,
    }


def show(results: Sequence[Result]) -> None:
    """Print the table, and below it what each figure was compared with."""
    print_table(_TITLES, [_row(result) for result in results], "nothing was measured")
    print_line("")
    for result in results:
        print_line(f"{result.name}: {result.compared}")


def _row(result: Result) -> tuple[str, ...]:
    bar, met = BARS.get(result.name), is_met(result)
    return (
        result.name,
        _number(result.value),
        result.unit,
        _number(result.floor),
        "-" if result.ratio is None else f"{result.ratio:.2f}×",
        "-" if result.spread is None else f"{result.spread:.0%}",
        str(bar) if bar else "-",
        f"{bar.aim:g}" if bar and bar.aim is not None else "-",
        {True: "yes", False: "MISSED", None: "-"}[met],
        _cpu(result),
    )


def _cpu(result: Result) -> str:
    """What a call costs the server, ours and the floor's: this shows through where the machine is busy otherwise."""
    costs = (result.facts.get(prefix + "server_cpu_us_a_call") for prefix in ("", "floor_"))
    told = [f"{cost:,.0f}" for cost in costs if isinstance(cost, float)]
    return f"{' / '.join(told)} µs" if told else "-"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 10 ** (_DIGITS - 1) else f"{value:.3g}"
