"""What is looked at while a process is under load: its memory, descriptors and threads, and how soon health answers."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

_EVERY_SECONDS = 0.25
_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a process."""

    megabytes: float
    descriptors: int
    threads: int

    @classmethod
    def at(cls, pid: int) -> Look:
        """As it is now."""
        status = Path(f"/proc/{pid}/status").read_text()
        kilobytes, threads = (int(re.findall(rf"^{name}:\s+(\d+)", status, re.M)[0]) for name in ("VmRSS", "Threads"))
        return cls(kilobytes / 1024, len([*Path(f"/proc/{pid}/fd").iterdir()]), threads)


@dataclass
class Watched:
    """What was seen so far: looks at the process, and how long health took, in seconds."""

    looks: list[Look] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


@contextmanager
def watching(pid: int, port: int) -> Iterator[Watched]:
    """Look at a process, and ask for its health, four times a second."""
    watched, over = Watched(), threading.Event()

    def look() -> None:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            health = HealthStub(channel)
            while not over.wait(_EVERY_SECONDS):
                watched.looks.append(Look.at(pid))
                began = time.perf_counter()
                try:
                    answer = health.Check(HealthCheckRequest(), timeout=_PATIENCE_SECONDS)
                except grpc.RpcError as error:
                    watched.failed.append(str(error))
                else:
                    watched.health.append(time.perf_counter() - began)
                    if answer.status != HealthCheckResponse.SERVING:
                        watched.failed.append("NOT_SERVING")

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watched
    finally:
        over.set()
        thread.join()
