"""One HTTP/2 connection that carries gRPC unary calls, far cheaper than a client library.

Frames are built and read by hand (RFC 9113). Requests are compressed as a real client's are: the first block puts its
headers into the server's table, the next ones name them by index (RFC 7541). The server is told to keep no table for
its answers, so that each block of trailers stands for itself, and equal blocks are read once.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.loads import UNREADABLE, LoadFailed

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY, _WINDOW = 0, 1, 3, 4, 6, 7, 8
_END_STREAM, _ACK, _END_HEADERS = 1, 1, 4
_TABLE_SIZE, _PUSH, _INITIAL_WINDOW, _MAX_FRAME = 1, 2, 4, 5
_WIDE = 1 << 30
_USUAL_WINDOW = 65_535
_USUAL_FRAME = 16_384
_STATIC_ENTRIES = 61
_HEAD = struct.Struct(">IBI")
_STATUS = b"\x0bgrpc-status"

Ended = tuple[int, float, int, bytes | None]
"""The index of the message, when its call began, its status, and the answer where it was to be kept."""


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return _HEAD.pack(len(payload) << 8 | kind, flags, stream) + payload


def _length(size: int) -> bytes:
    """A string's length by RFC 7541, 5.1, with a prefix of seven bits."""
    if size < 127:
        return bytes((size,))
    rest, more = size - 127, bytearray((127,))
    while rest >= 128:
        more.append(rest % 128 + 128)
        rest //= 128
    return bytes(more) + bytes((rest,))


def _header_blocks(headers: Sequence[tuple[str, str]]) -> tuple[bytes, bytes]:
    """The block that puts headers into the server's table, and the one that names them there."""
    first = b"".join(
        b"\x40" + _length(len(name)) + name.encode() + _length(len(value)) + value.encode() for name, value in headers
    )
    # The newest entry has the lowest index.
    later = bytes(0x80 | (_STATIC_ENTRIES + len(headers) - place) for place in range(len(headers)))
    return first, later


def read_status(block: bytes) -> int:
    """The gRPC status in a block of trailers; UNREADABLE where there is none."""
    found = block.find(_STATUS)
    value = block[found + len(_STATUS) + 1 :][: block[found + len(_STATUS)]] if found >= 0 else b""
    return int(value) if value.isdigit() else UNREADABLE


@dataclass(slots=True)
class _Waiting:
    """A message that the server's windows do not let out yet."""

    stream: int
    rest: memoryview
    window: int


