"""The engines that the conformance suite runs on, and the clock and keys that it gives them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from peewee import Database

from server.domain.model import Instant
from server.domain.service_key import ServiceKey, ServiceKeys
from server.storage.database import open_storage, prepare
from server.storage.engines import open_sqlite
from server.storage.protocol import Storage

NOON = 1_700_000_000_000_000
KEYS = ServiceKeys(ServiceKey("k1", bytes(32)))


class Engine(Protocol):
    """One kind of database, with one empty database of it."""

    url: str

    def open(self, clock: Callable[[], Instant]) -> Storage:
        """Open the storage; whoever opens closes."""
        ...

    def database(self) -> Database:
        """A connection behind the storage's back."""
        ...


@dataclass(slots=True)
class Sqlite:
    folder: Path
    url: str = field(init=False)

    def __post_init__(self) -> None:
        self.url = f"sqlite:///{self.folder / 'consent.db'}"

    def open(self, clock: Callable[[], Instant]) -> Storage:
        return open_storage(self.url, KEYS, clock)

    def database(self) -> Database:
        return open_sqlite(self.folder / "consent.db")


ENGINES: dict[str, Callable[[Path], Engine]] = {"sqlite": Sqlite}


@dataclass(slots=True)
class Clock:
    """A clock that goes on by `step` microseconds each time it is read, and can be set."""

    moment: Instant = NOON
    step: int = 1
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> Instant:
        with self._guard:
            self.moment += self.step
            return self.moment


def migrated(engine: Engine, keys: ServiceKeys = KEYS) -> Engine:
    """Bring the engine's database to head."""
    prepare(engine.url, keys, NOON)
    return engine
