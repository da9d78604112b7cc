"""The decision and the records: decode, call the use case, encode."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from consent.v1 import decision_pb2 as decision
from consent.v1 import ledger_pb2 as ledger

from server.api import convert_decisions, convert_statements
from server.api.call import Call
from server.api.units import Units
from server.domain.model import Channel, Role
from server.domain.policy import Reason
from server.metrics.families import VERDICTS
from server.metrics.metrics import Metrics
from server.storage.protocol import Transaction
from server.usecases import checks, consents, records
from server.usecases.pages import PageTokens
from server.usecases.permits import ReplyPermits

ROLES = {
    "CheckConsent": Role.READER,
    "BatchCheckConsent": Role.READER,
    "RecordConsent": Role.WRITER,
    "BatchRecordConsents": Role.WRITER,
    "ListConsents": Role.READER,
}
CHANNELS = {int(channel): channel for channel in Channel}


class DecisionServicer:
    """CheckConsent, BatchCheckConsent, RecordConsent, BatchRecordConsents, ListConsents."""

    def __init__(self, units: Units, tokens: PageTokens, permits: ReplyPermits, metrics: Metrics) -> None:
        self._units = units
        self._tokens = tokens
        self._permits = permits
        self._count_verdict = metrics.counts(VERDICTS, _verdict_labels, Reason).add

    def CheckConsent(self, call: Call, request: decision.CheckConsentRequest) -> decision.CheckConsentResponse:
        """Answer whether a message may be sent."""
        answer = self._glance(call, request) or self._check(call, request)
        for _, decided in answer.decisions:
            self._count_verdict(decided.reason)
        return convert_decisions.check(answer)

    def _glance(self, call: Call, request: decision.CheckConsentRequest) -> checks.Check | None:
        asks_of_then = request.as_of_revision or request.HasField("as_of_time")
        if len(request.purposes) != 1 or request.reply_permit or asks_of_then:
            return None
        asked = request.recipient
        channel, purpose = CHANNELS[asked.channel], request.purposes[0]
        return checks.check_at_a_glance(
            self._units.storage, call.principal, request.sender, channel, asked.address, purpose
        )

    def _check(self, call: Call, request: decision.CheckConsentRequest) -> checks.Check:
        asked = request.recipient
        read_permit = partial(self._permits.verify, request.reply_permit) if request.reply_permit else None
        with self._units.read(call) as snapshot:
            return checks.check_consent(
                snapshot,
                call.principal,
                request.sender,
                CHANNELS[asked.channel],
                asked.address,
                request.purposes,
                read_permit,
                convert_decisions.as_of(request),
            )

    def BatchCheckConsent(
        self, call: Call, request: decision.BatchCheckConsentRequest
    ) -> decision.BatchCheckConsentResponse:
        """Answer whether a message may be sent to each of many recipients."""
        channels = [CHANNELS[channel] for channel in request.channels]
        with self._units.read(call) as snapshot:
            answer = checks.batch_check_consent(
                snapshot,
                call.principal,
                request.sender,
                request.purpose,
                channels,
                request.addresses,
                with_details=request.with_details,
            )
        self._count_verdicts(answer.reasons)
        return convert_decisions.batch_check(answer)

    def _count_verdicts(self, reasons: Sequence[Reason]) -> None:
        # Packed they are counted in a third of the time.
        packed = bytes(reasons)
        for reason in Reason:
            if count := packed.count(reason):
                self._count_verdict(reason, count)

    def RecordConsent(self, call: Call, request: ledger.RecordConsentRequest) -> ledger.RecordConsentResponse:
        """Record a yes or a no."""
        draft, terms = convert_statements.statement_draft(request.statement), _terms(request)

        def work(tx: Transaction) -> ledger.RecordConsentResponse:
            recorded = records.record_consent(tx, call.principal, draft, terms)
            result = convert_statements.record_result(recorded, rehearsed=request.validate_only)
            return ledger.RecordConsentResponse(result=result)

        if request.validate_only:
            return self._units.rehearse(call, work)
        return self._units.write(call, request, ledger.RecordConsentResponse, work)

    def BatchRecordConsents(
        self, call: Call, request: ledger.BatchRecordConsentsRequest
    ) -> ledger.BatchRecordConsentsResponse:
        """Record many statements in one transaction."""
        drafts, terms = list(map(convert_statements.statement_draft, request.statements)), _terms(request)

        def work(tx: Transaction) -> ledger.BatchRecordConsentsResponse:
            outcomes = records.record_consents(tx, call.principal, drafts, terms, atomic=request.atomic)
            return ledger.BatchRecordConsentsResponse(
                results=[
                    convert_statements.batch_record_result(outcome, index, rehearsed=request.validate_only)
                    for index, outcome in enumerate(outcomes)
                ]
            )

        if request.validate_only:
            return self._units.rehearse(call, work)
        return self._units.write(call, request, ledger.BatchRecordConsentsResponse, work)

    def ListConsents(self, call: Call, request: decision.ListConsentsRequest) -> decision.ListConsentsResponse:
        """List records."""
        asked = request.recipient
        recipient = (Channel(asked.channel), asked.address) if request.HasField("recipient") else None
        with self._units.read(call) as snapshot:
            page = consents.list_consents(
                snapshot,
                call.principal,
                self._tokens,
                recipient,
                request.sender,
                request.page_size,
                request.page_token,
                request.as_of_revision,
            )
        return decision.ListConsentsResponse(
            consents=[convert_decisions.consent(record, owner) for owner, record in page.consents],
            next_page_token=page.next_page_token,
            revision=page.revision,
        )


def _verdict_labels(reason: Reason) -> tuple[str, str]:
    return reason.verdict.name, reason.name


def _terms(request: ledger.RecordConsentRequest | ledger.BatchRecordConsentsRequest) -> records.Terms:
    return records.Terms(request.force, request.force_reason, request.batch_id or None)
