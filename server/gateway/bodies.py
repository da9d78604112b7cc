"""Reading a request's body: its size, its type, its encoding, its JSON, refused in this order."""

from __future__ import annotations

import asyncio
import zlib

import orjson
from starlette.datastructures import Headers
from starlette.requests import Request

from server.gateway.bounds import Bounds
from server.gateway.errors import Fault, FaultKind, Refused, refusal
from server.gateway.fields import Fields

_GZIP = 16 + zlib.MAX_WBITS
# A packed body may have several members. Of empty ones a body holds fifty thousand, which would take long.
_MOST_MEMBERS = 100


async def read_body(request: Request, bounds: Bounds) -> bytes:
    """The body as sent.

    Raises:
        Refused: BODY_TOO_LARGE, without reading the rest, or BODY_TOO_SLOW.

    """
    declared = request.headers.get("content-length", "")
    # Before the first byte: a caller that sent `Expect: 100-continue` then never sends them.
    if declared.isdecimal() and int(declared) > bounds.body_bytes:
        raise _too_large(bounds)
    chunks = bytearray()
    try:
        async with asyncio.timeout(bounds.body_seconds):
            async for chunk in request.stream():
                chunks += chunk
                if len(chunks) > bounds.body_bytes:
                    raise _too_large(bounds)
    except TimeoutError as error:
        raise refusal(FaultKind.BODY_TOO_SLOW) from error
    return bytes(chunks)


def _too_large(bounds: Bounds) -> Refused:
    return Refused(Fault(FaultKind.BODY_TOO_LARGE, f"the body is larger than {bounds.body_size}"))


def parse_object(body: bytes, headers: Headers, bounds: Bounds) -> Fields:
    """The JSON object that a body holds. A missing content type is taken for JSON; a wrong one is refused."""
    media_type = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise refusal(FaultKind.UNSUPPORTED_MEDIA_TYPE)
    plain = _decode(body, headers.get("content-encoding", "identity").strip().lower(), bounds)
    try:
        value = orjson.loads(plain)
    except orjson.JSONDecodeError as error:
        raise refusal(FaultKind.MALFORMED_JSON) from error
    if not isinstance(value, dict):
        raise Refused(Fault(FaultKind.MALFORMED_REQUEST, "the body must be a JSON object"))
    return Fields(value)


def _decode(body: bytes, encoding: str, bounds: Bounds) -> bytes:
    match encoding:
        case "identity" | "":
            return body
        case "gzip" | "x-gzip":
            return _unpack(body, bounds)
        case _:
            raise refusal(FaultKind.UNSUPPORTED_MEDIA_TYPE)


def _unpack(body: bytes, bounds: Bounds) -> bytes:
    """The unpacked body. One byte over the limit is the most that is ever unpacked: a small body may hold gigabytes."""
    plain, rest = b"", body
    for _ in range(_MOST_MEMBERS):
        packed = zlib.decompressobj(wbits=_GZIP)
        try:
            plain += packed.decompress(rest, bounds.body_bytes + 1 - len(plain))
        except zlib.error as error:
            raise _not_gzip() from error
        if len(plain) > bounds.body_bytes:
            raise _too_large(bounds)
        if not packed.eof:
            break
        # Zeros may follow, as padding.
        rest = packed.unused_data.lstrip(b"\0")
        if not rest:
            return plain
    raise _not_gzip()


def _not_gzip() -> Refused:
    return Refused(Fault(FaultKind.MALFORMED_REQUEST, "the body is not gzip"))
