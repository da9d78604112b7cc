"""Messages of any request type as bytes, from its descriptor: good, almost good, wrong and no messages at all.

Bytes, not objects: a caller may send what no library would write, and the server reads bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st

VARINT, EIGHT, LENGTH, GROUP, GROUP_END, FOUR = range(6)
LONGEST = 200_000
_DEEP = 3
_Pieces = st.SearchStrategy[bytes]

_INTEGERS = (0, 1, 2, 99, 999_999_999, 1_000_000_000, 2**31 - 1, 2**31, 2**32, 253_402_300_800, 2**63 - 1, 2**63)
_DOUBLES = (0.0, -0.0, float("nan"), float("inf"), float("-inf"), 5e-324, 1.7976931348623157e308)
_TEXTS = (
    *(
        "",
        " ",
        "*",
        "\0",
        "a\0b",
        "\x1b[31m",
        "line\r\nbreak",
        "\u202egnp",
        "\u200b",
        "\ufeff",
        "\ufffd",
        "İı",
        "ＳＴＯＰ",
    ),
    *("STOP", "please stop texting me", "START", "Y", "👍", "ＳＴＯＰ", "\ufffd", "e\u0301" * 60, "🛑" * 128),
    *(
        "'; DROP TABLE tenants; --",
        '" OR 1=1',
        "%s%s%n",
        "{0.__class__}",
        "${jndi:ldap://x}",
        "../../etc/passwd",
        "=1+1",
    ),
    *(
        "+16505551234",
        "+1650555123456789",
        "00",
        "+",
        "+0",
        "٠١٢٣٤٥٦٧٨٩",
        "a@b",
        "a@[127.0.0.1]",
        "@",
        "a" * 64 + "@b.com",
    ),
    *("US", "us", "ZZ", "marketing", "MARKETING", "application/json", "en-US", "127.0.0.1", "::1", "1.1.1.1.1"),
    *("a" * 64 + "@b.com", "x" * 129, "x" * 2049, "é" * 1601),
)
_NOT_UTF8 = (b"\xff\xfe", b"\xed\xa0\xbd\xed\xb8\x80", b"\xc0\x80", b"abc\xe2\x82", b"\xf4\x90\x80\x80")


def varint(number: int) -> bytes:
    """A number as protobuf writes it; one below zero as 64 bits of two's complement."""
    number &= 2**64 - 1
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def tag(number: int, wire_type: int) -> bytes:
    """What leads a field."""
    return varint(number << 3 | wire_type)


def delimited(number: int, content: bytes) -> bytes:
    """A field of some length."""
    return tag(number, LENGTH) + varint(len(content)) + content


def texts_of(samples: Sequence[Message]) -> tuple[str, ...]:
    """Every text in good requests: the names under which something is found."""
    return tuple(sorted({text for sample in samples for text in _texts_in(sample)}))


def _texts_in(message: Message) -> Iterator[str]:
    for field, value in message.ListFields():
        for one in value if field.is_repeated else (value,):
            if isinstance(one, Message):
                yield from _texts_in(one)
            elif isinstance(one, str):
                yield one


