"""What the samples speak of besides the template: purposes, a person whom only one tenant knows, review items."""

from __future__ import annotations

from server.domain.model import Actor, Channel, Principal, Purpose, Recipient, Rule, Scope
from server.domain.transitions import Move, Statement
from server.storage.protocol import Storage, Transaction
from server.usecases.contacts import ContactDraft, create_contact
from server.usecases.purposes import create_purpose
from server.usecases.statements import Provenance, record_statement
from server.usecases.tenants import operator
from tests.servicer import tenants

PURPOSE, RIVAL_PURPOSE = "seasonal", "rival-seasonal"
USER, RIVAL_USER = "user-1", "rival-user"
KNOWN, RIVAL_KNOWN, UNKNOWN_MOBILE = "+16505551003", "+16505551004", "+16505551005"

FIRST_ID = 101
# Ids that `supply` gives, in its order, where the storage gives `numbered_ids` from FIRST_ID.
REVIEW, SPARE_REVIEW, OTHER_REVIEW, RIVAL_REVIEW = (
    f"00000000-0000-4000-9000-{number:012d}" for number in range(FIRST_ID, FIRST_ID + 4)
)


def supply(storage: Storage) -> None:
    """Add them to both tenants."""
    found = {tenant.name: tenant.id for tenant in storage.tenants()}
    acme, rival = found[tenants.ACME], found[tenants.RIVAL]
    heard_at = (tenants.DEPARTMENT, tenants.CLIENT, tenants.BRAND)
    storage.write(acme, lambda tx: _supply(tx, operator(acme), PURPOSE, USER, KNOWN, heard_at))
    rivals = (tenants.RIVAL_DEPARTMENT,)
    storage.write(rival, lambda tx: _supply(tx, operator(rival), RIVAL_PURPOSE, RIVAL_USER, RIVAL_KNOWN, rivals))


def _supply(
    tx: Transaction, principal: Principal, purpose: str, user: str, mobile: str, senders: tuple[str, ...]
) -> None:
    create_purpose(tx, principal, Purpose(purpose, Rule.OPT_OUT_ALLOWED), "test")
    create_contact(tx, principal, ContactDraft(user, "", "Cleo", "Orr", "", mobile))
    for sender in senders:
        suspicion = Statement(Move.SUSPECT, Scope(sender), Actor.RECIPIENT, tx.now)
        origin = Provenance(principal, "test", {"body": "stop it"}, sender)
        record_statement(tx, Recipient(Channel.SMS, mobile), suspicion, origin)
