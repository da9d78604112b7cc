"""The migrations make what the models say, once, whoever runs them; and the database keeps to its keys and version."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from peewee import BlobField, Database, Model, TextField

from server.domain.errors import StorageUnavailable
from server.domain.model import Tenant
from server.domain.service_key import ServiceKey, ServiceKeys
from server.storage import migrations
from server.storage.engines import DatabaseUnusable
from server.storage.preparation import prepare
from server.storage.protocol import Storage
from server.storage.tables import TABLES, MigrationRow, ServiceKeyRow
from tests.conformance.engines import KEYS, NOON, Clock, Engine, migrated
from tests.conformance.things import opt_out

OLD, NEW, ELSE = (ServiceKey(name, bytes([number] * 32)) for number, name in enumerate(("k1", "k2", "k3")))


@pytest.fixture
def database(engine: Engine) -> Database:
    return engine.database()


def test_the_tables_are_those_of_the_models(database: Database) -> None:
    assert set(database.get_tables()) == {model._meta.table_name for model in TABLES}
    database.close()


def _kind(field: object) -> str:
    if isinstance(field, BlobField):
        return "bytes"
    return "text" if isinstance(field, TextField) else "number"


def _stored_kind(data_type: str) -> str:
    named = {"TEXT": "text", "BLOB": "bytes", "BYTEA": "bytes"}
    return named.get(data_type.upper(), "number")


@pytest.mark.parametrize("model", TABLES, ids=[model._meta.table_name for model in TABLES])
def test_a_table_is_as_its_model_says(database: Database, model: type[Model]) -> None:
    meta = model._meta
    columns = database.get_columns(meta.table_name)
    assert [(column.name, column.null, _stored_kind(column.data_type)) for column in columns] == [
        (field.column_name, field.null, _kind(field)) for field in meta.sorted_fields
    ]
    keys = [field.column_name for field in meta.get_primary_keys()]
    assert list(database.get_primary_keys(meta.table_name)) == keys
    told = {(tuple(meta.combined[name].column_name for name in names), unique) for names, unique in meta.indexes}
    told |= {((field.column_name,), field.unique) for field in meta.sorted_fields if field.index or field.unique}
    found = {(tuple(index.columns), bool(index.unique)) for index in database.get_indexes(meta.table_name)}
    assert {index for index in found if list(index[0]) != keys} == {index for index in told if list(index[0]) != keys}
    database.close()


def test_migrations_are_numbered_without_a_gap_and_say_their_sql_for_both_dialects() -> None:
    assert [migration.version for migration in migrations.MIGRATIONS] == list(range(1, migrations.HEAD + 1))
    for migration in migrations.MIGRATIONS:
        for dialect in ("sqlite", "postgres"):
            statements = migration.statements(dialect)
            assert statements
            assert not any("{" in statement for statement in statements)


def test_the_first_time_applies_all_and_the_second_nothing(empty_engine: Engine) -> None:
    assert prepare(empty_engine.url, KEYS, NOON) == list(migrations.MIGRATIONS)
    assert prepare(empty_engine.url, KEYS, NOON + 1) == []
    database = empty_engine.database()
    found = list(MigrationRow.select(MigrationRow.version, MigrationRow.apply_time).tuples().execute(database))
    assert found == [(migration.version, NOON) for migration in migrations.MIGRATIONS]
    database.close()


def test_of_eight_at_once_one_applies_them(empty_engine: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        applied = list(pool.map(lambda _: prepare(empty_engine.url, KEYS, NOON), range(8)))
    assert sorted(map(len, applied)) == [0] * 7 + [len(migrations.MIGRATIONS)]


def test_migrating_again_keeps_the_data(engine: Engine, storage: Storage, tenant: Tenant) -> None:
    storage.write(tenant.id, opt_out)
    assert prepare(engine.url, KEYS, NOON) == []
    with storage.read(tenant.id) as snapshot:
        assert len(snapshot.events(0, 9)) == 1


def _age(engine: Engine, version: int) -> None:
    database = engine.database()
    MigrationRow.insert(version=version, apply_time=NOON).execute(database)
    database.close()


def test_a_database_of_a_newer_program_is_refused(engine: Engine, storage: Storage) -> None:
    storage.check()
    _age(engine, migrations.HEAD + 1)
    with pytest.raises(DatabaseUnusable, match=f"version {migrations.HEAD + 1}.*up to {migrations.HEAD}"):
        prepare(engine.url, KEYS, NOON)
    with pytest.raises(StorageUnavailable):
        storage.check()


def test_a_database_that_was_never_migrated_is_not_ready(empty_engine: Engine, clock: Clock) -> None:
    storage = empty_engine.open(clock)
    with pytest.raises(StorageUnavailable):
        storage.check()
    with pytest.raises(StorageUnavailable):
        storage.tenants()
    with pytest.raises(StorageUnavailable):
        storage.create_tenant("acme", None)
    storage.close()


def _known_keys(engine: Engine) -> list[str]:
    database = engine.database()
    found = [str(key_id) for (key_id,) in ServiceKeyRow.select(ServiceKeyRow.key_id).tuples().execute(database)]
    database.close()
    return sorted(found)


def test_the_key_of_the_first_start_is_needed_for_ever(empty_engine: Engine) -> None:
    migrated(empty_engine, ServiceKeys(OLD))
    for keys in (ServiceKeys(NEW), ServiceKeys(NEW, (ELSE,)), ServiceKeys(ServiceKey("k1", NEW.secret))):
        with pytest.raises(DatabaseUnusable, match="made under the service key k1, which is not given"):
            prepare(empty_engine.url, keys, NOON)
    assert _known_keys(empty_engine) == ["k1"]
    migrated(empty_engine, ServiceKeys(OLD))


def test_a_new_key_is_taken_beside_the_older_one_and_then_both_are_needed(empty_engine: Engine) -> None:
    migrated(empty_engine, ServiceKeys(OLD))
    migrated(empty_engine, ServiceKeys(NEW, (OLD,)))
    assert _known_keys(empty_engine) == ["k1", "k2"]
    migrated(empty_engine, ServiceKeys(OLD, (NEW,)))
    for keys, missing in ((ServiceKeys(OLD), "k2"), (ServiceKeys(NEW), "k1")):
        with pytest.raises(DatabaseUnusable, match=missing):
            prepare(empty_engine.url, keys, NOON)


def test_a_key_that_is_only_read_is_not_tied(empty_engine: Engine) -> None:
    migrated(empty_engine, ServiceKeys(OLD, (ELSE,)))
    assert _known_keys(empty_engine) == ["k1"]
    migrated(empty_engine, ServiceKeys(OLD))


def test_the_database_holds_no_key(empty_engine: Engine) -> None:
    migrated(empty_engine, ServiceKeys(NEW))
    database = empty_engine.database()
    proofs = [bytes(proof) for (proof,) in ServiceKeyRow.select(ServiceKeyRow.proof).tuples().execute(database)]
    database.close()
    assert len(proofs) == 1
    assert len(proofs[0]) == 32
    assert NEW.secret not in proofs
