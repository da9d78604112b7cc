"""How a server ends: asked to, it finishes the calls under way; killed, it leaves nothing behind that runs."""

from __future__ import annotations

import os
import pty
import signal
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from urllib.parse import urlsplit

import grpc
import pytest
from consent.v1 import channel_consent_pb2, consent_pb2, decision_pb2
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from server.api.server import WORKER_THREADS
from server.demo import API_KEY, BRAND, CLIENT
from tests.e2e.process import ANY_PORTS, DATABASE, Served, await_end, command, environment, serving, watched
from tests.e2e.watches import NOT_SERVING, SERVING, await_status, watching

METADATA = (("x-api-key", API_KEY),)
STOP_NUMBER = channel_consent_pb2.UpdateChannelConsentRequest(
    client_id=CLIENT,
    channel_addr="6105551212",
    channel_type=channel_consent_pb2.CHANNEL_TYPE_SMS,
    consent_type=channel_consent_pb2.CONSENT_TYPE_STOP,
)


@contextmanager
def writes_held_up(folder: Path) -> Iterator[sqlite3.Connection]:
    """Hold the database's write lock, as a backup program might: writes wait for it."""
    database = sqlite3.connect(folder / DATABASE, isolation_level=None)
    try:
        database.execute("BEGIN IMMEDIATE")
        yield database
    finally:
        database.close()


def json_write_under_way(served: Served) -> socket.socket:
    """A connection on which the gateway has begun to read a write; its body is still to come."""
    target = urlsplit(served.http)
    connection = socket.create_connection((target.hostname, target.port))
    path = f"/messaging/client/{CLIENT}/consent/channel_addr/6105551213/channel_type/sms"
    connection.sendall(
        f"PUT {path} HTTP/1.1\r\nHost: x\r\nxx-relay-api-key: {API_KEY}\r\nConnection: close\r\n"
        "Content-Type: application/json\r\nContent-Length: 23\r\nExpect: 100-continue\r\n\r\n".encode()
    )
    assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
    return connection


def refuses_connections(served: Served) -> bool:
    """Whether the gateway's port has ceased to accept."""
    target = urlsplit(served.http)
    try:
        socket.create_connection((target.hostname, target.port)).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        # It was accepted by a socket that was closed at this very moment.
        return False
    return False


def read_all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_calls_under_way_get_their_answers(folder: Path, number: signal.Signals) -> None:
    with serving(folder, "--demo") as served, grpc.insecure_channel(served.grpc) as channel:
        stub = ConsentServiceStub(channel)
        with writes_held_up(folder) as database:
            over_grpc = stub.UpdateChannelConsent.future(STOP_NUMBER, metadata=METADATA)
            # Calls on one connection are taken in their order: once this one is answered, the one above is under way.
            recipient = consent_pb2.Recipient(channel=consent_pb2.CHANNEL_SMS, address="+16105551212")
            asked = decision_pb2.CheckConsentRequest(sender=BRAND, recipient=recipient, purposes=["marketing"])
            stub.CheckConsent(asked, metadata=METADATA)
            assert not over_grpc.done()
            with json_write_under_way(served) as connection:
                served.send(number)
                while not refuses_connections(served):
                    pass
                connection.sendall(b'{"consent_type":"stop"}')
                database.rollback()
                assert over_grpc.result().applied
                head, _, body = read_all(connection).partition(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 200 ")
                assert b'"consent_type":"stop"' in body
        assert served.wait() == 0
        assert "Traceback" not in served.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_whole_group_ends_it_once(home: Path, number: signal.Signals) -> None:
    with serving(home) as served:
        os.killpg(served.process.pid, number)
        assert served.wait() == 0
        assert "Traceback" not in served.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_may_be_stopped_before_it_is_ready(folder: Path, number: signal.Signals) -> None:
    with serving_not_yet(folder) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while not any(b"spawn_main" in command_line(pid) for pid in children.read_text().split()):
            pass
        os.killpg(process.pid, number)
        said, log = process.communicate()
    assert (process.returncode, said) == (0, ""), log
    assert "Traceback" not in log


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1])
def test_signals_to_processes_that_have_just_begun_harm_nothing(folder: Path, number: signal.Signals) -> None:
    with serving_not_yet(folder) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while not (begun := [int(pid) for pid in children.read_text().split() if b"spawn_main" in command_line(pid)]):
            pass
        for pid in begun:
            os.kill(pid, number)
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready: ")
        process.terminate()
        said, log = process.communicate()
    assert (process.returncode, said) == (0, ""), log
    assert "Traceback" not in log


