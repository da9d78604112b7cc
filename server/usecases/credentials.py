"""Credentials: made, listed, revoked and given new secrets. Which secret opens what is judged in `api.auth`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from server.domain.errors import AlreadyExists, CredentialRevoked, FieldFault, InvalidField, NotFound, Violation
from server.domain.model import Credential, Instant, Principal, Role
from server.storage.protocol import Snapshot, Transaction
from server.usecases import access
from server.usecases.pages import PageTokens, clamp_page_size
from server.usecases.secrets import NewSecret

_USER = re.compile(r"[^\x00-\x1f\x7f:]{1,128}")
MAX_OVERLAP_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class CredentialDraft:
    """A credential as a caller describes it. No senders: not bound to any; a user name: HTTP Basic."""

    role: Role
    senders: frozenset[str] = frozenset()
    basic_user: str = ""
    allow_force: bool = False
    expire_time: Instant | None = None


def create_credential(tx: Transaction, principal: Principal, draft: CredentialDraft, secret: NewSecret) -> Credential:
    """Make a credential no wider than its maker. Raises InvalidField, NotFound, AlreadyExists or a refusal."""
    _check(tx, principal, draft)
    if secret.key_digests and tx.key_is_registered(secret.key_digests):
        raise AlreadyExists("CREDENTIAL")
    credential = Credential(
        id=tx.new_id(),
        tenant_id=tx.tenant.id,
        role=draft.role,
        senders=draft.senders,
        basic_user=draft.basic_user or None,
        allow_force=draft.allow_force,
        expire_time=draft.expire_time,
        create_time=tx.now,
    )
    tx.put_credential(credential)
    _add(tx, credential, secret)
    return credential


def _check(tx: Transaction, principal: Principal, draft: CredentialDraft) -> None:
    if principal.senders and not draft.senders:
        access.permit_tenant_wide(principal)
    for sender_id in sorted(draft.senders):
        access.find_sender(tx, principal, sender_id)
    if draft.allow_force and not principal.allow_force:
        description = "only a credential that may use FORCE can make one that may"
        raise InvalidField(Violation("credential.allow_force", FieldFault.NOT_ALLOWED, description))
    if draft.basic_user and not _USER.fullmatch(draft.basic_user):
        description = "1 to 128 characters, no colon, no control characters"
        raise InvalidField(Violation("credential.basic_user", FieldFault.INVALID_FORMAT, description))
    if draft.expire_time is not None and draft.expire_time <= tx.now:
        raise InvalidField(Violation("credential.expire_time", FieldFault.OUT_OF_RANGE, "is in the past"))


def _add(tx: Transaction, credential: Credential, secret: NewSecret) -> None:
    tx.add_secret(credential.id, secret.key_digests[0] if secret.key_digests else None, secret.password_hash)


def find_credential(snapshot: Snapshot, principal: Principal, credential_id: str) -> Credential:
    """Find a credential that is no wider than the caller. Raises NotFound."""
    credential = snapshot.credential(credential_id)
    if credential is None or not _manages(principal, credential):
        raise NotFound("CREDENTIAL", credential_id)
    return credential


def _manages(principal: Principal, credential: Credential) -> bool:
    if not principal.senders:
        return True
    return bool(credential.senders) and credential.senders <= principal.senders


def list_credentials(
    snapshot: Snapshot, principal: Principal, tokens: PageTokens, page_size: int, page_token: str
) -> tuple[Sequence[Credential], str]:
    """List the credentials that are no wider than the caller, by id, with the next page's token."""
    question = ("credentials", snapshot.tenant.id, sorted(principal.senders))
    position = tokens.open(question, page_token)
    limit = clamp_page_size(page_size)
    managed = _managed(snapshot, principal, str(position[0]) if position else "", limit + 1)
    found = list(islice(managed, limit + 1))
    page = found[:limit]
    return page, tokens.seal(question, [page[-1].id]) if len(found) > limit else ""


def _managed(snapshot: Snapshot, principal: Principal, after: str, batch: int) -> Iterator[Credential]:
    """The credentials that are no wider than the caller: neither a page's length nor its token tells of others."""
    while found := snapshot.credentials(after, batch):
        yield from (credential for credential in found if _manages(principal, credential))
        after = found[-1].id


def revoke_credential(tx: Transaction, principal: Principal, credential_id: str) -> Credential:
    """Revoke a credential; revoking it again changes nothing. Raises NotFound."""
    credential = find_credential(tx, principal, credential_id)
    if credential.revoke_time is not None:
        return credential
    revoked = replace(credential, revoke_time=tx.now)
    tx.put_credential(revoked)
    return revoked


def rotate_credential(
    tx: Transaction, principal: Principal, credential_id: str, secret: NewSecret, overlap_seconds: int
) -> Credential:
    """Give a credential a new secret; the old ones live on for the overlap. Raises NotFound or CredentialRevoked."""
    credential = find_credential(tx, principal, credential_id)
    if credential.revoke_time is not None:
        raise CredentialRevoked(credential_id)
    tx.end_secrets(credential.id, tx.now + overlap_seconds * 1_000_000)
    _add(tx, credential, secret)
    return credential
