"""CheckConsent: may it be sent?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from server.domain import policy
from server.domain.errors import FieldFault, InvalidField, NotFound, Violation
from server.domain.model import Channel, Instant, Principal, Purpose, Recipient, Scope, Sender
from server.domain.recipients import InvalidAddress, canonical_address, canonical_addresses
from server.domain.standing import Judge
from server.storage.protocol import Snapshot, Storage
from server.usecases import access
from server.usecases.addresses import read_recipient
from server.usecases.as_of import NOW, AsOf, standing


class Check(NamedTuple):
    """The decisions for the purposes asked, in their order, read at one revision and judged at one moment."""

    recipient: Recipient
    decisions: Sequence[tuple[str, policy.Decision]]
    revision: int
    check_time: Instant


@dataclass(frozen=True, slots=True)
class Detail:
    """What decided about one address of a batch; no recipient where it is no address of its channel."""

    recipient: Recipient | None
    decision: policy.Decision


@dataclass(frozen=True, slots=True)
class BatchCheck:
    """The reasons for the addresses asked, in their order, and where asked what decided."""

    reasons: Sequence[policy.Reason]
    details: Sequence[Detail]
    revision: int
    check_time: Instant


def batch_check_consent(
    snapshot: Snapshot,
    principal: Principal,
    sender_id: str,
    purpose_id: str,
    channels: Sequence[Channel],
    addresses: Sequence[str],
    *,
    with_details: bool = False,
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
    each = channels if len(channels) == len(addresses) else [channels[0]] * len(addresses)
    country = sender.country or snapshot.tenant.country
    canonical = canonical_addresses(each, addresses, country)
    details: Sequence[Detail] = ()
    if with_details:
        details = _details(snapshot, sender, purpose, each, canonical)
        reasons = [detail.decision.reason for detail in details]
    else:
        reasons = _reasons(snapshot, sender, purpose, each, canonical)
    return BatchCheck(reasons, details, snapshot.tenant.head_revision, snapshot.now)


def _reasons(
    snapshot: Snapshot, sender: Sender, purpose: Purpose, channels: Sequence[Channel], canonical: Sequence[str | None]
) -> list[policy.Reason]:
    judge = Judge(sender, purpose)
    unknown = judge.reason(())
    reasons = [policy.Reason.INVALID_RECIPIENT if address is None else unknown for address in canonical]
    for position, standings in snapshot.standings(Scope(sender.id, purpose.id), channels, canonical).items():
        reasons[position] = judge.reason(standings)
    return reasons


def _details(
    snapshot: Snapshot, sender: Sender, purpose: Purpose, channels: Sequence[Channel], canonical: Sequence[str | None]
) -> list[Detail]:
    recipients = [
        None if address is None else Recipient(channel, address)
        for channel, address in zip(channels, canonical, strict=True)
    ]
    records = snapshot.records_of_many([recipient for recipient in recipients if recipient is not None])
    return [
        Detail(None, policy.Decision(policy.Reason.INVALID_RECIPIENT))
        if recipient is None
        else Detail(recipient, policy.decide(sender, purpose, records.get(recipient, ()), snapshot.now))
        for recipient in recipients
    ]


def check_at_a_glance(
    storage: Storage, principal: Principal, sender_id: str, channel: Channel, address: str, purpose_id: str
) -> Check | None:
    """Decide for one recipient and one purpose, now, in one look at the storage.

    None where it takes more, to decide or to refuse: `check_consent` does both, and where this answers, the same.
    """
    access.permit_sender(principal, sender_id)
    try:
        recipient = Recipient(channel, canonical_address(channel, address))
    except InvalidAddress:
        return None
    seen = storage.glimpse(principal.tenant_id, sender_id, purpose_id, recipient)
    if seen.sender is None or seen.purpose is None:
        return None
    decision = policy.decide(seen.sender, seen.purpose, seen.records, seen.now)
    return Check(recipient, ((purpose_id, decision),), seen.revision, seen.now)


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
