"""The service key: 32 bytes that sign page tokens and key the digests of credentials and erased addresses.

Losing it loses every credential and the noes of erased addresses, so it belongs in every backup of the database.
Each use has its own label, so that a digest made for one can never pass for another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field

KEY_LENGTH = 32
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class InvalidServiceKey(ValueError):
    """The text is no service key. The message says why and does not hold the key."""


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """One key with its id."""

    id: str
    secret: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> ServiceKey:
        """Make a new random key."""
        return cls(secrets.token_hex(4), secrets.token_bytes(KEY_LENGTH))

    @classmethod
    def parse(cls, text: str) -> ServiceKey:
        """Read `ID:BASE64`. Raises InvalidServiceKey."""
        identifier, _, encoded = text.strip().partition(":")
        if not _KEY_ID.fullmatch(identifier):
            raise InvalidServiceKey("a service key is ID:BASE64, with an id of 1 to 32 letters, digits, - and _")
        try:
            secret = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise InvalidServiceKey(f"the service key {identifier} is not base64") from error
        if len(secret) != KEY_LENGTH:
            raise InvalidServiceKey(f"the service key {identifier} has {len(secret)} bytes, not {KEY_LENGTH}")
        return cls(identifier, secret)

    def encode(self) -> str:
        """Write it as `parse` reads it."""
        return f"{self.id}:{base64.b64encode(self.secret).decode()}"

    def digest(self, label: str, data: bytes) -> bytes:
        """HMAC-SHA-256 of `data` for one use."""
        return hmac.digest(self.secret, label.encode() + b"\0" + data, hashlib.sha256)


@dataclass(frozen=True, slots=True)
class ServiceKeys:
    """The key in use, and the older ones that stay readable."""

    current: ServiceKey
    older: tuple[ServiceKey, ...] = ()

    @classmethod
    def parse(cls, text: str) -> ServiceKeys:
        """Read keys separated by commas, the one in use first. Raises InvalidServiceKey."""
        current, *older = keys = [ServiceKey.parse(part) for part in text.split(",")]
        if len({key.id for key in keys}) < len(keys):
            raise InvalidServiceKey(f"two service keys have one id: {', '.join(key.id for key in keys)}")
        return cls(current, tuple(older))

    @property
    def all(self) -> tuple[ServiceKey, ...]:
        """Every readable key, the one in use first."""
        return (self.current, *self.older)

    def digests(self, label: str, data: bytes) -> tuple[bytes, ...]:
        """What each readable key makes of `data`, the one in use first."""
        return tuple(key.digest(label, data) for key in self.all)
