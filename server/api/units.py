"""How servicer methods reach the storage: one snapshot to read, one transaction to write, repeats answered once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf.message import Message

from server.api.call import Call
from server.domain.service_key import ServiceKeys
from server.storage.protocol import Snapshot, Storage, Transaction
from server.usecases.idempotency import Repeatable, once

_FINGERPRINT = "request fingerprint"

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Units:
    """Opens units of work on the caller's tenant."""

    storage: Storage
    keys: ServiceKeys

    def read(self, call: Call) -> AbstractContextManager[Snapshot]:
        """Open a snapshot of the caller's tenant."""
        return self.storage.read(call.principal.tenant_id)

    def write(self, call: Call, request: Any, answer_type: type[M], work: Callable[[Transaction], M]) -> M:
        """Run `work` in a transaction of the caller's tenant, once for each request id."""
        principal = call.principal
        if not request.request_id:
            return self.storage.write(principal.tenant_id, work)
        fingerprints = self.keys.digests(_FINGERPRINT, request.SerializeToString(deterministic=True))
        repeatable = Repeatable(call.method.name, request.request_id, fingerprints)
        encoded = self.storage.write(
            principal.tenant_id, lambda tx: once(tx, principal, repeatable, lambda: work(tx).SerializeToString())
        )
        return answer_type.FromString(encoded)

    def rehearse(self, call: Call, work: Callable[[Transaction], M]) -> M:
        """Run `work` in a transaction that is taken back: what it answers would happen, and nothing did."""

        def rehearsed(tx: Transaction) -> None:
            raise _Rehearsed(work(tx))

        try:
            self.storage.write(call.principal.tenant_id, rehearsed)
        except _Rehearsed as over:
            answer: M = over.answer
            return answer
        raise AssertionError("a rehearsal always ends by being taken back")


class _Rehearsed(Exception):
    """Carries an answer out of a transaction, which is rolled back by it."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer
