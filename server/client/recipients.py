"""A person on a channel."""

from __future__ import annotations

from dataclasses import dataclass

from consent.v1 import consent_pb2
from google.protobuf.message import Message

from server.client.vocabulary import Channel, number_of, word_of

ALL = "*"
"""In a scope: every sender, or every purpose."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a message would reach. The address is in any usual form; answers hold the canonical one.

    Hides the address in its repr, and so in logs.
    """

    channel: Channel
    address: str

    def __repr__(self) -> str:
        return f"Recipient({self.channel.name}, …)"


def sms(number: str) -> Recipient:
    """The person whom text messages to this number reach."""
    return Recipient(Channel.SMS, number)


def voice(number: str) -> Recipient:
    """The person whom calls to this number reach."""
    return Recipient(Channel.VOICE, number)


def email(address: str) -> Recipient:
    """The person whom e-mail to this address reaches."""
    return Recipient(Channel.EMAIL, address)


def whatsapp(number: str) -> Recipient:
    """The person whom WhatsApp messages to this number reach."""
    return Recipient(Channel.WHATSAPP, number)


def rcs(number: str) -> Recipient:
    """The person whom RCS messages to this number reach."""
    return Recipient(Channel.RCS, number)


def encode_recipient(recipient: Recipient) -> consent_pb2.Recipient:
    """The recipient in the contract. Raises ValueError for a text that is not Unicode, or an unknown channel."""
    channel = consent_pb2.Channel.ValueType(number_of(recipient.channel))
    return consent_pb2.Recipient(channel=channel, address=recipient.address)


def decode_recipient(message: Message, field: str = "recipient") -> Recipient | None:
    """The recipient in a field of a message; None where it is unset."""
    if not message.HasField(field):
        return None
    found: consent_pb2.Recipient = getattr(message, field)
    return Recipient(word_of(Channel, found.channel) or Channel.UNKNOWN, found.address)
