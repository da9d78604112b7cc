"""What kinds of settings there are: how each is read from text, what it allows, and how it is shown."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from server.domain.service_key import InvalidServiceKey, ServiceKeys
from server.storage.engines import DatabaseUnusable, describe, masked

T = TypeVar("T")
_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})


class InvalidSetting(ValueError):
    """A setting cannot be used; the message names it and says what is allowed."""


class NotAllowed(ValueError):
    """A text is no value of its kind. A message says why in other words than the kind's, and holds no secret."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A kind of settings.

    `allowed` ends the sentence "it must be …". `parse` raises NotAllowed, with a message only where that sentence and
    the text itself would not tell enough, or would tell a secret. `show` hides what is secret.
    """

    metavar: str
    allowed: str
    parse: Callable[[str], T]
    show: Callable[[T], str] = str


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port; port 0 lets the system choose."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read HOST:PORT; an IPv6 host stands in brackets. Raises NotAllowed."""
        host, separator, port = text.rpartition(":")
        if not separator or not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
            raise NotAllowed
        return cls(host.removeprefix("[").removesuffix("]"), int(port))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


ADDRESS = Kind("HOST:PORT", "HOST:PORT with a port from 0 to 65535", Address.parse)


def _parse_optional_address(text: str) -> Address | None:
    return None if text == "off" else Address.parse(text)


OPTIONAL_ADDRESS: Kind[Address | None] = Kind(
    "HOST:PORT",
    "HOST:PORT with a port from 0 to 65535, or off",
    _parse_optional_address,
    lambda address: str(address or "off"),
)


def choice(words: tuple[T, ...]) -> Kind[T]:
    """One of some words."""

    def parse(text: str) -> T:
        for word in words:
            if word == text:
                return word
        raise NotAllowed

    names = [str(word) for word in words]
    return Kind("WORD", f"{', '.join(names[:-1])} or {names[-1]}", parse)


def whole(least: int, most: int, metavar: str = "NUMBER") -> Kind[int]:
    """A whole number between two, both allowed."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text[:20]) <= most:
            raise NotAllowed
        return int(text)

    return Kind(metavar, f"a whole number from {least} to {most}", parse)


def _parse_flag(text: str) -> bool:
    if text.lower() not in _YES | _NO:
        raise NotAllowed
    return text.lower() in _YES


FLAG = Kind("", "on or off (or 1 or 0, true or false, yes or no)", _parse_flag, lambda on: "on" if on else "off")


def _parse_database(text: str) -> str:
    try:
        describe(text)
    except DatabaseUnusable as error:
        raise NotAllowed(str(error)) from error
    return text


def _parse_file(text: str) -> Path:
    if not text or "\0" in text:
        raise NotAllowed
    return Path(text)


FILE = Kind("FILE", "the path of a file", _parse_file)

DATABASE = Kind(
    "URL",
    "sqlite:///relative.db, sqlite:////absolute.db, a file path, or postgresql://USER@HOST/NAME",
    _parse_database,
    masked,
)


def _parse_keys(text: str) -> ServiceKeys:
    try:
        return ServiceKeys.parse(text)
    except InvalidServiceKey as error:
        raise NotAllowed(str(error)) from error


SERVICE_KEYS = Kind(
    "ID:BASE64",
    "ID:BASE64 of 32 bytes, older keys after a comma",
    _parse_keys,
    lambda keys: ", ".join(f"{key.id}:(hidden)" for key in keys.all),
)
