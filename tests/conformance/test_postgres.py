"""What is PostgreSQL's alone: connections that are lost, servers that restart, deadlocks, a full pool, time-outs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlencode

import psycopg
import pytest
from structlog.testing import capture_logs

from server.domain.errors import StorageUnavailable
from server.domain.model import Tenant
from server.domain.service_key import ServiceKey, ServiceKeys
from server.storage import migrations
from server.storage.database import SqlStorage, open_storage
from server.storage.engines import DatabaseUnusable, postgres_address
from server.storage.engines import postgres as engine
from server.storage.engines.urls import POOL_SIZE
from server.storage.migrations import HEAD
from server.storage.preparation import make_ready, prepare, schema_version
from server.storage.protocol import Transaction
from tests.conformance.engines import KEYS, NOON, Clock
from tests.conformance.things import ANN, assert_whole_chain, entry, opt_out
from tests.postgres.cluster import Cluster, private_cluster

ENDING = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'consent'"


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[str]:
    """The URL of a database without tables."""
    with cluster.database() as name:
        yield cluster.url_of(name)


@pytest.fixture
def url(empty: str) -> str:
    """The URL of a database at head."""
    prepare(empty, KEYS, NOON)
    return empty


@pytest.fixture
def storage(url: str, clock: Clock) -> Iterator[SqlStorage]:
    opened = open_storage(url, KEYS, clock)
    yield opened
    opened.close()


@pytest.fixture
def tenant(storage: SqlStorage) -> Tenant:
    return storage.create_tenant("acme", "US")


def _append(tx: Transaction) -> int:
    return tx.append(entry())


def _run(url: str, sql: str) -> list[tuple[object, ...]]:
    """Run a statement behind the storage's back."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []


def _head(storage: SqlStorage, tenant: Tenant) -> int:
    with storage.read(tenant.id) as snapshot:
        return snapshot.tenant.head_revision


# URLs


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://ann:hidden@db.internal:6432/consent", "postgresql://db.internal:6432/consent"),
        ("postgres://ann:hid%40den@db.internal/consent?sslmode=require", "postgresql://db.internal/consent"),
        ("postgresql:///consent?host=/run/postgresql&password=hidden", "postgresql:///consent?host=/run/postgresql"),
    ],
)
def test_a_url_is_named_without_its_password(url: str, name: str) -> None:
    address = postgres_address(url)
    assert address.name == name
    assert address.pool_size == POOL_SIZE
    assert "hidden" not in repr(address)


def test_the_size_of_the_pool_stands_in_the_url() -> None:
    address = postgres_address("postgresql://h/db?pool_size=3&application_name=ours")
    assert address.pool_size == 3
    assert "pool_size" not in address.conninfo
    assert "application_name=ours" in address.conninfo


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://ann:hidden@h:port/db", "cannot be read"),
        ("postgresql://ann:hidden@h/db?nonsense=1", "cannot be read"),
        ("postgresql://ann:hidden@h/db?pool_size=0", "pool_size"),
        ("postgresql://ann:hidden@h/db?pool_size=many", "pool_size"),
        ("postgresql://ann:hidden@h", "names no database"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str, reason: str) -> None:
    with pytest.raises(DatabaseUnusable, match=reason) as refused:
        prepare(url, KEYS, NOON)
    assert "hidden" not in str(refused.value)


def test_a_server_that_is_not_there_is_unusable_to_commands_and_unavailable_to_calls() -> None:
    nowhere = "postgresql://ann:hidden@127.0.0.1:1/consent"
    for refused in (prepare, make_ready):
        with pytest.raises(DatabaseUnusable, match=r"postgresql://127.0.0.1:1/consent") as told:
            refused(nowhere, KEYS, NOON)
        assert "hidden" not in str(told.value)
    storage = open_storage(nowhere, KEYS)
    with capture_logs() as logs:
        for call in (storage.check, storage.tenants, lambda: storage.write(1, _append)):
            with pytest.raises(StorageUnavailable):
                call()
    assert logs
    assert "hidden" not in str(logs)
    storage.close()


# What every connection is held to


def test_text_is_compared_by_code_points_whatever_the_database_s_locale(url: str) -> None:
    collations = _run(
        url,
        "SELECT DISTINCT coalesce(collation_name, 'the database''s') FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND data_type = 'text'",
    )
    assert collations == [("C",)]


