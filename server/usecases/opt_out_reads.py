"""The reads of legacy callers: how recipients stand at a department (myKaarma), who opted out of profiles (Telnyx)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from server.domain import policy
from server.domain.errors import FieldFault, InvalidField, Violation
from server.domain.model import ALL, Channel, Contact, Instant, OptOut, Principal, Recipient, Record, Sender, SenderKind
from server.storage.protocol import OptOutFilter, Snapshot
from server.usecases import access
from server.usecases.addresses import read_recipient
from server.usecases.auto_responses import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from server.usecases.pages import clamp_page_size


@dataclass(frozen=True, slots=True)
class Communication:
    """A number or address whose status is asked, as the caller gave it; with a customer, one of a contact's."""

    channel: Channel
    value: str
    customer_id: str = ""
    ok_to_communicate: bool | None = None


def get_opt_out_statuses(
    snapshot: Snapshot,
    principal: Principal,
    department_id: str,
    communications: Sequence[Communication],
    customer_ids: Sequence[str],
) -> Sequence[tuple[Communication, policy.OptOutStatus]]:
    """Derive the statuses of communications, then of the customers' mobiles and e-mail addresses that are known.

    Raises InvalidField, NotFound or SenderNotPermitted.
    """
    access.permit_sender(principal, department_id)
    if not communications and not customer_ids:
        description = "at least one communication or customer is needed"
        raise InvalidField(Violation("communication_list", FieldFault.REQUIRED, description))
    department = access.find_sender(snapshot, principal, department_id, SenderKind.DEPARTMENT)
    asked = _read(snapshot, department, communications)
    for customer_id in customer_ids:
        contact = snapshot.contact(customer_id) or snapshot.contact_by_external_id(customer_id)
        asked += _of_contact(snapshot, department, contact, customer_id) if contact else []
    records = snapshot.records_of_many([recipient for _, recipient in asked])
    return [
        (communication, _status(snapshot, department, recipient, records.get(recipient, ())))
        for communication, recipient in asked
    ]


def _status(
    snapshot: Snapshot, department: Sender, recipient: Recipient, records: Sequence[Record]
) -> policy.OptOutStatus:
    recipient_id = snapshot.recipient_id(recipient) if records else None
    return policy.opt_out_status(department, records, snapshot.now, recipient_id)


def _read(
    snapshot: Snapshot, department: Sender, communications: Sequence[Communication]
) -> list[tuple[Communication, Recipient]]:
    read: list[tuple[Communication, Recipient]] = []
    violations: list[Violation] = []
    for index, asked in enumerate(communications):
        field = f"communication_list[{index}].communication_value"
        try:
            read.append((asked, read_recipient(snapshot, asked.channel, asked.value, field, department)))
        except InvalidField as error:
            violations.extend(error.violations)
    if violations:
        raise InvalidField(*violations)
    return read


def _of_contact(
    snapshot: Snapshot, department: Sender, contact: Contact, customer_id: str
) -> list[tuple[Communication, Recipient]]:
    known = [(Channel.SMS, contact.mobile), (Channel.EMAIL, contact.email)]
    return [
        (Communication(channel, value, customer_id), read_recipient(snapshot, channel, value, "contact", department))
        for channel, value in known
        if value
    ]


@dataclass(frozen=True, slots=True)
class ProfileOptOut:
    """A number that opted out: from where and by which word, where the event's payload still says so."""

    opt_out: OptOut
    sent_to: str
    keyword: str


@dataclass(frozen=True, slots=True)
class OptOutPage:
    """One page of opt-outs; pages are numbered from 1."""

    opt_outs: Sequence[ProfileOptOut]
    number: int
    size: int
    total_pages: int
    total_results: int


@dataclass(frozen=True, slots=True)
class ProfileFilter:
    """Which opt-outs to list: of one profile, of one number in any usual form, within inclusive bounds."""

    profile_id: str = ""
    address: str = ""
    created_from: Instant | None = None
    created_to: Instant | None = None


def list_profile_opt_outs(
    snapshot: Snapshot, principal: Principal, wanted: ProfileFilter, page_number: int, page_size: int
) -> OptOutPage:
    """List the numbers that opted out of one profile or, unfiltered, of all and of the whole tenant, newest first.

    Raises InvalidField, NotFound or SenderNotPermitted.
    """
    senders = access.visible_senders(principal) or None
    if wanted.profile_id:
        profile = access.find_sender(snapshot, principal, wanted.profile_id, SenderKind.MESSAGING_PROFILE)
        senders = frozenset({profile.id})
    address = None
    if wanted.address:
        address = read_recipient(snapshot, Channel.SMS, wanted.address, "from").address
    size = clamp_page_size(page_size, DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)
    number = page_number or 1
    filters = OptOutFilter(senders, address, wanted.created_from, wanted.created_to)
    found, total = snapshot.opt_outs(filters, (number - 1) * size, size)
    return OptOutPage([_with_evidence(opt_out) for opt_out in found], number, size, -(-total // size), total)


def _with_evidence(opt_out: OptOut) -> ProfileOptOut:
    evidence = orjson.loads(opt_out.payload).get("evidence", {}) if opt_out.payload else {}
    return ProfileOptOut(opt_out, str(evidence.get("to", "")), str(evidence.get("word", "")))


def is_tenant_wide(opt_out: OptOut) -> bool:
    """Whether an opt-out is from every sender of the tenant."""
    return opt_out.sender_id == ALL
