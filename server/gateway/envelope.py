"""What the vendors' error envelopes share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.gateway.errors import FaultKind, Violation
from server.gateway.fields import Words

Vocabulary = Mapping[str, Words[Any]]
"""The words of each enum field, by the field's last name in the contract."""


def describe(complaint: Violation, name: str, vocabulary: Vocabulary) -> str:
    """What is wrong, for a person, led by the field's name in the vendor's JSON.

    The server never saw a word that its enum does not have, so the words that it does have are told here.
    """
    if not name:
        return complaint.description
    if complaint.reason == "UNKNOWN_VALUE" and complaint.name in vocabulary:
        return f"{name}: must be one of {vocabulary[complaint.name]}"
    return f"{name}: {complaint.description}"


def documented_status(kind: FaultKind) -> int:
    """The HTTP status at the vendors that document no 403: all that a credential may not do is 401 there."""
    return FaultKind.WRONG_CREDENTIALS.status if kind is FaultKind.NOT_PERMITTED else kind.status
