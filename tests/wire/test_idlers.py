"""Connections that do not do their part are ended, and others are not."""

from __future__ import annotations

import resource
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from server import descriptors
from server.gateway import protocol
from server.gateway.bounds import Bounds
from tests.wire import samples
from tests.wire.conftest import gateway_at

ALIVE = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
LARGE = b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n"
HALF_A_BODY = f"POST {samples.MYKAARMA_PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{{".encode()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A gateway that waits for nobody for long."""
    monkeypatch.setattr(protocol, "ARRIVE_SECONDS", 0.2)
    monkeypatch.setattr(protocol, "TAKE_SECONDS", 0.2)
    with gateway_at("unix:/nobody") as sock:
        yield sock


@contextmanager
def connected(gateway: socket.socket, sent: bytes = b"") -> Iterator[socket.socket]:
    with socket.create_connection(gateway.getsockname()) as sock:
        sock.sendall(sent)
        yield sock


def await_end(sock: socket.socket) -> None:
    """Return once the other side has ended the connection, whatever it sent before."""
    watched = select.poll()
    watched.register(sock, select.POLLERR | select.POLLHUP | select.POLLRDHUP)
    watched.poll()


def ask(sock: socket.socket) -> bool:
    """Whether a request is answered."""
    sock.sendall(ALIVE)
    answer = b""
    while not answer.endswith(b'{"status":"ok"}'):
        came = sock.recv(4096)
        if not came:
            return False
        answer += came
    return True


@pytest.mark.parametrize("sent", [b"", ALIVE[:20], HALF_A_BODY])
def test_a_request_that_does_not_arrive_is_not_waited_for(hasty: socket.socket, sent: bytes) -> None:
    with connected(hasty, sent) as sock:
        await_end(sock)


def test_a_connection_that_was_answered_may_wait_longer_for_its_next_request(hasty: socket.socket) -> None:
    with connected(hasty) as patient:
        assert ask(patient)
        with connected(hasty) as silent:
            await_end(silent)
        assert ask(patient)


def test_answers_that_nobody_takes_are_not_kept(hasty: socket.socket) -> None:
    with connected(hasty, LARGE * 300) as sock:
        await_end(sock)


def test_who_comes_when_too_many_are_there_is_turned_away() -> None:
    with (
        gateway_at("unix:/nobody", bounds=Bounds(connections=2)) as gateway,
        connected(gateway) as first,
        connected(gateway) as second,
    ):
        assert ask(first)
        assert ask(second)
        with connected(gateway) as third:
            await_end(third)
        assert ask(first)


def test_a_process_may_have_as_many_descriptors_as_the_system_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limits: asked.append((kind, limits)))
    assert descriptors.raise_descriptor_limit() == 4096
    assert asked == [(resource.RLIMIT_NOFILE, (4096, 4096))]


def test_a_system_that_refuses_its_own_limit_leaves_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    assert descriptors.raise_descriptor_limit() == 256
