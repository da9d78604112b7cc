"""Hi Marley's users (WIRE, section 4): an e-mail or a mobile identifies; SMS to the mobile is stopped."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from server.domain import policy
from server.domain.errors import ContactWithoutMobile, FieldFault, InvalidField, NotFound, Violation
from server.domain.model import Actor, Channel, Contact, LiftedBy, Principal, Recipient, Scope
from server.domain.recipients import InvalidAddress, canonical_email, canonical_phone
from server.domain.transitions import Move, Statement
from server.storage.protocol import Snapshot, Transaction
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
    return _opt_out_all(tx, principal, _by_email(tx, email), "email")


def opt_out_user_by_mobile(tx: Transaction, principal: Principal, mobile: str) -> UserStatus:
    """Opt every contact with this number out of SMS for the whole tenant. Raises as `opt_out_user_by_email`."""
    access.permit_tenant_wide(principal)
    return _opt_out_all(tx, principal, _by_mobile(tx, mobile), "mobile")


def find_user(snapshot: Snapshot, key: str, value: str) -> UserStatus:
    """Find a contact by `id`, `email` or `mobile`, the one made last, and its status. Raises InvalidField, NotFound."""
    match key:
        case "id":
            found = snapshot.contact(value)
            contacts: Sequence[Contact] = [found] if found else []
        case "email":
            contacts = _by_email(snapshot, value)
        case "mobile":
            contacts = _by_mobile(snapshot, value)
        case _:
            raise InvalidField(Violation("key", FieldFault.REQUIRED, "one of id, email and mobile is needed"))
    if not contacts:
        raise NotFound("CONTACT")
    return _status(snapshot, contacts[0])


def _by_email(snapshot: Snapshot, email: str) -> Sequence[Contact]:
    try:
        return snapshot.contacts_by_email(canonical_email(email))
    except InvalidAddress as error:
        raise InvalidField(Violation("email", FieldFault.INVALID_FORMAT, str(error))) from error


def _by_mobile(snapshot: Snapshot, mobile: str) -> Sequence[Contact]:
    """The vendor's callers leave the + out: digits alone are read with a country code first, then as national."""
    texts = [f"+{mobile}", mobile] if mobile.isascii() and mobile.isdigit() else [mobile]
    numbers = []
    for text in texts:
        with contextlib.suppress(InvalidAddress):
            numbers.append(canonical_phone(text, snapshot.tenant.country))
    if not numbers:
        raise InvalidField(Violation("mobile", FieldFault.INVALID_FORMAT, "not a phone number"))
    return next((found for number in numbers if (found := snapshot.contacts_by_mobile(number))), [])


def _opt_out_all(tx: Transaction, principal: Principal, contacts: Sequence[Contact], found_by: str) -> UserStatus:
    if not contacts:
        raise NotFound("CONTACT")
    reachable = [contact for contact in contacts if contact.mobile]
    if not reachable:
        raise ContactWithoutMobile
    for contact in reachable:
        _opt_out(tx, principal, contact, found_by)
    return _status(tx, reachable[0])


def _status(snapshot: Snapshot, contact: Contact) -> UserStatus:
    records = snapshot.records(Recipient(Channel.SMS, contact.mobile)) if contact.mobile else ()
    return UserStatus(contact, policy.tenant_wide_sms_allowed(records))


def _opt_out(tx: Transaction, principal: Principal, contact: Contact, found_by: str) -> None:
    no = Statement(Move.OPT_OUT, Scope(), Actor.BUSINESS, tx.now, lifted_by=LiftedBy.RECIPIENT)
    origin = Provenance(principal, SOURCE, {"contact": contact.id, "identified_by": found_by})
    record_statement(tx, Recipient(Channel.SMS, contact.mobile), no, origin)
    if contact.opt_out_mobile != contact.mobile:
        write_contact(tx, replace(contact, opt_out_mobile=contact.mobile))
