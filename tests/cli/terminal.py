"""Commands on a terminal of their own."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable

from tests.cli.conftest import Consent


def on_a_terminal(
    consent: Consent, *args: str, on_output: Callable[[bytes, int], None] | None = None, **more: str
) -> tuple[int, bytes]:
    """Run a command whose three streams are one terminal; answer its exit code and what the terminal showed."""
    master, slave = pty.openpty()
    environment = {"TERM": "xterm-256color", "COLUMNS": "120", **consent.environment(**more)}
    command = [sys.executable, "-m", "server", *args]
    with subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    ) as process:
        os.close(slave)
        shown = b""
        while chunk := _read(master):
            shown += chunk
            if on_output is not None:
                on_output(shown, master)
    os.close(master)
    return process.returncode, shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when the last process has left the terminal.
        return b""
