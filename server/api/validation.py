"""Field rules: REQUIRED and known enum values for every message, and the lengths, ranges and formats of LIMITS.

Rules are compiled once for each request type. A request that breaks any is refused with all its violations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from google.api import field_behavior_pb2
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from server.api.limits import LIMITS, Items, Limit, Number, Text
from server.domain.errors import FieldFault, InvalidField, Violation

Found = list[Violation]
Checker = Callable[[Any, str, Found], None]

_TIMESTAMP = "google.protobuf.Timestamp"
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799
MAX_REPORTED = 100


class RequestRules:
    """The compiled rules of one message type."""

    def __init__(self, descriptor: Descriptor) -> None:
        self._fields = [_field_rule(field) for field in descriptor.fields if _is_input(field)]

    @staticmethod
    def of_method(full_name: str) -> RequestRules:
        """The rules of a method's request; `full_name` is `/package.Service/Method`."""
        method = descriptor_pool.Default().FindMethodByName(full_name[1:].replace("/", "."))
        return rules_of(method.input_type)

    def check(self, message: Message) -> None:
        """Hold a request to the rules. Raises InvalidField with every violation."""
        found: Found = []
        self.collect(message, "", found)
        if found:
            raise InvalidField(*found[:MAX_REPORTED])

    def collect(self, message: Message, prefix: str, found: Found) -> None:
        """Add the violations of a message that stands at `prefix`."""
        for name, has_presence, required, check in self._fields:
            value = getattr(message, name) if not has_presence or message.HasField(name) else None
            if value is None or not (has_presence or value):
                if required:
                    found.append(Violation(prefix + name, FieldFault.REQUIRED, required))
            elif check is not None:
                check(value, prefix + name, found)


@cache
def rules_of(descriptor: Descriptor) -> RequestRules:
    """The rules of a message type, compiled once."""
    return RequestRules(descriptor)


def _behaviors(field: FieldDescriptor) -> set[int]:
    return set(field.GetOptions().Extensions[field_behavior_pb2.field_behavior])


def _is_input(field: FieldDescriptor) -> bool:
    return field_behavior_pb2.OUTPUT_ONLY not in _behaviors(field)


def _field_rule(field: FieldDescriptor) -> tuple[str, bool, str, Checker | None]:
    """A field's name, whether it has presence, what is said where it is required and not set, and its check."""
    check = _items_checker(field) if field.is_repeated else _value_checker(field)
    missing = "at least one is needed" if field.is_repeated else "is needed"
    required = field_behavior_pb2.REQUIRED in _behaviors(field)
    return field.name, field.has_presence, missing if required else "", check


def _items_checker(field: FieldDescriptor) -> Checker | None:
    limit = LIMITS.get(field.full_name)
    most = limit.most if isinstance(limit, Items) else None
    known = _known_values(field.enum_type) if field.enum_type is not None else None
    check_value = _value_checker(field)
    if most is None and check_value is None:
        return None

    def check_items(values: Sequence[Any], path: str, found: Found) -> None:
        if most is not None and len(values) > most:
            found.append(Violation(path, FieldFault.TOO_MANY, f"at most {most}, not {len(values)}"))
            return
        if check_value is None or (known is not None and known.issuperset(values)):
            return
        for index, value in enumerate(values):
            check_value(value, f"{path}[{index}]", found)

    return check_items


def _value_checker(field: FieldDescriptor) -> Checker | None:
    """How one value is checked; None for a bool, or any other value that is right by its type."""
    if field.enum_type is not None:
        return _enum_checker(field.enum_type)
    if field.message_type is not None:
        return _timestamp_checker if field.message_type.full_name == _TIMESTAMP else _message_checker(field)
    limit: Limit | None = LIMITS.get(field.full_name)
    if isinstance(limit, Items):
        limit = limit.each
    if isinstance(limit, Text):
        return limit_text(limit)
    if isinstance(limit, Number):
        return limit_number(limit)
    return None


def _known_values(enum_type: EnumDescriptor) -> frozenset[int]:
    return frozenset(number for number in enum_type.values_by_number if number)


def _enum_checker(enum_type: EnumDescriptor) -> Checker:
    known = _known_values(enum_type)
    prefix = enum_type.values_by_number[0].name.removesuffix("UNSPECIFIED")
    names = ", ".join(enum_type.values_by_number[number].name.removeprefix(prefix) for number in sorted(known))

    def check_enum(value: int, path: str, found: Found) -> None:
        if value not in known:
            found.append(Violation(path, FieldFault.UNKNOWN_VALUE, f"must be one of {names}"))

    return check_enum


def _message_checker(field: FieldDescriptor) -> Checker:
    descriptor = field.message_type

    def check_message(value: Message, path: str, found: Found) -> None:
        rules_of(descriptor).collect(value, path + ".", found)

    return check_message


def _timestamp_checker(value: Any, path: str, found: Found) -> None:
    if not (_FIRST_SECOND <= value.seconds <= _LAST_SECOND and 0 <= value.nanos < 1_000_000_000):
        found.append(Violation(path, FieldFault.OUT_OF_RANGE, "is outside the years 1 to 9999"))


def limit_text(limit: Text) -> Checker:
    """Compile the rule of a text."""

    def check_text(value: str, path: str, found: Found) -> None:
        if len(value) > limit.most:
            found.append(Violation(path, FieldFault.TOO_LONG, f"at most {limit.most} characters, not {len(value)}"))
        elif "\0" in value and not limit.free:
            found.append(Violation(path, FieldFault.INVALID_FORMAT, "holds a NUL character"))
        elif limit.pattern is not None and not limit.pattern.fullmatch(value):
            found.append(Violation(path, FieldFault.INVALID_FORMAT, limit.expected))
        elif limit.required and not value.strip():
            found.append(Violation(path, FieldFault.REQUIRED, "is empty"))

    return check_text


def limit_number(limit: Number) -> Checker:
    """Compile the rule of a number."""

    def check_number(value: int, path: str, found: Found) -> None:
        if value < limit.least or (limit.most is not None and value > limit.most):
            upper = "" if limit.most is None else f" and at most {limit.most}"
            found.append(Violation(path, FieldFault.OUT_OF_RANGE, f"must be at least {limit.least}{upper}"))

    return check_number
