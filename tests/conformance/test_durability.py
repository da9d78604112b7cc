"""Acknowledged means durable: a process is killed in the middle of its writes, and nothing that it said is missing."""

from __future__ import annotations

from collections import Counter

import pytest

from server.storage.protocol import Storage
from tests.conformance.apart import start
from tests.conformance.engines import Clock, Engine
from tests.conformance.things import assert_whole_chain

# Four threads write for ever; a line is printed once its write was acknowledged, and not before.
WRITE_FOR_EVER = """
import threading
storage = open_storage(sys.argv[1], KEYS)
def write(thread):
    number = 0
    while True:
        number += 1
        mark = f"{sys.argv[2]}-{thread}-{number}"
        def work(tx):
            first = tx.append(entry(batch_id=mark))
            tx.append(entry(batch_id=mark + "+"))
            return first
        os.write(1, f"{storage.write(1, work)} {mark}\\n".encode())
for thread in range(4):
    threading.Thread(target=write, args=(thread,)).start()
"""


@pytest.mark.parametrize("lines", [1, 40, 400])
def test_every_acknowledged_write_is_there_once_after_a_kill(engine: Engine, clock: Clock, lines: int) -> None:
    storage = engine.open(clock)
    tenant = storage.create_tenant("acme", None)
    assert tenant.id == 1
    storage.close()
    acknowledged: dict[str, int] = {}
    for life in ("first", "second"):
        acknowledged |= _killed_after(engine, life, lines)
    storage = engine.open(clock)
    _assert_all_there(storage, acknowledged)
    storage.close()


def _killed_after(engine: Engine, life: str, lines: int) -> dict[str, int]:
    """Let a process write until it has said so `lines` times, kill it, and answer all that it had said by then."""
    with start(WRITE_FOR_EVER, engine.url, life) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        told += process.stdout.readlines()
        assert process.wait(30) == -9
    whole = [line.split() for line in told if line.endswith("\n")]
    return {mark: int(revision) for revision, mark in whole}


def _assert_all_there(storage: Storage, acknowledged: dict[str, int]) -> None:
    assert acknowledged
    events = assert_whole_chain(storage, 1)
    counted = Counter(event.header.batch_id for event in events)
    assert set(counted.values()) == {1}
    for mark, revision in acknowledged.items():
        assert (events[revision - 1].header.batch_id, events[revision].header.batch_id) == (mark, mark + "+")
    marks = {event.header.batch_id or "" for event in events}
    assert {mark + "+" for mark in marks if not mark.endswith("+")} == {mark for mark in marks if mark.endswith("+")}
