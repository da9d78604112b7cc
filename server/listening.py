"""Leaving a port that other processes share (SO_REUSEPORT), so that nobody who is at the door is turned away.

A listening socket that closes resets the connections that wait in its queue. grpcio stops by closing, so its socket is
emptied before: the kernel drops what would begin a connection here, whoever is under way is let in, and then the socket
leaves the group. A caller that was dropped meanwhile tries again after a second, by itself, and meets another process.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct
import time
from collections.abc import Iterator

import structlog

SETTLE_SECONDS = 0.5
"""For connections under way to be accepted; less than the second after which TCP begins a connection again."""

# From linux/socket.h; the same number on every architecture that has wheels of grpcio.
_SO_ATTACH_FILTER = 26
_PASS_ALL_BUT_SYN = (
    (0x30, 0, 0, 13),  # load the flags of the TCP header
    (0x45, 0, 1, 0x02),  # SYN?
    (0x06, 0, 0, 0),  # drop
    (0x06, 0, 0, 0xFFFFFFFF),  # pass
)

log = structlog.get_logger()


def leave_port(port: int) -> None:
    """Accept no connection at a TCP port any more; those that are open stay. Waits for SETTLE_SECONDS.

    Where the system cannot do that, nothing happens, and connections that come at the very moment of the end are lost.
    """
    listening = list(_listening_at(port))
    try:
        for sock in listening:
            _drop_beginners(sock)
        time.sleep(SETTLE_SECONDS)
        for sock in listening:
            sock.shutdown(socket.SHUT_RDWR)
    except OSError as error:
        log.warning("the port could not be left before the end", port=port, error=str(error))
    finally:
        for sock in listening:
            sock.close()


def _listening_at(port: int) -> Iterator[socket.socket]:
    """The listening sockets of this process at a port, each once; they were opened by grpcio."""
    seen = set()
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - names, not files
        with contextlib.suppress(OSError):
            sock = socket.socket(fileno=os.dup(int(name)))
            inode = os.fstat(sock.fileno()).st_ino
            if inode not in seen and _listens(sock, port):
                seen.add(inode)
                yield sock
            else:
                sock.close()


def _listens(sock: socket.socket, port: int) -> bool:
    return (
        sock.family in (socket.AF_INET, socket.AF_INET6)
        and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
        and sock.getsockname()[1] == port
    )


def _drop_beginners(sock: socket.socket) -> None:
    program = b"".join(struct.pack("HBBI", *instruction) for instruction in _PASS_ALL_BUT_SYN)
    buffer = ctypes.create_string_buffer(program, len(program))
    filter_program = struct.pack("HP", len(_PASS_ALL_BUT_SYN), ctypes.addressof(buffer))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filter_program)
