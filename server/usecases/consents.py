"""ListConsents: the current records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.domain.model import Channel, Principal, Recipient, Record
from server.storage.protocol import ConsentPosition, Snapshot
from server.usecases import access
from server.usecases.addresses import read_recipient
from server.usecases.pages import PageTokens, clamp_page_size


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """One page of records, with the recipients that they are of."""

    consents: Sequence[tuple[Recipient, Record]]
    next_page_token: str
    revision: int


def list_consents(
    snapshot: Snapshot,
    principal: Principal,
    tokens: PageTokens,
    recipient: tuple[Channel, str] | None,
    sender_id: str,
    page_size: int,
    page_token: str,
) -> ConsentPage:
    """List records that the caller may see. Raises InvalidField, InvalidPageToken or SenderNotPermitted."""
    visible = access.visible_senders(principal)
    if sender_id:
        if visible and sender_id not in visible:
            access.permit_sender(principal, sender_id)
        visible = frozenset({sender_id})
    wanted = read_recipient(snapshot, *recipient, "recipient.address") if recipient else None
    recipient_id = snapshot.recipient_id(wanted) if wanted else None
    question = ("consents", snapshot.tenant.id, recipient_id, wanted is not None, sorted(visible))
    position = tokens.open(question, page_token)
    after = ConsentPosition(int(position[0]), str(position[1]), str(position[2])) if position else None
    limit = clamp_page_size(page_size)
    found = snapshot.consents(after, limit + 1, wanted, visible)
    page, more = found[:limit], found[limit:]
    token = ""
    if more:
        last = page[-1][1]
        token = tokens.seal(question, [last.recipient_id, last.scope.sender, last.scope.purpose])
    return ConsentPage(page, token, snapshot.tenant.head_revision)
