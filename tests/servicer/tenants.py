"""Two tenants that know nothing of each other, with senders of every kind and credentials of every width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

from server.domain.model import Op, Principal, Reach, Role, SenderKind
from server.storage.protocol import Storage, Transaction
from server.usecases.auto_responses import Draft, create_auto_response
from server.usecases.contacts import ContactDraft, create_contact
from server.usecases.credentials import CredentialDraft, create_credential, revoke_credential
from server.usecases.secrets import prepare_secret
from server.usecases.senders import SenderDraft, create_sender
from server.usecases.tenants import create_tenant, operator
from tests.servicer.world import KEYS

ACME, RIVAL = "acme", "rival"

DEPARTMENT = "1f0a8a3e-5d5c-4d0e-9d3a-0b6f4f3f7a11"
WIDE_DEPARTMENT = "2f0a8a3e-5d5c-4d0e-9d3a-0b6f4f3f7a22"
CLIENT, OTHER_CLIENT = "client-1", "client-2"
PROFILE, OTHER_PROFILE = "profile-1", "profile-2"
BRAND = "brand"
BRITISH = "british"
UNKNOWN = "nobody"
UNKNOWN_UUID = "00000000-0000-4000-8000-000000000000"

RIVAL_DEPARTMENT = "3f0a8a3e-5d5c-4d0e-9d3a-0b6f4f3f7a33"
RIVAL_CLIENT, RIVAL_PROFILE, RIVAL_BRAND = "rival-client", "rival-profile", "rival-brand"

CONTACT, RIVAL_CONTACT = "contact-1", "rival-contact"
EMAIL, RIVAL_EMAIL = "Ann@Example.com", "bob@example.com"
MOBILE = "+16505551001"

ADMIN, WRITER, READER = "acme-admin-key-0001", "acme-writer-key-0001", "acme-reader-key-0001"
BOUND_ADMIN, BOUND_WRITER, BOUND_READER = "bound-admin-key-0001", "bound-writer-key-0001", "bound-reader-key-0001"
ELSEWHERE_ADMIN = "elsewhere-admin-key-0001"
RIVAL_ADMIN = "rival-admin-key-0001"
REVOKED, EXPIRED = "acme-revoked-key-0001", "acme-expired-key-0001"
# Ids that the template gives in the order of `fill`.
AUTO_RESPONSE, OTHER_AUTO_RESPONSE, SPARE, UNBOUND_SPARE, RIVAL_AUTO_RESPONSE, RIVAL_SPARE = (
    f"00000000-0000-4000-9000-{number:012d}" for number in range(1, 7)
)
SPARE_KEY = "acme-spare-key-0001"
BOUND_SENDERS = frozenset({DEPARTMENT, CLIENT, PROFILE})
EXPIRES_AFTER_SECONDS = 3600

_SENDERS = (
    SenderDraft(DEPARTMENT, SenderKind.DEPARTMENT),
    SenderDraft(WIDE_DEPARTMENT, SenderKind.DEPARTMENT, reach=Reach.TENANT),
    SenderDraft(CLIENT, SenderKind.CLIENT),
    SenderDraft(OTHER_CLIENT, SenderKind.CLIENT),
    SenderDraft(PROFILE, SenderKind.MESSAGING_PROFILE),
    SenderDraft(OTHER_PROFILE, SenderKind.MESSAGING_PROFILE),
    SenderDraft(BRAND, SenderKind.OTHER),
    SenderDraft(BRITISH, SenderKind.OTHER, country="GB"),
)
_RIVALS_SENDERS = (
    SenderDraft(RIVAL_DEPARTMENT, SenderKind.DEPARTMENT),
    SenderDraft(RIVAL_CLIENT, SenderKind.CLIENT),
    SenderDraft(RIVAL_PROFILE, SenderKind.MESSAGING_PROFILE),
    SenderDraft(RIVAL_BRAND, SenderKind.OTHER),
)
_CREDENTIALS = {
    ADMIN: CredentialDraft(Role.ADMIN),
    WRITER: CredentialDraft(Role.WRITER),
    READER: CredentialDraft(Role.READER),
    BOUND_ADMIN: CredentialDraft(Role.ADMIN, BOUND_SENDERS),
    BOUND_WRITER: CredentialDraft(Role.WRITER, BOUND_SENDERS),
    BOUND_READER: CredentialDraft(Role.READER, BOUND_SENDERS),
    ELSEWHERE_ADMIN: CredentialDraft(Role.ADMIN, frozenset({BRAND})),
}


def numbered_ids(first: int = 1) -> Callable[[], str]:
    """Ids that are known beforehand: UUIDs that count."""
    numbers = count(first)
    return lambda: f"00000000-0000-4000-9000-{next(numbers):012d}"


def fill(storage: Storage, now: int) -> None:
    """Make both tenants in a storage that gives `numbered_ids`."""
    acme = create_tenant(storage, ACME, "US")
    rival = create_tenant(storage, RIVAL, "US")
    storage.write(
        acme.id, lambda tx: _fill_named(tx, _SENDERS, (PROFILE, OTHER_PROFILE), (SPARE_KEY, "spare-key-0002"))
    )
    storage.write(rival.id, lambda tx: _fill_named(tx, _RIVALS_SENDERS, (RIVAL_PROFILE,), ("rival-spare-key-0001",)))
    storage.write(acme.id, lambda tx: _fill_acme(tx, operator(acme.id), now))
    storage.write(rival.id, lambda tx: _fill_rival(tx, operator(rival.id)))


def _fill_named(tx: Transaction, senders: Sequence[SenderDraft], profiles: Sequence[str], keys: Sequence[str]) -> None:
    """The things whose ids are known beforehand; the first key is bound to senders, the second is not."""
    principal = operator(tx.tenant.id)
    for sender in senders:
        create_sender(tx, principal, sender, "test")
    for profile in profiles:
        create_auto_response(tx, principal, profile, Draft("US", ("HUSH",), Op.STOP, None))
    bound = frozenset({senders[0].id})
    for key, bound_to in zip(keys, (bound, frozenset[str]()), strict=False):
        add_key(tx, principal, key, CredentialDraft(Role.WRITER, bound_to))


def _fill_acme(tx: Transaction, principal: Principal, now: int) -> None:
    create_contact(tx, principal, ContactDraft(CONTACT, "external-1", "Ann", "Lee", EMAIL, MOBILE))
    for key, draft in _CREDENTIALS.items():
        add_key(tx, principal, key, draft)
    revoke_credential(tx, principal, add_key(tx, principal, REVOKED, CredentialDraft(Role.ADMIN)))
    ends = now + EXPIRES_AFTER_SECONDS * 1_000_000
    add_key(tx, principal, EXPIRED, CredentialDraft(Role.ADMIN, expire_time=ends))


def _fill_rival(tx: Transaction, principal: Principal) -> None:
    create_contact(tx, principal, ContactDraft(RIVAL_CONTACT, "", "Bob", "Ray", RIVAL_EMAIL, MOBILE))
    add_key(tx, principal, RIVAL_ADMIN, CredentialDraft(Role.ADMIN))


def add_key(tx: Transaction, principal: Principal, key: str, draft: CredentialDraft) -> str:
    """Register an API key; answer the credential's id."""
    return create_credential(tx, principal, draft, prepare_secret(KEYS, key, basic=False, allow_weak=True)).id
