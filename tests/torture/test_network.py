"""The network suite's short form: a bad way between the service and PostgreSQL, and callers who do not behave."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.domain.errors import StorageUnavailable
from server.storage.database import open_storage
from server.storage.engines import connection
from server.storage.protocol import Storage
from tests.conformance.engines import KEYS, Clock, Postgres, migrated
from tests.conformance.things import assert_whole_chain, entry
from tests.e2e.process import serving
from tests.postgres.cluster import Cluster
from tests.torture.network.freezing import beside, readers, refusal_of_a_watch, watchers
from tests.torture.network.frozen import frozen
from tests.torture.proxy import COMMITTED, Proxy, Weather

HASTY = {"options": "-cstatement_timeout=100", "connect_timeout": "2", "pool_size": "2"}


@pytest.fixture
def way(cluster: Cluster) -> Iterator[Proxy]:
    with Proxy(cluster.url) as proxy:
        yield proxy


@pytest.fixture
def storage(cluster: Cluster, way: Proxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """A storage behind the proxy, with a tenant, that waits for no answer for long."""
    monkeypatch.setattr(connection, "MARGIN_SECONDS", 0.1)
    with cluster.database() as name:
        migrated(Postgres(cluster.url_of(name)))
        opened = open_storage(way.url_of(name, **HASTY), KEYS, Clock())
        try:
            opened.create_tenant("acme", None)
            yield opened
        finally:
            way.clear()
            opened.close()


def say(storage: Storage) -> int:
    return storage.write(1, lambda tx: tx.append(entry()))


def look(storage: Storage) -> int:
    with storage.read(1) as snapshot:
        return snapshot.tenant.head_revision


def test_a_way_that_swallows_everything_is_found_out_and_left_behind(storage: Storage, way: Proxy) -> None:
    assert (say(storage), look(storage)) == (1, 1)
    way.hold()
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(call, storage) for call in (say, look)]:
            assert isinstance(done.exception(), StorageUnavailable)
    way.clear()
    assert say(storage) == look(storage) == len(assert_whole_chain(storage, 1))


def test_connections_that_fell_silent_are_given_up_for_new_ones(storage: Storage, way: Proxy) -> None:
    assert (say(storage), look(storage)) == (1, 1)
    way.forget()
    assert (look(storage), say(storage), look(storage)) == (1, 2, 2)


def test_a_commit_whose_answer_is_lost_is_not_acknowledged_and_there_once(storage: Storage, way: Proxy) -> None:
    assert say(storage) == 1
    way.set(Weather(hurt=lambda answer: None if COMMITTED in answer else answer))
    with pytest.raises(StorageUnavailable):
        say(storage)
    way.clear()
    assert len(assert_whole_chain(storage, 1)) == 2
    assert say(storage) == 3


def test_a_way_that_ends_or_crawls_harms_nobody(storage: Storage, way: Proxy) -> None:
    assert say(storage) == 1
    way.cut()
    assert (look(storage), say(storage)) == (1, 2)
    way.set(Weather(bytes_at_once=1))
    assert (look(storage), say(storage)) == (2, 3)
    with way.bad(Weather(closed=True)):
        way.cut()
        with pytest.raises(StorageUnavailable):
            look(storage)
        with pytest.raises(StorageUnavailable):
            say(storage)
    assert say(storage) == look(storage) == 4


def test_others_go_on_beside_peers_that_are_frozen(tmp_path: Path) -> None:
    with serving(tmp_path, "--demo") as served, beside(served) as others:
        others.write(100)
        with frozen([*watchers(served), *readers(served, 3, 1)]):
            assert "RESOURCE_EXHAUSTED" in refusal_of_a_watch(served)
            others.write(100)
            assert others.ask(3) == []
            assert others.misses() == []
