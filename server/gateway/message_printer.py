"""Messages as JSON values, by proto3's JSON mapping. What has no presence is printed, whatever it holds.

A field that is left out because it is false or empty would read as one that is not known.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from server.gateway.times import print_exactly

_Printer: TypeAlias = Callable[[Any], object]


def print_message(message: Message) -> dict[str, object]:
    """The message's fields by JSON name; a message or optional value that is unset is left out."""
    printed = {}
    for name, key, has_presence, show in _fields(message.DESCRIPTOR):
        if not has_presence or message.HasField(name):
            printed[key] = show(getattr(message, name))
    return printed


@cache
def _fields(descriptor: Descriptor) -> list[tuple[str, str, bool, _Printer]]:
    return [(field.name, field.json_name, field.has_presence, _field_printer(field)) for field in descriptor.fields]


def _field_printer(field: FieldDescriptor) -> _Printer:
    show = _value_printer(field)
    return (lambda values: [show(value) for value in values]) if field.is_repeated else show


def _value_printer(field: FieldDescriptor) -> _Printer:
    if field.message_type is not None:
        return print_exactly if field.message_type is Timestamp.DESCRIPTOR else print_message
    if field.enum_type is not None:
        # A number that the contract does not know is printed as it is: the server may be newer.
        names: dict[int, object] = {number: value.name for number, value in field.enum_type.values_by_number.items()}
        return lambda number: names.get(number, number)
    match field.type:
        case FieldDescriptor.TYPE_INT64:
            return str
        case FieldDescriptor.TYPE_BYTES:
            return _print_bytes
        case _:
            return _print_plainly


def _print_bytes(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _print_plainly(value: object) -> object:
    return value
