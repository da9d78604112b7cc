"""A message that a person sent, and what it meant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from consent.v1 import inbound_pb2
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub

from server.client.calls import Line, chosen_request_id, decoded, encoded
from server.client.recipients import Recipient, encode_recipient
from server.client.statements import Recorded, decode_result
from server.client.times import moment_of, timestamp_of
from server.client.vocabulary import Intent, word_of


@dataclass(frozen=True, slots=True)
class Message:
    """A message that a sender received. Hides what it holds in its repr."""

    sender: str
    from_: Recipient
    body: str
    message_id: str
    to: str = ""
    receive_time: datetime | None = None
    validate_only: bool = False

    def __repr__(self) -> str:
        return f"Message({self.message_id!r}, …)"


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply to send; empty `text`: the sender's own words. `permit` lets a check allow this one, for five minutes."""

    text: str
    permit: str
    permit_expire_time: datetime | None


@dataclass(frozen=True, slots=True)
class Heard:
    """What a message meant and changed. `reply` is None where none is due; `repeated`: it was heard before."""

    intent: Intent
    matched_word: str
    result: Recorded | None
    reply: Reply | None
    review_item_id: str
    repeated: bool


def handle(line: Line, stub: ConsentServiceStub, message: Message, request_id: str, timeout: float | None) -> Heard:
    """Tell the service of a message. An empty `request_id`: a new one."""
    id_ = chosen_request_id(request_id)
    request = encoded(lambda: _encode(message, id_), id_)
    answer = line.call(stub.HandleInboundMessage, request, timeout, id_)
    return decoded(lambda: decode_heard(answer), id_)


def _encode(message: Message, request_id: str) -> inbound_pb2.HandleInboundMessageRequest:
    encoded_message = inbound_pb2.HandleInboundMessageRequest(
        sender=message.sender,
        channel=encode_recipient(message.from_).channel,
        to=message.to,
        body=message.body,
        provider_message_id=message.message_id,
        receive_time=timestamp_of(message.receive_time),
        validate_only=message.validate_only,
        request_id=request_id,
    )
    # The contract's name is a keyword here.
    setattr(encoded_message, "from", message.from_.address)
    return encoded_message


def decode_heard(found: inbound_pb2.HandleInboundMessageResponse) -> Heard:
    """The answer to HandleInboundMessage. Raises ValueError where it tells no intent."""
    intent = word_of(Intent, found.intent)
    if intent is None:
        raise ValueError("no intent")
    reply = None
    if found.HasField("reply"):
        reply = Reply(found.reply.text, found.reply.permit, moment_of(found.reply, "permit_expire_time"))
    return Heard(
        intent,
        found.matched_word,
        decode_result(found.result) if found.HasField("result") else None,
        reply,
        found.review_item_id,
        found.repeated_message,
    )
