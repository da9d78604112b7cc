"""`make bench` cannot rot: its generator and its program run against the real server. Nothing here judges a figure."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.demo import API_KEY
from tests.bench import people
from tests.bench.generator import measure
from tests.bench.http2 import Http2, read_status
from tests.bench.loads import UNREADABLE, Load, LoadFailed
from tests.bench.processes import ROOT, Server, consent, environment
from tests.bench.questions import BATCH_CHECK, CHECK, BatchChecks, Checks
from tests.bench.seed import sqlite_database

COUNT = 1000
# Its head, and the last call that the server will answer; the error's number follows.
GOAWAY = b"\x00\x00\x08\x07\x00" + bytes(4) + b"\x7f\xff\xff\xff"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def server(cache: Path) -> Iterator[Server]:
    with consent(sqlite_database(cache, COUNT, lambda _: None)) as started:
        yield started


def load(server: Server, path: str, messages: list[bytes], key: str = API_KEY) -> Load:
    """Every message once, over two connections, each answer kept."""
    headers = (("x-api-key", key),)
    size = len(messages)
    return Load(server.grpc, path, messages, 8, 2, 60.0, 0.0, calls=size, headers=headers, sample_every=1)


def test_every_check_gets_the_answer_that_is_known_to_be_true(server: Server) -> None:
    checks = Checks.of(COUNT)
    measured = measure(load(server, CHECK, list(checks.messages[:200])))
    checks.hold(measured.samples)
    assert sorted(index for index, _ in measured.samples) == list(range(200))
    assert {people.truth(person, COUNT) for person in checks.persons[:200]} >= {
        people.truth(COUNT, COUNT),
        people.truth(0, COUNT),
    }


def test_a_batch_larger_than_the_server_s_windows_arrives_whole(server: Server) -> None:
    asked = BatchChecks.of(COUNT, [range(COUNT * 11 // 10)] * 20)
    assert len(asked.messages[0]) * len(asked.messages) > 4 * 65_535
    measured = measure(load(server, BATCH_CHECK, list(asked.messages)))
    asked.hold(measured.samples)
    assert len(measured.samples) == 20


def test_an_answer_that_is_not_true_fails_the_run(server: Server) -> None:
    checks = Checks.of(COUNT)
    measured = measure(load(server, CHECK, list(checks.messages[:20])))
    with pytest.raises(LoadFailed, match="should be"):
        checks.hold((index + 1, body) for index, body in measured.samples)


def test_a_refused_call_fails_the_run(server: Server) -> None:
    with pytest.raises(LoadFailed, match=r"by gRPC status: \{16: "):
        measure(load(server, CHECK, list(Checks.of(COUNT).messages[:20]), key="nobody's-key-for-anything"))


def test_a_server_that_asks_to_connect_anew_gets_no_more_calls_on_that_connection() -> None:
    wire = Http2(CHECK, "127.0.0.1", ())
    wire.begin(0, b"", 0.0, keep=False)
    wire.feed(GOAWAY + bytes(4))
    assert (wire.leaving, wire.under_way) == (True, 1)
    with pytest.raises(LoadFailed, match="closed a connection: too much"):
        wire.feed(GOAWAY[:2] + bytes([16]) + GOAWAY[3:] + (11).to_bytes(4) + b"too much")


def test_single_commits_are_still_to_be_had() -> None:
    line = [sys.executable, "-m", "tests.bench.lone_commits", "serve", "--help"]
    done = subprocess.run(line, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, "--grpc" in done.stdout) == (0, True), done.stderr


def test_trailers_without_a_status_are_no_success() -> None:
    assert read_status(b"\x40\x0bgrpc-status\x010") == 0
    assert read_status(b"\x40\x0bgrpc-status\x0213\x40\x0cgrpc-message\x01x") == 13
    assert read_status(b"\x40\x0cgrpc-message\x01x") == UNREADABLE


def test_the_program_writes_what_it_measured_and_with_what_it_compared(cache: Path) -> None:
    file = cache / "bench.json"
    line = [
        sys.executable,
        "-m",
        "tests.bench",
        "--quick",
        "--rounds",
        "1",
        "--seconds",
        "0.1",
        "--records",
        str(COUNT),
    ]
    where = ["--cache", str(cache), "--json", str(file), "--only", "check.unary.vs_echo"]
    done = subprocess.run([*line, *where], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = {figure["name"]: figure for figure in json.loads(file.read_bytes())}
    assert set(told) == {"check.unary.vs_echo", "check.unary.p99_vs_echo"}
    for name, figure in told.items():
        assert name in done.stdout
        assert figure["compared"] in done.stdout
        assert min(figure["value"], figure["floor"], figure["ratio"]) > 0
        assert figure["machine"]["cores"] >= 1


def test_an_unknown_case_is_refused_by_name() -> None:
    line = [sys.executable, "-m", "tests.bench", "--only", "check.nothing"]
    done = subprocess.run(line, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, "check.unary.vs_echo" in done.stderr) == (2, True)
