"""JSON Schemas of what is asked and answered, from the contract's descriptors."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

from google.api import field_behavior_pb2
from google.protobuf.descriptor import EnumDescriptor, EnumValueDescriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from server.gateway.docs.bounds import bound
from server.gateway.docs.comments import tell
from server.gateway.docs.doc import AtLeastOne, Described, Maybe, Nullable, Shape, Spelling, Style

Schema: TypeAlias = dict[str, Any]

_PLAIN: dict[object, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    None: {"type": "null"},
}
_SCALARS: dict[int, Schema] = {
    FieldDescriptor.TYPE_STRING: {"type": "string"},
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_INT32: {"type": "integer", "format": "int32"},
    # Proto3's JSON writes 64 bits as a string: a JavaScript number has 53.
    FieldDescriptor.TYPE_INT64: {"type": "string", "format": "int64"},
    FieldDescriptor.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
}
# Of 18 digits every number fits. None that is asked for may be negative.
_ASKED_INT64: Schema = {"type": ["string", "integer"], "pattern": "^[0-9]{1,18}$", "maximum": 2**63 - 1}


class Schemas:
    """The schemas of what one API is asked, or answers. Messages and enums become `components` and are referred to.

    What is asked requires what the contract requires, keeps to the server's bounds, and may be `null` where it may be
    absent; an answer prints all that has no presence. A message that is both goes, where it is asked, by `…Input`.
    """

    def __init__(self, style: Style, components: dict[str, Schema], *, asked: bool) -> None:
        self._style = style
        self._components = components
        self._asked = asked

    def of(self, shape: Shape) -> Schema:
        """The schema of a shape."""
        if isinstance(shape, Nullable):
            return {"anyOf": [self.of(shape.shape), {"type": "null"}]}
        if isinstance(shape, Maybe):
            return self.of(shape.shape)
        if isinstance(shape, AtLeastOne):
            return {**self.of(shape.shape), "minItems": 1}
        if isinstance(shape, Described):
            return dict(shape.schema)
        if isinstance(shape, Mapping):
            return self._object(shape)
        if isinstance(shape, list):
            return {"type": "array", "items": self.of(shape[0])}
        if isinstance(shape, EnumDescriptor):
            return self._enum(shape)
        if isinstance(shape, FieldDescriptor):
            return self._field(shape)
        if shape is None or not issubclass(shape, Message):
            return dict(_PLAIN[shape])
        return self._message(shape.DESCRIPTOR)

    def body(self, shape: Shape, in_path: Collection[str]) -> Schema:
        """The schema of a request's body: a message's without what stands in the path, or is no field there."""
        left_out = {*in_path, *self._style.hidden}
        if isinstance(shape, type) and issubclass(shape, Message):
            fields = [field for field in shape.DESCRIPTOR.fields if field.name not in left_out]
            if len(fields) < len(shape.DESCRIPTOR.fields):
                return self._fields(fields)
        return self.of(shape)

    def _object(self, members: Mapping[str, Shape]) -> Schema:
        required = [name for name, shape in members.items() if not isinstance(shape, Maybe)]
        properties = {name: self.of(shape) for name, shape in members.items()}
        return {"type": "object", "properties": properties, "required": required}

    def _message(self, descriptor: Any) -> Schema:
        if descriptor is Timestamp.DESCRIPTOR:
            return {"type": "string", "format": "date-time"}
        return self._refer(descriptor.name, _annotate(self._fields(descriptor.fields), descriptor.full_name))

    def _fields(self, fields: Collection[Any]) -> Schema:
        needed = [field for field in fields if _is_required(field)]
        if not needed and not self._asked:
            needed = [field for field in fields if not field.has_presence]
        properties = {self._name(field): _annotate(self._member(field), field.full_name) for field in fields}
        schema: Schema = {"type": "object", "properties": properties}
        if self._asked and self._style.spelling is Spelling.WHOLE:
            schema["additionalProperties"] = False
        return {**schema, "required": [self._name(field) for field in needed]} if needed else schema

    def _member(self, field: FieldDescriptor) -> Schema:
        """The field as a member of an object: what need not be there may be `null`."""
        value = self._field(field)
        if not self._asked or _is_required(field):
            return value
        if "type" not in value:
            return {"anyOf": [value, {"type": "null"}]}
        types = value["type"] if isinstance(value["type"], list) else [value["type"]]
        return {**value, "type": [*types, "null"]}

    def _field(self, field: FieldDescriptor) -> Schema:
        needed, bounds = self._asked and _is_required(field), bound(field.full_name) if self._asked else {}
        if field.message_type is not None:
            value = self._message(field.message_type)
        elif field.enum_type is not None:
            value = self._asked_enum(field) if self._asked else self._enum(field.enum_type)
        else:
            value = dict(_SCALARS[field.type])
            if self._asked and field.type == FieldDescriptor.TYPE_INT64:
                value |= _ASKED_INT64
            if needed and field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated:
                value["minLength"] = 1
        if not field.is_repeated:
            return {**value, **bounds}
        items = {**value, **bounds.get("items", {})}
        return {"type": "array", "items": items} | ({"minItems": 1} if needed else {}) | _without(bounds, "items")

    def _asked_enum(self, field: FieldDescriptor) -> Schema:
        """One of the words; in proto3's JSON their numbers too. What is needed cannot be the word for what is unset."""
        enum: Any = field.enum_type
        words = self._enum(enum)
        if self._style.spelling is not Spelling.WHOLE:
            return words
        unset = enum.values_by_number[0]
        given = field.is_repeated or _is_required(field)
        numbers = [value.number for value in enum.values if value.number or not given]
        either = {"anyOf": [words, {"type": "integer", "enum": numbers}]}
        return {**either, "not": {"const": unset.name}} if given else either

    def _enum(self, enum: Any) -> Schema:
        words = {self._word(enum, value): tell(f"{enum.full_name}.{value.name}") for value in self._values(enum)}
        # OpenAPI has no place for what each word means.
        meanings = "".join(f"\n\n`{word}`: {meaning}" for word, meaning in words.items())
        told = {"type": "string", "description": tell(enum.full_name) + meanings, "enum": list(words)}
        return self._refer(enum.name, told)

    def _values(self, enum: Any) -> list[EnumValueDescriptor]:
        """The words that the API knows: only the contract itself has one for what is unset."""
        whole = self._style.spelling is Spelling.WHOLE
        return [value for value in enum.values if whole or value.number]

    def _word(self, enum: Any, value: EnumValueDescriptor) -> str:
        bare: str = value.name.removeprefix(enum.values_by_number[0].name.removesuffix("UNSPECIFIED"))
        match self._style.spelling:
            case Spelling.WHOLE:
                return str(value.name)
            case Spelling.BARE:
                return bare
            case Spelling.LOWER:
                return bare.lower()

    def _name(self, field: FieldDescriptor) -> str:
        return field.name if self._style.snake else field.json_name

    def _refer(self, name: str, schema: Schema) -> Schema:
        key = self._style.mark + name
        if self._asked and self._components.get(key, schema) != schema:
            key += "Input"
        if self._components.setdefault(key, schema) != schema:
            raise ValueError(f"{key} has two forms")
        return {"$ref": f"#/components/schemas/{key}"}


def _without(schema: Schema, name: str) -> Schema:
    return {key: value for key, value in schema.items() if key != name}


def _is_required(field: FieldDescriptor) -> bool:
    return field_behavior_pb2.REQUIRED in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]


def _annotate(schema: Schema, full_name: str) -> Schema:
    told = tell(full_name)
    return {**schema, "description": told} if told else schema
