"""A small world: two senders of each kind, five purposes, three phones and a mailbox, two customers."""

from __future__ import annotations

from consent.v1 import opt_out_status_pb2 as status

from server.domain.model import Principal, Reach, Role, SenderKind
from server.domain.model import Purpose as ServerPurpose
from server.domain.model import Rule as ServerRule
from server.domain.model import Strength as ServerStrength
from server.storage.database import open_storage
from server.storage.preparation import prepare
from server.storage.protocol import Transaction
from server.usecases.contacts import ContactDraft, create_contact
from server.usecases.credentials import CredentialDraft
from server.usecases.purposes import create_purpose
from server.usecases.senders import SenderDraft, create_sender
from server.usecases.tenants import create_tenant, operator
from tests.model.rules import ALWAYS, EMAIL, EXPRESS, NEEDS_NO_NO, NEEDS_YES, RCS, SMS, VOICE, WRITTEN, Purpose, Who
from tests.model.service import Contact, Model, Sender
from tests.servicer import tenants
from tests.servicer.world import KEYS, Clock

TENANT = "acme"
ADMIN, FORCER = "model-admin-key-0001", "model-forcer-key-0001"
DEPARTMENTS = (tenants.DEPARTMENT, tenants.WIDE_DEPARTMENT)
CLIENTS = (tenants.CLIENT, tenants.OTHER_CLIENT)
PROFILES = (tenants.PROFILE, tenants.OTHER_PROFILE)
OTHERS = ("brand", "plain")
SENDERS = (*DEPARTMENTS, *CLIENTS, *PROFILES, *OTHERS)
PHONES = ("+16505551234", "+16505559876", "+14165550123")
COUNTRIES = {"+16505551234": "US", "+16505559876": "US", "+14165550123": "CA"}
MAIL = "ann@example.com"
RECIPIENTS = (*(Who(channel, phone) for phone in PHONES for channel in (SMS, RCS, VOICE)), Who(EMAIL, MAIL))
PURPOSES = {
    "marketing": Purpose(NEEDS_YES, WRITTEN),
    "informational": Purpose(NEEDS_YES, EXPRESS),
    "transactional": Purpose(NEEDS_NO_NO),
    "news": Purpose(NEEDS_YES, 1),
    "codes": Purpose(ALWAYS, ignores_no=True),
}
CUSTOMERS = {"ann": Contact(MAIL, PHONES[0]), "bob": Contact(MAIL, PHONES[2])}
EVENTS = tuple(name.removeprefix("OPT_OUT_EVENT_") for name in status.OptOutEvent.keys()[1:])

_KINDS = (SenderKind.DEPARTMENT, SenderKind.CLIENT, SenderKind.MESSAGING_PROFILE, SenderKind.OTHER)
_OWN_PURPOSES = (
    ServerPurpose("news", ServerRule.OPT_IN_REQUIRED, ServerStrength.IMPLIED),
    ServerPurpose("codes", ServerRule.ALWAYS_ALLOWED, ignores_opt_out=True),
)


def build(url: str) -> None:
    """Make the database of a world in which nothing was said yet."""
    clock = Clock()
    prepare(url, KEYS, clock.moment())
    storage = open_storage(url, KEYS, clock.moment)
    tenant = create_tenant(storage, TENANT, "US")
    storage.write(tenant.id, lambda tx: _fill(tx, operator(tenant.id)))
    storage.close()


def _fill(tx: Transaction, principal: Principal) -> None:
    for place, sender in enumerate(SENDERS):
        wide = Reach.TENANT if place % 2 else Reach.SENDER
        create_sender(tx, principal, SenderDraft(sender, _KINDS[place // 2], reach=wide), "test")
    for purpose in _OWN_PURPOSES:
        create_purpose(tx, principal, purpose, "test")
    for name, customer in CUSTOMERS.items():
        create_contact(tx, principal, ContactDraft(name, f"x-{name}", name, "", customer.email, customer.mobile))
    tenants.add_key(tx, principal, ADMIN, CredentialDraft(Role.ADMIN))
    tenants.add_key(tx, principal, FORCER, CredentialDraft(Role.WRITER, allow_force=True))


def model(revision: int) -> Model:
    """The model of that world, whose ledger ends at this revision."""
    return Model(
        senders={sender: Sender(tenant_wide=place % 2 == 1) for place, sender in enumerate(SENDERS)},
        purposes=dict(PURPOSES),
        contacts={name: Contact(each.email, each.mobile) for name, each in CUSTOMERS.items()},
        revision=revision,
    )
