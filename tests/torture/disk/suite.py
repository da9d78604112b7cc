"""A disk that is full, fails, or lies: nothing acknowledged is lost, no failure is a yes; afterwards all is well."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path

import structlog

from tests.e2e.process import DATABASE
from tests.e2e.process import run as run_command
from tests.torture.disk.damage import Flips
from tests.torture.disk.ills import small_disk, strikes
from tests.torture.kill.spell import PROMISES as KEPT
from tests.torture.kill.spells import Spells
from tests.torture.trial import Suite, Trial

NAMED = "a flipped bit that makes a yes of a no is named by `consent verify`"
TOLD = "a file that cannot be read is answered by UNAVAILABLE, or refused at the start"
REFUSED = "a file that is cut, wiped or made by nobody ends the start with exit code 2 and its name"

_MEGABYTES = 400
_ROUNDS_A_SPELL = 6
_FLIP_SHARE = 0.4


def run(trial: Trial) -> None:
    """Flipped bits first, then starts on broken files, then disks that fail while they are written."""
    _flip(trial)
    _start_broken(trial)
    _bear_ills(trial)


def _flip(trial: Trial) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    until = trial.elapsed + trial.left * _FLIP_SHARE
    try:
        flips = Flips(trial.folder)
        while not flips.counts or trial.elapsed < until:
            flips.flip(trial.random)
            if flips.counts.total() % 50 == 0:
                trial.tell(f"{flips.counts.total()} bits flipped")
    finally:
        structlog.reset_defaults()
    tried = flips.counts.total()
    trial.inputs += tried
    trial.hold(NAMED, flips.unnoticed, tried)
    trial.hold(TOLD, flips.strange, tried)
    trial.figure("flips: bits flipped one at a time, 4 in 5 of them where verdicts come from", tried)
    for outcome, count in flips.counts.most_common():
        trial.figure(f"flips: {outcome}", f"{count:,} ({count / tried:.1%})")


def _start_broken(trial: Trial) -> None:
    """`consent serve` on files that are none any more."""
    whole = (trial.folder / "whole.db").read_bytes()
    broken = {
        "cut to a page": whole[:4096],
        "cut in a page": whole[:5000],
        "wiped": bytes(len(whole)),
        "its head wiped": bytes(100) + whole[100:],
        "text": b"Dear Sir or Madam,\n" * 1000,
    }
    for name, content in broken.items():
        home = trial.folder / f"start-{name.replace(' ', '-')}"
        home.mkdir()
        (home / DATABASE).write_bytes(content)
        done = run_command(home, "serve", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0")
        clear = done.returncode == 2 and DATABASE in done.stderr and "Traceback" not in done.stderr
        trial.hold(REFUSED, [] if clear else [f"{name}: exit code {done.returncode}: {done.stderr[-300:]}"])


def _bear_ills(trial: Trial) -> None:
    spells, number = Spells(trial, "ills"), 0
    while not number or trial.left:
        trial.tell(f"{spells.struck.total()} rounds of a failing disk")
        with ExitStack() as stack:
            home: Path = trial.folder / f"disk-{number}"
            is_small = stack.enter_context(small_disk(home, _MEGABYTES))
            spells.suffer(home, strikes(is_small), _ROUNDS_A_SPELL, lambda: bool(trial.left))
        number += 1
    spells.tell()


SUITE = Suite("disk", "a disk that is full, fails, or lies", (*KEPT, NAMED, TOLD, REFUSED), run, minutes=15.0)
