"""One HTTP/1.1 connection that carries one call at a time and stays open."""

from __future__ import annotations

import re

from tests.bench.http2 import Ended
from tests.bench.loads import GRPC_OK, HTTP_OK, LoadFailed

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Http1:
    """The state of one connection. It does no input or output: `out` is to be sent, `feed` takes what was received."""

    def __init__(self) -> None:
        self.out = bytearray()
        self.ready = True
        self.leaving = False
        self.under_way = 0
        self._in = bytearray()
        self._index = 0
        self._began = 0.0
        self._keep = False

    def begin(self, index: int, message: bytes, began: float, keep: bool) -> None:
        """Queue one call; `message` is the whole request."""
        self._index, self._began, self._keep = index, began, keep
        self.out += message
        self.under_way = 1

    def feed(self, data: bytes) -> list[Ended]:
        """Take what was received; answer the call that ended by it, if one did. Raises LoadFailed."""
        self._in += data
        head = self._in.find(b"\r\n\r\n")
        if head < 0:
            return []
        length = _LENGTH.search(self._in, 0, head + 2)
        if length is None:
            raise LoadFailed("an answer without a length")
        end = head + 4 + int(length[1])
        if len(self._in) < end:
            return []
        status = int(self._in[9:12])
        body = bytes(self._in[head + 4 : end])
        del self._in[:end]
        self.under_way = 0
        if status != HTTP_OK:
            raise LoadFailed(f"HTTP status {status}: {body[:300].decode(errors='replace')}")
        return [(self._index, self._began, GRPC_OK, body if self._keep else None)]
