"""A whole service moves from SQLite to PostgreSQL: the same afterwards, or nothing at all."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from peewee import Model

from server.api.auth import Authenticator
from server.demo import API_KEY, PASSWORD, USER, create_demo
from server.domain.model import Tenant
from server.domain.service_key import ServiceKey, ServiceKeys
from server.storage import transfer
from server.storage.columns import Columns
from server.storage.database import SqlStorage, open_storage
from server.storage.engines import open_engine, postgres_address
from server.storage.preparation import prepare
from server.storage.protocol import Transaction
from server.storage.tables import TABLES, MigrationRow, ServiceKeyRow
from tests.cli.conftest import Consent
from tests.cli.terminal import on_a_terminal
from tests.cli.test_credentials import basic, bearer
from tests.conformance.engines import NOON
from tests.conformance.things import Shown, assert_whole_chain, entry, events_of, everything, setting
from tests.postgres.cluster import Cluster

ANN, BOB, CY = "+16505551234", "bob@example.com", "+16505551235"
SHOP = ("--tenant", "acme", "--sender", "shop")
ENDING = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'consent'"


def _keep(tx: Transaction) -> None:
    """What no command writes."""
    tx.keep_answer("k1", "Method", "r1", bytes(range(256)), "tab\t, \\N, \\., “é”\r\n".encode())
    tx.keep_heard_answer("shop", "m9", 1, bytes(32), b"")
    tx.message_was_stated("shop", "m1", "STOP", 1)
    tx.put_auto_response("shop", setting(resp_text="tab\t, \\N, \\., “é”\r\n🙂"))
    tx.put_auto_response("shop", setting("s2", resp_text=None))


@pytest.fixture(scope="module")
def moved_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a service with two tenants and something in every table."""
    consent = Consent(tmp_path_factory.mktemp("service"))
    consent.run("tenant", "create", "acme", "--country", "US")
    consent.run("sender", "create", "--tenant", "acme", "--kind", "client", "--id", "shop")
    said: tuple[tuple[str, ...], ...] = (
        ("record", ANN, *SHOP, "--purpose", "marketing", "--opt-in", "express-written"),
        ("record", BOB, *SHOP, "--purpose", "*", "--opt-out"),
        ("record", CY, *SHOP, "--purpose", "*", "--opt-out"),
        ("inbound", *SHOP, "--from", ANN, "--body", "STOP"),
        ("inbound", *SHOP, "--from", "+16505551236", "--body", "please do not text me, ever"),
        ("contact", "import", "-", "--tenant", "acme"),
        ("forget", CY, "--tenant", "acme", "--reason", "request 4711", "--yes"),
        ("hold", BOB, "--tenant", "acme", "--reason", "case 17"),
    )
    for words in said:
        consent.run(*words, stdin=f"id,first,last,email,mobile\n17,Ánn,Lee,,{ANN}\n")
    with consent.storage() as storage:
        create_demo(storage, consent.keys)
        storage.write(1, _keep)
    return consent.folder


@pytest.fixture
def source(moved_in: Path, tmp_path: Path) -> Consent:
    """A service of its own to be copied."""
    return Consent(Path(shutil.copytree(moved_in, tmp_path / "service")))


@dataclass(frozen=True)
class Target:
    """A database of PostgreSQL, and the name by which messages call it."""

    url: str
    keys: ServiceKeys

    @property
    def name(self) -> str:
        return postgres_address(self.url).name

    @contextmanager
    def storage(self) -> Iterator[SqlStorage]:
        storage = open_storage(self.url, self.keys)
        try:
            yield storage
        finally:
            storage.close()

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def is_empty(self) -> bool:
        return all(not rows for rows in contents(self.url).values())


@pytest.fixture
def unmigrated(cluster: Cluster, source: Consent) -> Iterator[Target]:
    with cluster.database() as name:
        yield Target(cluster.url_of(name), source.keys)


@pytest.fixture
def target(unmigrated: Target) -> Target:
    """A database that was made ready under the source's key."""
    prepare(unmigrated.url, unmigrated.keys, NOON)
    return unmigrated


