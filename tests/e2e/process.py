"""`consent` as an operator runs it: processes that a test starts, waits for and ends. Nothing here sleeps."""

from __future__ import annotations

import base64
import json
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

READY = re.compile(r"ready: gRPC on (\S+), JSON on (\S+)(?: and metrics on (\S+)/metrics)?$")
DATABASE = "consent.db"
NAMED = "consent-"
SETTINGS = "settings.json"
ANY_PORTS = ("--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0")

# For root no file is read-only: these rights are dropped first, so that permissions count as for any other user.
MORTAL = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


def settings_of(folder: Path) -> dict[str, str]:
    """What a server in this folder is told of its database: a file here, unless the folder says another."""
    told = folder / SETTINGS
    return json.loads(told.read_text()) if told.exists() else {"CONSENT_DATABASE": DATABASE}


def serve_postgres(folder: Path, url: str) -> None:
    """Let servers in this folder work on a PostgreSQL database, which is brought to head, under a key of their own.

    They have one process, as on SQLite, so that a test may know whom it ends; those about several ask for several.
    """
    key = f"e2e:{base64.b64encode(os.urandom(32)).decode()}"
    settings = {"CONSENT_DATABASE": url, "CONSENT_SERVICE_KEY": key, "CONSENT_PROCESSES": "1"}
    (folder / SETTINGS).write_text(json.dumps(settings))
    carry_out(folder, "migrate", "up")


def environment(**changes: str) -> dict[str, str]:
    """This process's environment without its own CONSENT_ settings, with any admin port, and with `changes`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
    return {**kept, "CONSENT_ADMIN": "127.0.0.1:0", **changes}


def command(*arguments: str) -> list[str]:
    """The command line of `consent`, with every warning an error."""
    return [sys.executable, "-W", "error", "-m", "server", *arguments]


def run(folder: Path, *arguments: str, given: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, as a user for whom file permissions count."""
    return subprocess.run(
        [*MORTAL, *command(*arguments)],
        cwd=folder,
        env=environment(**{**settings_of(folder), **changes}),
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def carry_out(folder: Path, *arguments: str, given: str = "") -> str:
    """Run a command that must succeed; answer what it printed."""
    done = run(folder, *arguments, given=given)
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass
class Served:
    """A running `consent serve` that said it is ready."""

    process: subprocess.Popen[str]
    folder: Path
    grpc: str
    http: str
    said: list[str]
    errors: Path
    admin: str = ""
    ended: bool = field(default=False)

    @property
    def log(self) -> str:
        """What it wrote to standard error."""
        return self.errors.read_text()

    def children(self) -> dict[str, int]:
        """The pids of its serving processes by name: `grpc0`, `grpc1` and so on, and `gateway`."""
        own = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return {name.removeprefix(NAMED): int(pid) for pid in own if (name := name_of(pid)).startswith(NAMED)}

    def successor(self, name: str, pid: int) -> int:
        """Return once another process than `pid` has the name; answer its pid."""
        while (found := self.children().get(name, pid)) == pid:
            pass
        return found

    def send(self, number: signal.Signals) -> None:
        """Send the parent a signal."""
        self.process.send_signal(number)

    def wait(self) -> int:
        """Wait until the parent has ended; answer its exit code."""
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.ended = True
        return self.process.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop it and hold it to a clean end."""
        self.send(number)
        assert (self.wait(), "Traceback" in self.log) == (0, False), self.log


@contextmanager
def serving(folder: Path, *arguments: str, ports: tuple[str, ...] = ANY_PORTS, **changes: str) -> Iterator[Served]:
    """Serve the database in `folder`, from the ready line on; a test that does not end it itself has it stopped."""
    errors = folder / "serve.log"
    with errors.open("a") as log:
        process = subprocess.Popen(
            command("serve", *ports, *arguments),
            cwd=folder,
            env=environment(**{**settings_of(folder), **changes}),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            # A group of its own: a signal to the group reaches its processes and nobody else.
            start_new_session=True,
        )
    served = None
    try:
        served = _ready(process, folder, errors)
        yield served
        if not served.ended:
            served.stop()
    finally:
        if served is None or not served.ended:
            process.kill()
            process.communicate()


def _ready(process: subprocess.Popen[str], folder: Path, errors: Path) -> Served:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if found := READY.match(line):
            return Served(process, folder, found[1], found[2], said, errors, found[3] or "")
    raise AssertionError(f"it ended without being ready: {errors.read_text()}")


@contextmanager
def watched(*pids: int) -> Iterator[list[int]]:
    """File descriptors of processes that need not be children of this one."""
    descriptors = [os.pidfd_open(pid) for pid in pids]
    try:
        yield descriptors
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def await_end(descriptors: list[int]) -> None:
    """Return once all of these processes have ended."""
    waiting = set(descriptors)
    while waiting:
        ended, _, _ = select.select(waiting, (), ())
        waiting -= set(ended)


def name_of(pid: str) -> str:
    """The name by which lists of processes show it; none, once it has ended."""
    try:
        # One that has ended and is not yet seen to its grave has a name still, and no command line.
        return Path(f"/proc/{pid}/comm").read_text().strip() if Path(f"/proc/{pid}/cmdline").read_bytes() else ""
    except OSError:
        return ""


def key_file(folder: Path) -> Path:
    """Where the service key of the database in `folder` is kept."""
    return folder / f"{DATABASE}.key"
