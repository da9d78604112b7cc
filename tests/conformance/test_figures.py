"""What the metrics tell of the database and of the work that it did."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import psycopg
import pytest
from peewee import OperationalError

from server.domain.errors import StorageUnavailable
from server.domain.model import Resolution, Tenant
from server.metrics.metrics import Metrics
from server.storage.database import SqlStorage
from server.storage.engines import open_engine
from server.storage.engines.failures import OutcomeUnknown
from server.storage.engines.kinds import KINDS, error_text, kind_of
from server.storage.engines.pool import PoolFull
from server.storage.protocol import Figures, Storage
from tests.conformance.engines import KEYS, Clock, Engine
from tests.conformance.things import ANN, opt_out


def test_figures_count_what_waits_and_name_the_ledgers(storage: Storage, tenant: Tenant, clock: Clock) -> None:
    other = storage.create_tenant("other", None)
    assert storage.figures() == Figures(0, None, {tenant.name: 0, other.name: 0})
    storage.write(tenant.id, opt_out)
    first, _ = (
        storage.write(owner.id, lambda tx: tx.add_review_item(tx.ensure_recipient(ANN), "dept", "STOP_SUSPECTED", 1))
        for owner in (tenant, other)
    )
    found = storage.figures()
    assert (found.open_review_items, found.revisions) == (2, {tenant.name: 1, other.name: 0})
    assert found.oldest_review_time is not None
    storage.write(tenant.id, lambda tx: tx.resolve_review_item(first, Resolution.DISMISSED))
    left = storage.figures()
    assert left.open_review_items == 1
    assert left.oldest_review_time is not None


def test_commits_and_the_writes_in_them_are_counted(engine: Engine) -> None:
    metrics = Metrics()
    storage = SqlStorage(open_engine(engine.url), KEYS, metrics=metrics)
    tenant = storage.create_tenant("acme", None)
    for _ in range(3):
        storage.write(tenant.id, opt_out)
    report = metrics.report()
    *commits, units = report["consent_commit_units"][()]
    assert sum(commits) == sum(report["consent_commit_seconds"][()][:-1])
    assert (commits[0], units) == (sum(commits), sum(commits)), "one writer alone shares no commit"
    assert units >= 4
    assert not any(count for (count,) in report["consent_database_errors"].values())
    storage.close()


def test_a_failure_is_counted_by_its_kind(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = Metrics()
    database = open_engine(engine.url)
    storage = SqlStorage(database, KEYS, metrics=metrics)
    tenant = storage.create_tenant("acme", None)

    def fail(*_: object) -> object:
        raise OperationalError("gone")

    monkeypatch.setattr(database, "snapshot", fail)
    with pytest.raises(StorageUnavailable), storage.read(tenant.id):
        pass
    assert metrics.report()["consent_database_errors"][("other",)] == (1,)
    monkeypatch.undo()
    storage.close()


def _sqlite(code: int) -> BaseException:
    error = sqlite3.OperationalError("as it says")
    error.sqlite_errorcode = code
    return error


def _wrapped(error: BaseException) -> BaseException:
    return OperationalError(error, "as peewee says")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT), "busy"),
        (_sqlite(sqlite3.SQLITE_FULL), "full"),
        (_sqlite(sqlite3.SQLITE_IOERR_WRITE), "io"),
        (_sqlite(sqlite3.SQLITE_READONLY_DIRECTORY), "read_only"),
        (_sqlite(sqlite3.SQLITE_CORRUPT), "corrupt"),
        (_sqlite(sqlite3.SQLITE_CANTOPEN), "missing"),
        (_sqlite(sqlite3.SQLITE_RANGE), "other"),
        (psycopg.OperationalError("server closed the connection"), "connection"),
        (psycopg.errors.AdminShutdown("x"), "connection"),
        (psycopg.errors.ConnectionTimeout("x"), "connection"),
        (psycopg.errors.DeadlockDetected("x"), "conflict"),
        (psycopg.errors.LockNotAvailable("x"), "busy"),
        (psycopg.errors.QueryCanceled("x"), "timeout"),
        (psycopg.errors.DiskFull("x"), "full"),
        (psycopg.errors.UndefinedTable("x"), "other"),
        (PoolFull("x"), "pool_full"),
        (ValueError("x"), "other"),
    ],
    ids=lambda found: found if isinstance(found, str) else type(found).__name__,
)
@pytest.mark.parametrize("wrap", [lambda error: error, _wrapped], ids=["as it is", "wrapped"])
def test_kinds(error: BaseException, kind: str, wrap: Callable[[BaseException], BaseException]) -> None:
    assert kind_of(wrap(error)) == kind
    assert kind in KINDS


def test_an_outcome_that_nobody_knows_is_a_kind_of_its_own() -> None:
    error = OutcomeUnknown("it may have happened")
    error.__cause__ = psycopg.OperationalError("gone")
    assert kind_of(error) == "outcome_unknown"
    assert kind_of(error) in KINDS


def test_the_text_of_an_error_quotes_no_row() -> None:
    error = psycopg.errors.UniqueViolation(
        'duplicate key value violates unique constraint "x"\nDETAIL:  Key (address)=(+16505550100) already exists.'
    )
    assert error_text(_wrapped(error)) == 'UniqueViolation: duplicate key value violates unique constraint "x"'
    assert error_text(ValueError()) == "ValueError"
    said = psycopg.errors.InvalidTextRepresentation('invalid input syntax for type bigint: "what somebody wrote"')
    assert error_text(_wrapped(said)) == "InvalidTextRepresentation"


def test_the_use_of_a_pool_is_told_where_there_is_one(engine: Engine) -> None:
    storage = SqlStorage(open_engine(engine.url), KEYS)
    tenant = storage.create_tenant("acme", None)
    if engine.name == "sqlite":
        assert storage.pool_use is None
    else:
        with storage.read(tenant.id):
            assert storage.pool_use is not None
            assert storage.pool_use.lent == 1
        after = storage.pool_use
        assert after is not None
        assert (after.lent, after.idle > 0, after.size) == (0, True, 16)
    storage.close()
