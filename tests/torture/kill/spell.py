"""A spell: one database, under load while it is struck again and again, then held to everything that was seen of it."""

from __future__ import annotations

import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.process import ANY_PORTS, Served, run, serving
from tests.e2e.test_kill import verified_ledger
from tests.e2e.test_watch_under_kills import ports_of
from tests.torture.kill import judge
from tests.torture.kill.scene import Scene
from tests.torture.kill.strikes import Strike

ONCE = "an acknowledged write is in the ledger exactly once"
AT_MOST_ONCE = "a write that nobody heard of is there at most once, and nothing is there that nobody told"
INTACT = "`consent verify` finds the ledger intact after each kill"
NO_YES_AFTER_NO = "no check that starts after a no was answered says ALLOW"
FRESH = "a check judges a state that holds all that was answered before it began"
TRUE_VERDICT = "each verdict is what a plain model makes of the ledger at its revision"
WATCHED = "a watcher sees each revision once and in order, over all kills"
CLEAR = "a call that fails says that the service is away, and nothing else"
RECOVERED = "the service answers again by itself, or once it was started again"
QUIET = "the log shows no traceback"
PROMISES = (ONCE, AT_MOST_ONCE, INTACT, NO_YES_AFTER_NO, FRESH, TRUE_VERDICT, WATCHED, CLEAR, RECOVERED, QUIET)

Hold = Callable[[str, Iterable[str], int], None]
"""Hears of each promise the cases in which it did not hold, and how often it was looked at."""

_RECOVERY_SECONDS = 90.0


@dataclass
class Spell:
    """Strikes on one database, each a moment after enough was answered; `most_wait` is the longest such moment."""

    home: Path
    dice: random.Random
    hold: Hold
    options: Sequence[str] = ()
    enough: int = 20
    most_wait: float = 1.0
    struck: Counter[str] = field(default_factory=Counter)
    recoveries: list[float] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def suffer(self, strikes: Iterable[tuple[str, Strike]], goes_on: Callable[[], bool] = lambda: True) -> None:
        """Strike while there is time, then judge all that was seen."""
        ahead = deque(strikes)
        ports: tuple[str, ...] = ANY_PORTS
        with ExitStack() as stack:
            scene = None
            while scene is None or not scene.over:
                with serving(self.home, "--demo", *self.options, ports=ports) as served:
                    if scene is None:
                        ports = ports_of(served)
                        scene = stack.enter_context(Scene(served, self.dice.randrange(1 << 30)))
                    with scene.resumed(served):
                        while ahead and goes_on() and not served.ended:
                            self._strike(served, scene, *ahead.popleft())
                        if not served.ended:
                            scene.finish()
        self._judge(scene)

    def _strike(self, served: Served, scene: Scene, name: str, strike: Strike) -> None:
        self._await_answers(scene, self.enough, name)
        time.sleep(self.dice.uniform(0, self.most_wait))
        strike(served, self.dice)
        moment = time.monotonic()
        self.struck[name] += 1
        if not served.ended:
            # What is answered now was asked for since; a process that still dies answers a few.
            self._await_answers(scene, self.enough, name)
            self.recoveries.append(time.monotonic() - moment)
        done = run(self.home, "verify", "--json")
        self.hold(INTACT, [f"after {name}: {done.stdout}{done.stderr}"] if done.returncode else [], 1)

    def _await_answers(self, scene: Scene, count: int, after: str) -> None:
        came = scene.history.await_answers(count, _RECOVERY_SECONDS)
        self.hold(RECOVERED, [] if came else [f"after {after}: no {count} answers in {_RECOVERY_SECONDS:.0f} s"], 1)

    def _judge(self, scene: Scene) -> None:
        told, looked = scene.history.told, scene.history.looked
        events = verified_ledger(self.home)
        found = judge.names(events)
        acknowledged = sum(each.answered is not None for each in told)
        allowed = sum(look.allowed for look in looked)
        surprises = scene.history.surprises
        self.hold(ONCE, judge.lost_or_doubled(told, found), acknowledged)
        self.hold(AT_MOST_ONCE, judge.doubled_or_made_up(told, found), len(found))
        self.hold(NO_YES_AFTER_NO, judge.allowed_after_a_no(told, looked), allowed)
        self.hold(FRESH, judge.behind(told, looked), len(looked))
        self.hold(TRUE_VERDICT, judge.wrong_verdicts(events, looked), len(looked))
        for whose, seen in (("one over all kills", scene.lasting_saw), ("those that resume", scene.resumed_saw)):
            self.hold(WATCHED, judge.missed_or_repeated(seen, events, whose), len(seen))
        self.hold(CLEAR, surprises, scene.history.failed_calls + len(surprises))
        log = (self.home / "serve.log").read_text()
        self.hold(QUIET, [log[log.index("Traceback") :][:2000]] if "Traceback" in log else [], 1)
        self.counts += Counter(
            acknowledged=acknowledged,
            unheard=len(told) - acknowledged,
            unheard_but_there=sum(each.answered is None and found[each.name] > 0 for each in told),
            checks=len(looked),
            allowed=allowed,
            events=len(events),
            failed_calls=scene.history.failed_calls,
        )
