"""Who calls: credentials in metadata, verified, remembered for 30 seconds, failures throttled.

A remembered secret is not looked up again for 30 seconds, so that a revocation holds within that time in every process;
its expiry is judged at each use. A secret that this process has once verified is never held back for the failures of
others behind the same address.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import structlog

from server.api.throttle import FailureThrottle
from server.domain.errors import CredentialInvalid, CredentialMissing
from server.domain.model import Credential, Instant, Principal
from server.domain.service_key import ServiceKeys
from server.storage.protocol import Storage
from server.usecases.secrets import MAX_SECRET_LENGTH, key_digests, password_matches, prepare_secret

REMEMBERED_SECONDS = 30.0
KEY_HEADERS = ("x-api-key", "xx-relay-api-key", "x-relay-api-key")
PEER_HEADER = "x-consent-peer"
_TOUCH_AFTER: Instant = 60 * 1_000_000
_MAX_REMEMBERED = 10_000

log = structlog.get_logger()


class Presented(NamedTuple):
    """A secret as a caller shows it; with a user name, a password."""

    secret: str
    user: str | None = None


@dataclass(frozen=True, slots=True)
class _Remembered:
    principal: Principal
    expire_time: Instant | None
    until: float


def read_credential(metadata: Mapping[str, str]) -> Presented:
    """Find the credential in a call's metadata. Raises CredentialMissing or CredentialInvalid."""
    authorization = metadata.get("authorization")
    if authorization is None:
        for name in KEY_HEADERS:
            if key := metadata.get(name):
                return Presented(_bounded(key))
        raise CredentialMissing
    scheme, _, value = authorization.strip().partition(" ")
    value = value.strip()
    match scheme.lower():
        case "bearer" if value:
            return Presented(_bounded(value))
        case "basic":
            return _read_basic(value)
        case _:
            raise CredentialInvalid


def _read_basic(value: str) -> Presented:
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise CredentialInvalid from error
    if not colon or "\0" in user:
        raise CredentialInvalid
    return Presented(_bounded(password), _bounded(user))


def _bounded(text: str) -> str:
    if len(text) > MAX_SECRET_LENGTH:
        raise CredentialInvalid
    return text


class Authenticator:
    """Turns metadata into a Principal. `clock` answers moments, `monotonic` seconds that never run backwards."""

    def __init__(
        self, storage: Storage, keys: ServiceKeys, clock: Callable[[], Instant], monotonic: Callable[[], float]
    ) -> None:
        self._storage = storage
        self._keys = keys
        self._clock = clock
        self._monotonic = monotonic
        self._throttle = FailureThrottle(monotonic)
        self._one_password_at_a_time = threading.Lock()
        self._guard = threading.Lock()
        self._memory_key = secrets.token_bytes(32)
        self._remembered: OrderedDict[bytes, _Remembered] = OrderedDict()

    def authenticate(self, metadata: Mapping[str, str], find_peer: Callable[[], str]) -> Principal:
        """Answer who calls; where from is asked only of who is not remembered.

        Raises CredentialMissing, CredentialInvalid or LoginThrottled.
        """
        presented = read_credential(metadata)
        name = self._name(presented)
        remembered = self._remembered.get(name)
        if remembered is not None and self._monotonic() < remembered.until:
            if remembered.expire_time is not None and self._clock() >= remembered.expire_time:
                raise CredentialInvalid
            return remembered.principal
        caller = _caller(metadata, find_peer())
        if remembered is None:
            self._throttle.check(caller)
        try:
            credential = self._verify(presented)
            principal = self._principal(credential)
        except CredentialInvalid:
            self._throttle.note_failure(caller)
            with self._guard:
                self._remembered.pop(name, None)
            raise
        self._remember(name, credential, principal)
        return principal

    def _name(self, presented: Presented) -> bytes:
        """What a secret is remembered by: a digest under a key of this process, so that no secret stays in memory."""
        text = f"{presented.user is not None}\0{presented.user or ''}\0{presented.secret}"
        return hashlib.blake2b(text.encode(), key=self._memory_key, digest_size=32).digest()

    def _verify(self, presented: Presented) -> Credential:
        now = self._clock()
        if presented.user is None:
            found = self._storage.find_by_key(key_digests(self._keys, presented.secret), now)
            if found is None:
                raise CredentialInvalid
            return found
        login = self._storage.find_by_user(presented.user)
        hashes = [] if login is None else [text for text, end in login.password_hashes if end is None or now < end]
        with self._one_password_at_a_time:
            matches = [password_matches(text, presented.secret) for text in hashes or [self._nobodys_hash]]
        if login is None or not hashes or not any(matches):
            raise CredentialInvalid
        return login.credential

    @cached_property
    def _nobodys_hash(self) -> str:
        """Verified for unknown users, so that they take as long as known ones."""
        return prepare_secret(self._keys, "", basic=True, allow_weak=False).password_hash or ""

    def _principal(self, credential: Credential) -> Principal:
        ended = credential.expire_time is not None and self._clock() >= credential.expire_time
        if ended or credential.revoke_time is not None:
            raise CredentialInvalid
        return Principal(
            credential.tenant_id, credential.role, credential.senders, credential.allow_force, credential.id
        )

    def _remember(self, name: bytes, credential: Credential, principal: Principal) -> None:
        with self._guard:
            until = self._monotonic() + REMEMBERED_SECONDS
            self._remembered[name] = _Remembered(principal, credential.expire_time, until)
            self._remembered.move_to_end(name)
            while len(self._remembered) > _MAX_REMEMBERED:
                self._remembered.popitem(last=False)
        now = self._clock()
        if credential.last_used_time is None or now - credential.last_used_time > _TOUCH_AFTER:
            self._storage.touch_credential(credential.id, now)


def _caller(metadata: Mapping[str, str], peer: str) -> str:
    """Whose failures are counted: the address without its port; the gateway, behind a private socket, names its own."""
    if peer.startswith("unix:"):
        return metadata.get(PEER_HEADER, peer)
    return peer.rpartition(":")[0]
