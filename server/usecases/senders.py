"""Senders: registered before use; changes of their settings stand in the ledger."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from server.domain.errors import AlreadyExists, FieldFault, InvalidField, Violation
from server.domain.model import Principal, Reach, Scope, Sender, SenderKind
from server.storage.protocol import Snapshot, Transaction
from server.usecases import access
from server.usecases.countries import read_country
from server.usecases.pages import PageTokens, clamp_page_size
from server.usecases.settings import append_setting, sender_snapshot

_ID = re.compile(r"[A-Za-z0-9_.:+@-]{1,128}")
SETTINGS = frozenset({"double_opt_in", "country", "reach"})


@dataclass(frozen=True, slots=True)
class SenderDraft:
    """A sender as a caller describes it. No reach: the default of its kind."""

    id: str
    kind: SenderKind
    double_opt_in: bool = False
    country: str = ""
    reach: Reach | None = None


def create_sender(tx: Transaction, principal: Principal, draft: SenderDraft, source: str) -> Sender:
    """Register a sender. Raises InvalidField, AlreadyExists or TenantWideNotPermitted."""
    access.permit_tenant_wide(principal)
    identifier = _read_id(draft)
    country = read_country(draft.country, "sender.country")
    if tx.sender(identifier) is not None:
        raise AlreadyExists("SENDER", identifier)
    default_reach = Reach.TENANT if draft.kind is SenderKind.OTHER else Reach.SENDER
    sender = Sender(identifier, draft.kind, draft.double_opt_in, country, draft.reach or default_reach, tx.now, tx.now)
    _write(tx, principal, None, sender, source)
    return sender


def _read_id(draft: SenderDraft) -> str:
    if not _ID.fullmatch(draft.id):
        description = "1 to 128 letters, digits and - _ . : + @"
        raise InvalidField(Violation("sender.id", FieldFault.INVALID_FORMAT, description))
    if draft.kind is not SenderKind.DEPARTMENT:
        return draft.id
    try:
        return str(uuid.UUID(draft.id))
    except ValueError as error:
        description = "the id of a department is a UUID"
        raise InvalidField(Violation("sender.id", FieldFault.INVALID_FORMAT, description)) from error


def change_sender(
    tx: Transaction, principal: Principal, sender_id: str, changes: SenderDraft, mask: frozenset[str], source: str
) -> Sender:
    """Change the settings that `mask` names. Raises InvalidField, NotFound or SenderNotPermitted."""
    unknown = sorted(mask - SETTINGS)
    if unknown or not mask:
        description = f"name one or more of {', '.join(sorted(SETTINGS))}" + (f", not {unknown[0]}" if unknown else "")
        raise InvalidField(Violation("update_mask", FieldFault.UNKNOWN_VALUE, description))
    before = access.find_sender(tx, principal, sender_id)
    after = before
    if "double_opt_in" in mask:
        after = replace(after, double_opt_in=changes.double_opt_in)
    if "country" in mask:
        after = replace(after, country=read_country(changes.country, "sender.country"))
    if "reach" in mask:
        default_reach = Reach.TENANT if before.kind is SenderKind.OTHER else Reach.SENDER
        after = replace(after, reach=changes.reach or default_reach)
        if after.reach is Reach.TENANT and before.reach is not Reach.TENANT:
            access.permit_tenant_wide(principal)
    return set_sender(tx, principal, before, after, source)


def set_sender(tx: Transaction, principal: Principal, before: Sender, after: Sender, source: str) -> Sender:
    """Write changed settings with their event; the same again writes nothing."""
    if after == before:
        return before
    after = replace(after, update_time=tx.now)
    _write(tx, principal, before, after, source)
    return after


def _write(tx: Transaction, principal: Principal, before: Sender | None, after: Sender, source: str) -> None:
    tx.put_sender(after)
    append_setting(tx, principal, source, sender_snapshot(before), sender_snapshot(after), Scope(sender=after.id))


def list_senders(
    snapshot: Snapshot, principal: Principal, tokens: PageTokens, page_size: int, page_token: str
) -> tuple[Sequence[Sender], str]:
    """List the senders that the caller may use, by id, with the next page's token. Raises InvalidPageToken."""
    question = ("senders", snapshot.tenant.id, sorted(principal.senders))
    position = tokens.open(question, page_token)
    limit = clamp_page_size(page_size)
    found = snapshot.senders(str(position[0]) if position else "", limit + 1, principal.senders)
    page = found[:limit]
    return page, tokens.seal(question, [page[-1].id]) if len(found) > limit else ""
