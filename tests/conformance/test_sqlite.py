"""What is SQLite's alone: its URLs, its file and who may write it, a full disk, a lost table."""

from __future__ import annotations

import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from peewee import OperationalError

from server.domain.errors import StorageUnavailable
from server.storage.engines import DatabaseUnusable, open_sqlite, sqlite_path
from server.storage.preparation import prepare
from server.storage.protocol import Storage
from tests.conformance.apart import DROP_RIGHTS, run
from tests.conformance.engines import KEYS, NOON, Clock, Sqlite, migrated
from tests.conformance.things import ANN, assert_whole_chain, entry, opt_out

PREPARE_AS_ANOTHER_USER = (
    DROP_RIGHTS
    + """
try:
    prepare(sys.argv[1], KEYS, NOON)
except DatabaseUnusable as refused:
    print(refused)
else:
    print("prepared")
"""
)


PAGE = 4096
# Where a page that leads to others says which comes last.
LAST_CHILD = 8


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that another user may enter and read."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///consent.db", "consent.db"),
        ("sqlite:////var/lib/consent.db", "/var/lib/consent.db"),
        ("sqlite:///data/my consent.db", "data/my consent.db"),
        ("consent.db", "consent.db"),
        ("/var/lib/consent.db", "/var/lib/consent.db"),
    ],
)
def test_a_url_names_a_file(url: str, path: str) -> None:
    assert sqlite_path(url) == Path(path)


@pytest.mark.parametrize("url", ["", "sqlite://", "sqlite:///", ":memory:", "sqlite:///:memory:", "sqlite://:memory:"])
def test_a_url_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(DatabaseUnusable, match="must be a file"):
        sqlite_path(url)


@pytest.mark.parametrize("url", ["postgresql://u:secret@h/db", "mysql://h/db", "http://h", "file:///x"])
def test_a_url_of_another_engine_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseUnusable, match="sqlite:///") as refused:
        sqlite_path(url)
    assert "secret" not in str(refused.value)


def test_a_commit_is_on_the_disk_before_it_is_answered(tmp_path: Path) -> None:
    database = open_sqlite(tmp_path / "consent.db")
    assert database.execute_sql("PRAGMA journal_mode").fetchone() == ("wal",)
    assert database.execute_sql("PRAGMA synchronous").fetchone() == (2,)
    database.close()


def test_a_new_file_is_for_its_user_alone_and_an_old_one_keeps_its_rights(tmp_path: Path) -> None:
    path = tmp_path / "consent.db"
    database = open_sqlite(path)
    with database.connection_context():
        database.execute_sql("CREATE TABLE t (a)")
        assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    path.chmod(0o640)
    open_sqlite(path).close_all()
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(DatabaseUnusable, match=r"letter\.txt is no SQLite database"):
        prepare(str(path), KEYS, NOON)
    assert path.read_text() == "Dear Sir or Madam, " * 100


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="cannot be opened"):
        prepare(str(tmp_path), KEYS, NOON)


def test_a_path_without_its_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="cannot be opened"):
        prepare(str(tmp_path / "none" / "consent.db"), KEYS, NOON)
    assert not (tmp_path / "none").exists()


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE senders (name TEXT)")
    made.close()
    with pytest.raises(DatabaseUnusable, match=r"other\.db"):
        prepare(str(path), KEYS, NOON)
    with sqlite3.connect(path) as found:
        assert found.execute("SELECT name FROM sqlite_master").fetchall() == [("senders",)]
    found.close()


def test_a_folder_that_cannot_be_written_is_refused(folder: Path) -> None:
    folder.chmod(0o555)
    assert "cannot be opened for writing" in run(PREPARE_AS_ANOTHER_USER, str(folder / "consent.db"))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("mode", [0o444, 0o000])
@pytest.mark.parametrize("folder_mode", [0o555, 0o777])
def test_a_database_that_cannot_be_written_is_refused(folder: Path, mode: int, folder_mode: int) -> None:
    path = folder / "consent.db"
    prepare(str(path), KEYS, NOON)
    path.chmod(mode)
    folder.chmod(folder_mode)
    printed = run(PREPARE_AS_ANOTHER_USER, str(path))
    assert str(path) in printed
    assert "cannot be opened for writing" in printed


def test_another_user_prepares_where_it_may_write(folder: Path) -> None:
    """The four tests above refuse for the right reason."""
    folder.chmod(0o777)
    assert run(PREPARE_AS_ANOTHER_USER, str(folder / "consent.db")) == "prepared\n"


def test_what_runs_in_other_threads_is_interrupted(tmp_path: Path) -> None:
    file = open_sqlite(tmp_path / "consent.db")
    running = threading.Event()

    def count() -> object:
        file.connection().create_function("began", 0, running.set)
        endless = "WITH RECURSIVE n(x) AS (SELECT began() UNION ALL SELECT 1 FROM n) SELECT count(*) FROM n"
        return file.look(endless, ())

    with ThreadPoolExecutor(1) as pool:
        counting = pool.submit(count)
        assert running.wait(30)
        file.interrupt()
        assert isinstance(counting.exception(), OperationalError)
    file.close_all()


