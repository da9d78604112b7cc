"""What may become of the disk under an SQLite file that is served, and how it is taken back."""

from __future__ import annotations

import random
import resource
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.process import DATABASE, Served
from tests.e2e.test_watch_under_kills import kill_whole
from tests.torture.kill.strikes import Strike

Dice = random.Random
_SAVED = "the write-ahead log is lost: restart the service"
_NOTICE_SECONDS = 10.0


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """A folder on a disk of its own, of this size; answer False where this user may not make one."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    try:
        yield made.returncode == 0
    finally:
        if made.returncode == 0:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def write_errors(served: Served, dice: Dice) -> None:
    """For a while no file may grow beyond what the log has: writes fail with an I/O error."""
    limits = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in served.children().values()}
    # The system's limit of a file's size counts for all files alike; the log of the service must go on.
    most = max(served.errors.stat().st_size + (1 << 20), dice.randrange(1 << 20, 4 << 20))
    for pid, (_, hard) in limits.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, hard))
    try:
        time.sleep(dice.uniform(0.5, 2.0))
    finally:
        for pid, usual in limits.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, usual)


def full(served: Served, dice: Dice) -> None:
    """Something else takes all room that the disk has, to the last byte, for a while."""
    filler = served.folder / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            for size in (1 << 16, 4096, 1):
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue
        time.sleep(dice.uniform(0.5, 2.0))
    finally:
        filler.unlink()


def away(served: Served, dice: Dice) -> None:
    """The file is moved away and back."""
    here, there = served.folder / DATABASE, served.folder / "away"
    here.rename(there)
    try:
        time.sleep(dice.uniform(0.5, 2.0))
    finally:
        there.rename(here)


def losing(*endings: str) -> Strike:
    """What stands beside the file is deleted. The service is killed once it says that it saved what was in it."""

    def strike(served: Served, dice: Dice) -> None:
        before = served.log.count(_SAVED)
        for ending in endings:
            (served.folder / f"{DATABASE}{ending}").unlink()
        patience = time.monotonic() + _NOTICE_SECONDS
        while served.log.count(_SAVED) < before + serving_processes(served) and time.monotonic() < patience:
            time.sleep(0.01)
        time.sleep(dice.uniform(0, 1.0))
        dice.choice((kill_whole, stop))(served)

    return strike


def serving_processes(served: Served) -> int:
    """How many processes have the database open."""
    return sum(name.startswith("grpc") for name in served.children())


def stop(served: Served) -> None:
    """End it in peace."""
    served.stop()


def strikes(on_small_disk: bool) -> dict[str, Strike]:
    """Every way in which a disk fails and comes back."""
    ills: dict[str, Strike] = {
        "writes fail": write_errors,
        "moved away and back": away,
        "log deleted": losing("-wal"),
        "index deleted": losing("-shm"),
        "log and index deleted": losing("-wal", "-shm"),
    }
    return {**ills, "full": full} if on_small_disk else ills
