"""CheckConsent: may it be sent?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from server.domain import policy
from server.domain.errors import FieldFault, InvalidField, NotFound, Violation
from server.domain.model import Channel, Instant, Principal, Recipient
from server.domain.recipients import InvalidAddress, canonical
from server.storage.protocol import Snapshot
from server.usecases import access
from server.usecases.addresses import read_recipient
from server.usecases.as_of import NOW, AsOf, standing


@dataclass(frozen=True, slots=True)
class Check:
    """The decisions for the purposes asked, in their order, read at one revision and judged at one moment."""

    recipient: Recipient
    decisions: Sequence[tuple[str, policy.Decision]]
    revision: int
    check_time: Instant


@dataclass(frozen=True, slots=True)
class BatchCheck:
    """The decisions for the addresses asked, in their order; no recipient where the address is none of its channel."""

    recipients: Sequence[Recipient | None]
    decisions: Sequence[policy.Decision]
    revision: int
    check_time: Instant


def batch_check_consent(
    snapshot: Snapshot,
    principal: Principal,
    sender_id: str,
    purpose_id: str,
    channels: Sequence[Channel],
    addresses: Sequence[str],
) -> BatchCheck:
    """Decide for one purpose and many addresses, on one channel each or one for all.

    Raises InvalidField where the channels do not fit, SenderNotPermitted, or NotFound.
    """
    if len(channels) not in (1, len(addresses)):
        description = f"one for all addresses, or as many as there are addresses ({len(addresses)})"
        raise InvalidField(Violation("channels", FieldFault.NOT_ALLOWED, description))
    sender = access.find_sender(snapshot, principal, sender_id)
    purpose = snapshot.purpose(purpose_id)
    if purpose is None:
        raise NotFound("PURPOSE", purpose_id)
    country = sender.country or snapshot.tenant.country
    each = channels if len(channels) == len(addresses) else [channels[0]] * len(addresses)
    recipients = [_canonical(channel, address, country) for channel, address in zip(each, addresses, strict=True)]
    records = snapshot.records_of_many([recipient for recipient in recipients if recipient is not None])
    now = snapshot.now
    decisions = [
        policy.Decision(policy.Reason.INVALID_RECIPIENT)
        if recipient is None
        else policy.decide(sender, purpose, records.get(recipient, ()), now)
        for recipient in recipients
    ]
    return BatchCheck(recipients, decisions, snapshot.tenant.head_revision, now)


def _canonical(channel: Channel, address: str, country: str | None) -> Recipient | None:
    try:
        return canonical(channel, address, country)
    except InvalidAddress:
        return None


def check_consent(
    snapshot: Snapshot,
    principal: Principal,
    sender_id: str,
    channel: Channel,
    address: str,
    purposes: Sequence[str],
    read_permit: Callable[[int, str, int | None, Instant], policy.Permit] | None = None,
    as_of: AsOf = NOW,
) -> Check:
    """Decide for one recipient and one or several purposes; `read_permit` verifies the permit that the caller shows.

    National numbers are read by the sender's country of today, whatever is asked about. Raises InvalidField,
    SenderNotPermitted, InvalidReplyPermit, or NotFound for a sender or purpose that is, or was then, unknown.
    """
    today = access.find_sender(snapshot, principal, sender_id)
    recipient = read_recipient(snapshot, channel, address, "recipient.address", today)
    if read_permit is not None and not as_of.is_now:
        description = "a permit speaks of now: not together with as-of"
        raise InvalidField(Violation("reply_permit", FieldFault.NOT_ALLOWED, description))
    stood = standing(snapshot, as_of)
    sender, records = stood.sender(today), stood.records(recipient)
    permit = None
    if read_permit is not None:
        permit = read_permit(snapshot.tenant.id, sender.id, snapshot.recipient_id(recipient), snapshot.now)
    decisions = []
    for purpose_id in purposes:
        purpose = stood.purpose(purpose_id)
        decisions.append((purpose_id, policy.decide(sender, purpose, records, stood.check_time, permit)))
    return Check(recipient, decisions, stood.revision, stood.check_time)
