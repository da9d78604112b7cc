"""Several workers on one port: right together, around one that is gone, and back after each death."""

from __future__ import annotations

import os
import signal
import socket
import stat
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
import pytest
from consent.v1 import channel_consent_pb2
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub

from server.client import Recorded
from server.demo import API_KEY, BRAND, CLIENT
from tests.e2e.accounts import web
from tests.e2e.loads import Watcher, no_of, patient_client
from tests.e2e.process import ANY_PORTS, Served, await_end, run, serving, watched
from tests.e2e.test_kill import METADATA, opt_out, told, verified_ledger

WORKERS = ("grpc0", "grpc1")
ESTABLISHED = "01"
STOP = {"consent_type": "stop"}


@dataclass(frozen=True)
class Several:
    """Two workers and the gateway, and where their private sockets are."""

    served: Served
    private: Path

    def door(self, worker: str) -> str:
        """The target of one worker alone."""
        return f"unix:{self.private / worker}"


@contextmanager
def several(folder: Path) -> Iterator[Several]:
    """Two workers and the gateway, with the demo tenant."""
    # Not in `folder`: the path of a unix socket may have about 100 characters.
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as short,
        serving(folder, "--demo", "--processes", "2", TMPDIR=short) as served,
    ):
        (private,) = Path(short).glob("consent-*")
        yield Several(served, private)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Several]:
    """Two workers for the tests that do not end them."""
    with several(tmp_path_factory.mktemp("two")) as running:
        yield running


def put(http: httpx.Client, number: int) -> httpx.Response:
    """A documented write without a request id."""
    path = f"/messaging/client/{CLIENT}/consent/channel_addr/{number}/channel_type/sms"
    return http.put(path, json=STOP, headers={"xx-relay-api-key": API_KEY})


def test_each_worker_keeps_to_a_core_and_the_gateway_to_none(two: Several) -> None:
    cores = os.sched_getaffinity(0)
    pids = two.served.children()
    assert set(pids) == {*WORKERS, "gateway"}
    pinned = [os.sched_getaffinity(pids[worker]) for worker in WORKERS]
    assert [len(each) for each in pinned] == [1, 1]
    assert set.union(*pinned) <= cores
    assert len(set.union(*pinned)) == min(2, len(cores))
    assert os.sched_getaffinity(pids["gateway"]) == os.sched_getaffinity(two.served.process.pid) == cores


def test_one_worker_is_not_pinned(folder: Path) -> None:
    with serving(folder) as served:
        assert set(served.children()) == {"grpc0", "gateway"}
        assert os.sched_getaffinity(served.children()["grpc0"]) == os.sched_getaffinity(0)


def test_private_sockets_are_the_owners_alone(two: Several) -> None:
    for worker in WORKERS:
        mode = Path(two.door(worker).removeprefix("unix:")).stat().st_mode
        assert (stat.S_ISSOCK(mode), stat.S_IMODE(mode)) == (True, 0o600)


def test_the_port_is_shared(two: Several) -> None:
    """Connections come to both: each worker has an open one after some."""
    host, _, port = two.served.grpc.rpartition(":")
    with ExitStack() as stack:
        waiting = {two.served.children()[worker] for worker in WORKERS}
        while waiting:
            stack.enter_context(socket.create_connection((host, int(port))))
            waiting = {pid for pid in waiting if not accepted(pid, int(port))}


