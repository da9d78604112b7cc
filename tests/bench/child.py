"""Become another program on given cores, in a process that ends when the one that started it does.

python -m tests.bench.child CORES PROGRAM…    (CORES such as 0,1)
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(cores: str, *program: str) -> None:
    """Take the place of this process. What it starts inherits the cores."""
    os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.execv(program[0], program)


if __name__ == "__main__":
    main(*sys.argv[1:])
