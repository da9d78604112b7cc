"""Callers who vanish in the middle: a process that is stopped, with streams and answers that it no longer reads.

For the service a stopped process is a machine that is gone without a FIN, and worse: its system still acknowledges what
arrives, until no more fits in.
"""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import hpack
from consent.v1.ledger_pb2 import ListConsentEventsRequest, WatchConsentEventsRequest
from google.protobuf.message import Message
from grpc_health.v1.health_pb2 import HealthCheckRequest
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest

from server.demo import API_KEY
from tests.e2e.process import Served
from tests.torture.load.watching import Look
from tests.torture.network.freezer import LITTLE, Connection, frame
from tests.torture.network.idlers import HTTP2_PREFACE

WATCH = "/consent.v1.ConsentService/WatchConsentEvents", WatchConsentEventsRequest(after_revision=-1)
"""Told at once where it begins."""
HEALTH = "/grpc.health.v1.Health/Watch", HealthCheckRequest()
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", ServerReflectionRequest(list_services="")
_PAGE = ListConsentEventsRequest(page_size=1000)
USUAL, WIDE = 65_535, 2**31 - 1
"""The windows of a stream and of its connection: HTTP/2's own, and one that leaves it to TCP to say what is enough."""

_DATA, _HEADERS, _SETTINGS, _WINDOW = 0, 1, 4, 8
_END_STREAM, _END_HEADERS = 1, 4
_INITIAL_WINDOW = 4


def streams(served: Served, opened: Sequence[tuple[str, Message]], window: int = USUAL) -> Connection:
    """A connection to the gRPC door with a stream for each method and its request."""
    host = served.grpc
    encoder = hpack.Encoder()
    sent = HTTP2_PREFACE + frame(_SETTINGS, 0, 0, struct.pack(">HI", _INITIAL_WINDOW, window))
    if window > USUAL:
        sent += frame(_WINDOW, 0, 0, struct.pack(">I", window - USUAL))
    for number, (path, request) in enumerate(opened):
        pseudo = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", host)]
        usual = [("te", "trailers"), ("content-type", "application/grpc"), ("x-api-key", API_KEY)]
        message = request.SerializeToString()
        stream, body = 2 * number + 1, struct.pack(">BI", 0, len(message)) + message
        sent += frame(_HEADERS, _END_HEADERS, stream, encoder.encode([*pseudo, *usual]))
        # A stream of questions is not ended by the first.
        sent += frame(_DATA, 0 if path == REFLECTION[0] else _END_STREAM, stream, body)
    return Connection(host, sent, len(opened), keeps=None if window == USUAL else LITTLE)


def answers(served: Served, path: str, times: int = 1) -> Connection:
    """A connection to the JSON door on which so many answers are asked for, one behind the other."""
    host = served.http.removeprefix("http://")
    return Connection(host, f"GET {path} HTTP/1.1\r\nhost: x\r\nx-api-key: {API_KEY}\r\n\r\n".encode() * times)


def pages(served: Served, count: int) -> Connection:
    """A connection to the gRPC door on which so many large answers are asked for at once."""
    asked = streams(served, [("/consent.v1.ConsentService/ListConsentEvents", _PAGE)] * count)
    return replace(asked, streams=0)


@contextmanager
def frozen(connections: Sequence[Connection]) -> Iterator[None]:
    """All of them open in a process of their own, and that process stopped."""
    module = "tests.torture.network.freezer"
    with subprocess.Popen(
        [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write("".join(connection.line() for connection in connections))
            process.stdin.close()
            assert process.stdout.readline() == "open\n", "the caller could not open what it was to"
            process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
            yield
        finally:
            process.kill()


def sockets(served: Served) -> int:
    """How many sockets the processes of the service have open together."""
    files = (file for pid in served.children().values() for file in Path(f"/proc/{pid}/fd").iterdir())
    return sum(_leads_to_a_socket(file) for file in files)


def megabytes(served: Served) -> float:
    """What the processes of the service have of memory together."""
    return sum(Look.at(pid).megabytes for pid in served.children().values())


def _leads_to_a_socket(file: Path) -> bool:
    try:
        return str(file.readlink()).startswith("socket:")
    except FileNotFoundError:
        return False
