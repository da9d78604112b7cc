"""Connections that are spread evenly over the processes that share a port.

With SO_REUSEPORT the kernel gives each connection to one process by a hash. Which one it was shows in /proc: the
connection's inode stands among the process's open files. Surplus connections are closed until the shares are equal.
"""

from __future__ import annotations

import os
import select
import socket
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from tests.bench.http1 import Http1
from tests.bench.http2 import Ended, Http2
from tests.bench.loads import Load, LoadFailed

_SILENCE_SECONDS = 10.0
_ATTEMPTS = 200


class Wire(Protocol):
    """A connection's state."""

    out: bytearray
    ready: bool
    leaving: bool

    @property
    def under_way(self) -> int:
        """How many calls have begun and not ended."""
        ...

    def begin(self, index: int, message: bytes, began: float, keep: bool) -> None:
        """Queue one call."""
        ...

    def feed(self, data: bytes) -> list[Ended]:
        """Take what was received; answer the calls that ended by it."""
        ...


def open_connections(load: Load) -> list[tuple[socket.socket, Wire]]:
    """Open what a load asks for. Raises LoadFailed where the processes do not get equal shares."""
    if load.connections % load.shares:
        raise LoadFailed(f"{load.connections} connections cannot be shared equally by {load.shares} processes")
    if load.shares == 1:
        return [open_connection(load) for _ in range(load.connections)]
    each = load.connections // load.shares
    shares: dict[int, list[tuple[socket.socket, Wire]]] = {}
    for _ in range(_ATTEMPTS):
        sock, wire = open_connection(load)
        share = shares.setdefault(_owner(sock, load), [])
        if len(share) < each:
            share.append((sock, wire))
        else:
            sock.close()
        if len(shares) == load.shares and all(len(share) == each for share in shares.values()):
            return [pair for share in shares.values() for pair in share]
    counts = {pid: len(share) for pid, share in shares.items()}
    raise LoadFailed(f"{_ATTEMPTS} connections reached {counts} by process, not {load.shares} times {each}")


def open_connection(load: Load) -> tuple[socket.socket, Wire]:
    """Connect, and wait until the server's first word: from then on a process has accepted."""
    wire: Wire = Http2(load.path, f"127.0.0.1:{load.port}", load.headers) if load.path else Http1()
    return connect(load.port, wire), wire


def connect(port: int, wire: Wire) -> socket.socket:
    """Connect to a port of this machine until the wire is ready. Raises OSError, LoadFailed."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=_SILENCE_SECONDS)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while not wire.ready:
        sock.sendall(wire.out)
        wire.out.clear()
        data = sock.recv(65_536)
        if not data:
            raise LoadFailed("the server closed a connection at once")
        wire.feed(data)
    sock.setblocking(False)
    return sock


def _owner(sock: socket.socket, load: Load) -> int:
    """The process, of those under the load's owner, that accepted this connection."""
    inodes = _inodes(load.port, sock.getsockname()[1])
    found = [pid for pid in descendants(load.owner) if inodes & _sockets(pid)]
    if not found:
        raise LoadFailed(f"no process under {load.owner} has accepted the connection")
    return found[-1]


def listeners(port: int, owner: int) -> tuple[int, ...]:
    """The processes below `owner` that listen on a port."""
    inodes = _inodes(port, 0)
    return tuple(pid for pid in descendants(owner) if pid != owner and inodes & _sockets(pid))


def _sockets(pid: int) -> set[str]:
    """The inodes of a process's open sockets."""
    found = set()
    with suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                found.add(os.readlink(entry.path).removeprefix("socket:[").removesuffix("]"))  # noqa: PTH115 - many
    return found


def _inodes(server_port: int, client_port: int) -> set[str]:
    """The inodes of the server's end of a connection; of what listens, where the client's port is 0."""
    found = set()
    # grpcio's sockets speak IPv6, and IPv4 through it.
    for table in ("/proc/net/tcp6", "/proc/net/tcp"):
        for line in Path(table).read_text().splitlines()[1:]:
            columns = line.split()
            local, remote = (int(columns[place].partition(":")[2], 16) for place in (1, 2))
            if (local, remote) == (server_port, client_port):
                found.add(columns[9])
    return found


def descendants(pid: int) -> list[int]:
    """A process and all below it that live."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def poller(connections: list[tuple[socket.socket, Wire]]) -> select.epoll:
    """Wait on all of them for something to read."""
    epoll = select.epoll(len(connections))
    for sock, _ in connections:
        epoll.register(sock.fileno(), select.EPOLLIN)
    return epoll
