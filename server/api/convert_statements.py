"""Between the domain and protobuf: statements, inbound messages, review items, legacy reads."""

from __future__ import annotations

from typing import Any

from consent.v1 import admin_pb2, auto_response_pb2, inbound_pb2, ledger_pb2, opt_out_status_pb2
from google.protobuf.message import Message

from server.api.convert import instant, optional_timestamp, recipient, timestamp
from server.api.convert_decisions import consent
from server.domain.errors import ConsentError
from server.domain.model import (
    Actor,
    Channel,
    LiftedBy,
    Purpose,
    Rule,
    State,
    Strength,
)
from server.domain.policy import OptOutStatus
from server.usecases.inbound import Handled, Reply
from server.usecases.opt_out_reads import Communication, OptOutPage, ProfileOptOut, is_tenant_wide
from server.usecases.records import Draft, field_within
from server.usecases.reviews import Review
from server.usecases.statements import Recorded

_SECOND = 1_000_000
_REDACTED_DIGITS = 4

COMMUNICATION_CHANNELS = {
    opt_out_status_pb2.COMMUNICATION_TYPE_TEXT: Channel.SMS,
    opt_out_status_pb2.COMMUNICATION_TYPE_EMAIL: Channel.EMAIL,
    opt_out_status_pb2.COMMUNICATION_TYPE_VOICE_CALL: Channel.VOICE,
}
_COMMUNICATION_TYPES = {channel: kind for kind, channel in COMMUNICATION_CHANNELS.items()}


def _enum(value: int | None) -> Any:
    """A number as any generated enum type: mypy sees each of them as a type of its own."""
    return int(value or 0)


def statement_draft(statement: ledger_pb2.ConsentStatement) -> Draft:
    """A statement as a request describes it."""
    return Draft(
        channel=Channel(statement.recipient.channel),
        address=statement.recipient.address,
        sender_id=statement.sender,
        purpose_id=statement.purpose,
        state=State(statement.state),
        actor=Actor(statement.actor),
        strength=Strength(statement.strength) if statement.strength else None,
        lifted_by=LiftedBy(statement.lifted_by) if statement.lifted_by else None,
        effective_time=_optional_instant(statement, "effective_time"),
        expire_time=_optional_instant(statement, "expire_time"),
        evidence=_evidence(statement.evidence),
        source=statement.source,
    )


def _optional_instant(message: Message, field: str) -> int | None:
    return instant(getattr(message, field)) if message.HasField(field) else None


def _evidence(evidence: ledger_pb2.Evidence) -> dict[str, str]:
    told = {field.name: value for field, value in evidence.ListFields() if field.enum_type is None}
    if evidence.method:
        told["method"] = ledger_pb2.EvidenceMethod.Name(evidence.method).removeprefix("EVIDENCE_METHOD_")
    return told


def record_result(recorded: Recorded, *, rehearsed: bool = False) -> ledger_pb2.RecordResult:
    """What became of a statement; what was only rehearsed has no revision."""
    stands = consent(recorded.record) if recorded.record.revision else None
    if stands is not None and rehearsed and stands.revision == recorded.revision:
        stands.revision = 0
    return ledger_pb2.RecordResult(
        applied=recorded.not_applied_reason is None,
        unchanged=recorded.unchanged,
        not_applied_reason=_enum(recorded.not_applied_reason),
        consent=stands,
        revision=0 if rehearsed else recorded.revision,
        lifted_count=recorded.lifted_count,
    )


def batch_record_result(
    outcome: Recorded | ConsentError, index: int, *, rehearsed: bool
) -> ledger_pb2.BatchRecordResult:
    """What became of one statement of a batch; fields are named within the statement."""
    if isinstance(outcome, Recorded):
        return ledger_pb2.BatchRecordResult(result=record_result(outcome, rehearsed=rehearsed))
    field = field_within(outcome.violations[0].field, index) if outcome.violations else ""
    message = outcome.violations[0].description if outcome.violations else outcome.message
    return ledger_pb2.BatchRecordResult(
        refusal=ledger_pb2.StatementRefusal(reason=outcome.reason, field=field, message=message)
    )


