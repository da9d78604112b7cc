"""Who asks without the right to: each with what it shows, as an API key and as a login."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from server.domain.model import Role
from server.gateway.credentials import CredentialHeader
from server.storage.protocol import Storage, Transaction
from server.usecases.credentials import CredentialDraft, create_credential, revoke_credential
from server.usecases.secrets import prepare_secret
from server.usecases.tenants import operator
from tests.servicer import tenants
from tests.servicer.world import KEYS, Clock

PASSWORD = "a-password-of-many-0001"
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Secret:
    """An API key, and the user who has the same rights with a password."""

    key: str
    user: str
    password: str = PASSWORD

    def shown(self, header: CredentialHeader) -> tuple[str, str]:
        """The secret in a header that an API knows."""
        match header.scheme:
            case "Basic":
                return header.name, basic(self.user, self.password)
            case "":
                return header.name, self.key
            case scheme:
                return header.name, f"{scheme} {self.key}"


def basic(user: str, password: str) -> str:
    """The value of an authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


ADMIN = Secret(tenants.ADMIN, "admin-user")
READER = Secret(tenants.READER, "reader-user")
WRITER = Secret(tenants.WRITER, "writer-user")
RIVAL = Secret(tenants.RIVAL_ADMIN, "rival-user")
ELSEWHERE = Secret(tenants.ELSEWHERE_ADMIN, "elsewhere-user")
BY_ROLE = {Role.READER: READER, Role.WRITER: WRITER, Role.ADMIN: ADMIN}
REFUSED = {
    "wrong": Secret("no-key-of-anybody-0001", "nobody"),
    "almost right": Secret(tenants.ADMIN[:-1] + "2", ADMIN.user, PASSWORD[:-1] + "2"),
    "in capitals": Secret(tenants.ADMIN.upper(), ADMIN.user.upper()),
    "revoked": Secret(tenants.REVOKED, "revoked-user"),
    "expired": Secret(tenants.EXPIRED, "expired-user"),
    "not yet hashed": Secret(KEYS.digests("api key", tenants.ADMIN.encode())[0].hex(), ADMIN.user, ""),
}
"""Secrets that open nothing. What is wrong with each, nobody is told."""
WRONG_PASSWORD = Secret("", ADMIN.user, "a-password-of-nobody-0001")

MALFORMED: tuple[Headers, ...] = (
    (("authorization", "Digest abc"),),
    (("authorization", "Basic !!!"),),
    (("authorization", "Basic " + base64.b64encode(b"no colon").decode()),),
    (("authorization", "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode()),),
    (("authorization", f"Bearer {tenants.ADMIN}, Bearer {tenants.ADMIN}"),),
    (("authorization", f"Bearer {tenants.ADMIN}{tenants.ADMIN}"),),
    (("authorization", tenants.ADMIN),),
    (("authorization", "Bearer " + "z" * 600),),
    (("x-api-key", f"Bearer {tenants.ADMIN}"),),
    (("x-api-key", f'"{tenants.ADMIN}"'),),
    (("x-api-key", f"{tenants.ADMIN}%00"),),
    (("x-api-key", "' OR '1'='1"),),
    (("xx-relay-api-key", "*"),),
    (("cookie", f"x-api-key={tenants.ADMIN}"),),
    (("x-api-key-bin", base64.b64encode(tenants.ADMIN.encode()).decode()),),
    (("proxy-authorization", f"Bearer {tenants.ADMIN}"),),
)
"""Headers of which no caller's API makes a credential."""


def add_logins(storage: Storage) -> None:
    """Give each of them its user name."""
    ids = {tenant.name: tenant.id for tenant in storage.tenants()}
    ends = Clock().moment() + tenants.EXPIRES_AFTER_SECONDS * 1_000_000
    drafts = {
        ADMIN.user: CredentialDraft(Role.ADMIN, basic_user=ADMIN.user),
        READER.user: CredentialDraft(Role.READER, basic_user=READER.user),
        WRITER.user: CredentialDraft(Role.WRITER, basic_user=WRITER.user),
        ELSEWHERE.user: CredentialDraft(Role.ADMIN, frozenset({tenants.BRAND}), basic_user=ELSEWHERE.user),
        REFUSED["revoked"].user: CredentialDraft(Role.ADMIN, basic_user=REFUSED["revoked"].user),
        REFUSED["expired"].user: CredentialDraft(Role.ADMIN, expire_time=ends, basic_user=REFUSED["expired"].user),
    }
    secret = prepare_secret(KEYS, PASSWORD, basic=True, allow_weak=False)

    def fill(tx: Transaction) -> None:
        principal = operator(tx.tenant.id)
        for user, draft in drafts.items():
            made = create_credential(tx, principal, draft, secret)
            if user == REFUSED["revoked"].user:
                revoke_credential(tx, principal, made.id)

    def fill_rival(tx: Transaction) -> None:
        principal = operator(tx.tenant.id)
        create_credential(tx, principal, CredentialDraft(Role.ADMIN, basic_user=RIVAL.user), secret)

    storage.write(ids[tenants.ACME], fill)
    storage.write(ids[tenants.RIVAL], fill_rival)
