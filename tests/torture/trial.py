"""One run of a torture suite: what it is given, and what it says of what it saw.

A suite is a folder here with a `suite.py` that holds a `SUITE`; nothing else has to know of it.
"""

from __future__ import annotations

import importlib
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from server.cli.output import Meter

MOST_MINUTES = 25.0
_TOLD_AT_MOST = 20
_HERE = Path(__file__).parent


@dataclass(slots=True)
class Promise:
    """What must hold whatever happens: how often it was looked at, and where it did not hold."""

    text: str
    examined: int = 0
    broken: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Whether it was looked at, and held each time: what nobody looked at holds nothing."""
        return self.examined > 0 and not self.broken


@dataclass
class Trial:
    """One run: its seed and time, a folder of its own, and what was found.

    The seed decides what the suite chooses; what the machine does meanwhile, nobody decides.
    """

    suite: str
    seed: int
    minutes: float
    folder: Path
    meter: Meter
    promises: dict[str, Promise]
    figures: dict[str, float | str] = field(default_factory=dict)
    rounds: int = 0
    inputs: int = 0
    failure: str | None = None
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.began

    @property
    def left(self) -> float:
        """Seconds that are left for new rounds."""
        return max(0.0, self.minutes * 60 - self.elapsed)

    @property
    def passed(self) -> bool:
        """Whether it came to its end and every promise held."""
        return self.failure is None and all(promise.held for promise in self.promises.values())

    def tell(self, text: str) -> None:
        """Show where it is."""
        self.meter.advance(min(100, round(100 * self.elapsed / (self.minutes * 60))), f"{self.suite}: {text}")

    def figure(self, name: str, value: float | str) -> None:
        """Keep a figure; its name says the unit."""
        self.figures[name] = value

    def hold(self, promise: str, broken: Iterable[str] = (), times: int = 1) -> None:
        """Say that a promise was looked at so many times, and in which cases it did not hold.

        The promise is one of those that the suite declares; each case is told in a line with all that reproduces it.
        """
        kept = self.promises[promise]
        kept.examined += times
        for case in broken:
            if len(kept.broken) < _TOLD_AT_MOST:
                self.meter.note(f"{self.suite}: BROKEN: {promise}: {case}")
            kept.broken.append(case)


@dataclass(frozen=True, slots=True)
class Suite:
    """One way to break the service. `run` takes a trial and ends by itself once its time is over."""

    name: str
    what: str
    promises: tuple[str, ...]
    run: Callable[[Trial], None]
    minutes: float = 20.0


def find_suites() -> dict[str, Suite]:
    """Every suite by name."""
    found = [importlib.import_module(f"tests.torture.{path.parent.name}.suite") for path in _HERE.glob("*/suite.py")]
    return {suite.name: suite for suite in sorted((module.SUITE for module in found), key=lambda suite: suite.name)}


def try_suite(suite: Suite, seed: int, minutes: float, folder: Path, meter: Meter) -> Trial:
    """Run a suite to its end; what it fails by is part of what it says."""
    trial = Trial(suite.name, seed, minutes, folder, meter, {text: Promise(text) for text in suite.promises})
    try:
        suite.run(trial)
    except Exception as error:
        # A suite that ends early has shown nothing: it must not look as if all held.
        told = str(error).strip()
        trial.failure = f"{type(error).__name__}: {told}"[:2000]
        meter.note(f"{suite.name}: did not come to its end: {trial.failure}")
    trial.seconds = trial.elapsed
    return trial
