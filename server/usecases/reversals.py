"""Taking back what a batch said, some recipients at a time; what was taken back is found so when it is done again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.domain.ledger import Header, record_snapshot
from server.domain.model import Actor, Principal, Recipient, State
from server.domain.reversal import Reversal, reverse, unheard_since
from server.domain.transitions import Move, Statement, transition
from server.storage.protocol import Entry, EventFilter, Snapshot, Transaction
from server.usecases.statements import Provenance, payload_of, record_statement

SOURCE = "revert"
EVENTS_A_PAGE = 300
KINDS = ("yeses", "lifts", "noes", "kept_noes", "restated", "heard_again")


@dataclass(frozen=True, slots=True)
class Reverting:
    """Which batch to take back, why, and whether noes of an import are meant too."""

    batch_id: str
    reason: str
    noes: bool

    @property
    def own_batch_id(self) -> str:
        """What the events of the reversal are marked with."""
        return own_batch_id(self.batch_id)


@dataclass(frozen=True, slots=True)
class BatchPage:
    """Whom the next events of a batch concern, each with the first of these, and after which to go on; 0: nowhere."""

    recipients: Mapping[int, int]
    next_revision: int


def own_batch_id(batch_id: str) -> str:
    """What the events that take a batch back are marked with."""
    return f"revert:{batch_id}"


def was_reverted(snapshot: Snapshot, batch_id: str) -> bool:
    """Whether anything of a batch was taken back."""
    wanted = EventFilter(1, snapshot.tenant.head_revision, batch_id=own_batch_id(batch_id))
    return bool(snapshot.events_where(wanted, 1))


def find_batch(snapshot: Snapshot, batch_id: str, after_revision: int) -> BatchPage:
    """Find the next recipients of a batch."""
    wanted = EventFilter(after_revision + 1, snapshot.tenant.head_revision, batch_id=batch_id)
    page = snapshot.events_where(wanted, EVENTS_A_PAGE)
    found: dict[int, int] = {}
    for event, _ in page:
        if event.header.recipient_id is not None:
            found.setdefault(event.header.recipient_id, event.header.revision)
    return BatchPage(found, page[-1][0].header.revision if page else 0)


def revert_portion(
    tx: Transaction, principal: Principal, reverting: Reverting, recipients: Mapping[int, int]
) -> Counter[str]:
    """Take back what a batch said of some recipients; answer how many records of each kind there were.

    Each recipient is judged once: with the first of its events in the batch.
    """
    counts: Counter[str] = Counter()
    people = tx.recipients(recipients)
    for recipient_id, history in tx.headers_of(recipients).items():
        first = next((each.revision for each in history if each.batch_id == reverting.batch_id), 0)
        recipient = people.get(recipient_id)
        if first == recipients[recipient_id] and recipient is not None:
            counts.update(_revert(tx, principal, reverting, recipient_id, recipient, history))
    return counts


def _revert(
    tx: Transaction,
    principal: Principal,
    reverting: Reverting,
    recipient_id: int,
    recipient: Recipient,
    history: Sequence[Header],
) -> Counter[str]:
    counts: Counter[str] = Counter()
    found = reverse(history, reverting.batch_id, noes=reverting.noes)
    for reversal in found.reversals:
        _append(tx, principal, reverting, recipient, reversal)
        counts[_kind(reversal)] += 1
    counts["kept_noes"] += found.kept_noes
    counts["restated"] += found.restated
    for statement in unheard_since(history, found.reversals):
        counts["heard_again"] += _hear_again(tx, principal, reverting, recipient, recipient_id, statement)
    return counts


def _kind(reversal: Reversal) -> str:
    return {State.OPTED_IN: "yeses", State.OPTED_OUT: "noes", State.NO_STATEMENT: "lifts"}[reversal.now.state]


def _append(
    tx: Transaction, principal: Principal, reverting: Reverting, recipient: Recipient, reversal: Reversal
) -> None:
    again = reversal.again
    if not again.effective_time:
        # Nothing was ever written there: that there is no statement is written now.
        again = again._replace(effective_time=tx.now)
    evidence = {"reason": reverting.reason, "first_reverted_revision": reversal.first_revision}
    tx.append(
        Entry(
            kind=Move.REVERT,
            scope=again.scope,
            before=record_snapshot(reversal.now),
            after=record_snapshot(again, reverted=reverting.batch_id),
            actor=Actor.BUSINESS if principal.credential_id else Actor.SYSTEM,
            source=SOURCE,
            payload=payload_of(recipient, evidence),
            effective_time=tx.now,
            recipient_id=again.recipient_id,
            credential_id=principal.credential_id,
            batch_id=reverting.own_batch_id,
        ),
        again,
    )


def _hear_again(
    tx: Transaction,
    principal: Principal,
    reverting: Reverting,
    recipient: Recipient,
    recipient_id: int,
    statement: Statement,
) -> int:
    """State what had no effect before; where it has none now either, nothing is written."""
    outcome = transition(recipient_id, tx.records(recipient), statement)
    if outcome.not_applied_reason is not None or outcome.unchanged:
        return 0
    evidence = {"reason": reverting.reason, "reverted_batch": reverting.batch_id}
    sender_id = statement.scope.sender
    record_statement(
        tx, recipient, statement, Provenance(principal, SOURCE, evidence, sender_id, reverting.own_batch_id)
    )
    return 1