class Messages:
    """The strategies for requests; `known`: texts under which something is found."""

    def __init__(self, known: Sequence[str]) -> None:
        kept = [text.encode() for text in (*known, *known, *_TEXTS)]
        huge = st.sampled_from((1000, 10_001, 100_001, LONGEST)).map(lambda size: b"x" * size)
        self._text = st.one_of(st.sampled_from(kept), st.text(max_size=24).map(str.encode))
        self._odd_text = st.one_of(st.sampled_from(_NOT_UTF8), st.binary(max_size=24), huge)
        self._number = st.one_of(st.sampled_from(_INTEGERS), st.integers(-3, 12), st.integers(-(2**63), 2**63 - 1))

    def requests(self, sample: Message) -> _Pieces:
        """Requests of one RPC: the good one with fields changed, added or left out, any other, bytes of no message."""
        descriptor: Any = sample.DESCRIPTOR
        top = tuple(_split(sample.SerializeToString(deterministic=True)))
        kept = st.lists(st.booleans(), min_size=len(top), max_size=len(top)).map(
            lambda keep: b"".join(piece for piece, stays in zip(top, keep, strict=True) if stays)
        )
        fields = st.lists(self._field(descriptor, 0), max_size=4).map(b"".join)
        whole = st.just(b"".join(top))
        changed = st.tuples(st.one_of(whole, whole, kept), fields).map(b"".join)
        cut = st.tuples(changed, st.integers(0, 40)).map(lambda both: both[0][: -both[1] or None])
        others = (fields, cut, self._spoiled(b"".join(top)), st.binary(max_size=64))
        return _one_of((changed,) * 6 + others)

    def _spoiled(self, good: bytes) -> _Pieces:
        """The good message with some bytes replaced."""

        def spoil(changes: list[tuple[int, int]]) -> bytes:
            spoiled = bytearray(good or b"\x00")
            for place, byte in changes:
                spoiled[place % len(spoiled)] = byte
            return bytes(spoiled)

        return st.lists(st.tuples(st.integers(0, 4095), st.integers(0, 255)), min_size=1, max_size=4).map(spoil)

    def _field(self, descriptor: Descriptor, depth: int) -> _Pieces:
        """One field that is in the message: mostly of the right type, sometimes of a wrong one; or one that is not."""
        known = [self._right(field, depth) for field in descriptor.fields]
        wrong = [self._wrong(field.number) for field in descriptor.fields]
        unknown = st.sampled_from((15, 999, 19_000, 2**29 - 1)).flatmap(self._wrong)
        right = st.one_of(*known) if known else unknown
        return _mostly(right, st.one_of(*wrong, unknown))

    def _right(self, field: FieldDescriptor, depth: int) -> _Pieces:
        if field.message_type is not None:
            return self._message(field, depth)
        if field.type == FieldDescriptor.TYPE_STRING:
            text = _mostly(self._text, self._odd_text)
            return text.map(lambda value: delimited(field.number, value))
        if field.type == FieldDescriptor.TYPE_BYTES:
            return st.binary(max_size=64).map(lambda value: delimited(field.number, value))
        if field.type in (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT):
            return st.sampled_from(_DOUBLES).map(lambda value: tag(field.number, EIGHT) + struct.pack("<d", value))
        number = self._number if field.enum_type is None else self._enum_number(field)
        single = number.map(lambda value: tag(field.number, VARINT) + varint(value))
        packed = st.lists(number, max_size=5).map(lambda many: delimited(field.number, b"".join(map(varint, many))))
        return st.one_of(single, packed) if field.is_repeated else single

    def _enum_number(self, field: Any) -> st.SearchStrategy[int]:
        numbers = sorted(field.enum_type.values_by_number)
        return st.sampled_from((*numbers, *numbers, *numbers, -1, 99, 2**31 - 1, 2**40))

    def _message(self, field: Any, depth: int) -> _Pieces:
        if depth >= _DEEP:
            return st.just(delimited(field.number, b""))
        inside = st.lists(st.deferred(lambda: self._field(field.message_type, depth + 1)), max_size=5).map(b"".join)
        good = inside.map(lambda content: delimited(field.number, content))
        return _mostly(good, st.sampled_from((50, 99, 101, 5000)).map(_nest(field.number)))

    def _wrong(self, number: int) -> _Pieces:
        """A field of any wire type, those that are none included; groups may be without an end."""
        return st.one_of(
            self._number.map(lambda value: tag(number, VARINT) + varint(value)),
            st.sampled_from(_DOUBLES).map(lambda value: tag(number, EIGHT) + struct.pack("<d", value)),
            st.binary(min_size=4, max_size=4).map(lambda value: tag(number, FOUR) + value),
            st.binary(max_size=24).map(lambda value: delimited(number, value)),
            st.binary(max_size=6).map(lambda value: tag(number, GROUP) + value + tag(number, GROUP_END)),
            st.sampled_from((GROUP, GROUP_END, 6, 7)).map(lambda wire_type: tag(number, wire_type)),
            st.sampled_from((2**31, 2**63, 70_000)).map(lambda size: tag(number, LENGTH) + varint(size)),
            st.just(tag(number, VARINT) + b"\xff" * 11),
        )


def _mostly(usual: _Pieces, odd: _Pieces) -> _Pieces:
    return _one_of((usual,) * 11 + (odd,))


def _one_of(strategies: Sequence[_Pieces]) -> _Pieces:
    """Any of them, each as often. Where one is sampled as a value, Hypothesis writes out all within it to shrink it."""
    return st.integers(0, len(strategies) - 1).flatmap(lambda chosen: strategies[chosen])


def _nest(number: int) -> Any:
    def nest(depth: int) -> bytes:
        content = b""
        for _ in range(depth):
            content = delimited(number, content)
        return content

    return cache(nest)


def _split(message: bytes) -> Iterator[bytes]:
    """The fields of a well-formed message, one after the other."""
    at = 0
    while at < len(message):
        began = at
        key, at = _read_varint(message, at)
        match key & 7:
            case 0:
                _, at = _read_varint(message, at)
            case 1:
                at += 8
            case 2:
                size, at = _read_varint(message, at)
                at += size
            case _:
                at += 4
        yield message[began:at]


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = message[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at
