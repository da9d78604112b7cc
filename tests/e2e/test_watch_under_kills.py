"""Watches while the whole server is killed under load, ten times, and while another watcher stands still."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

from server.client import Recorded
from server.demo import BRAND
from tests.e2e.loads import Watcher, Writers, no_of, patient_client
from tests.e2e.process import ANY_PORTS, Served, await_end, serving, watched
from tests.e2e.test_kill import verified_ledger

KILLS = 5
ENOUGH = 20
"""Acknowledged writes of a round, before the kill."""


def kill_whole(served: Served) -> None:
    """Kill every process of the server without warning, and wait until all have ended.

    The parent first: it would start another in the place of each that it sees die.
    """
    with watched(served.process.pid, *served.children().values()) as descriptors:
        for descriptor in descriptors:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        await_end(descriptors)
    served.wait()


def ports_of(served: Served) -> tuple[str, ...]:
    """The options that serve where this one serves."""
    return ("--grpc", served.grpc, "--http", served.http.removeprefix("http://"))


def test_a_watcher_that_resumes_ends_with_exactly_the_ledger(home: Path) -> None:
    """One watch lasts over all kills; another program ends at each kill and goes on from its resume token."""
    with ExitStack() as stack:
        ports: tuple[str, ...] = ANY_PORTS
        lasting, writers = None, None
        resumed: list[tuple[int, bytes]] = []
        token, after = "", 0
        for _ in range(KILLS):
            with serving(home, "--demo", ports=ports) as served:
                if lasting is None or writers is None:
                    ports = ports_of(served)
                    client = stack.enter_context(patient_client(served.grpc))
                    lasting = stack.enter_context(Watcher(client.watch(after_revision=0)))
                    writers = stack.enter_context(Writers(client, 3))
                with (
                    patient_client(served.grpc) as again,
                    Watcher(again.watch(after_revision=after, resume_token=token)) as restarted,
                ):
                    writers.acknowledged.wait_for_more(ENOUGH)
                    lasting.revisions.wait_for_more(ENOUGH)
                    restarted.revisions.wait_for_more(ENOUGH)
                    kill_whole(served)
                token, after = restarted.watch.resume_token, restarted.watch.revision
                resumed += zip(restarted.revisions.seen, restarted.hashes, strict=True)
        assert lasting is not None
        assert writers is not None
        with serving(home, "--demo", ports=ports) as served:
            writers.acknowledged.wait_for_more(ENOUGH)
            writers.stop()
            with patient_client(served.grpc) as again:
                (newest, *_) = again.history(newest_first=True)
                with Watcher(again.watch(after_revision=after, resume_token=token)) as restarted:
                    restarted.revisions.wait_for(newest.revision)
                resumed += zip(restarted.revisions.seen, restarted.hashes, strict=True)
            lasting.revisions.wait_for(newest.revision)
            lasting.stop()
    ledger = [(event.header.revision, event.hash) for event in verified_ledger(home)]
    assert list(zip(lasting.revisions.seen, lasting.hashes, strict=True)) == ledger
    assert resumed == ledger
    assert [revision for revision, _ in ledger] == list(range(1, newest.revision + 1))
    told = writers.acknowledged.seen
    assert len(set(told)) == len(told)
    assert set(told) <= set(lasting.revisions.seen)
    assert "Traceback" not in served.log


LARGE = "You agreed to get our messages. " * 300
MANY = 1_000
"""With LARGE, more bytes than the buffers on the way to a watcher that does not read."""


def test_a_slow_watcher_harms_nobody(home: Path) -> None:
    """One reads an event and waits: writes, checks and another watcher go on, and it misses nothing itself."""
    awake = threading.Event()
    with serving(home, "--demo") as served, patient_client(served.grpc) as client, ExitStack() as stack:
        slow = stack.enter_context(Watcher(client.watch(after_revision=0), awake.wait))
        stack.callback(awake.set)
        quick = stack.enter_context(Watcher(client.watch(after_revision=0)))
        slow.revisions.wait_for(1)
        noes = (no_of(number, LARGE) for number in range(2_530_000, 2_530_000 + MANY))
        told = client.record_many(noes, atomic=True, batch_size=200)
        single = client.record(no_of(2_540_000))
        assert [each.revision for each in told if isinstance(each, Recorded)] == [*range(single.revision)][-MANY:]
        assert not client.check(BRAND, no_of(2_540_000).recipient, "transactional").allowed
        quick.revisions.wait_for(single.revision)
        assert slow.revisions.seen == [1]
        awake.set()
        slow.revisions.wait_for(single.revision)
    ledger = [(event.header.revision, event.hash) for event in verified_ledger(home)]
    for watcher in (quick, slow):
        assert list(zip(watcher.revisions.seen, watcher.hashes, strict=True)) == ledger
