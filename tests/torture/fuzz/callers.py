"""Callers of the JSON door, each with a connection of its own, and what they may hear there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

from tests.torture.fuzz.answers import traces
from tests.torture.fuzz.http1 import Garbage
from tests.torture.fuzz.rpcs import PATIENCE, Tally

_WHILE = 0.2
"""Seconds to hear something in."""
_AT_ONCE = 100
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")


class _Telling(asyncio.Protocol):
    """Sends all; says that it is all once it has heard something, or after a while; hears until the other side ends.

    The gateway drops what it has not answered when its caller ends, so an end at once would show little.
    """

    def __init__(self, sent: bytes, heard: asyncio.Future[bytes]) -> None:
        self._sent = sent
        self._answer = bytearray()
        self._heard = heard

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._sent)
        self._bell = asyncio.get_running_loop().call_later(_WHILE, self._end)

    def data_received(self, data: bytes) -> None:
        if not self._answer:
            self._bell.cancel()
            self._bell = asyncio.get_running_loop().call_later(_WHILE / 10, self._end)
        self._answer += data

    def _end(self) -> None:
        with suppress(OSError):  # The other side may have ended already.
            self._transport.write_eof()

    def connection_lost(self, _: Exception | None) -> None:
        self._bell.cancel()
        if not self._heard.done():
            self._heard.set_result(bytes(self._answer))


def judge(garbage: Garbage, answer: bytes) -> Iterator[str]:
    """What is wrong with all that came back on a connection."""
    statuses = [int(status) for status in _STATUS.findall(answer)]
    if answer and not answer.startswith((b"HTTP/1.1 ", b"HTTP/1.0 ")):
        yield "the answer is no HTTP/1"
    if bad := [status for status in statuses if status >= 500]:
        yield f"answered {bad}"
    final = [status for status in statuses if status >= 200]
    if garbage.most_answers is not None and len(final) > garbage.most_answers:
        yield f"{len(final)} answers to {garbage.most_answers} requests: {final}"
    if trace := traces(re.sub(rb"<!doctype html>.*?</html>", b"", answer, flags=re.DOTALL).decode(errors="replace")):
        yield f"tells of the inside: {trace}"


async def _throw(host: str, port: int, many: Sequence[Garbage], tally: Tally) -> None:
    loop, room = asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE)

    async def one(garbage: Garbage) -> None:
        tally.sent += 1
        heard = loop.create_future()
        await room.acquire()
        transport, _ = await loop.create_connection(lambda: _Telling(garbage.sent, heard), host, port)
        try:
            answer = await asyncio.wait_for(heard, PATIENCE)
        except TimeoutError:
            tally.hung.append(f"{garbage.kind}: no end in {PATIENCE} s: {garbage.sent[:600]!r}")
            return
        finally:
            transport.abort()
            room.release()
        tally.answered += bool(answer)
        tally.wrong += [f"{garbage.kind}: {wrong}: {garbage.sent[:600]!r}" for wrong in judge(garbage, answer)]

    await asyncio.gather(*map(one, many))


def throw(address: str, many: Sequence[Garbage], tally: Tally) -> None:
    """Send each on a connection of its own, many at once, and judge what comes back."""
    host, _, port = address.rpartition(":")
    asyncio.run(_throw(host, int(port), many, tally))
