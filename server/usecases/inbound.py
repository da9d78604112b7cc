"""HandleInboundMessage: hear a message once, state what it says, answer the reply to send (DESIGN, section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.domain.errors import FieldFault, InvalidField, Violation
from server.domain.inbound import Heard, Intent, hear
from server.domain.keywords import WORDS_VERSION
from server.domain.model import (
    Actor,
    Channel,
    Instant,
    LiftedBy,
    NotAppliedReason,
    Principal,
    Recipient,
    Record,
    Scope,
    Sender,
    State,
    Strength,
)
from server.domain.policy import Permit
from server.domain.recipients import country_of
from server.domain.transitions import Move, Statement
from server.storage.protocol import Snapshot, Transaction
from server.usecases import access
from server.usecases.addresses import read_recipient
from server.usecases.permits import ReplyPermits
from server.usecases.records import FUTURE_ALLOWED
from server.usecases.statements import Provenance, Recorded, record_statement

SOURCE = "inbound"
MESSAGE_CHANNELS = frozenset({Channel.SMS, Channel.RCS, Channel.WHATSAPP})
HEARD_LENGTH = 10_000


@dataclass(frozen=True, slots=True)
class Message:
    """A message that a person sent to a sender; no receive time: now."""

    sender_id: str
    channel: Channel
    written_by: str
    sent_to: str
    body: str
    provider_message_id: str
    receive_time: Instant | None


@dataclass(frozen=True, slots=True)
class Addressed:
    """The two ends of a message: who sent it, in canonical form, and the sender that received it."""

    sender: Sender
    recipient: Recipient


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply to send: the sender's own text where a setting has one, and the permit to send it."""

    text: str
    permit_text: str
    permit: Permit


@dataclass(frozen=True, slots=True)
class Handled:
    """What a message meant and changed."""

    heard: Heard
    recorded: Recorded | None
    reply: Reply | None


def find_ends(snapshot: Snapshot, principal: Principal, message: Message) -> Addressed:
    """Find the sender and the recipient of a message. Raises InvalidField, NotFound or SenderNotPermitted."""
    access.permit_sender(principal, message.sender_id)
    if message.channel not in MESSAGE_CHANNELS:
        description = "must be SMS, RCS or WHATSAPP"
        raise InvalidField(Violation("channel", FieldFault.NOT_ALLOWED, description))
    sender = access.find_sender(snapshot, principal, message.sender_id)
    return Addressed(sender, read_recipient(snapshot, message.channel, message.written_by, "from", sender))


def handle_message(
    tx: Transaction, principal: Principal, permits: ReplyPermits, message: Message, ends: Addressed
) -> Handled:
    """Hear one message and state what it says. Raises InvalidField."""
    receive_time = tx.now if message.receive_time is None else message.receive_time
    if receive_time > tx.now + FUTURE_ALLOWED:
        description = "is more than five minutes in the future"
        raise InvalidField(Violation("receive_time", FieldFault.OUT_OF_RANGE, description))
    sender, recipient = ends.sender, ends.recipient
    covering = [record for record in tx.records(recipient) if record.scope.covers(Scope(sender.id))]
    asked = _request_is_open(covering, tx.recipient_id(recipient))
    heard = hear(message.body[:HEARD_LENGTH], tx.auto_responses(sender.id), country_of(recipient), asked)
    statement = _statement(heard.intent, sender.heard_scope, receive_time)
    recorded = None
    if statement is not None:
        access.permit_heard(principal, statement)
        origin = Provenance(principal, SOURCE, _evidence(message, heard), sender.id)
        recorded = record_statement(tx, recipient, statement, origin)
    return Handled(heard, recorded, _reply(tx, permits, message, ends, heard, recorded))


def _request_is_open(records: Sequence[Record], recipient_id: int | None) -> bool:
    """Whether an opt-in request on the recipient's own channel waits for its answer.

    A statement at a wider scope answers it too, and so does a no on the sibling channel.
    """
    answers = [r.effective_time for r in records if r.state is State.OPTED_OUT or _is_own_yes(r)]
    requests = [r.request_time for r in records if r.recipient_id == recipient_id and r.request_time is not None]
    return any(all(answer < request for answer in answers) for request in requests)


def _is_own_yes(record: Record) -> bool:
    return record.state is State.OPTED_IN and record.actor is Actor.RECIPIENT


def _statement(intent: Intent, scope: Scope, moment: Instant) -> Statement | None:
    match intent:
        case Intent.STOP:
            return Statement(Move.OPT_OUT, scope, Actor.RECIPIENT, moment, lifted_by=LiftedBy.RECIPIENT)
        case Intent.START:
            return Statement(Move.OPT_IN, scope, Actor.RECIPIENT, moment, strength=Strength.EXPRESS)
        case Intent.STOP_SUSPECTED:
            return Statement(Move.SUSPECT, scope, Actor.RECIPIENT, moment)
        case _:
            return None


def _evidence(message: Message, heard: Heard) -> dict[str, object]:
    return {
        "method": "MESSAGE",
        "message_id": message.provider_message_id,
        "body": message.body[:HEARD_LENGTH],
        "to": message.sent_to,
        "word": heard.word,
        "words_version": WORDS_VERSION,
    }


def _reply(
    tx: Transaction,
    permits: ReplyPermits,
    message: Message,
    ends: Addressed,
    heard: Heard,
    recorded: Recorded | None,
) -> Reply | None:
    """The reply that is due: to a STOP or START that took effect, and to HELP. A suspicion gets none: it is judged."""
    refused: NotAppliedReason | None = recorded.not_applied_reason if recorded else None
    if heard.intent not in (Intent.STOP, Intent.START, Intent.HELP) or refused is not None:
        return None
    recipient_id = tx.ensure_recipient(ends.recipient)
    text, permit = permits.issue(
        tx.tenant.id,
        ends.sender.id,
        recipient_id,
        message.provider_message_id,
        tx.tenant.head_revision,
        tx.now,
    )
    return Reply(heard.reply or "", text, permit)
