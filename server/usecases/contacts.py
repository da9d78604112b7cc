"""Contacts: customers by id, e-mail and mobile. Consent belongs to the address, but a no follows its contact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from server.domain.errors import AlreadyExists, FieldFault, InvalidField, NotFound, Violation
from server.domain.model import Actor, Channel, Contact, LiftedBy, Principal, Recipient, Scope, State
from server.domain.recipients import InvalidAddress, canonical_email, canonical_phone
from server.domain.transitions import Move, Statement
from server.storage.protocol import Snapshot, Transaction
from server.usecases import access
from server.usecases.pages import PageTokens, clamp_page_size
from server.usecases.statements import Provenance, record_statement

FIELDS = frozenset({"external_id", "first", "last", "email", "mobile"})
MAX_ID_LENGTH = 128
MAX_NAME_LENGTH = 256
_LONGEST = {"id": MAX_ID_LENGTH, "external_id": MAX_ID_LENGTH, "first": MAX_NAME_LENGTH, "last": MAX_NAME_LENGTH}


class Saved(Enum):
    """What saving a contact did."""

    NEW = auto()
    CHANGED = auto()
    UNCHANGED = auto()


@dataclass(frozen=True, slots=True)
class ContactDraft:
    """A contact as a caller describes it; the e-mail and the mobile in any usual form, or empty."""

    id: str = ""
    external_id: str = ""
    first: str = ""
    last: str = ""
    email: str = ""
    mobile: str = ""


def create_contact(tx: Transaction, principal: Principal, draft: ContactDraft) -> Contact:
    """Make a contact. Raises InvalidField, AlreadyExists or TenantWideNotPermitted."""
    access.permit_tenant_wide(principal)
    identifier = draft.id or tx.new_id()
    if tx.contact(identifier) is not None:
        raise AlreadyExists("CONTACT")
    return _make(tx, identifier, draft)


def _make(tx: Transaction, identifier: str, draft: ContactDraft) -> Contact:
    contact = _apply(tx, Contact(identifier, "", "", "", "", "", tx.now, tx.now), draft, FIELDS)
    write_contact(tx, contact)
    return contact


def change_contact(
    tx: Transaction, principal: Principal, draft: ContactDraft, mask: frozenset[str], source: str
) -> Contact:
    """Change the fields that `mask` names. Raises InvalidField, NotFound or TenantWideNotPermitted."""
    access.permit_tenant_wide(principal)
    unknown = sorted(mask - FIELDS)
    if unknown or not mask:
        description = f"name one or more of {', '.join(sorted(FIELDS))}" + (f", not {unknown[0]}" if unknown else "")
        raise InvalidField(Violation("update_mask", FieldFault.UNKNOWN_VALUE, description))
    return _change(tx, principal, find_contact(tx, draft.id), draft, mask, source)


def _change(
    tx: Transaction, principal: Principal, before: Contact, draft: ContactDraft, mask: frozenset[str], source: str
) -> Contact:
    after = _apply(tx, before, draft, mask)
    if after == before:
        return before
    after = _carry_opt_out(tx, principal, replace(after, update_time=tx.now), source)
    write_contact(tx, after)
    return after


def save_contact(
    tx: Transaction, principal: Principal, draft: ContactDraft, source: str, mask: frozenset[str] = FIELDS
) -> Saved:
    """Make the contact under the draft's id, or give a known one the draft's values that `mask` names.

    Raises InvalidField or TenantWideNotPermitted.
    """
    access.permit_tenant_wide(principal)
    known = tx.contact(draft.id)
    if known is None:
        _make(tx, draft.id, draft)
        return Saved.NEW
    after = _change(tx, principal, known, draft, mask, source)
    return Saved.UNCHANGED if after == known else Saved.CHANGED


def find_contact(snapshot: Snapshot, contact_id: str) -> Contact:
    """Find one contact. Raises NotFound."""
    contact = snapshot.contact(contact_id)
    if contact is None:
        raise NotFound("CONTACT")
    return contact


def list_contacts(
    snapshot: Snapshot, tokens: PageTokens, email: str, page_size: int, page_token: str
) -> tuple[Sequence[Contact], str]:
    """List contacts by id, with the next page's token. Raises InvalidField or InvalidPageToken."""
    key = _read_email(email, "email") if email else None
    question = ("contacts", snapshot.tenant.id, key)
    position = tokens.open(question, page_token)
    limit = clamp_page_size(page_size)
    found = snapshot.contacts(str(position[0]) if position else "", limit + 1, key)
    page = found[:limit]
    return page, tokens.seal(question, [page[-1].id]) if len(found) > limit else ""


