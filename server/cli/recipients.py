"""The person that a command is about: an address, and the channel that it is on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from server.cli.texts import Bounded
from server.cli.words import Words
from server.domain.model import Channel

F = TypeVar("F", bound=Callable[..., Any])


def address_argument(command: F) -> F:
    """Add ADDRESS."""
    return click.argument("address", metavar="ADDRESS", type=Bounded("Recipient.address"))(command)


def channel_option(command: F) -> F:
    """Add `--channel`; without it the address tells."""
    return click.option(
        "--channel",
        type=Words(Channel),
        help="How the message travels. Without it: email where the address has an @, else sms.",
    )(command)


def channel_of(address: str, channel: Channel | None) -> Channel:
    """The channel that was named, or the one that the address looks like."""
    return channel or (Channel.EMAIL if "@" in address else Channel.SMS)