def test_a_commit_is_on_the_disk_before_it_is_answered_whatever_the_database_is_set_to(
    cluster: Cluster, url: str
) -> None:
    name = url.partition("?")[0].rpartition("/")[2]
    cluster.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    storage = open_storage(url, KEYS)
    tenant = storage.create_tenant("acme", None)

    def setting(tx: Transaction) -> object:
        database = storage._database
        return database.execute_sql("SHOW synchronous_commit").fetchone()[0]

    assert storage.write(tenant.id, setting) == "on"
    storage.close()


@pytest.mark.parametrize(("asked", "expected"), [("", "10s"), ("-cidle_in_transaction_session_timeout=7000", "7s")])
def test_a_writer_that_fell_silent_keeps_its_tenants_from_others_for_seconds(
    url: str, asked: str, expected: str
) -> None:
    storage = open_storage(f"{url}&{urlencode({'options': asked})}" if asked else url, KEYS)
    tenant = storage.create_tenant("acme", None)

    def setting(tx: Transaction) -> object:
        return storage._database.execute_sql("SHOW idle_in_transaction_session_timeout").fetchone()[0]

    assert storage.write(tenant.id, setting) == expected
    storage.close()


def test_a_database_of_another_encoding_is_refused(cluster: Cluster) -> None:
    name = cluster.create()
    cluster.drop(name)
    cluster.execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    try:
        with pytest.raises(DatabaseUnusable, match="ENCODING 'UTF8'"):
            prepare(cluster.url_of(name), KEYS, NOON)
    finally:
        cluster.drop(name)


# Migrations


def test_two_that_migrate_at_once_wait_for_each_other(empty: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(lambda _: prepare(empty, KEYS, NOON), range(4)))
    assert sorted(map(len, applied)) == [0, 0, 0, HEAD]


