"""SQLite's write-ahead log and its index, lost while the database is open: nothing answered is lost with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from server.domain.errors import StorageUnavailable
from server.storage.engines import open_sqlite
from server.storage.protocol import Storage
from tests.conformance.apart import run, start
from tests.conformance.engines import Clock, Sqlite, migrated
from tests.conformance.things import ANN, entry

ACKNOWLEDGED = 20
Harm = Callable[[Path, Path], None]


def delete(log: Path, index: Path) -> None:
    log.unlink()


def move(log: Path, index: Path) -> None:
    log.rename(log.with_name("elsewhere"))


def replace_by_nothing(log: Path, index: Path) -> None:
    log.unlink()
    log.touch()


def delete_index(log: Path, index: Path) -> None:
    index.unlink()


def delete_both(log: Path, index: Path) -> None:
    log.unlink()
    index.unlink()


HARMS: list[Harm] = [delete, move, replace_by_nothing, delete_index, delete_both]
every_harm = pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)

COUNT = """
from tests.conformance.things import assert_whole_chain
storage = open_storage(sys.argv[1], KEYS)
print(len(assert_whole_chain(storage, 1)))
storage.write(1, lambda tx: tx.append(entry()))
storage.close()
"""
WRITE = """
prepare(sys.argv[1], KEYS, NOON)
storage = open_storage(sys.argv[1], KEYS)
storage.write(1, lambda tx: tx.append(entry()))
storage.close()
"""
SAY_WHEN_WAITING = """
import time
rest = time.sleep
def sleep(seconds):
    print("waiting", flush=True)
    rest(seconds)
time.sleep = sleep
"""
COME_TOO_EARLY = """
try:
    prepare(sys.argv[1], KEYS, NOON)
except DatabaseUnusable as refused:
    print(refused)
