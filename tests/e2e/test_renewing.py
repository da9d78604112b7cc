"""SIGHUP: every process is replaced while callers call all the while, and no call is lost."""

from __future__ import annotations

import itertools
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import grpc
import httpx
import pytest
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub

from server.demo import API_KEY, CLIENT
from tests.e2e.accounts import web
from tests.e2e.loads import Watcher, patient_client
from tests.e2e.process import Served, await_end, serving, watched
from tests.e2e.test_kill import METADATA, opt_out, told, verified_ledger

ROUNDS = 2
OWN_CONNECTION = (("grpc.use_local_subchannel_pool", 1),)


class Callers:
    """Threads that write all the while, each number once, and hold every answer to be the good one."""

    def __init__(self, dial: Callable[[], grpc.Channel], surf: Callable[[], httpx.Client]) -> None:
        self._dial = dial
        self._surf = surf
        self._numbers = itertools.count(6502540000)
        self._over = threading.Event()
        self.told: list[str] = []

    def _each(self) -> Iterator[str]:
        while not self._over.is_set():
            number = str(next(self._numbers))
            yield number
            self.told.append(number)

    def keep_a_channel(self) -> None:
        with self._dial() as channel:
            stub = ConsentServiceStub(channel)
            for number in self._each():
                assert stub.UpdateChannelConsent(opt_out(number), metadata=METADATA).applied

    def open_channels(self) -> None:
        for number in self._each():
            with self._dial() as channel:
                assert ConsentServiceStub(channel).UpdateChannelConsent(opt_out(number), metadata=METADATA).applied

    def keep_http(self) -> None:
        with self._surf() as http:
            for number in self._each():
                self._put(http, number)

    def open_http(self) -> None:
        for number in self._each():
            with self._surf() as http:
                self._put(http, number)

    def _put(self, http: httpx.Client, number: str) -> None:
        path = f"/messaging/client/{CLIENT}/consent/channel_addr/{number}/channel_type/sms"
        answer = http.put(path, json={"consent_type": "stop"}, headers={"xx-relay-api-key": API_KEY})
        assert answer.status_code == 200, answer.text

    def start(self, pool: ThreadPoolExecutor) -> list[Future[None]]:
        ways: list[Callable[[], None]] = [self.keep_a_channel, self.open_channels, self.keep_http, self.open_http]
        self._calling = [pool.submit(way) for way in ways * 2]
        return self._calling

    def stop(self) -> None:
        self._over.set()

    def go_on(self, count: int) -> None:
        """Return once so many more numbers were told, or somebody cannot go on."""
        enough = len(self.told) + count
        while len(self.told) < enough and not any(each.done() for each in self._calling):
            pass


def renew(served: Served) -> None:
    """Ask for new processes, and return once the old ones have ended."""
    before = served.children()
    with watched(*before.values()) as descriptors:
        served.send(signal.SIGHUP)
        await_end(descriptors)
    after = served.children()
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values())


@pytest.mark.parametrize("processes", ["1", "2"])
def test_no_call_is_lost(folder: Path, processes: str) -> None:
    with (
        serving(folder, "--demo", "--processes", processes, "--connection-age", "1") as served,
        patient_client(served.grpc) as client,
        Watcher(client.watch(after_revision=0)) as watcher,
        ThreadPoolExecutor(8) as pool,
    ):
        callers = Callers(lambda: grpc.insecure_channel(served.grpc, options=OWN_CONNECTION), lambda: web(served))
        calling = callers.start(pool)
        try:
            for _ in range(ROUNDS):
                renew(served)
        finally:
            callers.stop()
        for each in calling:
            each.result()
        (newest, *_) = client.history(newest_first=True)
        watcher.revisions.wait_for(newest.revision)
        assert watcher.revisions.seen == list(range(1, newest.revision + 1))
        assert served.log.count("a process that was replaced has left") == ROUNDS * (int(processes) + 1)
        assert "[error" not in served.log
    found = told(verified_ledger(folder))
    assert found == dict.fromkeys(callers.told, 1)
    assert "Traceback" not in served.log


def test_the_old_ones_stay_where_a_new_one_does_not_come_up(folder: Path) -> None:
    with ExitStack() as stack:
        short = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp")))
        served = stack.enter_context(serving(folder, "--demo", "--processes", "2", TMPDIR=str(short)))
        before = served.children()
        # A folder stands where the new process would have its socket.
        (private,) = short.glob("consent-*")
        (private / "grpc0.1").mkdir()
        served.send(signal.SIGHUP)
        while "the processes are not replaced" not in served.log:
            pass
        assert "a process did not come up; the old one stays" in served.log
        assert served.children() == before
        with patient_client(served.grpc) as client:
            client.wait_until_serving()
        (private / "grpc0.1").rmdir()


def test_a_signal_to_the_whole_group_replaces_them_too(folder: Path) -> None:
    with serving(folder, "--connection-age", "1") as served:
        before = served.children()
        with watched(*before.values()) as descriptors:
            os.killpg(served.process.pid, signal.SIGHUP)
            await_end(descriptors)
        assert "[error" not in served.log


def test_it_may_be_stopped_while_processes_are_replaced(folder: Path) -> None:
    with serving(folder, "--processes", "2") as served:
        served.send(signal.SIGHUP)
        while "the processes are replaced one by one" not in served.log:
            pass
        served.stop()
