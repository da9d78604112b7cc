"""Too much of everything: headers, metadata and bodies that unpack to gigabytes. Refused, and the others are served."""

from __future__ import annotations

import gzip
import socket
import struct
import zlib
from collections.abc import Iterator, Sequence
from http.client import HTTPException
from random import Random

import grpc

from tests.servicer.samples import sample
from tests.servicer.world import METHODS
from tests.torture.attack.doors import PATIENCE, ask_grpc, ask_json
from tests.torture.attack.intruders import ADMIN
from tests.torture.fuzz import http2
from tests.torture.fuzz.messages import varint
from tests.torture.stand import Stand

SIZES = (4_000, 8_000, 16_000, 64_000, 256_000, 1_000_000)
_MIB = 2**20
_UNKNOWN_FIELD = b"\xfa\x3f"
_REFUSALS = {"UNAUTHENTICATED", "RESOURCE_EXHAUSTED", "INVALID_ARGUMENT"}


def try_headers(stand: Stand, sizes: Sequence[int] = SIZES) -> Iterator[str]:
    """A credential, and any other header, of any size."""
    for size in sizes:
        for headers in ((("x-api-key", "k" * size),), (("x-api-key", ADMIN.key), ("x-other", "o" * size))):
            try:
                told = ask_json(stand.http, "GET", "/v1/consents", headers)
            except (OSError, HTTPException):
                continue  # The connection ended while it still spoke.
            answered = told.status == 200 and headers[0][1] == ADMIN.key
            if not answered and told.status not in (400, 401, 431):
                yield f"a header {headers[-1][0]} of {size} bytes: {told}"


def try_metadata(stand: Stand, sizes: Sequence[int] = SIZES) -> Iterator[str]:
    """The same over gRPC."""
    request = sample("ListConsents").SerializeToString()
    for size in sizes:
        for metadata in ((("x-api-key", "k" * size),), (("x-api-key", ADMIN.key), ("x-other", "o" * size))):
            with grpc.insecure_channel(stand.grpc) as channel:
                told = ask_grpc(channel, METHODS["ListConsents"], request, metadata)
            if told.status not in _REFUSALS and not (told.status == "OK" and metadata[0][1] == ADMIN.key):
                yield f"metadata {metadata[-1][0]} of {size} bytes: {told}"


def try_bombs(stand: Stand, mebibytes: int) -> Iterator[str]:
    """Bodies that unpack to so much."""
    zeros = _packed(b"", mebibytes)
    headers = (("x-api-key", ADMIN.key), ("content-encoding", "gzip"))
    told = ask_json(stand.http, "POST", "/v1/consents:check", headers, zeros[: _MIB - 1])
    if told.status != 413:
        yield f"{mebibytes} MiB of zeros in {len(zeros)} bytes: {told}"
    members = gzip.compress(b"", mtime=0) * 50_000
    told = ask_json(stand.http, "POST", "/v1/consents:check", headers, members)
    if told.status != 400:
        yield f"50,000 packed nothings: {told}"
    message = _packed(_UNKNOWN_FIELD + varint(mebibytes * _MIB), mebibytes)
    answer = _send_packed(stand, message)
    if b"grpc-status\x010" in answer:
        yield f"a message of {mebibytes} MiB in {len(message)} bytes was answered"


def _packed(begin: bytes, mebibytes: int) -> bytes:
    """`begin` and so many MiB of zeros as gzip, without ever holding them."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    chunk = bytes(_MIB)
    pieces = [packer.compress(begin), *(packer.compress(chunk) for _ in range(mebibytes)), packer.flush()]
    return b"".join(pieces)


def _send_packed(stand: Stand, message: bytes) -> bytes:
    """CheckConsent with a packed message, frame by frame; answers what came back."""
    maker = http2.Http2(Random(0))
    body = struct.pack(">BI", 1, len(message)) + message
    frames = [http2.frame(http2.DATA, 0, 1, body[at : at + 16_000]) for at in range(0, len(body), 16_000)]
    head = http2.frame(http2.HEADERS, http2.END_HEADERS, 1, maker.block(("grpc-encoding", "gzip")))
    sent = http2.PREFACE + http2.settings() + head + b"".join(frames) + http2.frame(http2.DATA, http2.END_STREAM, 1)
    host, _, port = stand.grpc.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        return http2.tell(connection, sent)
