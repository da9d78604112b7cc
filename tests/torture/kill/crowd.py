"""Callers that go on while the service is killed: people say yes and no and are asked about, by everybody at once."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import deque
from contextlib import suppress

from tests.torture.kill.history import History, Looked
from tests.torture.kill.ways import LOOKS, PAUSE_SECONDS, UNNAMED, WAYS, Line, Strange, Unheard, record_batch

PURPOSES = ("transactional", "informational")
_BATCH = 15
_MOST_CHANGES = 3
_RECENT = 400
_LAST_SECONDS = 30.0


class Crowd:
    """Threads that tell and threads that ask, until they are told to stop; entered, they begin."""

    def __init__(self, target: str, web: str, seed: int, tellers: int = 6, askers: int = 3) -> None:
        self.history = History()
        self._over, self._gone = threading.Event(), threading.Event()
        self._numbers = itertools.count(2_000_000)
        self._recent: deque[tuple[str, str]] = deque(maxlen=_RECENT)
        self._lines = [Line.open(target, web, self._gone, self.history.fail) for _ in range(tellers + askers)]
        self._threads = [
            threading.Thread(target=self._run, args=(line, random.Random(seed + place), place < tellers))
            for place, line in enumerate(self._lines)
        ]

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Return once nothing is under way. While the service serves, everything that may be repeated was answered."""
        self._over.set()
        patience = time.monotonic() + _LAST_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, patience - time.monotonic()))
        self._gone.set()
        for thread in self._threads:
            thread.join()
        for line in self._lines:
            line.close()
        self._lines.clear()

    def _run(self, line: Line, dice: random.Random, tells: bool) -> None:
        while not self._over.is_set():
            try:
                if tells:
                    self._live(line, dice)
                else:
                    self._ask_about_anybody(line, dice)
            except Unheard:
                self._over.wait(PAUSE_SECONDS)
            except Strange as error:
                self.history.surprise(str(error))
            except BaseException as error:
                self.history.surprise(f"a caller died: {error!r}")
                raise

    def _live(self, line: Line, dice: random.Random) -> None:
        """Some people say yes and no in turn, the last word a no for half of them. Asked about after each."""
        sender, way = dice.choice(WAYS)
        count = _BATCH if way is record_batch else 1
        addresses = [f"+1650{next(self._numbers):07}" for _ in range(count)]
        turns = 2 if way in UNNAMED else 2 * dice.randint(1, _MOST_CHANGES) - dice.randint(0, 1)
        for turn in range(turns):
            yes = turn % 2 == 0
            # Where nothing else names what was said, it is said once.
            word = ("OPT_IN" if yes else "OPT_OUT") if way in UNNAMED else str(turn)
            statements = [self.history.begin(f"{address[1:]}-{word}", address, yes) for address in addresses]
            for told, (revision, applied) in zip(statements, way(line, statements), strict=True):
                self.history.answer(told, revision, applied)
            self._recent.extend((sender, address) for address in addresses)
            with suppress(Unheard):
                self._ask(line, dice, sender, dice.choice(addresses))

    def _ask_about_anybody(self, line: Line, dice: random.Random) -> None:
        if not self._recent:
            self._over.wait(PAUSE_SECONDS)
            return
        # Mostly about whom somebody speaks of just now.
        back = min(len(self._recent), int(dice.expovariate(0.1)) + 1)
        with suppress(IndexError):
            self._ask(line, dice, *self._recent[-back])

    def _ask(self, line: Line, dice: random.Random, sender: str, address: str) -> None:
        purpose = dice.choice(PURPOSES)
        began = time.monotonic()
        allowed, revision = dice.choice(LOOKS)(line, sender, address, purpose)
        self.history.look(Looked(sender, purpose, address, began, time.monotonic(), allowed, revision))
