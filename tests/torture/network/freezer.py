"""A caller with many connections, who is to be stopped in the middle: `python -m tests.torture.network.freezer`.

Standard input has a line of JSON for each connection, as `Connection` makes it. Once each stream had its first message,
and each other connection the first bytes of its answer, `open` is said, and nothing more is read: neither before the
stop nor after it.
"""

from __future__ import annotations

import json
import signal
import socket
import struct
import sys
from dataclasses import dataclass

_DATA, _SETTINGS, _PING = 0, 4, 6
_ACK = 1
_HEAD = struct.Struct(">IBI")
LITTLE = 4096
"""Bytes after which the other side soon has to keep the rest."""


@dataclass(frozen=True)
class Connection:
    """What is sent on a connection to `host:port`, and how many streams that opens which begin by a message.

    `keeps`: bytes that the system is to keep of what comes unread; None: as many as it likes.
    """

    address: str
    sent: bytes
    streams: int = 0
    keeps: int | None = LITTLE

    def line(self) -> str:
        """As the process reads it."""
        return json.dumps([self.address, self.sent.hex(), self.streams, self.keeps]) + "\n"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """A frame of HTTP/2."""
    return _HEAD.pack(len(payload) << 8 | kind, flags, stream) + payload


def _connect(address: str, sent: bytes, keeps: int | None) -> socket.socket:
    host, _, port = address.rpartition(":")
    sock = socket.socket()
    if keeps is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, keeps)
    sock.connect((host, int(port)))
    sock.sendall(sent)
    return sock


def _await_streams(sock: socket.socket, count: int) -> None:
    """Read until so many streams have had data, as a client does who is well. Raises EOFError."""
    begun = set[int]()
    while len(begun) < count:
        word, flags, stream = _HEAD.unpack(_read(sock, _HEAD.size))
        payload = _read(sock, word >> 8)
        kind = word & 255
        if kind == _DATA:
            begun.add(stream)
        elif kind in (_SETTINGS, _PING) and not flags & _ACK:
            sock.sendall(frame(kind, _ACK, 0, payload if kind == _PING else b""))


def _read(sock: socket.socket, size: int) -> bytes:
    got = sock.recv(size, socket.MSG_WAITALL) if size else b""
    if len(got) < size:
        raise EOFError("the service ended a connection")
    return got


def main() -> None:
    """Connect, say so, and wait for the end."""
    asked = [json.loads(line) for line in sys.stdin]
    opened = [(_connect(address, bytes.fromhex(sent), keeps), streams) for address, sent, streams, keeps in asked]
    for sock, streams in opened:
        if streams:
            _await_streams(sock, streams)
        else:
            sock.recv(1, socket.MSG_PEEK)
    sys.stdout.write("open\n")
    sys.stdout.flush()
    signal.pause()


if __name__ == "__main__":
    main()
