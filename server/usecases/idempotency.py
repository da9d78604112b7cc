"""Repeats by request id (AIP-155): the answer is kept in the transaction that made it, for seven days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from server.domain.errors import RequestIdReused
from server.domain.model import Instant, Principal
from server.storage.protocol import Transaction

RETENTION: Instant = 7 * 24 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class Repeatable:
    """What makes two calls the same: the method, the id that the caller gave, and a keyed fingerprint of the body.

    There is a fingerprint for each readable service key, that of the key in use first.
    """

    method: str
    request_id: str
    fingerprints: tuple[bytes, ...]


def once(tx: Transaction, principal: Principal, call: Repeatable, work: Callable[[], bytes]) -> bytes:
    """Run `work` and keep its answer, or answer what was kept for this id. Raises RequestIdReused."""
    if not call.request_id or principal.credential_id is None:
        return work()
    kept = tx.answered(principal.credential_id, call.method, call.request_id, tx.now - RETENTION)
    if kept is not None:
        fingerprint, answer = kept
        if fingerprint not in call.fingerprints:
            raise RequestIdReused
        return answer
    answer = work()
    tx.keep_answer(principal.credential_id, call.method, call.request_id, call.fingerprints[0], answer)
    return answer
