"""Statements, sent so that a repeat is safe."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from itertools import islice

from consent.v1 import ledger_pb2
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub

from server.client.calls import Line, chosen_request_id, decoded, encoded
from server.client.statements import Recorded, Refused, Statement, decode_result, encode_statement

MAX_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Terms:
    """How statements are recorded. `force_reason` overrides a protected no, for a credential that may."""

    force_reason: str = ""
    validate_only: bool = False
    batch_id: str = ""
    request_id: str = ""


def record(line: Line, stub: ConsentServiceStub, statement: Statement, terms: Terms, timeout: float | None) -> Recorded:
    """Record one statement."""
    request_id = chosen_request_id(terms.request_id)
    request = encoded(
        lambda: ledger_pb2.RecordConsentRequest(
            statement=encode_statement(statement),
            force=bool(terms.force_reason),
            force_reason=terms.force_reason,
            validate_only=terms.validate_only,
            batch_id=terms.batch_id,
            request_id=request_id,
        ),
        request_id,
    )
    answer = line.call(stub.RecordConsent, request, timeout, request_id)
    return decoded(lambda: _recorded(answer), request_id)


def _recorded(answer: ledger_pb2.RecordConsentResponse) -> Recorded:
    if not answer.HasField("result"):
        raise ValueError("no result")
    return decode_result(answer.result)


def record_many(
    line: Line,
    stub: ConsentServiceStub,
    statements: Iterable[Statement],
    terms: Terms,
    *,
    atomic: bool,
    batch_size: int,
    timeout: float | None,
) -> list[Recorded | Refused]:
    """Record statements batch by batch, one after the other: a later one may answer to an earlier one."""
    if not 1 <= batch_size <= MAX_BATCH:
        raise ValueError(f"batch_size is 1 to {MAX_BATCH:,}")
    base = chosen_request_id(terms.request_id)
    source = iter(statements)
    outcomes: list[Recorded | Refused] = []
    number = 0
    while batch := list(islice(source, batch_size)):
        number += 1
        request_id = f"{base}.{number}"
        request = encoded(partial(_encode, batch, terms, atomic, request_id), request_id)
        answer = line.call(stub.BatchRecordConsents, request, timeout, request_id)
        outcomes += decoded(partial(_outcomes, len(batch), answer), request_id)
    return outcomes


def _encode(
    batch: list[Statement], terms: Terms, atomic: bool, request_id: str
) -> ledger_pb2.BatchRecordConsentsRequest:
    return ledger_pb2.BatchRecordConsentsRequest(
        statements=[encode_statement(statement) for statement in batch],
        atomic=atomic,
        force=bool(terms.force_reason),
        force_reason=terms.force_reason,
        validate_only=terms.validate_only,
        batch_id=terms.batch_id,
        request_id=request_id,
    )


def _outcomes(asked: int, answer: ledger_pb2.BatchRecordConsentsResponse) -> list[Recorded | Refused]:
    if len(answer.results) != asked:
        raise ValueError(f"{asked} statements have {len(answer.results)} results")
    return [_outcome(result) for result in answer.results]


def _outcome(found: ledger_pb2.BatchRecordResult) -> Recorded | Refused:
    match found.WhichOneof("outcome"):
        case "result":
            return decode_result(found.result)
        case "refusal":
            return Refused(found.refusal.reason, found.refusal.field, found.refusal.message)
        case _:
            raise ValueError("a statement has no result")