def contents(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table that is moved."""
    database = open_engine(url)
    try:
        return {_table(model): sorted(model.select().tuples().execute(database), key=repr) for model in transfer.MOVED}
    finally:
        database.close_all()


def _table(model: type[Model]) -> str:
    return str(model._meta.table_name)


def alter(consent: Consent, sql: str) -> None:
    with closing(sqlite3.connect(consent.database)) as database, database:
        assert database.execute(sql).rowcount > 0


def words(source: Consent, target: Target) -> tuple[str, ...]:
    return "copy", "--from", f"sqlite:///{source.database}", "--to", target.url


def shown(storage: SqlStorage) -> list[tuple[Tenant, Shown]]:
    return [(tenant, everything(storage, tenant.id)) for tenant in storage.tenants()]


def in_the_middle(monkeypatch: pytest.MonkeyPatch, do: Callable[[], object], table: str = "consent_events") -> None:
    """Do something once, when a table is under way."""
    fit = Columns.misfit
    pending = [do]

    def misfit(columns: Columns, row: tuple[object, ...]) -> str | None:
        if columns.table == table and pending:
            pending.pop()()
        return fit(columns, row)

    monkeypatch.setattr(Columns, "misfit", misfit)


def test_everything_is_there_and_the_same(source: Consent, target: Target) -> None:
    before = contents(str(source.database))
    assert [table for table, rows in before.items() if not rows] == []
    summary = source.json(*words(source, target))
    assert contents(target.url) == before == contents(str(source.database))
    assert summary["tables"] == {table: len(rows) for table, rows in before.items()}
    assert summary["row_count"] == sum(summary["tables"].values())
    assert (summary["from"], summary["to"]) == (str(source.database), target.name)
    with source.storage() as old, target.storage() as new:
        assert shown(new) == shown(old)
        assert [(each["tenant"], each["head_revision"], each["head_hash"]) for each in summary["tenants"]] == [
            (tenant.name, tenant.head_revision, tenant.head_hash.hex()) for tenant in new.tenants()
        ]


def test_no_table_is_left_out() -> None:
    assert {*transfer.MOVED, MigrationRow, ServiceKeyRow} == set(TABLES)


def test_the_copy_is_served_as_the_source_was(source: Consent, target: Target) -> None:
    source.run(*words(source, target))
    there = ("--database", target.url)
    key = source.keys.current.encode()
    for recipient in (ANN, BOB, CY, "+16505551236"):
        ask = ("check", recipient, *SHOP, "--purpose", "marketing", "--json")
        answers = [source.process(*ask, *where, CONSENT_SERVICE_KEY=key) for where in ((), there)]
        assert answers[0].returncode == answers[1].returncode in (0, 3)
        assert b'"revision"' in answers[1].stdout
    with target.storage() as storage:
        for headers in (bearer(API_KEY), basic(USER, PASSWORD)):
            found = Authenticator(storage, source.keys, lambda: NOON, lambda: 0.0).authenticate(
                headers, lambda: "test:1"
            )
            assert found == source.authenticate(headers, NOON)
    verified = source.process("verify", "--json", *there, CONSENT_SERVICE_KEY=key)
    assert (verified.returncode, verified.stdout.count(b'"intact":true')) == (0, 2)


def test_ledgers_and_ids_go_on_where_they_were(source: Consent, target: Target) -> None:
    source.run(*words(source, target))
    with target.storage() as storage:
        before = {tenant.name: tenant for tenant in storage.tenants()}
        acme = before["acme"]
        assert storage.write(acme.id, lambda tx: tx.append(entry())) == acme.head_revision + 1
        assert len(events_of(storage, before["demo"].id)) == before["demo"].head_revision
        assert storage.create_tenant("zenith", None).id == max(tenant.id for tenant in before.values()) + 1
        assert_whole_chain(storage, before["demo"].id)
        with storage.read(before["demo"].id) as snapshot:
            credential_id = snapshot.credentials("", 1)[0].id
        storage.write(before["demo"].id, lambda tx: tx.add_secret(credential_id, b"another", None))
    assert [row[0] for row in target.execute("SELECT id FROM credential_secrets ORDER BY id")] == [1, 2, 3]


def test_it_says_what_it_did_and_not_the_key(source: Consent, target: Target) -> None:
    result = source.run(*words(source, target))
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["TABLE", "ROWS"]
    assert f"acme: intact, at revision {source.revision()}" in lines
    assert lines[-1].startswith(f"copied {source.database} to {target.name}: ")
    assert result.stderr == (
        f"Serve the copy with the same service key: set CONSENT_SERVICE_KEY to what is in {source.database}.key\n"
    )
    assert source.keys.current.encode().partition(":")[2] not in result.output


def test_a_progress_bar_on_a_terminal(source: Consent, target: Target) -> None:
    code, told = on_a_terminal(source, *words(source, target), NO_COLOR="1")
    assert code == 0, told
    assert b"100%" in told
    assert b"\x1b[31m" not in told


def test_older_keys_go_with_it(source: Consent, unmigrated: Target) -> None:
    """Both databases may have been used with several keys: all of them are given, and asked for later."""
    both = ServiceKeys(ServiceKey("new", bytes(range(32))), (source.keys.current,))
    prepare(unmigrated.url, ServiceKeys(both.current), NOON)
    assert "is not given" in source.refusal(*words(source, unmigrated), code=2)
    given = ",".join(key.encode() for key in both.all)
    done = source.process(*words(source, unmigrated), CONSENT_SERVICE_KEY=given)
    assert (done.returncode, done.stderr) == (0, b"Serve the copy with the same CONSENT_SERVICE_KEY.\n")
    ids = {key for (key,) in unmigrated.execute("SELECT key_id FROM service_keys")}
    assert ids == {key.id for key in both.all}
    with replace(unmigrated, keys=both).storage() as storage:
        storage.check()


def test_a_target_that_was_never_migrated(source: Consent, unmigrated: Target) -> None:
    refusal = source.refusal(*words(source, unmigrated), code=2)
    assert refusal == (
        f"Error: the database {unmigrated.name} has no tables yet: bring it up to date with `consent migrate up`\n"
    )


def test_a_target_with_anything_in_it(source: Consent, target: Target) -> None:
    source.run(*words(source, target))
    before = contents(target.url)
    assert f"{target.name} is not empty: there are rows in tenants" in source.refusal(*words(source, target))
    target.execute("DELETE FROM tenants")
    assert "is not empty: there are rows in senders" in source.refusal(*words(source, target))
    assert {**contents(target.url), "tenants": before["tenants"]} == before


@pytest.mark.parametrize(
    ("given", "wanted", "reason"),
    [
        ("postgresql://localhost/a", "postgresql://localhost/b", "only an SQLite file can be copied"),
        ("postgresql://localhost/a", "postgresql://localhost/a", "only an SQLite file can be copied"),
        ("mysql://localhost/a", "postgresql://localhost/a", "database URLs begin with sqlite:///"),
        ("consent.db", "consent.db", "a service can be copied only to PostgreSQL"),
        ("consent.db", "sqlite:///other.db", "a service can be copied only to PostgreSQL"),
        ("consent.db", "postgresql://localhost/", "the database URL names no database"),
        ("/nowhere/at/all.db", "postgresql://localhost/a", "there is no database /nowhere/at/all.db"),
    ],
)
def test_what_is_not_to_be_copied(fresh: Consent, given: str, wanted: str, reason: str) -> None:
    refusal = fresh.refusal("copy", "--from", given, "--to", wanted, code=2)
    assert refusal.startswith(f"Error: {reason}")
    assert refusal.count("\n") == 1
    assert list(fresh.folder.iterdir()) == []


def test_a_server_that_does_not_answer(source: Consent) -> None:
    refusal = source.refusal(
        "copy", "--from", str(source.database), "--to", "postgresql://u:hidden@127.0.0.1:1/consent", code=2
    )
    assert refusal.startswith("Error: the copy to postgresql://127.0.0.1:1/consent failed: ")
    assert "hidden" not in refusal


def test_a_source_without_tenants(fresh: Consent, cluster: Cluster) -> None:
    fresh.run("migrate")
    with cluster.database() as name:
        target = Target(cluster.url_of(name), fresh.keys)
        prepare(target.url, target.keys, NOON)
        assert "there is nothing to copy" in fresh.refusal(*words(fresh, target))


def test_a_source_of_a_newer_program(source: Consent, target: Target) -> None:
    alter(source, "INSERT INTO schema_migrations (version, apply_time) VALUES (9999, 1)")
    assert "the database has schema version 9999" in source.refusal(*words(source, target), code=2)
    assert target.is_empty()


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (
            "UPDATE contacts SET first = 'A' || char(0)",
            "contacts with tenant_id 1, id '17': first holds a NUL character",
        ),
        ("UPDATE contacts SET last = x'00'", "contacts with tenant_id 1, id '17': last is not text"),
        ("UPDATE answers SET answer = 'text'", "request_id 'r1': answer is not bytes"),
        ("UPDATE senders SET reach = 32768 WHERE id = 'shop'", "id 'shop': reach is no number of 16 bits"),
        ("UPDATE purposes SET minimum = 'high' WHERE tenant_id = 1", "minimum is no number of 16 bits"),
        ("UPDATE senders SET double_opt_in = 2 WHERE id = 'shop'", "double_opt_in is neither yes nor no"),
    ],
)
def test_a_row_that_postgres_cannot_hold_is_named(source: Consent, target: Target, sql: str, reason: str) -> None:
    alter(source, sql)
    refusal = source.refusal(*words(source, target))
    assert refusal.startswith("Error: the row of ")
    assert refusal.endswith(". Nothing was copied\n")
    assert reason in refusal
    assert target.is_empty()


def test_a_text_that_is_none(source: Consent, target: Target) -> None:
    alter(source, "UPDATE contacts SET first = CAST(x'416e6eff' AS TEXT) WHERE id = '17'")
    refusal = source.refusal(*words(source, target), code=2)
    assert f"contacts in {source.database} cannot be read beyond 0 rows: " in refusal
    assert "Ann" not in refusal
    assert target.is_empty()


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("UPDATE consent_events SET source = 'x' WHERE tenant_id = 1 AND revision = 6", "event 6: its hash"),
        ("UPDATE event_payloads SET payload = x'7b7d' WHERE tenant_id = 1 AND revision = 6", "event 6: its payload"),
        ("DELETE FROM consent_events WHERE tenant_id = 1 AND revision = 6", "event 6: the event is missing"),
        ("UPDATE tenants SET head_hash = zeroblob(32) WHERE id = 1", "its hash is not the one that the tenant keeps"),
        ("UPDATE consents SET state = 3 WHERE state = 2 AND tenant_id = 1", "the record of recipient"),
        ("UPDATE recipients SET address = '+16505559999' WHERE held", "has another address"),
    ],
)
def test_a_ledger_that_is_not_intact_is_not_copied(source: Consent, target: Target, sql: str, reason: str) -> None:
    alter(source, sql)
    refusal = source.refusal(*words(source, target))
    assert refusal.startswith("Error: the ledger of acme is not intact: ")
    assert reason in refusal
    assert "Nothing was copied" in refusal
    assert target.is_empty()


def test_a_lost_connection_leaves_nothing(source: Consent, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    in_the_middle(monkeypatch, lambda: target.execute(ENDING + " AND datname = current_database()"))
    assert f"the copy to {target.name} failed: " in source.refusal(*words(source, target), code=2)
    assert target.is_empty()
    monkeypatch.undo()
    source.run(*words(source, target))


def test_an_interrupted_copy_leaves_nothing(source: Consent, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    in_the_middle(monkeypatch, interrupt)
    assert "Aborted" in source.refusal(*words(source, target))
    assert target.is_empty()


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("UPDATE tenants SET head_revision = head_revision + 1 WHERE id = 1", "the ledger of acme went on"),
        ("UPDATE contacts SET first = 'Anne'", "another command has worked on it"),
    ],
)
def test_what_is_written_to_the_source_meanwhile_refuses_the_copy(
    source: Consent, target: Target, monkeypatch: pytest.MonkeyPatch, sql: str, reason: str
) -> None:
    in_the_middle(monkeypatch, lambda: alter(source, sql))
    refusal = source.refusal(*words(source, target))
    assert f"{source.database} has changed since the copy began: {reason}. Nothing was copied" in refusal
    assert target.is_empty()


def test_the_source_may_be_read_meanwhile(source: Consent, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> None:
        with closing(sqlite3.connect(source.database)) as database:
            assert database.execute("SELECT count(*) FROM tenants").fetchone() == (2,)

    in_the_middle(monkeypatch, read)
    source.run(*words(source, target))


def test_nobody_writes_to_the_target_meanwhile(
    source: Consent, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write() -> None:
        with pytest.raises(psycopg.errors.LockNotAvailable):
            target.execute("SET lock_timeout = '1ms'; INSERT INTO answers DEFAULT VALUES")
        assert target.execute("SELECT count(*) FROM tenants") == [(0,)]

    in_the_middle(monkeypatch, write)
    source.run(*words(source, target))


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("DELETE FROM contacts WHERE id = '17'", "contacts has 2 rows in the source and 1 in the target"),
        ("UPDATE tenants SET epoch = 'another' WHERE id = 1", "the tenant acme is not the same in the target"),
    ],
)
def test_what_does_not_arrive_is_missed(
    source: Consent, target: Target, monkeypatch: pytest.MonkeyPatch, sql: str, reason: str
) -> None:
    def lose(moving: transfer.Transfer, advance: Callable[[str, int], None]) -> None:
        copy(moving, advance)
        moving._target.execute_sql(sql)

    copy = transfer.Transfer.copy
    monkeypatch.setattr(transfer.Transfer, "copy", lose)
    assert reason in source.refusal(*words(source, target))
    assert target.is_empty()


def test_a_commit_whose_answer_is_lost_is_told(
    source: Consent, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = transfer.Transfer.check_source

    def end(moving: transfer.Transfer) -> None:
        check(moving)
        target.execute(ENDING + " AND datname = current_database()")

    monkeypatch.setattr(transfer.Transfer, "check_source", end)
    refusal = source.refusal(*words(source, target), code=2)
    assert "it may have happened or not" in refusal
    assert "consent tenant list" in refusal
