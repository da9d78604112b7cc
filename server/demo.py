"""The demo tenant: the senders, the contact and the credentials that the README's examples use.

Its credentials are in the README, so it is served on loopback addresses only.
"""

from __future__ import annotations

from server.domain.errors import AlreadyExists
from server.domain.model import Reach, Role, SenderKind
from server.domain.service_key import ServiceKeys
from server.storage.protocol import Storage, Transaction
from server.tls import TlsFiles
from server.usecases.contacts import ContactDraft, save_contact
from server.usecases.credentials import CredentialDraft, create_credential
from server.usecases.secrets import NewSecret, prepare_secret
from server.usecases.senders import SenderDraft, create_sender
from server.usecases.tenants import create_tenant, operator

TENANT = "demo"
API_KEY = "demo-key-for-loopback-only"
USER = "demo"
PASSWORD = "demo-password-for-loopback-only"  # noqa: S105 - meant to be known
DEPARTMENT = "1f0a8a3e-5d5c-4d0e-9d3a-0b6f4f3f7a11"
CLIENT = "relay_developer"
PROFILE = "16fd2706-8baf-433b-82eb-8c7fada847da"
BRAND = "acme"

_SENDERS = (
    SenderDraft(DEPARTMENT, SenderKind.DEPARTMENT),
    SenderDraft(CLIENT, SenderKind.CLIENT),
    SenderDraft(PROFILE, SenderKind.MESSAGING_PROFILE),
    SenderDraft(BRAND, SenderKind.OTHER, reach=Reach.TENANT),
)
_CONTACT = ContactDraft(
    id="bc13bc97-23eb-40eb-ac0f-12341ee99aae",
    first="james",
    last="bondd",
    email="testertester123@verizon.net",
    mobile="+15552320405",
)


def create_demo(storage: Storage, keys: ServiceKeys) -> bool:
    """Make the demo tenant; False where it is there already."""
    key = prepare_secret(keys, API_KEY, basic=False, allow_weak=False)
    password = prepare_secret(keys, PASSWORD, basic=True, allow_weak=False)
    try:
        tenant = create_tenant(storage, TENANT, "US")
    except AlreadyExists:
        return False
    storage.write(tenant.id, lambda tx: _fill(tx, key, password))
    return True


def _fill(tx: Transaction, key: NewSecret, password: NewSecret) -> None:
    principal = operator(tx.tenant.id)
    for draft in _SENDERS:
        create_sender(tx, principal, draft, "demo")
    save_contact(tx, principal, _CONTACT, "demo")
    create_credential(tx, principal, CredentialDraft(Role.ADMIN), key)
    create_credential(tx, principal, CredentialDraft(Role.WRITER, basic_user=USER), password)


def what_to_try(grpc: str, http: str, tls: TlsFiles | None = None) -> str:
    """A first call for each door, to paste."""
    grpcurl, curl, scheme = "grpcurl -plaintext", "curl", "http"
    if tls is not None:
        # They are checked by the very certificate that is shown, whoever has signed it.
        grpcurl, curl, scheme = f"grpcurl -cacert {tls.certificate}", f"curl --cacert {tls.certificate}", "https"
    check = f'{{"sender": "{BRAND}", "recipient": {{"channel": "CHANNEL_SMS", "address": "+16505551234"}}, '
    return f"""
The demo tenant's API key is {API_KEY}, its user {USER} with the password {PASSWORD}. Try:

  {grpcurl} {grpc} list
  {grpcurl} -H 'x-api-key: {API_KEY}' -d '{check}"purposes": ["marketing"]}}' \\
      {grpc} consent.v1.ConsentService/CheckConsent
  {curl} -X PUT -H 'x-api-key: {API_KEY}' {scheme}://{http}/api/user/actions/optout/email/testertester123@verizon.net

The README has more, for each of the four APIs.
"""
