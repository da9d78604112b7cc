"""Purposes: the shipped ones and the tenant's own; changes stand in the ledger."""

from __future__ import annotations

import re
from collections.abc import Sequence

from server.domain.errors import AlreadyExists, FieldFault, InvalidField, NotFound, Violation
from server.domain.model import Principal, Purpose, Rule, Scope
from server.storage.protocol import Snapshot, Transaction
from server.usecases import access
from server.usecases.pages import PageTokens, clamp_page_size
from server.usecases.settings import append_setting, purpose_snapshot

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def create_purpose(tx: Transaction, principal: Principal, purpose: Purpose, source: str) -> Purpose:
    """Make a purpose. Raises InvalidField, AlreadyExists or TenantWideNotPermitted."""
    access.permit_tenant_wide(principal)
    if not _ID.fullmatch(purpose.id):
        description = "1 to 64 lower-case letters, digits, - and _, beginning with a letter or digit"
        raise InvalidField(Violation("purpose.id", FieldFault.INVALID_FORMAT, description))
    _check(purpose)
    if tx.purpose(purpose.id) is not None:
        raise AlreadyExists("PURPOSE", purpose.id)
    _write(tx, principal, "{}", purpose, source)
    return purpose


def change_purpose(tx: Transaction, principal: Principal, purpose: Purpose, source: str) -> Purpose:
    """Replace a purpose's rule; the same again writes nothing. Raises as `create_purpose`, or NotFound."""
    access.permit_tenant_wide(principal)
    _check(purpose)
    before = find_purpose(tx, purpose.id)
    if before != purpose:
        _write(tx, principal, purpose_snapshot(before), purpose, source)
    return purpose


def find_purpose(snapshot: Snapshot, purpose_id: str) -> Purpose:
    """Find one purpose. Raises NotFound."""
    purpose = snapshot.purpose(purpose_id)
    if purpose is None:
        raise NotFound("PURPOSE", purpose_id)
    return purpose


def list_purposes(
    snapshot: Snapshot, tokens: PageTokens, page_size: int, page_token: str
) -> tuple[Sequence[Purpose], str]:
    """List purposes by id, with the next page's token. Raises InvalidPageToken."""
    question = ("purposes", snapshot.tenant.id)
    position = tokens.open(question, page_token)
    limit = clamp_page_size(page_size)
    found = snapshot.purposes(str(position[0]) if position else "", limit + 1)
    page = found[:limit]
    return page, tokens.seal(question, [page[-1].id]) if len(found) > limit else ""


def _check(purpose: Purpose) -> None:
    violations = []
    needs_yes = purpose.rule is Rule.OPT_IN_REQUIRED
    if needs_yes and purpose.minimum is None:
        violations.append(Violation("purpose.minimum_strength", FieldFault.REQUIRED, "is needed for OPT_IN_REQUIRED"))
    if not needs_yes and purpose.minimum is not None:
        description = "is for OPT_IN_REQUIRED only"
        violations.append(Violation("purpose.minimum_strength", FieldFault.NOT_ALLOWED, description))
    if purpose.ignores_opt_out and purpose.rule is not Rule.ALWAYS_ALLOWED:
        description = "is for ALWAYS_ALLOWED only"
        violations.append(Violation("purpose.ignores_opt_out", FieldFault.NOT_ALLOWED, description))
    if violations:
        raise InvalidField(*violations)


def _write(tx: Transaction, principal: Principal, before: str, purpose: Purpose, source: str) -> None:
    tx.put_purpose(purpose)
    append_setting(tx, principal, source, before, purpose_snapshot(purpose), Scope(purpose=purpose.id))
