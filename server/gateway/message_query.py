"""A request in a query: `recipient.channel=CHANNEL_SMS&senders=a&senders=b` as the JSON object that it stands for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.timestamp_pb2 import Timestamp

from server.gateway.errors import malformed

_FLAGS = {"true": True, "false": False}


def nest_query(pairs: Iterable[tuple[str, str]], descriptor: Descriptor) -> dict[str, object]:
    """The object. A dot leads into a message, a repeated field takes each of its values.

    Raises:
        Refused: MALFORMED_REQUEST, for a key that leads nowhere, or that comes twice where one value fits.

    """
    members: dict[str, Any] = {}
    for key, text in pairs:
        _put(members, descriptor, key, key, text)
    return members


def _put(members: dict[str, Any], descriptor: Descriptor, at: str, key: str, text: str) -> None:
    name, dot, rest = at.partition(".")
    field = _find(descriptor, name)
    below = _fields_of(field)
    if field is None or bool(dot) is not bool(below):
        raise malformed(key, "there is no such field", "NOT_ALLOWED")
    if below:
        _put(members.setdefault(name, {}), below, rest, key, text)
    elif field.is_repeated:
        members.setdefault(name, []).append(_leaf(field, text))
    elif name in members:
        raise malformed(key, "is given twice", "NOT_ALLOWED")
    else:
        members[name] = _leaf(field, text)


def _find(descriptor: Descriptor, name: str) -> FieldDescriptor | None:
    return next((field for field in descriptor.fields if name in {field.name, field.json_name}), None)


def _fields_of(field: FieldDescriptor | None) -> Descriptor | None:
    """What a dot leads into; None for a field that is a value."""
    message = field.message_type if field else None
    return None if message is Timestamp.DESCRIPTOR else message


def _leaf(field: FieldDescriptor, text: str) -> object:
    """The value as JSON would have it; what does not fit stays text, for the reader to refuse."""
    if field.type == FieldDescriptor.TYPE_BOOL:
        return _FLAGS.get(text, text)
    if field.enum_type is not None and text.isascii() and text.isdecimal():
        return int(text)
    return text


def check_absent(pairs: Iterable[tuple[str, str]]) -> None:
    """Raises Refused (MALFORMED_REQUEST) where there is a query beside a body: `?validateOnly=true` must be heeded."""
    for key, _ in pairs:
        raise malformed(key, "belongs into the body", "NOT_ALLOWED")
