"""Bytes to the gRPC door that no well-behaved client writes: HTTP/2 frames bent, out of order, and in floods."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from random import Random

import hpack

from tests.servicer import tenants
from tests.servicer.samples import sample
from tests.torture.fuzz.answers import traces
from tests.torture.fuzz.rpcs import PATIENCE, Tally

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED, PRIORITIZED = 1, 4, 8, 32
_LISTENS = 0.1
"""Seconds without a word after which the other side is told that this was all."""
FRAMES = 1500
"""In one flood."""


def frame(kind: int, flags: int, stream: int, payload: bytes = b"", length: int | None = None) -> bytes:
    """A frame; `length`: what it claims to hold."""
    stated = len(payload) if length is None else length
    return struct.pack(">I", stated)[1:] + bytes((kind & 0xFF, flags & 0xFF)) + struct.pack(">I", stream) + payload


def settings(*pairs: tuple[int, int]) -> bytes:
    """A SETTINGS frame."""
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))


@dataclass(frozen=True, slots=True)
class Flood:
    """What one connection carries, and of which kind it is."""

    kind: str
    sent: bytes


class Http2:
    """Makes garbage and floods, as a source of chance decides."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.kinds: dict[str, Callable[[], bytes]] = {
            "preface": self._preface,
            "frames": self._frames,
            "bent": self._bent,
            "headers": self._headers,
            "order": self._order,
            "lengths": self._lengths,
            "messages": self._messages,
        }
        self.floods: dict[str, Callable[[int], bytes]] = {
            "rapid reset": lambda count: b"".join(
                self._call(2 * number + 1) + frame(RST, 0, 2 * number + 1, struct.pack(">I", 8))
                for number in range(count)
            ),
            "continuation": lambda count: (
                frame(HEADERS, 0, 1, self.block()) + frame(CONTINUATION, 0, 1, b"\0" * 9) * count
            ),
            "settings": lambda count: settings((4, 65_535)) * count,
            "ping": lambda count: frame(PING, 0, 0, bytes(8)) * count,
            "priority": lambda count: frame(PRIORITY, 0, 3, struct.pack(">IB", 1, 9)) * count,
            "windows": lambda count: frame(WINDOW, 0, 0, struct.pack(">I", 1)) * count,
            "empty data": lambda count: self._call(1, end=False) + frame(DATA, 0, 1) * count,
            "header bomb": self._bomb,
            "open streams": lambda count: b"".join(self._call(2 * n + 1, end=False) for n in range(count)),
        }

    def make(self) -> Flood:
        """One connection's worth of garbage."""
        kind = self._random.choice(list(self.kinds))
        return Flood(kind, self.kinds[kind]())

    def flood(self, kind: str) -> Flood:
        """One connection's worth of a flood."""
        return Flood(kind, PREFACE + settings() + self.floods[kind](FRAMES))

    def block(self, *more: tuple[str, str], path: str = "/consent.v1.ConsentService/CheckConsent") -> bytes:
        """The head of a good call."""
        block: bytes = hpack.Encoder().encode(
            [
                (":method", "POST"),
                (":scheme", "http"),
                (":path", path),
                (":authority", "localhost"),
                ("te", "trailers"),
                ("content-type", "application/grpc"),
                ("x-api-key", tenants.ADMIN),
                *more,
            ]
        )
        return block

    def _call(self, stream: int, *, end: bool = True) -> bytes:
        message = sample("CheckConsent").SerializeToString()
        body = struct.pack(">BI", 0, len(message)) + message
        head = frame(HEADERS, END_HEADERS, stream, self.block())
        return head + (frame(DATA, END_STREAM, stream, body) if end else b"")

    def _bomb(self, count: int) -> bytes:
        """One large header in the table, named again and again by a byte each."""
        encoder = hpack.Encoder()
        large = encoder.encode([("x-large", "z" * 3900)])
        return frame(HEADERS, END_HEADERS | END_STREAM, 1, self.block() + large + b"\xbe" * (count * 8))

    def _preface(self) -> bytes:
        return self._random.choice(
            (
                *(b"", PREFACE[:-3], b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", PREFACE * 3, PREFACE.lower() + settings()),
                *(b"\x16\x03\x01" + bytes(300), PREFACE + bytes(100), PREFACE + b"\xff" * 100),
                self._random.randbytes(self._random.randint(1, 400)),
            )
        )

    def _frames(self) -> bytes:
        """Any frames at all."""
        random = self._random
        frames = (
            frame(
                random.randrange(16),
                random.randrange(256),
                random.choice((0, 1, 2, 3, 5, 2**31 - 1, 2**32 - 1)),
                random.randbytes(random.choice((0, 1, 4, 5, 8, 9, 40))),
            )
            for _ in range(random.randint(1, 12))
        )
        return PREFACE + settings() + b"".join(frames)

    def _bent(self) -> bytes:
        """Good calls with some bytes replaced, left out or added."""
        bent = bytearray(PREFACE + settings() + self._call(1) + frame(PING, 0, 0, bytes(8)) + self._call(3))
        for _ in range(self._random.randint(1, 5)):
            place = self._random.randrange(len(PREFACE), len(bent))
            what = self._random.randrange(3)
            if what == 0:
                bent[place] = self._random.randrange(256)
            elif what == 1:
                del bent[place : place + self._random.randint(1, 9)]
            else:
                bent[place:place] = self._random.randbytes(self._random.randint(1, 9))
        return bytes(bent)

    def _headers(self) -> bytes:
        """Heads that no call may have."""
        odd = (
            *((":method", "GET"), (":path", "*"), (":status", "200"), ("X-Upper", "a"), ("connection", "close")),
            *(
                ("transfer-encoding", "chunked"),
                ("content-length", "7"),
                ("te", "gzip"),
                ("grpc-timeout", "99999999999H"),
            ),
            *(
                ("grpc-timeout", "-1S"),
                ("grpc-encoding", "nothing"),
                ("grpc-encoding", "gzip"),
                ("content-type", "text/html"),
            ),
            *(
                ("x-a-bin", "!!!"),
                ("x-a-bin", "AA=="),
                ("x-a", "\0"),
                ("x-a", "\r\nx-b: c"),
                ("", "a"),
                ("grpc-status", "0"),
            ),
            *(("x-request-id", "a" * 3000), ("x-api-key", "z" * 9000), ("x-a", "é" * 40), ("grpc-tags-bin", "AA")),
            *(
                ("x-consent-peer", "127.0.0.9"),
                ("grpc-previous-rpc-attempts", "-1"),
                ("host", "other"),
                (":path", "/x"),
            ),
        )
        block = self.block(*self._random.choices(odd, k=self._random.randint(1, 4)))
        message = sample("CheckConsent").SerializeToString()
        body = struct.pack(">BI", self._random.choice((0, 0, 1, 2, 255)), len(message)) + message
        return PREFACE + settings() + frame(HEADERS, END_HEADERS, 1, block) + frame(DATA, END_STREAM, 1, body)

    def _order(self) -> bytes:
        """Good frames in an order that is not."""
        frames = [
            *(
                self._call(1),
                self._call(1),
                self._call(3),
                self._call(2),
                frame(DATA, 0, 9, b"x"),
                frame(RST, 0, 5, bytes(4)),
            ),
            *(
                frame(CONTINUATION, 4, 1),
                frame(SETTINGS, 1, 0),
                frame(GOAWAY, 0, 0, bytes(8)),
                frame(PUSH, 4, 1, bytes(8)),
            ),
            *(
                frame(WINDOW, 0, 1, bytes(4)),
                frame(WINDOW, 0, 0, b"\x7f\xff\xff\xff"),
                settings((5, 1)),
                settings((1, 2**32 - 1)),
            ),
            *(settings((4, 2**31)), settings((6, 0)), settings((3, 0)), settings((2, 9)), settings((0xFFFF, 1))),
        ]
        self._random.shuffle(frames)
        return PREFACE + settings() + b"".join(frames[: self._random.randint(2, len(frames))])

    def _lengths(self) -> bytes:
        """Frames and messages that claim to be longer or shorter than they are."""
        stated = self._random.choice((0, 1, 16_385, 2**20, 2**24 - 1))
        inner = self._random.choice((0, 1, 2**22 + 1, 2**31, 2**32 - 1))
        body = struct.pack(">BI", 0, inner) + b"xyz"
        head = frame(HEADERS, END_HEADERS, 1, self.block())
        padded = frame(DATA, PADDED | END_STREAM, 1, b"\xff" + body)
        ends = (frame(DATA, END_STREAM, 1, body, stated), frame(DATA, END_STREAM, 1, body), padded)
        return PREFACE + settings() + head + self._random.choice(ends)

    def _messages(self) -> bytes:
        """Several messages where one is expected, none, or one that is said to be packed."""
        one = struct.pack(">BI", 0, 0)
        body = self._random.choice((b"", one * 2, one[:3], b"\x01" + one[1:], b"\x01\0\0\0\x04abcd", one + b"x"))
        head = frame(
            HEADERS, END_HEADERS, 1, self.block(("grpc-encoding", self._random.choice(("gzip", "identity", "x"))))
        )
        return PREFACE + settings() + head + frame(DATA, END_STREAM, 1, body)


def judge(answer: bytes) -> Iterator[str]:
    """What is wrong with what came back: a trace of the inside, or a call that failed by a defect."""
    if trace := traces(answer.decode("latin-1")):
        yield f"tells of the inside: {trace}"


def throw(address: str, flood: Flood, tally: Tally) -> None:
    """Send it on a connection of its own; what is wrong is also that the other side never ends it."""
    host, _, port = address.rpartition(":")
    tally.sent += 1
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        try:
            answer = tell(connection, flood.sent)
        except TimeoutError:
            tally.hung.append(f"{flood.kind}: no end in {PATIENCE} s: {flood.sent[:300].hex()}")
            return
    tally.answered += bool(answer)
    tally.wrong += [f"{flood.kind}: {wrong}: {flood.sent[:300].hex()}" for wrong in judge(answer)]


def tell(connection: socket.socket, sent: bytes) -> bytes:
    """Send, hear what comes, say that it was all, and hear the rest until the end."""
    answer = b""
    with suppress(ConnectionError):
        connection.sendall(sent)
        connection.settimeout(_LISTENS)
        with suppress(TimeoutError):
            while more := connection.recv(65_536):
                answer += more
        connection.settimeout(PATIENCE)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        while more := connection.recv(65_536):
            answer += more
    return answer
