"""Importing statements, portion by portion: each is one transaction, and none is imported twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from server.domain.errors import ConsentError, FieldFault, InvalidField, Violation
from server.domain.model import NotAppliedReason, Principal
from server.storage.protocol import Transaction
from server.usecases.idempotency import RETENTION
from server.usecases.records import Draft, Terms, field_within, record_consents
from server.usecases.reversals import was_reverted
from server.usecases.statements import Recorded

_CALLER = "import"


@dataclass(frozen=True, slots=True)
class Portion:
    """Statements that are imported together, at the `number`-th place of a batch.

    There is a keyed fingerprint of them for each readable service key, that of the key in use first.
    """

    batch_id: str
    number: int
    fingerprints: tuple[bytes, ...]
    drafts: Sequence[Draft]


@dataclass(slots=True)
class Imported:
    """What became of a portion: how many statements of each outcome, and the refused ones with their reason.

    `new`, `changed` and `unchanged` records; `protected`: a no stands that an import cannot lift; `superseded`: a newer
    statement stands. `repeated` says that all this was found, not done.
    """

    counts: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[int, str]] = field(default_factory=list)
    repeated: bool = False


def import_portion(tx: Transaction, principal: Principal, portion: Portion) -> Imported:
    """Record the statements of a portion, each judged alone, or answer what became of it before.

    What became of a portion is kept for a week, under its batch and number. A portion that is another than then is
    recorded anew: what it says again changes nothing. Raises InvalidField for a batch that was reverted: going on with
    it would bring back what was taken back.
    """
    if was_reverted(tx, portion.batch_id):
        description = "this batch was reverted; import what is right under another id"
        raise InvalidField(Violation("batch_id", FieldFault.NOT_ALLOWED, description))
    key = f"{portion.batch_id}:{portion.number}"
    kept = tx.answered(_CALLER, _CALLER, key, tx.now - RETENTION)
    if kept is not None and kept[0] in portion.fingerprints:
        facts = orjson.loads(kept[1])
        return Imported(
            Counter(facts["counts"]), [(place, reason) for place, reason in facts["refused"]], repeated=True
        )
    imported = _record(tx, principal, portion)
    if kept is None:
        answer = orjson.dumps({"counts": imported.counts, "refused": imported.refused})
        tx.keep_answer(_CALLER, _CALLER, key, portion.fingerprints[0], answer)
    return imported


def _record(tx: Transaction, principal: Principal, portion: Portion) -> Imported:
    imported = Imported()
    outcomes = record_consents(tx, principal, portion.drafts, Terms(batch_id=portion.batch_id), atomic=False)
    for place, outcome in enumerate(outcomes):
        if isinstance(outcome, ConsentError):
            imported.refused.append((place, _reason(outcome, place)))
        else:
            imported.counts[_outcome(outcome)] += 1
    return imported


def _outcome(recorded: Recorded) -> str:
    if recorded.unchanged:
        return "unchanged"
    match recorded.not_applied_reason:
        case None:
            return "new" if recorded.record.create_time == recorded.record.update_time else "changed"
        case NotAppliedReason.SUPERSEDED:
            return "superseded"
        case NotAppliedReason.PROTECTED_OPT_OUT | NotAppliedReason.WIDER_OPT_OUT:
            return "protected"


def _reason(refusal: ConsentError, place: int) -> str:
    if refusal.violations:
        return "; ".join(f"{field_within(v.field, place)}: {v.description}" for v in refusal.violations)
    return refusal.message
