"""What is kept of answers that nobody takes: one a connection, and of all together no more than the bounds say."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from consent.v1 import ledger_pb2

from server.gateway import process, protocol
from server.gateway.bounds import Bounds
from tests.wire.conftest import gateway_at
from tests.wire.script import Script
from tests.wire.test_idlers import LARGE, ask, await_end, connected

LIST = b"GET /v1/consentEvents HTTP/1.1\r\nhost: x\r\nx-api-key: k\r\n\r\n"
MANY = 100
"""More of the large answers than fit into a socket, as is the next."""
MORE_THAN_FITS_IN_A_SOCKET = 16 << 20


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is given up because of the time."""
    monkeypatch.setattr(protocol, "TAKE_SECONDS", 3600.0)


@pytest.fixture
def narrow() -> Iterator[socket.socket]:
    """A gateway that keeps what one connection does not take, and no second one's beside it."""
    with gateway_at("unix:/nobody", bounds=Bounds(untaken_bytes=1)) as sock:
        yield sock


def test_where_too_much_waits_the_longest_wait_is_ended(narrow: socket.socket) -> None:
    asked = LARGE * (MANY - 1) + LARGE.replace(b"host", b"connection: close\r\nhost")
    with connected(narrow, asked) as first, connected(narrow, asked) as second:
        await_end(first)
        answers = b"".join(iter(lambda: second.recv(65_536), b""))
        assert answers.count(b"HTTP/1.1 200 ") == MANY
    with connected(narrow) as third:
        assert ask(third)


def test_the_next_request_waits_until_an_answer_is_taken(gateway: socket.socket, script: Script) -> None:
    event = ledger_pb2.ConsentEvent(batch_id="x" * MORE_THAN_FITS_IN_A_SOCKET)
    script.answer = ledger_pb2.ListConsentEventsResponse(events=[event])
    with connected(gateway, LIST * 2) as sock:
        assert sock.recv(1, socket.MSG_PEEK)
        with connected(gateway) as other:
            assert all(ask(other) for _ in range(50))
        assert len(script.asked) == 1
        taken = 0
        while taken < 2 * MORE_THAN_FITS_IN_A_SOCKET:
            taken += len(sock.recv(1 << 20))
        assert len(script.asked) == 2


def test_an_end_leaves_no_answer_behind_that_nobody_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_DRAIN_SECONDS", 0)
    with socket.socket() as sock:
        with gateway_at("unix:/nobody") as gateway:
            sock.connect(gateway.getsockname())
            sock.sendall(LARGE * MANY)
            assert sock.recv(1, socket.MSG_PEEK)
            with connected(gateway) as other:
                assert all(ask(other) for _ in range(50))
        with pytest.raises(ConnectionResetError):
            b"".join(iter(lambda: sock.recv(1 << 20), b""))
