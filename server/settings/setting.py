"""One setting as it is declared, in a field of a dataclass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field
from typing import Any, TypeVar, cast

from server.settings.kinds import Kind

T = TypeVar("T")
Settled = Mapping[str, Any]
"""The values of the settings that stand before one in the table, by name."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What the table says of a setting."""

    name: str
    kind: Kind[Any]
    help: str
    default: str
    """As a person reads it."""
    preset: Callable[[Settled], Any]
    """What it is where nobody has set it."""
    is_option: bool
    """Whether the command line takes it: what is secret would show in lists of processes."""

    @property
    def option(self) -> str:
        """`--connection-age`."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        """`CONSENT_CONNECTION_AGE`."""
        return f"CONSENT_{self.name.upper()}"

    def show(self, value: object) -> str:
        """A value for a person, without what is secret."""
        return "" if value is None else self.kind.show(value)


def setting(kind: Kind[T], default: str, help: str) -> T:  # noqa: A002 - what click calls it too
    """Declare a setting whose default is a text like any that it is set to."""
    value = kind.parse(default)
    return cast("T", _declared(kind, help, kind.show(value), lambda _: value))


def derived(kind: Kind[T], default: str, help: str, preset: Callable[[Settled], T]) -> T:  # noqa: A002
    """Declare a setting whose default comes from the settings before it; `default` tells a person how."""
    return cast("T", _declared(kind, help, default, preset))


def optional(kind: Kind[T], default: str, help: str, *, is_option: bool = True) -> T | None:  # noqa: A002
    """Declare a setting that may be None; `default` tells a person what that means."""
    return cast("T | None", _declared(kind, help, default, lambda _: None, is_option))


def _declared(
    kind: Kind[Any],
    help: str,  # noqa: A002
    default: str,
    preset: Callable[[Settled], Any],
    is_option: bool = True,
) -> object:
    return field(metadata={"setting": (kind, help, default, preset, is_option)})


def declared_in(fields: tuple[Field[Any], ...]) -> tuple[Setting, ...]:
    """The settings that the fields of a dataclass declare."""
    return tuple(Setting(place.name, *cast("tuple[Any, ...]", place.metadata["setting"])) for place in fields)
