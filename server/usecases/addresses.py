"""Addresses in requests: made canonical, or refused by the name of their field."""

from __future__ import annotations

from server.domain.errors import FieldFault, InvalidField, Violation
from server.domain.model import Channel, Recipient, Sender
from server.domain.recipients import InvalidAddress, canonical
from server.storage.protocol import Snapshot


def read_recipient(
    snapshot: Snapshot, channel: Channel, address: str, field: str, sender: Sender | None = None
) -> Recipient:
    """Read an address; national numbers by the sender's country, else the tenant's. Raises InvalidField."""
    country = (sender.country if sender else None) or snapshot.tenant.country
    try:
        return canonical(channel, address, country)
    except InvalidAddress as error:
        raise InvalidField(Violation(field, FieldFault.INVALID_FORMAT, str(error))) from error
