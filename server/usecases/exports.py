"""All records of a tenant, now or as they stood: a walk in constant memory over one snapshot."""

from __future__ import annotations

from collections.abc import Iterator

from server.domain.model import Principal, Recipient, Record
from server.domain.replay import replay
from server.storage.protocol import ConsentPosition, Snapshot
from server.usecases import access
from server.usecases.as_of import AsOf, standing

_PAGE = 1000


def walk_consents(snapshot: Snapshot, principal: Principal, as_of: AsOf) -> Iterator[tuple[Recipient, Record]]:
    """Every record that the caller may see, with its recipient, by recipient id, sender and purpose.

    Raises InvalidField for a revision beyond the head, or a time to come.
    """
    visible = access.visible_senders(principal)
    if as_of.is_now:
        return _present(snapshot, visible)
    return _past(snapshot, visible, standing(snapshot, as_of).revision)


def _present(snapshot: Snapshot, visible: frozenset[str]) -> Iterator[tuple[Recipient, Record]]:
    after: ConsentPosition | None = None
    while page := snapshot.consents(after, _PAGE, senders=visible):
        yield from page
        last = page[-1][1]
        after = ConsentPosition(last.recipient_id, last.scope.sender, last.scope.purpose)


def _past(snapshot: Snapshot, visible: frozenset[str], revision: int) -> Iterator[tuple[Recipient, Record]]:
    after = 0
    while ids := snapshot.recipient_ids(after, _PAGE):
        headers = (event.header for event in snapshot.histories(ids[0], ids[-1]))
        records = replay(header for header in headers if header.revision <= revision).values()
        seen = [record for record in records if not visible or record.scope.sender in visible]
        recipients = snapshot.recipients({record.recipient_id for record in seen})
        for record in sorted(seen, key=lambda r: (r.recipient_id, r.scope.sender, r.scope.purpose)):
            recipient = recipients.get(record.recipient_id)
            if recipient is not None:
                yield recipient, record
        after = ids[-1]
