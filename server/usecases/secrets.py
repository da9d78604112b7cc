"""Secrets of credentials: API keys by HMAC under the service key, passwords by argon2id. Neither can be read back.

A key is looked up by its digest, so it must be long or be allowed to be weak; a password is looked up by its user
name and may be short, since each guess costs an argon2id run (OWASP: 19 MiB, 2 passes, 1 lane).
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

import argon2

from server.domain.errors import FieldFault, InvalidField, SecretTooWeak, Violation
from server.domain.service_key import ServiceKeys

MIN_SECRET_LENGTH = 16
MAX_SECRET_LENGTH = 512
_RANDOM_BYTES = 32
_KEY_LABEL = "api key"
_KEY_TEXT = re.compile(r"[\x21-\x7e]+")
_PASSWORD_TEXT = re.compile(r"[^\x00-\x1f\x7f]+")
_hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret that is about to be stored: the digests of a key under every service key, or the hash of a password."""

    text: str = field(repr=False)
    generated: bool
    key_digests: tuple[bytes, ...] = ()
    password_hash: str | None = None


def prepare_secret(keys: ServiceKeys, given: str, basic: bool, allow_weak: bool) -> NewSecret:
    """Check a given secret, or make a long random one. Takes tens of milliseconds for a password.

    Raises InvalidField or SecretTooWeak.
    """
    if given:
        _check(given, basic, allow_weak)
    text = given or secrets.token_urlsafe(_RANDOM_BYTES)
    if basic:
        return NewSecret(text, not given, password_hash=_hasher.hash(text))
    return NewSecret(text, not given, key_digests=key_digests(keys, text))


def _check(given: str, basic: bool, allow_weak: bool) -> None:
    if len(given) > MAX_SECRET_LENGTH:
        raise InvalidField(Violation("secret", FieldFault.TOO_LONG, f"longer than {MAX_SECRET_LENGTH} characters"))
    if not (_PASSWORD_TEXT if basic else _KEY_TEXT).fullmatch(given):
        description = "holds control characters" if basic else "an API key is visible ASCII without spaces"
        raise InvalidField(Violation("secret", FieldFault.INVALID_FORMAT, description))
    if len(given) < MIN_SECRET_LENGTH and not allow_weak:
        raise SecretTooWeak(MIN_SECRET_LENGTH)


def key_digests(keys: ServiceKeys, text: str) -> tuple[bytes, ...]:
    """The digests under which an API key may be stored, that of the service key in use first."""
    return keys.digests(_KEY_LABEL, text.encode())


def password_matches(password_hash: str, password: str) -> bool:
    """Verify a password: tens of milliseconds, whatever the outcome."""
    try:
        return _hasher.verify(password_hash, password)
    except argon2.exceptions.VerificationError:
        return False
