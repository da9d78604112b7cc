"""Reading a JSON object by type. A value of the wrong type is refused by name; unknown members are ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from server.gateway.errors import malformed

if TYPE_CHECKING:
    from google.protobuf.internal.enum_type_wrapper import _EnumTypeWrapper

Number = TypeVar("Number", bound=int)

# No enum of the contract has this number (a test holds it), so the server answers it by UNKNOWN_VALUE, but only after
# it has looked at the credential. A word that was refused here would be refused before the credential.
UNKNOWN = 2**31 - 1
MOST_OBJECTS = 2000
"""In one list. More than any API takes."""


class Words(Generic[Number]):
    """An enum of the contract as one vendor spells it: without its prefix, in upper or lower case."""

    def __init__(self, enum: _EnumTypeWrapper[Number], *, lower: bool = False) -> None:
        prefix = enum.DESCRIPTOR.values_by_number[0].name.removesuffix("UNSPECIFIED")
        names = ((name.removeprefix(prefix), number) for name, number in enum.items() if number)
        self._numbers = {name.lower() if lower else name: number for name, number in names}
        self._words = {number: word for word, number in self._numbers.items()}

    def number(self, word: str) -> Number:
        """The number of a word, compared exactly; `UNKNOWN` for a word that is none."""
        return self._numbers.get(word, cast("Number", UNKNOWN))

    def word(self, number: Number) -> str:
        """The word of a number that the server answered."""
        return self._words[number]

    def __str__(self) -> str:
        return ", ".join(self._numbers)


class Fields:
    """The members of one JSON object. `null` is as absent.

    Every reader raises Refused (MALFORMED_REQUEST) where the member has another type, naming its path.
    """

    def __init__(self, members: Mapping[str, object], at: str = "") -> None:
        self._members = members
        self._at = at

    @property
    def members(self) -> Mapping[str, object]:
        """All members, as they came."""
        return self._members

    def text(self, name: str) -> str:
        """A string; empty where absent, as the contract has it."""
        return self.optional_text(name) or ""

    def optional_text(self, name: str) -> str | None:
        """A string, for a field of the contract that tells absent from empty."""
        value = self._members.get(name)
        if value is None or isinstance(value, str):
            return value
        raise malformed(self._at + name, "must be a string")

    def flag(self, name: str) -> bool:
        """A boolean; false where absent."""
        return self.optional_flag(name) or False

    def optional_flag(self, name: str) -> bool | None:
        """A boolean, for a field of the contract that tells absent from false."""
        value = self._members.get(name)
        if value is None or isinstance(value, bool):
            return value
        raise malformed(self._at + name, "must be true or false")

    def word(self, name: str, words: Words[Number]) -> Number:
        """An enum's number, from its word; the enum's zero where absent."""
        text = self.optional_text(name)
        return cast("Number", 0) if text is None else words.number(text)

    def texts(self, name: str) -> list[str]:
        """A list of strings."""
        found = []
        for index, value in enumerate(self._list(name)):
            if not isinstance(value, str):
                raise malformed(f"{self._at}{name}[{index}]", "must be a string")
            found.append(value)
        return found

    def objects(self, name: str) -> list[Fields]:
        """A list of objects."""
        values = self._list(name)
        if len(values) > MOST_OBJECTS:
            # The server would refuse as many, but to translate a megabyte of them first takes seconds.
            raise malformed(self._at + name, f"at most {MOST_OBJECTS} can be read, not {len(values)}", "TOO_MANY")
        found = []
        for index, value in enumerate(values):
            at = f"{self._at}{name}[{index}]"
            if not isinstance(value, dict):
                raise malformed(at, "must be an object")
            found.append(Fields(value, at + "."))
        return found

    def _list(self, name: str) -> list[object]:
        value = self._members.get(name)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        raise malformed(self._at + name, "must be a list")
