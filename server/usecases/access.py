"""What a caller may touch within the tenant. A caller that is bound to senders learns nothing of the others."""

from __future__ import annotations

from server.domain.errors import NotFound, SenderNotPermitted, TenantWideNotPermitted
from server.domain.model import ALL, Principal, Sender, SenderKind
from server.domain.transitions import Move, Statement
from server.storage.protocol import Snapshot


def permit_sender(principal: Principal, sender_id: str) -> None:
    """Refuse a sender that the caller is not bound to, whether it exists or not. Raises SenderNotPermitted."""
    if principal.senders and sender_id not in principal.senders:
        raise SenderNotPermitted


def permit_tenant_wide(principal: Principal) -> None:
    """Refuse a bound caller. Raises TenantWideNotPermitted."""
    if principal.senders:
        raise TenantWideNotPermitted


def permit_heard(principal: Principal, statement: Statement) -> None:
    """Refuse a bound caller's yes that would cover the whole tenant: heard at a sender whose reach is TENANT.

    Its no is kept, since a no is never lost. Raises TenantWideNotPermitted.
    """
    if statement.scope.sender == ALL and statement.move is Move.OPT_IN:
        permit_tenant_wide(principal)


def find_sender(snapshot: Snapshot, principal: Principal, sender_id: str, kind: SenderKind | None = None) -> Sender:
    """Find a sender that the caller may use, of `kind` where one is given. Raises SenderNotPermitted or NotFound."""
    permit_sender(principal, sender_id)
    sender = snapshot.sender(sender_id) or _department(snapshot, sender_id)
    if sender is None or (kind is not None and sender.kind is not kind):
        raise NotFound("SENDER", sender_id)
    return sender


def _department(snapshot: Snapshot, sender_id: str) -> Sender | None:
    """A department by its UUID in another case: UUIDs are kept in lower case, other ids as they were given."""
    found = snapshot.sender(sender_id.lower())
    return found if found is not None and found.kind is SenderKind.DEPARTMENT else None


def readable_senders(principal: Principal, sender_id: str) -> frozenset[str]:
    """The sender sides to read: the one that is asked for, else all visible ones; empty: all. `*` is the tenant-wide.

    Raises SenderNotPermitted.
    """
    visible = visible_senders(principal)
    if not sender_id:
        return visible
    if visible and sender_id not in visible:
        raise SenderNotPermitted
    return frozenset({sender_id})


def visible_senders(principal: Principal) -> frozenset[str]:
    """The sender sides of the records that a bound caller may read; empty: all."""
    return principal.senders | {ALL} if principal.senders else frozenset()