class Http2:
    """The state of one connection. It does no input or output: `out` is to be sent, `feed` takes what was received.

    `leaving`: the server asked to connect anew; the calls under way end in peace, and no more may begin.
    """

    def __init__(self, path: str, authority: str, headers: Sequence[tuple[str, str]]) -> None:
        pseudo = ((":method", "POST"), (":scheme", "http"), (":path", path), (":authority", authority))
        usual = (("te", "trailers"), ("content-type", "application/grpc"), ("user-agent", "consent-bench"))
        self._block, self._next_block = _header_blocks((*pseudo, *usual, ("grpc-timeout", "30S"), *headers))
        settings = struct.pack(">HIHIHI", _TABLE_SIZE, 0, _PUSH, 0, _INITIAL_WINDOW, _WIDE)
        self.out = bytearray(_PREFACE + _frame(_SETTINGS, 0, 0, settings))
        self.out += _frame(_WINDOW, 0, 0, struct.pack(">I", _WIDE))
        self.ready = False
        self.leaving = False
        self._in = bytearray()
        self._stream = 1
        self._calls: dict[int, tuple[int, float]] = {}
        self._kept: dict[int, bytearray] = {}
        self._waiting: deque[_Waiting] = deque()
        self._window = _USUAL_WINDOW
        self._stream_window = _USUAL_WINDOW
        self._max_frame = _USUAL_FRAME
        self._received = 0
        self._statuses: dict[bytes, int] = {}

    @property
    def under_way(self) -> int:
        """How many calls have begun and not ended."""
        return len(self._calls)

    def begin(self, index: int, message: bytes, began: float, keep: bool) -> None:
        """Queue one call."""
        stream, block = self._stream, self._block
        self._block = self._next_block
        self._stream += 2
        self._calls[stream] = (index, began)
        if keep:
            self._kept[stream] = bytearray()
        size = len(message) + 5
        self.out += _HEAD.pack(len(block) << 8 | _HEADERS, _END_HEADERS, stream) + block
        if not self._waiting and size <= self._window and size <= self._stream_window and size <= self._max_frame:
            self._window -= size
            head = _HEAD.pack(size << 8 | _DATA, _END_STREAM, stream)
            self.out += head + b"\0" + (size - 5).to_bytes(4) + message
        else:
            whole = memoryview(b"\0" + (size - 5).to_bytes(4) + message)
            self._waiting.append(_Waiting(stream, whole, self._stream_window))
            self._send_waiting()

    def _send_waiting(self) -> None:
        """Let out what the windows allow."""
        while self._waiting:
            first = self._waiting[0]
            size = min(len(first.rest), self._window, first.window, self._max_frame)
            if size <= 0:
                return
            last = size == len(first.rest)
            self.out += _frame(_DATA, _END_STREAM if last else 0, first.stream, bytes(first.rest[:size]))
            self._window -= size
            first.window -= size
            first.rest = first.rest[size:]
            if last:
                self._waiting.popleft()

    def feed(self, data: bytes) -> list[Ended]:
        """Take what was received; answer the calls that ended by it. Raises LoadFailed."""
        received = self._in
        received += data
        ended: list[Ended] = []
        position, size = 0, len(received)
        while size - position >= 9:
            word, flags, stream = _HEAD.unpack_from(received, position)
            begins, ends = position + 9, position + 9 + (word >> 8)
            if ends > size:
                break
            kind = word & 255
            if kind == _HEADERS:
                if flags & _END_STREAM:
                    ended.append(self._end(stream, bytes(received[begins:ends])))
            elif kind == _DATA:
                self._received += ends - begins
                if stream in self._kept:
                    self._kept[stream] += received[begins:ends]
            else:
                self._control(kind, flags, stream, bytes(received[begins:ends]))
            position = ends
        del received[:position]
        if self._received > _WIDE // 2:
            self.out += _frame(_WINDOW, 0, 0, struct.pack(">I", self._received))
            self._received = 0
        return ended

    def _end(self, stream: int, block: bytes) -> Ended:
        status = self._statuses.get(block)
        if status is None:
            status = self._statuses[block] = read_status(block)
        index, began = self._calls.pop(stream)
        kept = self._kept.pop(stream, None)
        return index, began, status, None if kept is None else bytes(kept[5:])

    def _control(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        match kind:
            case _ if kind == _SETTINGS and not flags & _ACK:
                self._heed(payload)
            case _ if kind == _PING and not flags & _ACK:
                self.out += _frame(_PING, _ACK, 0, payload)
            case _ if kind == _WINDOW:
                self._widen(stream, int.from_bytes(payload))
            case _ if kind == _RESET:
                raise LoadFailed(f"the server reset a call with HTTP/2 error {int.from_bytes(payload)}")
            case _ if kind == _GOAWAY and int.from_bytes(payload[4:8]):
                raise LoadFailed(f"the server closed a connection: {payload[8:].decode(errors='replace')}")
            case _ if kind == _GOAWAY:
                self.leaving = True

    def _heed(self, payload: bytes) -> None:
        """Take the server's settings."""
        for setting, value in struct.iter_unpack(">HI", payload):
            if setting == _INITIAL_WINDOW:
                self._stream_window = value
            elif setting == _MAX_FRAME:
                self._max_frame = value
        self.ready = True
        self.out += _frame(_SETTINGS, _ACK, 0, b"")

    def _widen(self, stream: int, increment: int) -> None:
        if stream == 0:
            self._window += increment
        for waiting in self._waiting:
            if waiting.stream == stream:
                waiting.window += increment
        self._send_waiting()