def handled(answer: Handled, *, rehearsed: bool = False) -> inbound_pb2.HandleInboundMessageResponse:
    """What a message meant and changed. It names no address, so that it can be kept.

    What was only rehearsed has no review item, and its reply no permit.
    """
    recorded = answer.recorded
    return inbound_pb2.HandleInboundMessageResponse(
        intent=_enum(answer.heard.intent),
        matched_word=answer.heard.word,
        result=record_result(recorded, rehearsed=rehearsed) if recorded else None,
        reply=_reply(answer.reply, rehearsed) if answer.reply else None,
        review_item_id=recorded.review_item_id if recorded and not rehearsed else "",
    )


def _reply(reply: Reply, rehearsed: bool) -> inbound_pb2.Reply:
    if rehearsed:
        return inbound_pb2.Reply(text=reply.text)
    expire_time = timestamp(reply.permit.expire_time)
    return inbound_pb2.Reply(text=reply.text, permit=reply.permit_text, permit_expire_time=expire_time)


def review(value: Review) -> inbound_pb2.ReviewItem:
    """A review item."""
    item = value.item
    return inbound_pb2.ReviewItem(
        id=item.id,
        kind=_enum(item.kind),
        recipient=recipient(value.recipient) if value.recipient else None,
        sender=item.sender_id,
        revision=item.revision,
        body=value.body,
        create_time=timestamp(item.create_time),
        age_seconds=value.age // _SECOND,
        resolution=_enum(item.resolution),
        resolve_time=optional_timestamp(item.resolve_time),
    )


def purpose(value: Purpose) -> admin_pb2.Purpose:
    """A purpose."""
    return admin_pb2.Purpose(
        id=value.id,
        rule=_enum(value.rule),
        minimum_strength=_enum(value.minimum),
        ignores_opt_out=value.ignores_opt_out,
    )


def purpose_value(value: admin_pb2.Purpose) -> Purpose:
    """A purpose as a request describes it."""
    minimum = Strength(value.minimum_strength) if value.minimum_strength else None
    return Purpose(value.id, Rule(value.rule), minimum, value.ignores_opt_out)


def opt_out_status(asked: Communication, status: OptOutStatus) -> opt_out_status_pb2.CommunicationOptOutStatus:
    """The status of one communication."""
    states = opt_out_status_pb2.OptOutState
    return opt_out_status_pb2.CommunicationOptOutStatus(
        communication=opt_out_status_pb2.CommunicationAttributes(
            communication_type=_COMMUNICATION_TYPES[asked.channel],
            communication_value=asked.value,
            customer_uuid=asked.customer_id,
            ok_to_communicate=asked.ok_to_communicate,
        ),
        opt_out_status=opt_out_status_pb2.OptOutStatus(
            opt_out_state=states.OPT_OUT_STATE_OPTED_OUT if status.opted_out else states.OPT_OUT_STATE_OPTED_IN,
            can_send_optin_request=status.can_send_request,
            time_of_change=optional_timestamp(status.change_time),
        ),
    )


def opt_out_page(page: OptOutPage, *, redacted: bool) -> auto_response_pb2.ListMessagingOptOutsResponse:
    """One page of opt-outs."""
    return auto_response_pb2.ListMessagingOptOutsResponse(
        data=[_messaging_opt_out(each, redacted) for each in page.opt_outs],
        meta=auto_response_pb2.PaginationMeta(
            page_number=page.number,
            page_size=page.size,
            total_pages=page.total_pages,
            total_results=page.total_results,
        ),
    )


def _messaging_opt_out(value: ProfileOptOut, redacted: bool) -> auto_response_pb2.MessagingOptOut:
    opt_out = value.opt_out
    message = auto_response_pb2.MessagingOptOut(
        to=_redact(value.sent_to) if redacted else value.sent_to,
        messaging_profile_id="" if is_tenant_wide(opt_out) else opt_out.sender_id,
        keyword=value.keyword,
        created_at=timestamp(opt_out.effective_time),
    )
    number = "" if opt_out.recipient.forgotten else opt_out.recipient.address
    setattr(message, "from", _redact(number) if redacted else number)
    return message


def _redact(number: str) -> str:
    """A number with all but its last four digits hidden."""
    hidden = len(number) - _REDACTED_DIGITS
    return "".join("*" if index < hidden and char.isdigit() else char for index, char in enumerate(number))
