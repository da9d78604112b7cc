"""CheckConsent: may it be sent?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.domain import policy
from server.domain.errors import NotFound
from server.domain.model import Channel, Instant, Principal, Recipient
from server.storage.protocol import Snapshot
from server.usecases import access
from server.usecases.addresses import read_recipient


@dataclass(frozen=True, slots=True)
class Check:
    """The decisions for the purposes asked, in their order, read at one revision and judged at one moment."""

    recipient: Recipient
    decisions: Sequence[tuple[str, policy.Decision]]
    revision: int
    check_time: Instant


def check_consent(
    snapshot: Snapshot, principal: Principal, sender_id: str, channel: Channel, address: str, purposes: Sequence[str]
) -> Check:
    """Decide for one recipient and one or several purposes.

    Raises InvalidField, SenderNotPermitted, or NotFound for an unknown sender or purpose.
    """
    sender = access.find_sender(snapshot, principal, sender_id)
    recipient = read_recipient(snapshot, channel, address, "recipient.address", sender)
    records = snapshot.records(recipient)
    decisions = []
    for purpose_id in purposes:
        purpose = snapshot.purpose(purpose_id)
        if purpose is None:
            raise NotFound("PURPOSE", purpose_id)
        decisions.append((purpose_id, policy.decide(sender, purpose, records, snapshot.now)))
    return Check(recipient, decisions, snapshot.tenant.head_revision, snapshot.now)