"""


@pytest.fixture
def engine(tmp_path: Path) -> Sqlite:
    engine = Sqlite(tmp_path)
    migrated(engine)
    return engine


@pytest.fixture
def storage(engine: Sqlite, clock: Clock) -> Iterator[Storage]:
    """Of a tenant of whom so much was acknowledged, none of it anywhere but in the log."""
    storage = engine.open(clock)
    assert storage.create_tenant("acme", None).id == 1
    for _ in range(ACKNOWLEDGED):
        write(storage)
    yield storage
    storage.close()


def write(storage: Storage) -> None:
    storage.write(1, lambda tx: tx.append(entry()))


def ask(storage: Storage) -> None:
    storage.glimpse(1, "dept", "marketing", ANN)


def check(storage: Storage) -> None:
    storage.check()


def beside(engine: Sqlite) -> tuple[Path, Path]:
    return engine.folder / "consent.db-wal", engine.folder / "consent.db-shm"


def harmed(engine: Sqlite, harm: Harm) -> None:
    harm(*beside(engine))


def assert_refused(storage: Storage, call: Callable[[Storage], None]) -> None:
    with pytest.raises(StorageUnavailable):
        call(storage)


def assert_all_there(engine: Sqlite, more: int = 0) -> None:
    """By a process that begins anew."""
    assert int(run(COUNT, engine.url)) == ACKNOWLEDGED + more


@every_harm
@pytest.mark.parametrize("call", [write, check], ids=["write", "check"])
def test_who_finds_its_log_gone_refuses_everything_and_saves_what_was_answered(
    engine: Sqlite, storage: Storage, harm: Harm, call: Callable[[Storage], None]
) -> None:
    storage.check()
    harmed(engine, harm)
    with capture_logs() as lines:
        assert_refused(storage, call)
    assert [line["event"] for line in lines].count("the write-ahead log is lost: restart the service") == 1
    for refused in (write, ask, check):
        assert_refused(storage, refused)
    # While this one is there still, as after a kill.
    assert_all_there(engine)


@every_harm
def test_an_end_in_peace_takes_nothing_along(engine: Sqlite, storage: Storage, harm: Harm) -> None:
    harmed(engine, harm)
    storage.close()
    assert_all_there(engine)


@every_harm
def test_what_others_write_meanwhile_outlives_who_was_refused(engine: Sqlite, storage: Storage, harm: Harm) -> None:
    harmed(engine, harm)
    assert_refused(storage, write)
    run(WRITE, engine.url)
    storage.close()
    assert_all_there(engine, more=1)


@every_harm
def test_of_two_processes_each_refuses_and_neither_harms_the_other(
    engine: Sqlite, storage: Storage, harm: Harm
) -> None:
    storage.check()
    run(AND_ANOTHER.format(harm=harm.__name__), engine.url, *map(str, beside(engine)))
    assert_refused(storage, write)
    assert_refused(storage, ask)
    assert_all_there(engine, more=1)


AND_ANOTHER = """
from pathlib import Path
from tests.conformance import test_sqlite_log
storage = open_storage(sys.argv[1], KEYS)
test_sqlite_log.write(storage)
test_sqlite_log.{harm}(Path(sys.argv[2]), Path(sys.argv[3]))
test_sqlite_log.assert_refused(storage, test_sqlite_log.write)
os._exit(0)
"""


@pytest.mark.parametrize("harm", [delete, delete_index, delete_both])
def test_who_comes_before_the_loss_is_noticed_waits_for_the_log(engine: Sqlite, storage: Storage, harm: Harm) -> None:
    storage.check()
    harmed(engine, harm)
    with start(SAY_WHEN_WAITING + WRITE, engine.url) as coming:
        assert coming.stdout is not None
        assert coming.stdout.readline() == "waiting\n"
        assert not all(path.exists() for path in beside(engine))
        assert_refused(storage, check)
        _, failed = coming.communicate(timeout=60)
    assert coming.returncode == 0, failed
    assert_all_there(engine, more=1)


def test_who_finds_the_log_empty_that_others_have_filled_is_turned_away(engine: Sqlite, storage: Storage) -> None:
    harmed(engine, replace_by_nothing)
    assert "cannot be opened" in run(COME_TOO_EARLY, engine.url)
    assert_refused(storage, write)
    assert_all_there(engine)


def test_what_cannot_be_saved_at_once_is_saved_later(engine: Sqlite, storage: Storage) -> None:
    log, _ = beside(engine)
    in_the_way = log.with_name(f"{log.name}.saved")
    in_the_way.mkdir()
    storage.check()
    harmed(engine, delete)
    with capture_logs() as lines:
        assert_refused(storage, check)
    assert lines[0]["event"] == "the write-ahead log is lost and could not be saved yet: do not end the service"
    assert not log.exists()
    in_the_way.rmdir()
    assert_refused(storage, check)
    assert_all_there(engine)


def test_a_log_that_another_program_has_begun_is_left_alone(engine: Sqlite, storage: Storage) -> None:
    log, _ = beside(engine)
    held = log.read_bytes()
    log.unlink()
    log.write_bytes(b"another log" * 100)
    assert_refused(storage, write)
    assert log.read_bytes() == b"another log" * 100
    assert log.with_name(f"{log.name}.saved").read_bytes() == held


def test_a_folder_that_is_away_and_comes_back_is_no_loss(engine: Sqlite, storage: Storage) -> None:
    storage.check()
    away = engine.folder.with_name("away")
    engine.folder.rename(away)
    for refused in (write, ask, check):
        assert_refused(storage, refused)
    away.rename(engine.folder)
    storage.check()
    write(storage)


def test_a_log_that_goes_with_the_last_connection_and_comes_with_the_next_is_no_loss(tmp_path: Path) -> None:
    database = open_sqlite(tmp_path / "consent.db")
    for number in range(3):
        with database.connection_context(), database.writing(()):
            database.execute_sql(f"CREATE TABLE t{number} (a)")
        assert not (tmp_path / "consent.db-wal").exists()
    database.close_all()