def accepted(pid: int, port: int) -> bool:
    """Whether a process has an open TCP connection at a port of its own."""
    tables = [Path(f"/proc/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    rows = [line.split() for table in tables for line in table]
    inodes = {row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == ESTABLISHED}
    return any(link_of(file) in {f"socket:[{inode}]" for inode in inodes} for file in Path(f"/proc/{pid}/fd").iterdir())


def link_of(file: Path) -> str:
    try:
        return str(file.readlink())
    except FileNotFoundError:
        return ""


def test_a_watch_sees_what_was_written_through_another_process(two: Several) -> None:
    with (
        patient_client(two.door("grpc0")) as here,
        patient_client(two.door("grpc1")) as there,
        Watcher(here.watch(after_revision=0)) as watcher,
    ):
        for number in range(2_531_000, 2_531_010):
            watcher.revisions.wait_for(there.record(no_of(number)).revision)
        assert watcher.revisions.seen == list(range(1, watcher.revisions.seen[-1] + 1))
    assert "Traceback" not in two.served.log


def test_a_check_knows_what_another_process_has_just_acknowledged(two: Several) -> None:
    with patient_client(two.door("grpc0")) as here, patient_client(two.door("grpc1")) as there:
        for number in range(2_532_000, 2_532_020):
            assert here.check(BRAND, no_of(number).recipient, "transactional").allowed
            there.record(no_of(number))
            assert not here.check(BRAND, no_of(number).recipient, "transactional").allowed
    assert "Traceback" not in two.served.log


def test_the_same_request_at_two_processes_at_once_is_one_event(folder: Path) -> None:
    rounds = 20
    with several(folder) as running, ExitStack() as stack:
        channels = [stack.enter_context(grpc.insecure_channel(running.door(worker))) for worker in WORKERS]
        meet = threading.Barrier(4)

        def tell(number: int, channel: grpc.Channel) -> channel_consent_pb2.UpdateChannelConsentResponse:
            meet.wait()
            return ConsentServiceStub(channel).UpdateChannelConsent(opt_out(str(number)), metadata=METADATA)

        with ThreadPoolExecutor(4) as pool:
            for number in range(6502533000, 6502533000 + rounds):
                answers = [each.result() for each in [pool.submit(tell, number, at) for at in channels * 2]]
                assert answers[0].applied
                assert answers == [answers[0]] * 4
    assert told(verified_ledger(folder)) == {str(number): 1 for number in range(6502533000, 6502533000 + rounds)}
    assert "Traceback" not in running.served.log


def test_batches_through_both_processes_leave_one_gap_free_ledger(folder: Path) -> None:
    with several(folder) as running, ExitStack() as stack:
        clients = [stack.enter_context(patient_client(running.door(worker))) for worker in WORKERS]

        def write(number: int) -> int:
            noes = [no_of(number + each) for each in range(10)]
            return sum(isinstance(each, Recorded) for each in clients[number // 10 % 2].record_many(noes, atomic=True))

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(write, range(2_534_000, 2_534_400, 10))) == 400
    assert len(told(verified_ledger(folder))) == 400


@pytest.mark.parametrize("name", WORKERS)
def test_a_request_goes_around_a_worker_that_is_gone(folder: Path, name: str) -> None:
    """The parent is held, so that nobody takes the place of the dead one meanwhile."""
    with several(folder) as running, web(running.served) as http:
        assert {put(http, 6502535000 + number).status_code for number in range(4)} == {200}
        with watched(running.served.children()[name]) as descriptors:
            running.served.send(signal.SIGSTOP)
            os.kill(running.served.children()[name], signal.SIGKILL)
            await_end(descriptors)
        # Until the gateway has seen that the connection ended, a request may be lost on it; nobody could tell whether
        # it was done.
        assert {put(http, 6502535090 + number).status_code for number in range(2)} <= {200, 503}
        assert {put(http, 6502535100 + number).status_code for number in range(20)} == {200}
        assert {http.get("/readyz").status_code for _ in range(4)} == {200}
        running.served.send(signal.SIGCONT)
    assert set(told(verified_ledger(folder)).values()) == {1}


def test_a_dead_worker_is_started_again(folder: Path) -> None:
    with several(folder) as running:
        for _ in range(3):
            pid = running.served.children()["grpc1"]
            os.kill(pid, signal.SIGKILL)
            running.served.successor("grpc1", pid)
            with patient_client(running.door("grpc1")) as client:
                client.wait_until_serving()
        assert running.served.log.count("a serving process died; another takes its place") == 3
        assert f"pid={pid}" in running.served.log
        assert "signal=SIGKILL" in running.served.log
        # After the first early death at once, then after pauses that grow.
        assert running.served.log.count("pause_seconds=") == 2
        assert "pause_seconds=0.5" in running.served.log
        assert "pause_seconds=1.0" in running.served.log


def test_callers_wait_while_the_gateway_is_gone(folder: Path) -> None:
    with serving(folder, "--demo") as served, web(served) as http, ThreadPoolExecutor(4) as pool:
        pid = served.children()["gateway"]
        served.send(signal.SIGSTOP)
        with watched(pid) as descriptors:
            os.kill(pid, signal.SIGKILL)
            await_end(descriptors)
        calls = [pool.submit(put, http, 6502536000 + number) for number in range(4)]
        served.send(signal.SIGCONT)
        assert [call.result().status_code for call in calls] == [200] * 4
        assert served.successor("gateway", pid)


def test_a_worker_that_does_not_come_up_at_first_ends_the_service(folder: Path) -> None:
    (folder / ("deep" * 30)).mkdir()
    done = run(folder, "serve", "--database", "c.db", *ANY_PORTS, TMPDIR=str(folder / ("deep" * 30)))
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert "Error: grpc0 did not start; the log tells why" in done.stderr


@pytest.mark.parametrize("number", ["0", "-1", "257", "many", "1.5", ""])
@pytest.mark.parametrize("setting", ["--processes", "--connection-age"])
def test_numbers_that_cannot_be_served(folder: Path, setting: str, number: str) -> None:
    if (setting, number) == ("--connection-age", "257"):
        number = "86401"
    done = run(folder, "serve", "--database", "c.db", *ANY_PORTS, setting, number)
    assert (done.returncode, done.stdout, list(folder.iterdir())) == (2, "", [])
    assert f"{setting} must be a whole number" in done.stderr


def test_processes_by_environment(folder: Path) -> None:
    with serving(folder, CONSENT_PROCESSES="3", CONSENT_CONNECTION_AGE="5") as served:
        assert set(served.children()) == {"grpc0", "grpc1", "grpc2", "gateway"}
