"""SIGKILL at random moments under mixed load through both doors: of a worker, of all processes, of PostgreSQL."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from tests.e2e.process import serve_postgres
from tests.postgres.cluster import Cluster, private_cluster
from tests.torture.kill import strikes
from tests.torture.kill.spell import PROMISES
from tests.torture.kill.spells import Spells
from tests.torture.kill.strikes import Strike
from tests.torture.trial import Suite, Trial

ENGINES = ("sqlite", "postgres")
ROUNDS = 60
"""Of each engine at most."""
_ROUNDS_A_SPELL = 10
_OWN = {"worker": strikes.worker, "whole": strikes.whole, "gateway": strikes.gateway, "parent": strikes.parent}


def run(trial: Trial) -> None:
    """Half the time for each engine, in spells of ten rounds, each on a database of its own."""
    for place, engine in enumerate(ENGINES):
        until = trial.elapsed + trial.left / (len(ENGINES) - place)
        with engine_homes(engine, trial.folder) as (homes, kinds):
            _spells(trial, engine, until, homes, kinds)


def _spells(trial: Trial, engine: str, until: float, homes: Iterator[Path], kinds: dict[str, Strike]) -> None:
    spells = Spells(trial, engine)
    for home in homes:
        left = ROUNDS - spells.struck.total()
        if trial.elapsed >= until or not left:
            break
        trial.tell(f"{engine}, {spells.struck.total()} of at most {ROUNDS} rounds done")
        spells.suffer(home, kinds, min(left, _ROUNDS_A_SPELL), lambda: trial.elapsed < until)
    spells.tell()


@contextmanager
def engine_homes(engine: str, folder: Path) -> Iterator[tuple[Iterator[Path], dict[str, Strike]]]:
    """Folders for servers on new databases of an engine, and the ways to strike there."""
    with ExitStack() as stack:
        cluster = stack.enter_context(private_cluster()) if engine == "postgres" else None
        homes = stack.enter_context(closing(_homes(engine, folder, cluster)))
        yield homes, dict(_OWN) | (_of_postgres(cluster) if cluster else {})


def _homes(engine: str, folder: Path, cluster: Cluster | None) -> Generator[Path]:
    number = 0
    while True:
        home = folder / f"{engine}-{number}"
        home.mkdir()
        if cluster is None:
            yield home
        else:
            with cluster.database() as name:
                serve_postgres(home, cluster.url_of(name))
                yield home
        number += 1


def _of_postgres(cluster: Cluster) -> dict[str, Strike]:
    return {
        "postmaster": strikes.postmaster(cluster),
        "backend": strikes.backend(cluster),
        "connections": strikes.connections(cluster),
    }


SUITE = Suite("kill", "SIGKILL of processes and of PostgreSQL under mixed load", PROMISES, run)
