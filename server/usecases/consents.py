"""ListConsents: the current records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.domain.errors import FieldFault, InvalidField, Violation
from server.domain.model import Channel, Principal, Recipient, Record
from server.storage.protocol import ConsentPosition, Snapshot
from server.usecases import access
from server.usecases.addresses import read_recipient
from server.usecases.as_of import check_revision, records_of
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
    as_of_revision: int = 0,
) -> ConsentPage:
    """List records that the caller may see, now or, of one recipient, as they stood at a revision.

    Raises InvalidField, InvalidPageToken or SenderNotPermitted.
    """
    if as_of_revision and recipient is None:
        raise InvalidField(Violation("recipient", FieldFault.REQUIRED, "is needed to list records as they stood"))
    check_revision(snapshot, as_of_revision)
    visible = access.readable_senders(principal, sender_id)
    wanted = read_recipient(snapshot, *recipient, "recipient.address") if recipient else None
    recipient_id = snapshot.recipient_id(wanted) if wanted else None
    question = ("consents", snapshot.tenant.id, recipient_id, wanted is not None, sorted(visible), as_of_revision)
    position = tokens.open(question, page_token)
    after = ConsentPosition(int(position[0]), str(position[1]), str(position[2])) if position else None
    limit = clamp_page_size(page_size)
    if as_of_revision and wanted is not None:
        found = _as_they_stood(snapshot, wanted, as_of_revision, visible, after)
    else:
        found = snapshot.consents(after, limit + 1, wanted, visible)
    page, more = found[:limit], found[limit:]
    token = ""
    if more:
        last = page[-1][1]
        token = tokens.seal(question, [last.recipient_id, last.scope.sender, last.scope.purpose])
    return ConsentPage(page, token, as_of_revision or snapshot.tenant.head_revision)


def _as_they_stood(
    snapshot: Snapshot, wanted: Recipient, revision: int, visible: frozenset[str], after: ConsentPosition | None
) -> Sequence[tuple[Recipient, Record]]:
    last = (after.sender, after.purpose) if after else ("", "")
    return [
        (wanted, record)
        for record in records_of(snapshot, wanted, revision)
        if (not visible or record.scope.sender in visible) and (record.scope.sender, record.scope.purpose) > last
    ]
