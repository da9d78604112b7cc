"""`make bench`: measures the service beside its floors, in one run, and holds the ratios to their bars.

python -m tests.bench [--only NAME…]
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from server.cli.output import meter, note
from tests.bench import cases_check, cases_postgres, cases_rival, cases_scrub, cases_write, report
from tests.bench.loads import LoadFailed
from tests.bench.processes import CORES, ROOT
from tests.bench.rounds import Result
from tests.bench.workbench import Workbench

CASES: dict[tuple[str, ...], Callable[[Workbench], Iterator[Result]]] = {
    **cases_check.CASES,
    **cases_rival.CASES,
    **cases_postgres.CASES,
    **cases_scrub.CASES,
    **cases_write.CASES,
}
NAMES = tuple(name for names in CASES for name in names)
_BUSY = 0.3
_EXAMPLE = "Example: python -m tests.bench --only check.unary.vs_echo --records 100000 --rounds 3"


@click.command(epilog=_EXAMPLE, context_settings={"max_content_width": 110})
@click.option("--only", multiple=True, metavar="NAME", help="Measure only this case; again for more. A prefix will do.")
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="How often each side is run.")
@click.option("--seconds", type=click.FloatRange(0.05), default=2.0, show_default=True, help="How long a run is.")
@click.option(
    "--records", type=click.IntRange(1000), default=1_000_000, show_default=True, help="Records to ask about."
)
@click.option("--quick", is_flag=True, help="Little of everything: shows that it works, measures nothing of worth.")
@click.option(
    "--json",
    "json_path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=ROOT / "build" / "bench.json",
    help="Where the figures are written.  [default: build/bench.json]",
)
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "build" / "bench-cache",
    help="Where databases are kept.  [default: build/bench-cache]",
)
@click.option("--strict", is_flag=True, help="Exit with 1 where a bar is missed.")
@click.option("--list", "only_list", is_flag=True, help="Print the names of the cases and measure nothing.")
def main(
    only: tuple[str, ...],
    rounds: int,
    seconds: float,
    records: int,
    quick: bool,
    json_path: Path,
    cache: Path,
    strict: bool,
    only_list: bool,
) -> None:
    """Measure the service beside its floors, print a table and write build/bench.json.

    Everything runs on loopback, with the whole chain on. What was measured last is kept, whatever fails. Databases
    with many records are made once and kept in build/bench-cache. Exit code 1: with --strict a bar was missed, or a
    case failed; 2: there is no such case.
    """
    if only_list:
        click.echo("\n".join(NAMES))
        return
    chosen = [names for names in CASES if not only or any(name.startswith(only) for name in names)]
    if not chosen:
        raise click.BadParameter(f"there is no such case; there are: {', '.join(NAMES)}", param_hint="--only")
    if quick:
        rounds, seconds, records = min(rounds, 2), min(seconds, 0.3), min(records, 2_000)
    (ROOT / "build").mkdir(exist_ok=True)
    results: list[Result] = []
    machine, failed = report.describe_machine(), False
    busy = os.getloadavg()[0] / len(CORES)
    if busy > _BUSY:
        note(
            f"this machine is busy ({busy:.0%} of its cores before anything began): trust ratios only, and those little"
        )
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=ROOT / "build"))
    try:
        with meter(100) as shown:
            calls, rows = (5_000, 10_000) if quick else (1_000_000, 1_000_000)
            bench = Workbench(records, rounds, seconds, calls, rows, 10, cache, folder, shown)
            for names in chosen:
                try:
                    for result in CASES[names](bench):
                        results.append(result)  # noqa: PERF402 - what came before a failure is kept
                except LoadFailed as error:
                    failed = True
                    shown.note(f"{names[0]} failed: {error}")
                report.write_json(json_path, results, machine)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report.show(results)
    note(f"written to {json_path}")
    sys.exit(1 if failed or (strict and any(report.is_met(result) is False for result in results)) else 0)


if __name__ == "__main__":
    main()