def test_a_failing_database_is_unavailable_to_all_and_well_again_afterwards(tmp_path: Path, clock: Clock) -> None:
    engine = Sqlite(tmp_path)
    storage = migrated(engine).open(clock)
    tenant = storage.create_tenant("acme", None)
    behind = sqlite3.connect(tmp_path / "consent.db", isolation_level=None)
    behind.execute("ALTER TABLE event_payloads RENAME TO lost")
    with pytest.raises(StorageUnavailable):
        storage.write(tenant.id, opt_out)
    with pytest.raises(StorageUnavailable), storage.read(tenant.id) as snapshot:
        snapshot.events(0, 9)
    behind.execute("ALTER TABLE lost RENAME TO event_payloads")
    behind.close()
    assert storage.write(tenant.id, opt_out) == 1
    assert len(assert_whole_chain(storage, tenant.id)) == 1
    storage.close()


def ask(storage: Storage, tenant_id: int) -> None:
    storage.glimpse(tenant_id, "dept", "marketing", ANN)


def list_all(storage: Storage, tenant_id: int) -> None:
    with storage.read(tenant_id) as snapshot:
        snapshot.consents(None, 1000)


def say_again(storage: Storage, tenant_id: int) -> None:
    storage.write(tenant_id, lambda tx: tx.records(ANN))


@pytest.mark.parametrize("call", [ask, list_all, say_again])
@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE consents SET state = 9",
        "UPDATE consents SET actor = 'nobody'",
        "UPDATE consents SET sender_id = CAST(x'ff' AS TEXT)",
        "UPDATE consents SET purpose_id = CAST(purpose_id AS BLOB)",
    ],
)
def test_a_row_that_nobody_wrote_is_no_answer(
    tmp_path: Path, clock: Clock, damage: str, call: Callable[[Storage, int], None]
) -> None:
    engine = Sqlite(tmp_path)
    storage = migrated(engine).open(clock)
    tenant = storage.create_tenant("acme", None)
    storage.write(tenant.id, opt_out)
    call(storage, tenant.id)
    with closing(sqlite3.connect(tmp_path / "consent.db")) as behind, behind:
        behind.execute(damage)
    with pytest.raises(StorageUnavailable):
        call(storage, tenant.id)
    storage.close()


def test_a_file_that_was_overwritten_is_seen_at_the_next_check(tmp_path: Path, clock: Clock) -> None:
    """Though what the check reads is in the memory of its connection."""
    engine = Sqlite(tmp_path)
    storage = migrated(engine).open(clock)
    tenant = storage.create_tenant("acme", None)
    storage.check()
    with (tmp_path / "consent.db").open("r+b") as file:
        file.write(b"garbage!" * 512)
    with pytest.raises(StorageUnavailable):
        storage.check()
    with pytest.raises(StorageUnavailable):
        storage.write(tenant.id, opt_out)
    storage.close()


def test_a_page_that_cannot_be_read_is_no_answer(tmp_path: Path, clock: Clock) -> None:
    engine = Sqlite(tmp_path)
    storage = migrated(engine).open(clock)
    tenant = storage.create_tenant("acme", None)
    storage.write(tenant.id, lambda tx: [opt_out(tx, replace(ANN, address=f"+1{n}")) for n in range(200)])
    storage.close()
    wipe_last_page(tmp_path / "consent.db", "consents")
    storage = engine.open(clock)
    with pytest.raises(StorageUnavailable):
        list_all(storage, tenant.id)
    storage.close()


def wipe_last_page(path: Path, table: str) -> None:
    """Let the last page of a table that has several be zeros: its first rows can still be read."""
    with closing(sqlite3.connect(path)) as found:
        (root,) = found.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * PAGE + LAST_CHILD)
        last = int.from_bytes(file.read(4))
        file.seek((last - 1) * PAGE)
        file.write(bytes(PAGE))


# The largest size of a file is limited as a full disk limits it, and lifted again.
FILL_THE_DISK = """
import resource
storage = open_storage(sys.argv[1], KEYS)
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (450_000, hard))
acknowledged = 0
try:
    while True:
        storage.write(1, lambda tx: tx.append(entry(payload=b"x" * 5_000)))
        acknowledged += 1
except StorageUnavailable:
    pass
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
storage.write(1, lambda tx: tx.append(entry()))
print(acknowledged + 1)
storage.close()
"""


def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path: Path, clock: Clock) -> None:
    engine = Sqlite(tmp_path)
    storage = migrated(engine).open(clock)
    tenant = storage.create_tenant("acme", None)
    storage.close()
    acknowledged = int(run(FILL_THE_DISK, engine.url).splitlines()[-1])
    assert acknowledged > 10
    storage = engine.open(clock)
    assert len(assert_whole_chain(storage, tenant.id)) == acknowledged
    assert storage.write(tenant.id, lambda tx: tx.append(entry())) == acknowledged + 1
    storage.close()
