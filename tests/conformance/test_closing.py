"""After close every call raises StorageUnavailable, and what was accepted before is finished."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.domain.errors import StorageUnavailable
from server.domain.model import Tenant
from server.storage.protocol import Storage
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


def test_what_one_wrote_the_next_to_open_reads(engine: Engine, clock: Clock) -> None:
    for revision in range(1, 4):
        storage = engine.open(clock)
        tenant = storage.tenants()[0] if revision > 1 else storage.create_tenant("acme", None)
        assert storage.write(tenant.id, lambda tx: tx.append(entry())) == revision
        storage.check()
        storage.close()