def delete_contact(tx: Transaction, principal: Principal, contact_id: str) -> None:
    """Delete a contact; its consents stay. Raises NotFound or TenantWideNotPermitted."""
    access.permit_tenant_wide(principal)
    tx.delete_contact(find_contact(tx, contact_id).id)


def write_contact(tx: Transaction, contact: Contact) -> None:
    """Write a contact under the canonical form of its address."""
    tx.put_contact(contact, canonical_email(contact.email) if contact.email else "")


def _apply(tx: Transaction, contact: Contact, draft: ContactDraft, mask: frozenset[str]) -> Contact:
    """The contact with the fields of `mask` from the draft, each checked."""
    _check_texts(draft)
    if "external_id" in mask:
        contact = replace(contact, external_id=draft.external_id)
    if "first" in mask:
        contact = replace(contact, first=draft.first)
    if "last" in mask:
        contact = replace(contact, last=draft.last)
    if "email" in mask:
        if draft.email:
            _read_email(draft.email, "contact.email")
        contact = replace(contact, email=draft.email.strip())
    if "mobile" in mask:
        contact = replace(contact, mobile=_read_mobile(draft.mobile, tx.tenant.country))
    return contact


def _check_texts(draft: ContactDraft) -> None:
    for field, longest in _LONGEST.items():
        text: str = getattr(draft, field)
        if len(text) > longest:
            description = f"at most {longest} characters, not {len(text)}"
            raise InvalidField(Violation(f"contact.{field}", FieldFault.TOO_LONG, description))
        if "\0" in text:
            raise InvalidField(Violation(f"contact.{field}", FieldFault.INVALID_FORMAT, "holds a NUL character"))


def _read_email(text: str, field: str) -> str:
    try:
        return canonical_email(text)
    except InvalidAddress as error:
        raise InvalidField(Violation(field, FieldFault.INVALID_FORMAT, str(error))) from error


def _read_mobile(text: str, country: str | None) -> str:
    if not text.strip():
        return ""
    try:
        return canonical_phone(text, country)
    except InvalidAddress as error:
        raise InvalidField(Violation("contact.mobile", FieldFault.INVALID_FORMAT, str(error))) from error


def _carry_opt_out(tx: Transaction, principal: Principal, contact: Contact, source: str) -> Contact:
    """Take a tenant-wide no that was set through this contact, and still stands, to its new number."""
    old, new = contact.opt_out_mobile, contact.mobile
    if old is None or not new or new == old:
        return contact
    wide = [record for record in tx.records(Recipient(Channel.SMS, old)) if record.scope == Scope()]
    if not any(r.state is State.OPTED_OUT and r.lifted_by is LiftedBy.RECIPIENT for r in wide):
        return replace(contact, opt_out_mobile=None)
    no = Statement(Move.OPT_OUT, Scope(), Actor.SYSTEM, tx.now, lifted_by=LiftedBy.RECIPIENT)
    evidence = {"contact": contact.id, "carried_from": "the contact's number before"}
    record_statement(tx, Recipient(Channel.SMS, new), no, Provenance(principal, source, evidence))
    return replace(contact, opt_out_mobile=new)
