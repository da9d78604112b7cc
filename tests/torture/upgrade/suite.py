"""Databases of each earlier migration, on both engines, whose migration is killed at a random moment, then repeated."""

from __future__ import annotations

import random
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

from server.storage.migrations import HEAD
from server.storage.preparation import prepare, schema_version
from tests.e2e.process import command, environment
from tests.postgres.cluster import Cluster, private_cluster
from tests.torture.trial import Suite, Trial
from tests.torture.upgrade.looks import ANSWERS, OPENS, VERIFIES, look
from tests.torture.upgrade.past import OLD, VERSIONS, write_postgres, write_sqlite

ATOMIC = "a migration that is killed is done or undone, and the next one does it"
PROMISES = (VERIFIES, ANSWERS, OPENS, ATOMIC)
ENGINES = ("sqlite", "postgres")
_LONGEST_SECONDS = 1.2
"""By then a migration has begun and mostly ended; the program takes most of that to start."""


@contextmanager
def older(engine: str, version: int, folder: Path, cluster: Callable[[], Cluster]) -> Iterator[str]:
    """The URL of a database of an earlier program."""
    file = folder / f"{engine}-{version}.db"
    if engine == "sqlite":
        write_sqlite(version, file)
        yield str(file)
        return
    with cluster().database() as name:
        write_postgres(version, cluster().url_of(name), file)
        yield cluster().url_of(name)


def examine(url: str, version: int) -> dict[str, list[str]]:
    """Migrate, and answer the faults of each promise."""
    prepare(url, OLD, 1)
    found: dict[str, list[str]] = {VERIFIES: [], ANSWERS: [], OPENS: []}
    for promise, case in look(url, version):
        found[promise].append(f"version {version}: {case}")
    return found


def killed(url: str, after_seconds: float) -> str | None:
    """Begin to migrate and kill it; answer what is wrong with the schema version that it left."""
    before = schema_version(url)
    settings = environment(CONSENT_DATABASE=url, CONSENT_SERVICE_KEY=OLD.current.encode())
    with subprocess.Popen(
        command("migrate", "up"), env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            process.wait(after_seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
    left = schema_version(url)
    return None if left in (before, HEAD) else f"{before} became {left}"


def run(trial: Trial) -> None:
    """Round by round: a database of an earlier program, a migration that is killed, one that is not."""
    with private_cluster() as cluster:
        for number, (version, engine) in enumerate(cycle([(v, e) for v in VERSIONS for e in ENGINES])):
            if not trial.left and number >= len(VERSIONS) * len(ENGINES):
                break
            trial.tell(f"round {number + 1}: {engine} from version {version}")
            folder = trial.folder / str(number)
            folder.mkdir()
            with older(engine, version, folder, lambda: cluster) as url:
                fault = killed(url, random.Random(trial.random.random()).uniform(0, _LONGEST_SECONDS))
                trial.hold(ATOMIC, [f"round {number + 1}, {engine}: {fault}"] if fault else [])
                for promise, cases in examine(url, version).items():
                    trial.hold(promise, [f"round {number + 1}, {engine}, {case}" for case in cases])
            trial.rounds += 1
    trial.figure("databases migrated", trial.rounds)


SUITE = Suite("upgrade", "databases of each earlier migration, migrated and killed meanwhile", PROMISES, run, minutes=3)
