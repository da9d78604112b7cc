"""After close every call raises StorageUnavailable, and what was accepted before is finished."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.domain.errors import StorageUnavailable
from server.domain.model import Tenant
from server.storage import database
from server.storage.protocol import Storage
from tests.conformance.apart import run
from tests.conformance.engines import Clock, Engine
from tests.conformance.things import ANN, assert_whole_chain, entry


def _read(storage: Storage) -> None:
    with storage.read(1) as snapshot:
        assert snapshot.tenant


CALLS: dict[str, Callable[[Storage], object]] = {
    "read": _read,
    "glimpse": lambda storage: storage.glimpse(1, "dept", "marketing", ANN),
    "write": lambda storage: storage.write(1, lambda tx: tx.now),
    "create_tenant": lambda storage: storage.create_tenant("new", None),
    "tenants": lambda storage: storage.tenants(),
    "find_by_key": lambda storage: storage.find_by_key([b"x"], 0),
    "find_by_user": lambda storage: storage.find_by_user("x"),
    "forget_answers": lambda storage: storage.forget_answers(0),
    "figures": lambda storage: storage.figures(),
    "check": lambda storage: storage.check(),
    "await_commit": lambda storage: storage.await_commit(-1, 0),
}
# A note that nobody waits for is dropped; closing again is nothing.
QUIET: dict[str, Callable[[Storage], object]] = {
    "touch_credential": lambda storage: storage.touch_credential("x", 0),
    "close": lambda storage: storage.close(),
}


def test_no_method_is_forgotten() -> None:
    assert {name for name in vars(Storage) if not name.startswith("_")} == set(CALLS) | set(QUIET)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_after_close_every_call_is_refused(storage: Storage, tenant: Tenant, call: Callable[[Storage], object]) -> None:
    call(storage)
    storage.close()
    with pytest.raises(StorageUnavailable):
        call(storage)
    with ThreadPoolExecutor(1) as elsewhere:
        assert isinstance(elsewhere.submit(call, storage).exception(), StorageUnavailable)


@pytest.mark.parametrize("call", QUIET.values(), ids=QUIET.keys())
def test_after_close_these_are_nothing(storage: Storage, tenant: Tenant, call: Callable[[Storage], object]) -> None:
    storage.close()
    call(storage)
    call(storage)


def test_closing_finishes_what_was_accepted(engine: Engine, clock: Clock) -> None:
    storage = engine.open(clock)
    tenant = storage.create_tenant("acme", None)
    gate, accepted = threading.Event(), threading.Event()

    def slow() -> int:
        def work(_: object) -> int:
            accepted.set()
            assert gate.wait(30)
            return 7

        return storage.write(tenant.id, work)

    with ThreadPoolExecutor(10) as pool:
        held = pool.submit(slow)
        assert accepted.wait(30)
        waiting = [pool.submit(storage.write, tenant.id, lambda tx: tx.append(entry())) for _ in range(8)]
        closing = pool.submit(storage.close)
        gate.set()
        closing.result()
    assert held.result() == 7
    acknowledged = [future.result() for future in waiting if future.exception() is None]
    assert all(isinstance(future.exception(), StorageUnavailable | None) for future in waiting)
    again = engine.open(clock)
    assert len(assert_whole_chain(again, tenant.id)) == len(acknowledged)
    again.close()


def test_closing_waits_for_who_reads(engine: Engine, clock: Clock) -> None:
    storage = engine.open(clock)
    tenant = storage.create_tenant("acme", None)
    reading, closing = threading.Event(), threading.Event()

    def read() -> Tenant:
        with storage.read(tenant.id) as snapshot:
            reading.set()
            while not refused(storage):
                pass
            assert not closing.is_set()
            return snapshot.tenant

    def close() -> None:
        storage.close()
        closing.set()

    with ThreadPoolExecutor(2) as pool:
        found = pool.submit(read)
        assert reading.wait(30)
        pool.submit(close).result()
    assert found.result() == tenant


def test_the_database_is_closed_under_nobody(
    engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """SQLite would end the process."""
    monkeypatch.setattr(database, "CLOSING_SECONDS", 0.05)
    storage = engine.open(clock)
    tenant = storage.create_tenant("acme", None)
    reading, closed = threading.Event(), threading.Event()

    def read() -> int | None:
        with storage.read(tenant.id) as snapshot:
            reading.set()
            assert closed.wait(30)
            return snapshot.recipient_id(ANN)

    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(read)
        assert reading.wait(30)
        storage.close()
        closed.set()
        assert found.result() is None
    assert "the storage is closed while calls are at work" in capfd.readouterr().out
    assert refused(storage)


ASK_AND_CLOSE = """
import threading
from tests.conformance.things import ANN
for _ in range(5):
    storage = open_storage(sys.argv[1], KEYS)
    asked, refused = threading.Event(), []

    def ask():
        try:
            while True:
                storage.glimpse(1, "dept", "marketing", ANN)
                asked.set()
        except StorageUnavailable:
            refused.append(True)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    asked.wait()
    storage.close()
    for thread in threads:
        thread.join()
    print(len(refused))
"""


def test_closing_while_others_ask_refuses_them_and_ends_no_process(engine: Engine, clock: Clock) -> None:
    storage = engine.open(clock)
    storage.create_tenant("acme", None)
    storage.close()
    assert run(ASK_AND_CLOSE, engine.url) == 5 * "4\n"


def refused(storage: Storage) -> bool:
    try:
        storage.tenants()
    except StorageUnavailable:
        return True
    return False


def test_what_one_wrote_the_next_to_open_reads(engine: Engine, clock: Clock) -> None:
    for revision in range(1, 4):
        storage = engine.open(clock)
        tenant = storage.tenants()[0] if revision > 1 else storage.create_tenant("acme", None)
        assert storage.write(tenant.id, lambda tx: tx.append(entry())) == revision
        storage.check()
        storage.close()
