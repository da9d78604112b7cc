"""What is told of an operation and of an API, in words and shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias, Union

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message


class Spelling(Enum):
    """How an API spells the words of an enum of the contract."""

    WHOLE = "as the contract does"
    BARE = "without the prefix"
    LOWER = "without the prefix, in lower case"


@dataclass(frozen=True, slots=True)
class Nullable:
    """A value that may be `null`."""

    shape: Shape


@dataclass(frozen=True, slots=True)
class Maybe:
    """A member that may be left out."""

    shape: Shape


@dataclass(frozen=True, slots=True)
class AtLeastOne:
    """A list that may not be empty, where the contract lets it be."""

    shape: Shape


@dataclass(frozen=True, slots=True)
class Described:
    """A value that no type of the contract describes: its schema itself."""

    schema: Mapping[str, object]


Shape: TypeAlias = Union[
    "type[Message]",
    "type[str] | type[bool] | type[int]",
    EnumDescriptor,
    FieldDescriptor,
    Nullable,
    Maybe,
    AtLeastOne,
    Described,
    "Mapping[str, Shape]",
    "list[Shape]",
    None,
]
"""A JSON value: a message, enum or field of the contract, a plain type, an object by members, a list of one, null."""


@dataclass(frozen=True, slots=True)
class Style:
    """How an API writes the contract's messages. `mark` leads the names of its schemas."""

    mark: str
    spelling: Spelling
    snake: bool = False
    """Whether fields go by the contract's names, not by JSON's."""
    hidden: frozenset[str] = frozenset()
    """Fields that the API does not have."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value in a path or a query. Without an example it stays out of the example call."""

    shape: Shape
    about: str
    example: str = ""


@dataclass(frozen=True, slots=True)
class Doc:
    """One operation. `name` is unique over all APIs."""

    name: str
    title: str
    """One line, without a full stop."""
    answer: Shape
    """What a 200 holds."""
    sample: object
    """A 200, whole."""
    about: str = ""
    body: Shape = None
    """What the body holds; None: there is none."""
    body_sample: object = None
    query: Mapping[str, Parameter] = field(default_factory=dict)
    failures: Mapping[int, str] = field(default_factory=dict)
    """Statuses that the API's other operations do not answer."""


@dataclass(frozen=True, slots=True)
class Manual:
    """One API: what its operations share."""

    about: str
    style: Style
    envelope: Shape
    """The body of every failure."""
    failures: Mapping[int, str]
    failure_sample: object = None
    """A failure, where the API prints another than that of an absent credential."""
    values: Mapping[str, Parameter] = field(default_factory=dict)
    """The values of its paths, by name."""


def member(message: type[Message], name: str) -> FieldDescriptor:
    """A field of the contract."""
    descriptor: Any = message.DESCRIPTOR
    found: FieldDescriptor = descriptor.fields_by_name[name]
    return found


FAILURES = {
    400: "The request is not valid.",
    401: "The credential is missing or wrong, or may not do this.",
    404: "There is no such thing.",
    429: "Too many failed logins. `Retry-After` tells how many seconds to wait.",
    500: "A defect of this service.",
    503: "The service cannot be reached now.",
    504: "The service did not answer in time; whether the request was carried out is not known.",
}
"""What most APIs answer where they do not answer 200."""
