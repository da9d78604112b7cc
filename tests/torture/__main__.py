"""`make torture`: breaks the service on purpose, in every way that we could think of, and looks at what it promised.

python -m tests.torture [SUITE…] [--minutes N] [--seed N]
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from server.cli.output import meter, note
from tests.bench.processes import ROOT
from tests.bench.report import describe_machine
from tests.torture import report
from tests.torture.trial import MOST_MINUTES, Trial, find_suites, try_suite

_EXAMPLE = "Example: python -m tests.torture kill disk --minutes 5 --seed 7"
# What a suite may take, beyond the time for its rounds, to end the last one and look at what is there.
_MORE_SECONDS = 300


class TimeOver(Exception):
    """A suite did not end by itself."""


@click.command(epilog=_EXAMPLE, context_settings={"max_content_width": 110})
@click.argument("names", nargs=-1, metavar="[SUITE…]")
@click.option(
    "--minutes",
    type=click.FloatRange(0.01, MOST_MINUTES),
    help="How long each suite begins new rounds.  [default: what the suite says, at most 20]",
)
@click.option("--seed", type=click.IntRange(0), help="Choose as in the run that had this seed.  [default: any]")
@click.option(
    "--json",
    "json_path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=ROOT / "build" / "torture.json",
    help="Where the figures are written.  [default: build/torture.json]",
)
@click.option("--list", "only_list", is_flag=True, help="Print what suites there are and run none.")
def main(names: tuple[str, ...], minutes: float | None, seed: int | None, json_path: Path, only_list: bool) -> None:
    """Break the service on purpose and look whether it kept what it promises.

    Without a SUITE all are run, one after the other. Everything runs on loopback, in a folder that is removed. Each
    suite ends by itself within 25 minutes; build/torture.json keeps the last run of each. Exit code 1: a promise was
    broken or never examined, or a suite failed; 2: there is no such suite.
    """
    suites = find_suites()
    if only_list:
        for suite in suites.values():
            click.echo(f"{suite.name:10} {suite.what}")
        return
    for name in names:
        if name not in suites:
            raise click.BadParameter(f"there is no suite {name}; there are: {', '.join(suites)}", param_hint="SUITE")
    seed = int.from_bytes(os.urandom(4)) if seed is None else seed
    machine, trials = describe_machine(), list[Trial]()
    for name in dict.fromkeys(names or suites):
        suite = suites[name]
        note(f"{name}: {suite.what}; seed {seed}")
        with _own_folder() as folder, meter(100) as shown:
            length = suite.minutes if minutes is None else minutes
            with _time_limit(min(length * 60 + _MORE_SECONDS, MOST_MINUTES * 60)):
                trials.append(try_suite(suite, seed, length, folder, shown))
        report.write_json(json_path, trials[-1], machine)
    report.show(trials)
    note(f"written to {json_path}")
    sys.exit(0 if all(trial.passed for trial in trials) else 1)


@contextmanager
def _own_folder() -> Iterator[Path]:
    (ROOT / "build").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="torture-", dir=ROOT / "build"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeOver in the suite once its time is over: a hang is a finding, and whatever it started is ended."""

    def ring(*_: object) -> None:
        raise TimeOver(f"it had not ended after {seconds / 60:.0f} minutes")

    before = signal.signal(signal.SIGALRM, ring)
    earlier, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, earlier)


if __name__ == "__main__":
    main()
