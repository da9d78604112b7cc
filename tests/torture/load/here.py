"""A server in threads of this process, behind a real port: the short forms' own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.api.capacity import Capacity
from server.api.lanes import Lanes
from server.api.server import build_server
from tests.e2e.process import DATABASE
from tests.servicer.world import World
from tests.torture.stand import furnish


@contextmanager
def serving_here(folder: Path, capacity: Capacity) -> Iterator[int]:
    """Serve the tests' database within some bounds; answers the port."""
    furnish(folder / DATABASE)
    world = World(folder / DATABASE)
    lanes = Lanes(world.metrics, capacity)
    server = build_server(world.storage, dict(world.mount(world.storage, lanes=lanes)), [], lanes=lanes)
    port = server.grpc.add_insecure_port("127.0.0.1:0")
    server.start()
    yield port
    server.stop(5)
    world.close()
