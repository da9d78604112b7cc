"""Judging a chunk of a list: what one process does to whole rows, whichever process that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from server.domain.model import Channel, Principal
from server.domain.policy import Reason, Verdict
from server.scrubbing.rows import Form, decode, encode, read_rows
from server.storage.protocol import Storage
from server.usecases.checks import batch_check_consent

ROWS_A_BLOCK = 5000
MALFORMED_ROW = "MALFORMED_ROW"

_MALFORMED = 0
_NAMES = {_MALFORMED: MALFORMED_ROW, **{reason.value: reason.name for reason in Reason}}
ALLOWING = frozenset(reason.name for reason in Reason if reason.verdict is Verdict.ALLOW)
_ALLOWING = frozenset(reason.value for reason in Reason if reason.verdict is Verdict.ALLOW)

Judge = Callable[[Sequence[str]], tuple[Sequence[int], int]]
"""Answers the reasons for addresses, in their order, and the revision at which they were read."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every row. Without a channel the address tells: e-mail where it has an @, else SMS."""

    tenant_id: int
    principal: Principal
    sender_id: str
    purpose_id: str
    channel: Channel | None


@dataclass(slots=True)
class Judged:
    """A chunk's rows, divided: those that may be sent to, and those that must not with the reason as one more cell.

    `rest` is the text of a row that goes on in the next chunk, which must be judged with it.
    """

    allowed: bytes = b""
    denied: bytes = b""
    reasons: Counter[str] = field(default_factory=Counter)
    revisions: tuple[int, int] | None = None
    rest: bytes = b""


def storage_judge(storage: Storage, question: Question) -> Judge:
    """Judge by the batch use case, each call at a snapshot of its own. What it raises is what the use case raises."""

    def judge(addresses: Sequence[str]) -> tuple[Sequence[int], int]:
        channels = [question.channel] if question.channel else _channels(addresses)
        with storage.read(question.tenant_id) as snapshot:
            answer = batch_check_consent(
                snapshot, question.principal, question.sender_id, question.purpose_id, channels, addresses
            )
        return answer.reasons, answer.revision

    return judge


def judge_chunk(judge: Judge, data: bytes, column: int, form: Form, *, final: bool) -> Judged:
    """Divide the rows of a chunk. An address that is no text, and a malformed row, are denied."""
    rows = read_rows(decode(data), form, final=final)
    judged = Judged(rest=encode(rows.rest))
    endings = {reason: f"{form.delimiter}{name}{form.line_end}" for reason, name in _NAMES.items()}
    allowed: list[str] = []
    denied: list[str] = []
    counts: Counter[int] = Counter()
    for start in range(0, len(rows.texts), ROWS_A_BLOCK):
        texts, cells = rows.texts[start : start + ROWS_A_BLOCK], rows.cells[start : start + ROWS_A_BLOCK]
        reasons, revision = judge(_addresses(cells, column))
        if None in cells:
            reasons = [_MALFORMED if row is None else reason for row, reason in zip(cells, reasons, strict=True)]
        allowed += [text for text, reason in zip(texts, reasons, strict=True) if reason in _ALLOWING]
        denied += [
            text.removesuffix("\n").removesuffix("\r") + endings[reason]
            for text, reason in zip(texts, reasons, strict=True)
            if reason not in _ALLOWING
        ]
        counts.update(reasons)
        judged.revisions = (judged.revisions[0] if judged.revisions else revision, revision)
    judged.allowed, judged.denied = encode("".join(allowed)), encode("".join(denied))
    judged.reasons = Counter({_NAMES[reason]: count for reason, count in counts.items()})
    return judged


def _addresses(cells: Sequence[list[str] | None], column: int) -> list[str]:
    found = [row[column] if row else "" for row in cells]
    if "".join(found).isascii():
        return found
    return [address if _is_text(address) else "" for address in found]


def _is_text(address: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in address)


def _channels(addresses: Sequence[str]) -> list[Channel]:
    """One channel for all where that is so, else one each."""
    emails = ["@" in address for address in addresses]
    if not any(emails):
        return [Channel.SMS]
    return [Channel.EMAIL if email else Channel.SMS for email in emails]
