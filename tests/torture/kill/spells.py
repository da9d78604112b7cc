"""Spell after spell of one kind: what all of them came to."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from statistics import median

from tests.torture.kill.spell import Spell
from tests.torture.kill.strikes import Strike
from tests.torture.trial import Trial


class Spells:
    """Counts spells; each has one process or two. `tell` tells the trial, once."""

    def __init__(self, trial: Trial, name: str) -> None:
        self._trial = trial
        self._name = name
        self._began = trial.elapsed
        self._counts: Counter[str] = Counter()
        self._recoveries: list[float] = []
        self.struck: Counter[str] = Counter()

    def suffer(self, home: Path, kinds: dict[str, Strike], rounds: int, goes_on: Callable[[], bool]) -> None:
        """Have one on the database in a folder: so many rounds at most, as long as it goes on."""
        trial = self._trial
        processes = str(trial.random.choice((1, 2)))
        spell = Spell(home, trial.random, trial.hold, ("--processes", processes))
        spell.suffer(islice(_shuffled(kinds, trial.random), rounds), goes_on)
        self.struck += spell.struck
        self._counts += spell.counts
        self._recoveries += spell.recoveries

    def tell(self) -> None:
        """Tell how many rounds there were, what was done meanwhile, and how soon it was well again."""
        trial, counts = self._trial, self._counts
        trial.rounds += self.struck.total()
        trial.inputs += counts["acknowledged"] + counts["unheard"] + counts["checks"]
        self._figure("rounds", ", ".join(f"{count} {name}" for name, count in sorted(self.struck.items())))
        self._figure("rounds a minute", self.struck.total() / (trial.elapsed - self._began) * 60)
        for name, count in counts.items():
            self._figure(name.replace("_", " "), count)
        if self._recoveries:
            self._figure("seconds to answers again, median", median(self._recoveries))
            self._figure("seconds to answers again, longest", max(self._recoveries))

    def _figure(self, what: str, value: float | str) -> None:
        self._trial.figure(f"{self._name}: {what}", value)


def _shuffled(kinds: dict[str, Strike], dice: random.Random) -> Iterator[tuple[str, Strike]]:
    """Every kind as often as the others, in an order that nobody knows."""
    while True:
        yield from dice.sample(list(kinds.items()), len(kinds))
