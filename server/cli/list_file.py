"""A list of addresses as it is found: its form, its header where it has one, and the column that holds the address."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import BinaryIO

from server.cli.output import plain
from server.domain.model import Channel
from server.domain.policy import Reason
from server.scrubbing.crew import Chunk
from server.scrubbing.judging import Judge
from server.scrubbing.rows import MAX_ROW_LENGTH, Form, decode, encode, read_first_row

CHUNK_LENGTH = 256 * 1024
REASON_COLUMN = "consent_reason"

_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = ",;\t|"
_CUTS_TRIED = 100
_ANY = frozenset({"address", "recipient", "to", "channeladdr", "communicationvalue"})
_EMAIL = frozenset({"email", "emailaddress", "mail"})
_PHONE = frozenset(
    {"phone", "phonenumber", "mobile", "mobilenumber", "mobilephone", "cell", "cellphone", "cellnumber", "msisdn"}
    | {"telephone", "telephonenumber", "tel", "number", "e164", "sms"}
)


class ListUnusable(Exception):
    """The list as a whole cannot be used; the message says why."""


class ListFile:
    """An open list. `header` are the bytes before its rows, `column` the place of the address in each row."""

    def __init__(self, stream: BinaryIO, judge: Judge, channel: Channel | None, column: str | None) -> None:
        self._stream = stream
        self.position = 0
        head = self._read(CHUNK_LENGTH)
        if head.startswith(_UTF16):
            raise ListUnusable("is not UTF-8 text; save it as CSV in UTF-8")
        mark = _BOM if head.startswith(_BOM) else b""
        text = decode(head.removeprefix(mark))
        line_end = _line_end(text)
        delimiter = max(_DELIMITERS, key=text.partition(line_end[-1])[0].count)
        try:
            passed, first = read_first_row(text, Form(delimiter, line_end, 0))
        except csv.Error as error:
            raise ListUnusable(f"its first row cannot be read: {error}") from error
        if not first:
            raise ListUnusable("is empty")
        self.form = Form(delimiter, line_end, len(first))
        self.column, has_header = _find_column(first, column, channel, _address_test(judge))
        header = encode(passed) if has_header else b""
        self._pending = head[len(mark) + len(header) :] if len(head) > len(mark) + len(header) else b""
        self.header = mark + header

    @property
    def denied_header(self) -> bytes:
        """The header with one more column, for the reason."""
        if not self.header.strip(_BOM):
            return self.header
        line = decode(self.header).removesuffix("\n").removesuffix("\r")
        return encode(f"{line}{self.form.delimiter}{REASON_COLUMN}{self.form.line_end}")

    def chunks(self) -> Iterator[Chunk]:
        """The rows, cut where one seems to end. Raises ListUnusable where a line is too long or reading fails."""
        last = self.form.last_character.encode()
        data = self._pending
        while more := self._read(CHUNK_LENGTH):
            data += more
            end = _cut(data, last)
            if not end and len(data) > MAX_ROW_LENGTH:
                raise ListUnusable(f"has a line of more than {MAX_ROW_LENGTH:,} bytes")
            if end:
                yield Chunk(data[:end], final=False)
                data = data[end:]
        yield Chunk(data, final=True)

    def _read(self, length: int) -> bytes:
        try:
            found = self._stream.read(length)
        except OSError as error:
            raise ListUnusable(f"cannot be read: {error.strerror}") from error
        self.position += len(found)
        return found


def _line_end(text: str) -> str:
    line, feed, _ = text.partition("\n")
    if feed:
        return "\r\n" if line.endswith("\r") else "\n"
    return "\r" if "\r" in text else "\n"


def _cut(data: bytes, last: bytes) -> int:
    """Where a row seems to end: behind a line end with an even number of quotes before it, the last one if possible."""
    end = whole = data.rfind(last) + 1
    quotes = data.count(b'"', 0, end)
    for _ in range(_CUTS_TRIED):
        if quotes % 2 == 0 or not end:
            break
        earlier = data.rfind(last, 0, end - 1) + 1
        quotes -= data.count(b'"', earlier, end)
        end = earlier
    return end if quotes % 2 == 0 and end else whole


def _address_test(judge: Judge) -> Callable[[Sequence[str]], list[bool]]:
    def test(cells: Sequence[str]) -> list[bool]:
        texts = [cell if cell.isprintable() else "" for cell in cells]
        return [reason != Reason.INVALID_RECIPIENT for reason in judge(texts)[0]]

    return test


def _find_column(
    first: Sequence[str],
    wanted: str | None,
    channel: Channel | None,
    are_addresses: Callable[[Sequence[str]], list[bool]],
) -> tuple[int, bool]:
    """The place of the address, and whether the first row is a header.

    A first row that might be an address is never taken for a header, which would be carried through unjudged.
    """
    if wanted is not None:
        return _named_column(first, wanted)
    places = [place for place, is_address in enumerate(are_addresses(first)) if is_address]
    if len(places) == 1 or (len(first) == 1 and not _known_columns(first, channel)):
        return (places or [0])[0], False
    if places:
        raise ListUnusable("has no header, and several columns hold addresses: give the number of one by --column")
    known = _known_columns(first, channel)
    if len(known) == 1:
        return known[0], True
    if known:
        names = ", ".join(plain(first[place].strip()) for place in known)
        raise ListUnusable(f"has several columns of addresses: choose one of {names} by --column")
    raise ListUnusable(f"has no column that is known to hold addresses: name one by --column ({_columns(first)})")


def _named_column(first: Sequence[str], wanted: str) -> tuple[int, bool]:
    places = [place for place, name in enumerate(first) if name.strip().casefold() == wanted.strip().casefold()]
    if len(places) == 1:
        return places[0], True
    if places:
        raise ListUnusable(
            f"names the column {plain(wanted)} {len(places)} times: give it a number, without the header"
        )
    if re.fullmatch(r"[1-9]\d{0,4}", wanted, re.ASCII) and int(wanted) <= len(first):
        return int(wanted) - 1, False
    raise ListUnusable(f"has no column {plain(wanted)} ({_columns(first)})")


def _known_columns(first: Sequence[str], channel: Channel | None) -> list[int]:
    wanted = _ANY | (frozenset() if channel not in (None, Channel.EMAIL) else _EMAIL)
    wanted |= frozenset() if channel is Channel.EMAIL else _PHONE
    return [place for place, name in enumerate(first) if re.sub(r"[\s_.-]", "", name).casefold() in wanted]


def _columns(first: Sequence[str]) -> str:
    """What the first row holds, without telling an address: names only where they could be none."""
    named = [plain(name.strip()) for name in islice(first, 20) if name.strip() and not re.search(r"[@\d]", name)]
    return f"its columns: {', '.join(named)}" if named else f"it has {len(first)}"
