"""The ports of `consent serve`, reserved before anything starts."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace

from server.settings import Address

_BACKLOG = 1024
_ADMIN_BACKLOG = 32


class PortUnavailable(Exception):
    """A port cannot be bound; the message names it and why."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports that were bound: the numbers that port 0 became, and the sockets that hold them."""

    grpc: Address
    http: Address
    grpc_socket: socket.socket
    http_socket: socket.socket
    admin: Address | None = None
    admin_socket: socket.socket | None = None


@contextlib.contextmanager
def bound_ports(grpc: Address, http: Address, admin: Address | None = None) -> Iterator[Ports]:
    """Hold the ports, and the admin port where there is to be one. Raises PortUnavailable.

    The gRPC port is bound plainly first, which fails where anybody listens, and then shared (SO_REUSEPORT) with the
    workers: grpcio alone would join another server on the same port in silence. The HTTP socket listens from here on:
    while no gateway is there, callers wait in its queue.
    """
    with contextlib.ExitStack() as stack:
        with _bind("--grpc", grpc) as probe:
            grpc = replace(grpc, port=probe.getsockname()[1])
        grpc_socket = stack.enter_context(_bind("--grpc", grpc, shared=True))
        http_socket = stack.enter_context(_bind("--http", http))
        http_socket.listen(_BACKLOG)
        http = replace(http, port=http_socket.getsockname()[1])
        admin_socket = None
        if admin is not None:
            admin_socket = stack.enter_context(_bind("--admin", admin))
            admin_socket.listen(_ADMIN_BACKLOG)
            admin = replace(admin, port=admin_socket.getsockname()[1])
        yield Ports(grpc, http, grpc_socket, http_socket, admin, admin_socket)


def _bind(option: str, address: Address, shared: bool = False) -> socket.socket:
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise PortUnavailable(f"{address}: {error.strerror}") from error
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT if shared else socket.SO_REUSEADDR, 1)
        sock.bind(target)
    except OSError as error:
        sock.close()
        why = "another server has it" if error.errno == errno.EADDRINUSE else error.strerror
        raise PortUnavailable(
            f"port {address.port} on {address.host} cannot be bound: {why}; {option} sets it"
        ) from error
    return sock
