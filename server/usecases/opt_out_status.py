"""UpdateOptOutStatus: myKaarma's events (WIRE, section 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from server.domain import policy
from server.domain.errors import FieldFault, InvalidField, Violation
from server.domain.model import (
    Actor,
    Channel,
    LiftedBy,
    NotAppliedReason,
    Principal,
    Recipient,
    Scope,
    Sender,
    SenderKind,
    State,
)
from server.domain.opt_out_events import OptOutEvent, UpdateType, knowledge_statement, message_statement
from server.domain.transitions import Move, Statement
from server.storage.protocol import Transaction
from server.usecases import access
from server.usecases.addresses import read_recipient
from server.usecases.permits import ReplyPermits
from server.usecases.senders import set_sender
from server.usecases.statements import Provenance, Recorded, record_statement

SOURCE = "mykaarma"


class WarningCode(IntEnum):
    """What an accepted update did not change."""

    EVENT_NOT_APPLICABLE = 1
    NO_CHANGE = 2
    PROTECTED_OPT_OUT = 3


@dataclass(frozen=True, slots=True)
class UpdateWarning:
    """One thing that an accepted update did not change, for a person."""

    code: WarningCode
    description: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """A number or address that an update speaks of."""

    channel: Channel
    value: str
    ok_to_communicate: bool | None
    customer_id: str


@dataclass(frozen=True, slots=True)
class Update:
    """An event at a department."""

    department_id: str
    customer_id: str
    message_id: str
    user_id: str
    api_call_source: str
    attributes: Sequence[Attribute]
    event: OptOutEvent
    update_type: UpdateType
    process_synchronously: bool


@dataclass(frozen=True, slots=True)
class Updated:
    """What an update did not change, and for an opt-in request the permits to send it, one an attribute."""

    warnings: Sequence[UpdateWarning]
    reply_permits: Sequence[str] = ()


def update_opt_out_status(tx: Transaction, principal: Principal, permits: ReplyPermits, update: Update) -> Updated:
    """Apply one update, or refuse all of it. Raises InvalidField, NotFound or SenderNotPermitted."""
    access.permit_sender(principal, update.department_id)
    _require_fields(update)
    sender = access.find_sender(tx, principal, update.department_id, SenderKind.DEPARTMENT)
    recipients = _recipients(tx, update, sender)
    if update.event.update_type is not update.update_type:
        description = f"{update.event.name} does not belong to {update.update_type.name}; nothing was done"
        return Updated([UpdateWarning(WarningCode.EVENT_NOT_APPLICABLE, description)])
    if update.update_type is UpdateType.DEPLOYMENT:
        return Updated(_roll_double_opt_in(tx, principal, update, sender))
    told = [_tell(tx, principal, update, sender, index, recipient) for index, recipient in enumerate(recipients)]
    warnings = [warning for warning in told if warning is not None]
    if update.event is not OptOutEvent.USER_REQUESTED_SEND_OPTIN_REQUEST:
        return Updated(warnings)
    return Updated(warnings, [_permit(tx, permits, sender, *each) for each in zip(recipients, told, strict=True)])


def _permit(
    tx: Transaction, permits: ReplyPermits, sender: Sender, recipient: Recipient, warning: UpdateWarning | None
) -> str:
    """The permit to send an opt-in request that was opened just now; empty where none was."""
    if warning is not None:
        return ""
    revision = tx.tenant.head_revision
    request = f"opt-in request {revision}"
    return permits.issue(tx.tenant.id, sender.id, tx.ensure_recipient(recipient), request, revision, tx.now)[0]


def _require_fields(update: Update) -> None:
    missing = []
    if update.update_type is UpdateType.MESSAGE and not update.message_id:
        missing.append(Violation("message_uuid", FieldFault.REQUIRED, "needed for the update type MESSAGE"))
    if update.update_type is UpdateType.CUSTOMER:
        if not update.customer_id:
            missing.append(Violation("customer_uuid", FieldFault.REQUIRED, "needed for the update type CUSTOMER"))
        if not update.attributes:
            description = "at least one is needed for the update type CUSTOMER"
            missing.append(Violation("communication_attributes_list", FieldFault.REQUIRED, description))
    if missing:
        raise InvalidField(*missing)


def _recipients(tx: Transaction, update: Update, sender: Sender) -> list[Recipient]:
    """All values in canonical form; for a message without values the mobile of the customer's contact."""
    violations: list[Violation] = []
    recipients = []
    for index, attribute in enumerate(update.attributes):
        field = f"communication_attributes_list[{index}].communication_value"
        try:
            recipients.append(read_recipient(tx, attribute.channel, attribute.value, field, sender))
        except InvalidField as error:
            violations.extend(error.violations)
    if violations:
        raise InvalidField(*violations)
    if recipients or message_statement(update.event, Scope(), 0) is None:
        return recipients
    return [_mobile_of_customer(tx, update)] if update.update_type is UpdateType.MESSAGE else []