def test_a_terminal_that_goes_away_ends_it(folder: Path) -> None:
    """Its SIGHUP asks for no new processes: whoever closes the window wants none."""
    master, slave = pty.openpty()
    serve = ["setsid", "--ctty", *command("serve", "--database", DATABASE, *ANY_PORTS)]
    with subprocess.Popen(
        serve,
        cwd=folder,
        env=environment(),
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests under nohup ignores the signal, and so would the server.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    ) as process:
        os.close(slave)
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready: ")
        os.close(master)
        said, log = process.communicate()
    assert (process.returncode, said) == (0, ""), log
    assert "replaced one by one" not in log


@contextmanager
def serving_not_yet(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A server from its first moment on."""
    process = subprocess.Popen(
        command("serve", "--database", DATABASE, *ANY_PORTS),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def command_line(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_open_streams_hold_nobody_up(home: Path) -> None:
    """Watches and reflection need no credential: however many are left open, calls are answered and the end comes."""
    release = threading.Event()

    def questions() -> Iterator[reflection_pb2.ServerReflectionRequest]:
        yield reflection_pb2.ServerReflectionRequest(list_services="")
        release.wait()

    with serving(home, "--demo") as served, watching(served) as statuses, grpc.insecure_channel(served.grpc) as other:
        await_status(statuses, SERVING)
        reflect = reflection_pb2_grpc.ServerReflectionStub(other).ServerReflectionInfo
        answered: SimpleQueue[object] = SimpleQueue()

        def read() -> None:
            for answer in reflect(questions()):
                answered.put(answer)

        many = 4 * WORKER_THREADS
        pool = ThreadPoolExecutor(many)
        ends = [pool.submit(read) for _ in range(many)]
        answered.get()
        with grpc.insecure_channel(served.grpc) as channel:
            ConsentServiceStub(channel).ListConsents(decision_pb2.ListConsentsRequest(), metadata=METADATA)
        served.send(signal.SIGTERM)
        await_status(statuses, NOT_SERVING)
        for end in ends:
            with pytest.raises(grpc.RpcError) as ended:
                end.result()
            assert ended.value.code() in {grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE}
        assert served.wait() == 0
        assert "Traceback" not in served.log
        release.set()


def test_a_killed_parent_leaves_no_orphans(home: Path) -> None:
    with serving(home) as served:
        children = served.children()
        with watched(*children.values()) as descriptors:
            served.send(signal.SIGKILL)
            assert served.wait() == -signal.SIGKILL
            await_end(descriptors)
        assert served.log.count("the parent process is gone") == len(children)
        assert "Traceback" not in served.log
    with serving(home, ports=("--grpc", served.grpc, "--http", served.http.removeprefix("http://"))):
        pass


def test_a_second_signal_does_not_wait(folder: Path) -> None:
    with serving(folder, "--demo") as served, grpc.insecure_channel(served.grpc) as channel:
        stub = ConsentServiceStub(channel)
        with writes_held_up(folder):
            under_way = stub.UpdateChannelConsent.future(STOP_NUMBER, metadata=METADATA)
            stub.ListConsents(decision_pb2.ListConsentsRequest(), metadata=METADATA)
            while served.process.poll() is None:
                served.send(signal.SIGTERM)
            assert under_way.exception() is not None
        assert served.wait() == 0
        assert "a serving process was told to end at once and was killed" in served.log
        assert "Traceback" not in served.log
