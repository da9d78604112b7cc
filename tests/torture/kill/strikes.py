"""SIGKILL: of a process of the service, of all of them, of PostgreSQL's postmaster or one of its backends."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.e2e.process import Served, await_end, watched
from tests.e2e.test_watch_under_kills import kill_whole
from tests.postgres.cluster import Cluster

Strike = Callable[[Served, random.Random], None]
"""Kills, and returns once what died is gone; whoever restarts it by itself may not be there yet."""


def worker(served: Served, dice: random.Random) -> None:
    """Kill one of the processes that answer gRPC; its parent starts another."""
    _kill(served.children()[dice.choice([name for name in served.children() if name.startswith("grpc")])])


def gateway(served: Served, dice: random.Random) -> None:
    """Kill the gateway; its parent starts another."""
    _kill(served.children()["gateway"])


def parent(served: Served, dice: random.Random) -> None:
    """Kill the parent; the others end by themselves."""
    with watched(served.process.pid, *served.children().values()) as descriptors:
        os.kill(served.process.pid, signal.SIGKILL)
        await_end(descriptors)
    served.wait()


def whole(served: Served, dice: random.Random) -> None:
    """Kill every process of the service."""
    kill_whole(served)


def postmaster(cluster: Cluster) -> Strike:
    """Kill PostgreSQL's first process: the others end when they notice. It is started again."""

    def strike(served: Served, dice: random.Random) -> None:
        _kill(postmaster_pid(cluster))
        # One that has just begun may be nobody's child in any list; while one is there, no other server may start.
        while left := _at_home_in(_data(cluster)):
            with suppress(ProcessLookupError), watched(*left) as descriptors:
                await_end(descriptors)
        # The dead one's pid stays taken until somebody buries it, and would keep another from starting here.
        for lock in (_data(cluster) / "postmaster.pid", *_data(cluster).parent.glob(".s.PGSQL.*.lock")):
            lock.unlink()
        cluster.order("start")

    return strike


def backend(cluster: Cluster) -> Strike:
    """Kill one of PostgreSQL's processes: it ends all connections and recovers by itself."""

    def strike(served: Served, dice: random.Random) -> None:
        _kill(dice.choice(_children(postmaster_pid(cluster))))

    return strike


def connections(cluster: Cluster) -> Strike:
    """End the service's connections to PostgreSQL, whatever they are at."""

    def strike(served: Served, dice: random.Random) -> None:
        cluster.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'consent'")

    return strike


def postmaster_pid(cluster: Cluster) -> int:
    """The pid of a private cluster's first process."""
    return int((_data(cluster) / "postmaster.pid").read_text().split()[0])


def _data(cluster: Cluster) -> Path:
    (folder,) = parse_qs(urlsplit(cluster.url).query)["host"]
    return Path(folder, "data")


def _at_home_in(folder: Path) -> list[int]:
    """The processes that work in a folder, as all of PostgreSQL's do."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink() == folder:
                found.append(int(process.name))
    return found


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError), watched(pid) as descriptors:
        signal.pidfd_send_signal(descriptors[0], signal.SIGKILL)
        await_end(descriptors)
