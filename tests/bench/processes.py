"""The servers that are measured: started pinned, waited for until they say that they are ready, ended by their ids."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.bench import echo
from tests.bench.connections import listeners
from tests.bench.loads import LoadFailed

ROOT = Path(__file__).parents[2]
CORES = tuple(sorted(os.sched_getaffinity(0)))
ALL = frozenset(CORES)
SERVER_CORE = frozenset(CORES[:1])
CLIENT_CORE = frozenset(CORES[1:2] or CORES)
_PORT = re.compile(r"127\.0\.0\.1:(\d+)")
_END_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers: its ports, and its processes that do the work."""

    pid: int
    grpc: int
    http: int
    workers: tuple[int, ...]
    gateway: tuple[int, ...]
    shares: int


def environment(service_key: str = "") -> dict[str, str]:
    """This process's environment without its CONSENT_ settings, with these sources first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
    if service_key:
        kept["CONSENT_SERVICE_KEY"] = service_key
    return {**kept, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "generated")))}


def command(module: str, *arguments: str, cores: frozenset[int] = ALL) -> list[str]:
    """The command line of a module that runs on these cores and ends with this process."""
    pinned = ",".join(map(str, sorted(cores)))
    return [sys.executable, "-m", "tests.bench.child", pinned, sys.executable, "-m", module, *arguments]


@contextmanager
def started(line: list[str], service_key: str = "") -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a program and answer its ready line; it has ended when this is left. Raises LoadFailed."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            line,
            cwd=ROOT,
            env=environment(service_key),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            ready = next((said for said in process.stdout if said.startswith("ready")), None)
            if ready is None:
                errors.seek(0)
                raise LoadFailed(f"{' '.join(line[5:9])} … did not start: {errors.read()[-2000:]}")
            yield process, ready
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


@contextmanager
def _serving(line: list[str], shares: int, service_key: str = "") -> Iterator[Server]:
    with started(line, service_key) as (process, ready):
        # The consent service has a third, which nobody asks here; the others have one or two.
        ports = [int(port) for port in _PORT.findall(ready)[:2]]
        workers, gateway = (listeners(port, process.pid) for port in (ports[0], ports[-1]))
        if len(workers) != shares:
            raise LoadFailed(f"{len(workers)} processes serve, not {shares}")
        yield Server(process.pid, ports[0], ports[-1], workers, gateway, shares)


@contextmanager
def consent(
    database: Path | str,
    processes: int = 1,
    cores: frozenset[int] | None = None,
    module: str = "server",
    service_key: str = "",
) -> Iterator[Server]:
    """`consent serve` as it is shipped, on a database. One process is pinned from outside, several pin themselves."""
    url = database if isinstance(database, str) else f"sqlite:///{database}"
    ports = [setting for name in ("grpc", "http", "admin") for setting in (f"--{name}", "127.0.0.1:0")]
    count = ("--processes", str(processes))
    where = cores or (SERVER_CORE if processes == 1 else ALL)
    with _serving(
        command(module, "serve", "--database", url, *ports, *count, cores=where), processes, service_key
    ) as server:
        yield server


@contextmanager
def echoing(processes: int = 1) -> Iterator[Server]:
    """The bare echo, pinned as `consent` is."""
    where = SERVER_CORE if processes == 1 else ALL
    with _serving(command(echo.__name__, str(processes), cores=where), processes) as server:
        yield server


@contextmanager
def rival(database: Path) -> Iterator[Server]:
    """The FastAPI service, one process, pinned as one process of `consent` is."""
    with started(command("tests.bench.rival", str(database), cores=SERVER_CORE)) as (process, ready):
        port = int(_PORT.findall(ready)[0])
        yield Server(process.pid, 0, port, (process.pid,), (), 1)


def pin(pid: int, cores: frozenset[int]) -> None:
    """Pin every thread of a running process."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(task.name), cores)


def private_megabytes(pid: int) -> float:
    """The memory that a process has for itself alone (USS)."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return _megabytes(rollup, "Private_\\w+")


def shared_megabytes(pid: int) -> float:
    """The memory that a process has, with its part of what it shares with others (PSS)."""
    return _megabytes(Path(f"/proc/{pid}/smaps_rollup").read_text(), "Pss")


def _megabytes(rollup: str, name: str) -> float:
    return sum(int(size) for size in re.findall(rf"^{name}: +(\d+) kB$", rollup, re.MULTILINE)) / 1024


def run_lines(line: Sequence[str], given: str = "") -> list[str]:
    """Run a program to its end; answer the lines that it printed. Raises LoadFailed."""
    done = subprocess.run(
        line, cwd=ROOT, env=environment(), input=given, capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode:
        raise LoadFailed(f"{' '.join(line[5:9])} … failed: {done.stderr[-2000:]}")
    return done.stdout.splitlines()