def _mobile_of_customer(tx: Transaction, update: Update) -> Recipient:
    contact = tx.contact(update.customer_id) or tx.contact_by_external_id(update.customer_id)
    if not update.customer_id or contact is None or not contact.mobile:
        description = "empty, and no customer with a mobile number is named instead"
        raise InvalidField(Violation("communication_attributes_list", FieldFault.REQUIRED, description))
    return Recipient(Channel.SMS, contact.mobile)


def _roll_double_opt_in(
    tx: Transaction, principal: Principal, update: Update, sender: Sender
) -> Sequence[UpdateWarning]:
    wanted = update.event is OptOutEvent.DOUBLE_OPTIN_ROLLOUT
    if sender.double_opt_in == wanted:
        return [UpdateWarning(WarningCode.NO_CHANGE, f"double opt-in is {'on' if wanted else 'off'} already")]
    set_sender(tx, principal, sender, replace(sender, double_opt_in=wanted), SOURCE)
    return []


def _tell(
    tx: Transaction, principal: Principal, update: Update, sender: Sender, index: int, recipient: Recipient
) -> UpdateWarning | None:
    """State what the update says of one recipient; answer what it did not change."""
    if update.event is OptOutEvent.GENERIC_MESSAGE_RECEIVED:
        return None
    place = f"communicationAttributesList[{index}]: " if update.attributes else ""
    if update.update_type is UpdateType.MESSAGE and tx.message_was_stated(
        sender.id, update.message_id, update.event.name, tx.ensure_recipient(recipient)
    ):
        return UpdateWarning(WarningCode.NO_CHANGE, f"{place}this event of this message was told before")
    statement = _statement(tx, update, sender, index, recipient)
    if isinstance(statement, str):
        return UpdateWarning(WarningCode.NO_CHANGE, place + statement)
    access.permit_heard(principal, statement)
    origin = Provenance(principal, SOURCE, _evidence(update, index), sender.id)
    return _warning(place, record_statement(tx, recipient, statement, origin))


def _statement(tx: Transaction, update: Update, sender: Sender, index: int, recipient: Recipient) -> Statement | str:
    """What the update states of one recipient, or why it states nothing."""
    scope = Scope(sender=sender.id)
    heard = message_statement(update.event, sender.heard_scope, tx.now)
    if heard is not None:
        return heard
    records = tx.records(recipient)
    match update.event:
        case OptOutEvent.USER_REQUESTED_OPT_OUT:
            return Statement(Move.OPT_OUT, scope, Actor.BUSINESS, tx.now, lifted_by=LiftedBy.RECIPIENT)
        case OptOutEvent.USER_REQUESTED_SEND_OPTIN_REQUEST:
            if not policy.opt_out_status(sender, records, tx.now, tx.recipient_id(recipient)).can_send_request:
                return "no opt-in request can be sent: it is not needed, is open already, or only the recipient may ask"
            return Statement(Move.REQUEST, scope, Actor.BUSINESS, tx.now)
        case _:
            ok_to_communicate = update.attributes[index].ok_to_communicate
            if ok_to_communicate is None:
                return "okToCommunicate is absent"
            recipient_id = tx.recipient_id(recipient)
            own = [r for r in records if r.recipient_id == recipient_id and r.scope == scope]
            if any(record.state is not State.NO_STATEMENT for record in own):
                return "the department has a record already"
            return knowledge_statement(ok_to_communicate, scope, tx.now)


def _evidence(update: Update, index: int) -> dict[str, object]:
    attribute = update.attributes[index] if update.attributes else None
    return {
        "event": update.event.name,
        "update_type": update.update_type.name,
        "message_uuid": update.message_id,
        "customer_uuid": (attribute.customer_id if attribute else "") or update.customer_id,
        "user_uuid": update.user_id,
        "api_call_source": update.api_call_source,
        "process_synchronously": update.process_synchronously,
    }


def _warning(place: str, recorded: Recorded) -> UpdateWarning | None:
    if recorded.unchanged:
        return UpdateWarning(WarningCode.NO_CHANGE, f"{place}it was so already")
    match recorded.not_applied_reason:
        case None:
            return None
        case NotAppliedReason.SUPERSEDED:
            return UpdateWarning(WarningCode.NO_CHANGE, f"{place}recorded without effect: a newer statement stands")
        case NotAppliedReason.WIDER_OPT_OUT:
            description = "recorded without effect: an opt-out from all of the company's senders stands"
            return UpdateWarning(WarningCode.PROTECTED_OPT_OUT, place + description)
        case NotAppliedReason.PROTECTED_OPT_OUT:
            description = "recorded without effect: an opt-out stands that only the recipient can lift"
            return UpdateWarning(WarningCode.PROTECTED_OPT_OUT, place + description)
