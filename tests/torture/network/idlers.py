"""Callers by the thousand that send nothing, little by little, or only how they would begin."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from tests.e2e.process import Served

HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HTTP2_BEGINS = HTTP2_PREFACE + bytes(3) + b"\x04" + bytes(5)
"""The preface and empty settings: a connection that is ready and asks for nothing."""
HTTP1_BEGINS = b"POST /v1/consents:check HTTP/1.1\r\nhost: service\r\ncontent-length: 1000\r\n"
_EVERY_SECONDS = 1.0


def doors(served: Served) -> dict[str, tuple[str, int]]:
    """Where the service listens."""
    grpc, http = served.grpc, served.http.removeprefix("http://")
    return {name: (at.rpartition(":")[0], int(at.rpartition(":")[2])) for name, at in (("grpc", grpc), ("http", http))}


def descriptors(served: Served) -> int:
    """How many descriptors the processes of the service have open together."""
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in served.children().values())  # noqa: PTH208


@contextmanager
def idling(served: Served, count: int) -> Iterator[None]:
    """So many connections at each door that send nothing, as many again at gRPC's that only began, and slow ones."""
    with ExitStack() as stack:
        for address in doors(served).values():
            for _ in range(count):
                stack.enter_context(socket.create_connection(address))
        for _ in range(count):
            stack.enter_context(socket.create_connection(doors(served)["grpc"])).sendall(HTTP2_BEGINS)
        slow = [
            (stack.enter_context(socket.create_connection(doors(served)[name])), said)
            for name, said in (("grpc", HTTP2_BEGINS), ("http", HTTP1_BEGINS))
            for _ in range(50)
        ]
        over = threading.Event()
        dripping = threading.Thread(target=_drip, args=(slow, over))
        dripping.start()
        try:
            yield
        finally:
            over.set()
            dripping.join()


def _drip(slow: list[tuple[socket.socket, bytes]], over: threading.Event) -> None:
    """Send each a byte now and then."""
    place = 0
    while not over.wait(_EVERY_SECONDS):
        for sock, said in slow:
            with suppress(OSError):  # the service has ended it, as it should
                sock.send(said[place % len(said) :][:1])
        place += 1