def test_a_migration_that_fails_leaves_nothing(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = migrations.Migration(HEAD + 1, "m9999_broken")
    monkeypatch.setattr(migrations.Migration, "statements", _statements_or_broken)
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, broken))
    with pytest.raises(DatabaseUnusable, match="cannot be brought up to date"):
        prepare(empty, KEYS, NOON)
    assert schema_version(empty) == 0
    assert _run(empty, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []


_true_statements = migrations.Migration.statements


def _statements_or_broken(migration: migrations.Migration, dialect: str) -> list[str]:
    return ["SELECT nonsense"] if "broken" in migration.name else _true_statements(migration, dialect)


def test_nothing_but_migrate_migrates(empty: str) -> None:
    with pytest.raises(DatabaseUnusable, match="has no tables yet: bring it up to date with `consent migrate up`"):
        make_ready(empty, KEYS, NOON)
    assert schema_version(empty) == 0
    prepare(empty, KEYS, NOON)
    assert make_ready(empty, KEYS, NOON) == []
    _run(empty, f"DELETE FROM schema_migrations WHERE version = {HEAD}")
    with pytest.raises(DatabaseUnusable, match=f"has schema version {HEAD - 1}, not {HEAD}: .*migrate up"):
        make_ready(empty, KEYS, NOON)
    with pytest.raises(DatabaseUnusable, match="made under the service key k1"):
        prepare(empty, ServiceKeys(ServiceKey("k9", bytes(32))), NOON)


def test_an_open_storage_begins_to_work_when_somebody_migrates_and_says_once_why_not(empty: str) -> None:
    storage = open_storage(empty, KEYS)
    with capture_logs() as logs:
        for _ in range(3):
            with pytest.raises(StorageUnavailable):
                storage.check()
            with pytest.raises(StorageUnavailable):
                storage.create_tenant("acme", None)
    assert [log["reason"] for log in logs] == [logs[0]["reason"]]
    assert "consent migrate up" in logs[0]["reason"]
    prepare(empty, KEYS, NOON)
    tenant = storage.create_tenant("acme", None)
    assert storage.write(tenant.id, _append) == 1
    _run(empty, f"INSERT INTO schema_migrations VALUES ({HEAD + 1}, 0)")
    with pytest.raises(StorageUnavailable):
        storage.check()
    with pytest.raises(StorageUnavailable):
        storage.write(tenant.id, _append)
    _run(empty, f"DELETE FROM schema_migrations WHERE version = {HEAD + 1}")
    assert storage.write(tenant.id, _append) == 2
    storage.close()


# Connections


def test_reads_and_writes_go_on_after_their_connections_were_ended(
    url: str, storage: SqlStorage, tenant: Tenant
) -> None:
    """A connection that died where it lay is no reason to refuse anybody."""
    for revision in range(1, 4):
        assert storage.write(tenant.id, _append) == revision
        assert _head(storage, tenant) == revision
        assert storage.glimpse(tenant.id, "dept", "marketing", ANN).revision == revision
        _run(url, ENDING)
        assert _head(storage, tenant) == revision
        _run(url, ENDING)
        assert storage.glimpse(tenant.id, "dept", "marketing", ANN).revision == revision
        assert [found.name for found in storage.tenants()] == ["acme"]
        _run(url, ENDING)
    storage.check()


def test_a_write_whose_connection_is_lost_half_way_is_done_once(url: str, storage: SqlStorage, tenant: Tenant) -> None:
    runs: list[int] = []

    def work(tx: Transaction) -> int:
        runs.append(tx.append(entry()))
        if len(runs) == 1:
            _run(url, ENDING)
        return tx.append(entry())

    assert storage.write(tenant.id, work) == 2
    assert runs == [1, 1]
    assert len(assert_whole_chain(storage, tenant.id)) == 2


def test_a_write_that_never_gets_through_is_unavailable_and_the_next_is_done(
    url: str, storage: SqlStorage, tenant: Tenant
) -> None:
    def work(tx: Transaction) -> int:
        _run(url, ENDING)
        return tx.append(entry())

    with pytest.raises(StorageUnavailable):
        storage.write(tenant.id, work)
    assert storage.write(tenant.id, _append) == 1


def test_a_commit_whose_answer_is_lost_is_not_repeated(
    url: str, storage: SqlStorage, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection ends when the commit was done and before that was heard; nobody may do it again."""
    runs: list[int] = []
    execute: Callable[..., object] = storage._database.execute_sql

    def cut(sql: str, *rest: object) -> object:
        answer = execute(sql, *rest)
        if sql == "COMMIT" and len(runs) == 1:
            _run(url, ENDING)
            execute("SELECT 1")
        return answer

    def work(tx: Transaction) -> int:
        runs.append(1)
        return tx.append(entry())

    with monkeypatch.context() as patched, capture_logs() as logs:
        patched.setattr(storage._database, "execute_sql", cut)
        with pytest.raises(StorageUnavailable):
            storage.write(tenant.id, work)
    assert runs == [1]
    assert "may have happened or not" in logs[-1]["error"]
    assert len(assert_whole_chain(storage, tenant.id)) == 1
    assert storage.write(tenant.id, _append) == 2


def test_a_snapshot_that_loses_its_connection_is_unavailable(url: str, storage: SqlStorage, tenant: Tenant) -> None:
    def lose() -> None:
        with storage.read(tenant.id) as snapshot:
            _run(url, ENDING)
            snapshot.events(0, 9)

    with pytest.raises(StorageUnavailable):
        lose()
    assert _head(storage, tenant) == 0


def test_a_read_waits_for_a_connection_and_gives_up_where_none_comes_free(
    url: str, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "POOL_WAIT_SECONDS", 0.2)
    small = open_storage(f"{url}&pool_size=2", KEYS)
    small.check()
    with ThreadPoolExecutor(2) as pool, ExitStack() as held:
        gate, holding = threading.Event(), threading.Barrier(3)
        held.callback(gate.set)

        def hold() -> int:
            with small.read(tenant.id) as snapshot:
                holding.wait(30)
                assert gate.wait(30)
                return snapshot.tenant.head_revision

        readers = [pool.submit(hold) for _ in range(2)]
        holding.wait(30)
        with pytest.raises(StorageUnavailable):
            _head(small, tenant)
        assert small.write(tenant.id, _append) == 1, "readers do not starve the writer"
        gate.set()
        assert [reader.result() for reader in readers] == [0, 0]
    assert _head(small, tenant) == 1
    small.close()


def test_more_readers_than_connections_all_read(url: str, tenant: Tenant) -> None:
    small = open_storage(f"{url}&pool_size=2", KEYS)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: _head(small, tenant), range(64))) == [0] * 64
    (connections,) = _run(url, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'consent'")[0]
    assert isinstance(connections, int)
    # Two of the pool and one for the writer of each of the two storages, at most.
    assert connections <= 2 * 3
    small.close()


def test_a_statement_that_takes_too_long_is_unavailable(url: str, tenant: Tenant) -> None:
    slow = open_storage(f"{url}&options=-cstatement_timeout%3D50", KEYS)
    assert _head(slow, tenant) == 0

    def work(tx: Transaction) -> None:
        tx.append(entry())
        slow._database.execute_sql("SELECT pg_sleep(10)")

    with pytest.raises(StorageUnavailable):
        slow.write(tenant.id, work)
    with pytest.raises(StorageUnavailable), slow.read(tenant.id):
        slow._database.execute_sql("SELECT pg_sleep(10)")
    assert slow.write(tenant.id, _append) == 1
    assert _head(slow, tenant) == 1
    slow.close()


def test_a_lock_that_somebody_keeps_is_unavailable(url: str, tenant: Tenant) -> None:
    hasty = open_storage(f"{url}&options=-clock_timeout%3D50", KEYS)
    with psycopg.connect(url) as somebody:
        somebody.execute("SELECT 1 FROM tenants FOR UPDATE")
        with pytest.raises(StorageUnavailable):
            hasty.write(tenant.id, _append)
    assert hasty.write(tenant.id, _append) == 1
    hasty.close()


def test_whoever_loses_a_deadlock_is_run_again(url: str, storage: SqlStorage, tenant: Tenant) -> None:
    """Another transaction holds a row that the work wants, and wants one that the work holds."""
    storage.write(tenant.id, opt_out)
    runs: list[int] = []
    with psycopg.connect(f"{url}&options=-cdeadlock_timeout%3D60s") as somebody, ThreadPoolExecutor(1) as pool:
        somebody.execute("SELECT 1 FROM consents FOR UPDATE")

        def work(tx: Transaction) -> int:
            runs.append(tx.append(entry()))
            if len(runs) == 1:
                waiting = pool.submit(somebody.execute, "SELECT 1 FROM tenants FOR UPDATE")
                waiting.add_done_callback(lambda _: somebody.rollback())
            return opt_out(tx, effective_time=99)

        with capture_logs() as logs:
            written = storage.write(tenant.id, work)
    assert written == 3
    assert runs == [2, 2]
    assert ["deadlock" in log["error"] for log in logs] == [True]
    assert len(assert_whole_chain(storage, tenant.id)) == 3


# Many processes


def test_a_commit_is_heard_of_by_another_storage(url: str, storage: SqlStorage, tenant: Tenant) -> None:
    elsewhere = open_storage(url, KEYS)
    seen = elsewhere.await_commit(-1, 0)
    # The ear is open once it has counted that it is.
    seen = elsewhere.await_commit(seen, 30)
    storage.write(tenant.id, _append)
    assert elsewhere.await_commit(seen, 30) > seen
    elsewhere.close()


def test_who_listens_hears_again_after_its_connection_was_ended(url: str, storage: SqlStorage, tenant: Tenant) -> None:
    elsewhere = open_storage(url, KEYS)
    seen = elsewhere.await_commit(elsewhere.await_commit(-1, 0), 30)
    _run(url, ENDING)
    seen = elsewhere.await_commit(seen, 30)
    storage.write(tenant.id, _append)
    assert elsewhere.await_commit(seen, 30) > seen
    elsewhere.close()


def test_eight_writers_over_four_storages_on_two_tenants_lose_nothing(url: str, clock: Clock) -> None:
    with ExitStack() as opened:
        storages = [open_storage(url, KEYS, clock) for _ in range(4)]
        for storage in storages:
            opened.callback(storage.close)
        tenants = [storages[0].create_tenant(name, None) for name in ("acme", "other")]

        def write(number: int) -> int:
            tenant = tenants[number // 4 % 2]
            return storages[number % 4].write(tenant.id, lambda tx: tx.append(entry(batch_id=str(number))))

        with ThreadPoolExecutor(8) as pool:
            revisions = list(pool.map(write, range(200)))
        for place, tenant in enumerate(tenants):
            mine = [revision for number, revision in enumerate(revisions) if number // 4 % 2 == place]
            assert sorted(mine) == list(range(1, 101))
            assert len(assert_whole_chain(storages[0], tenant.id)) == 100


# The server itself


def test_a_server_that_crashes_and_comes_back_loses_nothing_that_was_acknowledged(clock: Clock) -> None:
    with private_cluster("fsync=on", "full_page_writes=on") as own, own.database() as name:
        prepare(own.url_of(name), KEYS, NOON)
        storage = open_storage(own.url_of(name), KEYS, clock)
        tenant = storage.create_tenant("acme", None)
        acknowledged = []
        for how in ("crash", "stop", "crash"):
            acknowledged += [storage.write(tenant.id, _append) for _ in range(5)]
            own.order(how)
            with pytest.raises(StorageUnavailable):
                _head(storage, tenant)
            with pytest.raises(StorageUnavailable):
                storage.write(tenant.id, _append)
            with pytest.raises(StorageUnavailable):
                storage.check()
            own.order("start")
            assert _head(storage, tenant) == len(acknowledged)
        assert acknowledged == list(range(1, 16))
        assert len(assert_whole_chain(storage, tenant.id)) == 15
        storage.check()
        storage.close()
