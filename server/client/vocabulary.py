"""The words of the contract as string enums: the names of consent.v1 without their prefixes.

Each has UNKNOWN for a number that this client does not know, as a newer server may send. UNKNOWN is never sent.
"""

from __future__ import annotations

from enum import StrEnum, auto
from functools import cache
from typing import TypeVar

from consent.v1 import consent_pb2, decision_pb2, inbound_pb2, ledger_pb2
from google.protobuf.descriptor import EnumDescriptor


class _Word(StrEnum):
    @staticmethod
    def _generate_next_value_(name: str, *_: object) -> str:
        return name


class Channel(_Word):
    """How a message travels. A STOP on SMS also stops RCS, and the other way round."""

    SMS = auto()
    VOICE = auto()
    EMAIL = auto()
    WHATSAPP = auto()
    RCS = auto()
    UNKNOWN = auto()


class State(_Word):
    """What the current record of a scope says."""

    NO_STATEMENT = auto()
    OPTED_IN = auto()
    OPTED_OUT = auto()
    UNKNOWN = auto()


class Strength(_Word):
    """How strong a yes is, the weakest first."""

    IMPLIED = auto()
    EXPRESS = auto()
    EXPRESS_WRITTEN = auto()
    UNKNOWN = auto()


class LiftedBy(_Word):
    """Who may lift a no."""

    BUSINESS = auto()
    RECIPIENT = auto()
    UNKNOWN = auto()


class Actor(_Word):
    """Who made a statement."""

    RECIPIENT = auto()
    BUSINESS = auto()
    CARRIER = auto()
    IMPORT = auto()
    SYSTEM = auto()
    UNKNOWN = auto()


class NotAppliedReason(_Word):
    """Why a statement was recorded without effect."""

    PROTECTED_OPT_OUT = auto()
    WIDER_OPT_OUT = auto()
    SUPERSEDED = auto()
    UNKNOWN = auto()


class Verdict(_Word):
    """May it be sent? Whatever is not a clear ALLOW reads as DENY, so there is no UNKNOWN."""

    ALLOW = auto()
    DENY = auto()


class Reason(_Word):
    """Why the verdict is what it is. CHECK_FAILED is this client's: no answer was had, and a failure is no yes."""

    OPTED_OUT = auto()
    OPT_OUT_SUSPECTED = auto()
    ALLOWED_BY_RULE = auto()
    OPTED_IN = auto()
    PENDING_CONFIRMATION = auto()
    EXPIRED = auto()
    INSUFFICIENT_STRENGTH = auto()
    NO_CONSENT = auto()
    REPLY_PERMIT = auto()
    INVALID_RECIPIENT = auto()
    UNKNOWN = auto()
    CHECK_FAILED = auto()


class EvidenceMethod(_Word):
    """How a recipient said it."""

    MESSAGE = auto()
    WEB_FORM = auto()
    CALL = auto()
    PAPER = auto()
    IN_PERSON = auto()
    PREFERENCE_PAGE = auto()
    OTHER = auto()
    UNKNOWN = auto()


class EventKind(_Word):
    """What an event of the ledger is."""

    OPT_IN = auto()
    OPT_OUT = auto()
    SUSPECT = auto()
    REQUEST = auto()
    LIFT = auto()
    SETTING = auto()
    CLEAR = auto()
    ERASED = auto()
    HOLD = auto()
    PRUNED = auto()
    REVERT = auto()
    UNKNOWN = auto()


class Intent(_Word):
    """What a message that was received means."""

    STOP = auto()
    START = auto()
    HELP = auto()
    STOP_SUSPECTED = auto()
    NONE = auto()
    UNKNOWN = auto()


Word = TypeVar("Word", bound=_Word)

CONTRACT: dict[type[_Word], tuple[EnumDescriptor, str]] = {
    Channel: (consent_pb2.Channel.DESCRIPTOR, "CHANNEL_"),
    State: (consent_pb2.ConsentState.DESCRIPTOR, "CONSENT_STATE_"),
    Strength: (consent_pb2.Strength.DESCRIPTOR, "STRENGTH_"),
    LiftedBy: (consent_pb2.LiftedBy.DESCRIPTOR, "LIFTED_BY_"),
    Actor: (consent_pb2.Actor.DESCRIPTOR, "ACTOR_"),
    NotAppliedReason: (consent_pb2.NotAppliedReason.DESCRIPTOR, "NOT_APPLIED_REASON_"),
    Verdict: (decision_pb2.Verdict.DESCRIPTOR, "VERDICT_"),
    Reason: (decision_pb2.VerdictReason.DESCRIPTOR, "VERDICT_REASON_"),
    EvidenceMethod: (ledger_pb2.EvidenceMethod.DESCRIPTOR, "EVIDENCE_METHOD_"),
    EventKind: (ledger_pb2.ConsentEventKind.DESCRIPTOR, "CONSENT_EVENT_KIND_"),
    Intent: (inbound_pb2.Intent.DESCRIPTOR, "INTENT_"),
}
"""Each enum's counterpart in the contract, and the prefix of its names there."""


@cache
def _words(kind: type[Word]) -> dict[int, Word]:
    descriptor, prefix = CONTRACT[kind]
    values = {value.name.removeprefix(prefix): value.number for value in descriptor.values}
    return {values[word.value]: word for word in kind if word.value in values}


@cache
def _numbers(kind: type[_Word]) -> dict[_Word, int]:
    return {word: number for number, word in _words(kind).items()}


def number_of(word: _Word | None) -> int:
    """The number of a word in the contract; 0 for None. Raises ValueError for a word that is not sent."""
    if word is None:
        return 0
    try:
        return _numbers(type(word))[word]
    except KeyError:
        raise ValueError(f"{type(word).__name__}.{word} cannot be sent") from None


def word_of(kind: type[Word], number: int) -> Word | None:
    """The word of a number; None for 0, UNKNOWN (None where the kind has none) for one that is not known."""
    return _words(kind).get(number, kind.__members__.get("UNKNOWN") if number else None)
