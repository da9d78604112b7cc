"""OptOutUserByEmail: Hi Marley's opt-out (WIRE, section 4). The e-mail identifies; SMS to the mobile is stopped."""

from __future__ import annotations

from dataclasses import dataclass, replace

from server.domain import policy
from server.domain.errors import ContactWithoutMobile, FieldFault, InvalidField, NotFound, Violation
from server.domain.model import Actor, Channel, Contact, LiftedBy, Principal, Recipient, Scope
from server.domain.recipients import InvalidAddress, canonical_email
from server.domain.transitions import Move, Statement
from server.storage.protocol import Transaction
from server.usecases import access
from server.usecases.contacts import write_contact
from server.usecases.statements import Provenance, record_statement

SOURCE = "himarley"


@dataclass(frozen=True, slots=True)
class UserStatus:
    """A customer, and whether SMS may reach the mobile at all."""

    contact: Contact
    opted_in: bool


def opt_out_user_by_email(tx: Transaction, principal: Principal, email: str) -> UserStatus:
    """Opt every contact with this address out of SMS for the whole tenant; answer the one that was made last.

    Raises InvalidField, NotFound, ContactWithoutMobile or TenantWideNotPermitted.
    """
    access.permit_tenant_wide(principal)
    try:
        key = canonical_email(email)
    except InvalidAddress as error:
        raise InvalidField(Violation("email", FieldFault.INVALID_FORMAT, str(error))) from error
    contacts = tx.contacts_by_email(key)
    if not contacts:
        raise NotFound("CONTACT")
    reachable = [contact for contact in contacts if contact.mobile]
    if not reachable:
        raise ContactWithoutMobile
    for contact in reachable:
        _opt_out(tx, principal, contact)
    newest = reachable[0]
    records = tx.records(Recipient(Channel.SMS, newest.mobile))
    return UserStatus(newest, policy.tenant_wide_sms_allowed(records))


def _opt_out(tx: Transaction, principal: Principal, contact: Contact) -> None:
    no = Statement(Move.OPT_OUT, Scope(), Actor.BUSINESS, tx.now, lifted_by=LiftedBy.RECIPIENT)
    origin = Provenance(principal, SOURCE, {"contact": contact.id, "identified_by": "email"})
    record_statement(tx, Recipient(Channel.SMS, contact.mobile), no, origin)
    if contact.opt_out_mobile != contact.mobile:
        write_contact(tx, replace(contact, opt_out_mobile=contact.mobile))
