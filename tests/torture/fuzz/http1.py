"""Bytes to the JSON door that no well-behaved client writes: requests bent, glued, cut and flooded."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import orjson

from server.gateway.app import VENDORS
from tests.servicer import tenants
from tests.servicer.samples import PHONE

_KEY = tenants.ADMIN.encode()
_BODY = orjson.dumps({"sender": tenants.BRAND, "recipient": {**PHONE, "channel": "CHANNEL_SMS"}, "purposes": ["a"]})
_VALUES = {
    "department_uuid": tenants.DEPARTMENT,
    "client_id": tenants.CLIENT,
    "profile_id": tenants.PROFILE,
    "autoresp_cfg_id": tenants.AUTO_RESPONSE,
    "channel_addr": "6505551234",
    "channel_type": "sms",
    "communication_type": "TEXT",
    "communication_value": "+16505551234",
    "email": tenants.EMAIL,
    "mobile": "6505551003",
    "id": "user-1",
}
_METHODS = (b"GET", b"POST", b"PUT", b"DELETE", b"HEAD", b"OPTIONS", b"PATCH", b"TRACE", b"CONNECT", b"get", b"QUERY")
_ODD_PATHS = (
    *(
        b"/%2e%2e/%2e%2e/etc/passwd",
        b"/../../etc/passwd",
        b"//healthz",
        b"/healthz//",
        b"/HEALTHZ",
        b"/%00",
        b"/v1/%ff%fe",
    ),
    *(b"*", b"http://other.example/healthz", b"other.example:443", b"/healthz;x=1", b"/%", b"/%zz", b"/%2F%2F", b"/v1"),
    *(b"/v1/%ff%fe", b"/\xff\xfe"),
    *(
        b"/" + b"a" * 5000,
        b"/" + b"/" * 3000,
        b"/?" + b"a=1&" * 2000,
        b"/v1/consents?pageSize=" + b"9" * 4000,
        b"/\xff\xfe",
    ),
)
_LENGTHS = (
    b"0",
    b"5",
    b"-1",
    b"+5",
    b"5 ",
    b" 5",
    b"0x5",
    b"5,5",
    b"5, 6",
    b"1e3",
    b"",
    b"\xd9\xa5",
    b"9" * 30,
    b"1048577",
)
_CODINGS = (
    *(b"chunked", b"xchunked", b"chunked, identity", b"identity, chunked", b"gzip, chunked", b" chunked", b"\tchunked"),
    *(b"\x0bchunked", b"chunked\x00", b"CHUNKED", b"chunked;q=1", b"", b"chunked, chunked"),
)
_CHUNKS = (
    *(b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"5\r\nhel", b"-5\r\nhello\r\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n"),
    *(
        b"F" * 20 + b"\r\nx",
        b"5;" + b"e" * 9000 + b"\r\nhello\r\n0\r\n\r\n",
        b"5\nhello\n0\n\n",
        b"5\r\nhelloxx0\r\n\r\n",
    ),
    *(
        b"0\r\n" + b"Trailer: x\r\n" * 500 + b"\r\n",
        b"zz\r\n",
        b"\r\n\r\n",
        b"00000000000000000000005\r\nhello\r\n0\r\n\r\n",
    ),
)


def paths() -> tuple[tuple[bytes, bytes], ...]:
    """Every method and path of the gateway, with values that are found."""
    return tuple(
        (
            operation.method.encode(),
            re.sub(r"{(\w+)}", lambda name: _VALUES[name[1]], base + operation.path).encode(),
        )
        for vendor in VENDORS
        for operation in vendor.operations
        for base in vendor.bases
    )


@dataclass(frozen=True, slots=True)
class Garbage:
    """What one connection carries, and of which kind it is."""

    kind: str
    sent: bytes
    most_answers: int | None = None
    """How many answers it may have, where more would mean that something was smuggled."""


class Http1:
    """Makes garbage, as a source of chance decides."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._paths = paths()
        self.kinds: dict[str, Callable[[], Garbage]] = {
            "bent": self._bent,
            "glued": self._glued,
            "smuggled": self._smuggled,
            "chunked": self._chunked,
            "framed": self._framed,
            "flooded": self._flooded,
            "line": self._line,
            "headers": self._headers,
            "foreign": self._foreign,
        }

    def make(self) -> Garbage:
        """One connection's worth."""
        return self.kinds[self._random.choice(list(self.kinds))]()

    def _good(self, *headers: bytes, body: bytes = _BODY) -> bytes:
        method, path = self._random.choice(self._paths)
        lines = (
            b"%s %s HTTP/1.1" % (method, path),
            b"host: localhost",
            b"x-api-key: " + _KEY,
            b"authorization: Bearer " + _KEY,
            b"xx-relay-api-key: " + _KEY,
            b"content-type: application/json",
            *(headers or (b"content-length: %d" % len(body),)),
        )
        return b"\r\n".join(lines) + b"\r\n\r\n" + body

    def _bent(self) -> Garbage:
        bent = bytearray(self._good())
        for _ in range(self._random.randint(1, 6)):
            place, what = self._random.randrange(len(bent)), self._random.randrange(4)
            if what == 0:
                bent[place] = self._random.randrange(256)
            elif what == 1:
                del bent[place : place + self._random.randint(1, 20)]
            elif what == 2:
                bent[place:place] = self._random.randbytes(self._random.randint(1, 6))
            else:
                bent[place:place] = bent[max(0, place - 30) : place]
            if not bent:
                break
        return Garbage("bent", bytes(bent))

    def _glued(self) -> Garbage:
        count = self._random.randint(2, 8)
        requests = [self._good() for _ in range(count)]
        if self._random.random() < 0.5:
            requests[self._random.randrange(count)] = self._random.randbytes(20)
        return Garbage("glued", b"".join(requests), count)

    def _smuggled(self) -> Garbage:
        """Two framings in one request: whichever is believed, what is inside its body must not be answered."""
        inside = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"
        chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(inside), inside)
        length = self._random.choice((b"content-length: %d" % len(chunk), b"Content-Length: %d" % len(chunk)))
        coding = b"transfer-encoding:" + self._random.choice(_CODINGS)
        framing = [length, coding]
        self._random.shuffle(framing)
        return Garbage("smuggled", self._good(*framing, body=chunk), 1)

    def _chunked(self) -> Garbage:
        return Garbage("chunked", self._good(b"transfer-encoding: chunked", body=self._random.choice(_CHUNKS)))

    def _framed(self) -> Garbage:
        lengths = self._random.choices(_LENGTHS, k=self._random.randint(1, 3))
        return Garbage("framed", self._good(*(b"content-length:" + length for length in lengths), body=b"hello"))

    def _flooded(self) -> Garbage:
        size = self._random.choice((100, 1000, 5000))
        flood = self._random.choice(
            (b"x-%d: y", b"x-api-key: %d", b"cookie: a=%d", b"content-type: application/json%d")
        )
        return Garbage(
            "flooded", self._good(*(flood % number for number in range(size)), b"content-length: 0", body=b"")
        )

    def _line(self) -> Garbage:
        method = self._random.choice((*_METHODS, b"", b"G\x00T", b"GET\t", b"A" * 3000))
        path = self._random.choice((*_ODD_PATHS, self._random.choice(self._paths)[1]))
        version = self._random.choice(
            (b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.10", b"http/1.1", b"")
        )
        line = self._random.choice((b" ", b"  ", b"\t")).join((method, path, version))
        return Garbage(
            "line", line + self._random.choice((b"\r\n", b"\n", b"\r")) + b"host: a\r\nx-api-key: %s\r\n\r\n" % _KEY
        )

    def _headers(self) -> Garbage:
        odd = (
            *(
                b"x-a\x00b: c",
                b"x-a: \x00",
                b"x-a: b\rc",
                b": empty",
                b"no colon",
                b" folded: yes",
                b"x y: z",
                b"x-a : b",
            ),
            *(
                b"\xff\xfe: x",
                b"x-a: \xff\xfe",
                b"x-request-id: a\r\n b",
                b"grpc-timeout: 0n",
                b"te: trailers",
                b"host: b",
            ),
            *(
                b"grpc-status-details-bin: AA",
                b"x-consent-peer: 127.0.0.9",
                b"connection: x-api-key",
                b"upgrade: h2c",
                b"x y: z",
            ),
            *(
                b"range: bytes=0-",
                b"expect: 100-continue",
                b"expect: 200-ok",
                b"content-encoding: br",
                b"x-http-method-override: DELETE",
                b"te: a",
            ),
            *(
                b"x-big: " + b"z" * 70_000,
                b"x-big: " + b"z" * 9_000,
                b"authorization: Bearer " + b"z" * 9_000,
                b"range: bytes=0-",
            ),
        )
        chosen = self._random.choices(odd, k=self._random.randint(1, 3))
        return Garbage("headers", self._good(*chosen, b"content-length: %d" % len(_BODY)))

    def _foreign(self) -> Garbage:
        """What is no HTTP/1 at all."""
        others = (
            *(
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
            ),
            *(b"", b"\r\n" * 200, b"\0" * 300, b"SSH-2.0-x\r\n", b"\r\n\r\nGET /healthz HTTP/1.1\r\nhost: a\r\n\r\n"),
            *(self._random.randbytes(self._random.randint(1, 300)), self._random.randbytes(70_000)),
        )
        return Garbage("foreign", self._random.choice(others))
