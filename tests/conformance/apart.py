"""Running a piece of Python in a process of its own, with the sources on its path."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRELUDE = """
import os, sys
sys.path[:0] = [{root!r}, {generated!r}]
from server.domain.errors import StorageUnavailable
from server.storage.database import open_storage
from server.storage.preparation import prepare
from server.storage.engines import DatabaseUnusable
from tests.conformance.engines import KEYS, NOON
from tests.conformance.things import entry
"""
# What root may do is no test of permissions; another user is who most servers run as.
DROP_RIGHTS = """
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
"""


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start `script` after the imports above, with its output on a pipe."""
    prelude = PRELUDE.format(root=str(ROOT), generated=str(ROOT / "generated"))
    command = [sys.executable, "-W", "error", "-c", prelude + script, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(script: str, *arguments: str) -> str:
    """Run `script` to its end and answer what it printed."""
    with start(script, *arguments) as process:
        printed, failed = process.communicate(timeout=60)
    assert process.returncode == 0, failed
    return printed
