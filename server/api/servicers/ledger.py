"""The ledger, forgetting and legal holds: decode, call the use case, encode."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from consent.v1 import admin_pb2 as admin
from consent.v1 import ledger_pb2 as ledger

from server.api import convert_ledger
from server.api.auth import Authenticator
from server.api.call import Call
from server.api.streams import Streams
from server.api.units import Units
from server.domain.model import Channel, Role
from server.storage.protocol import Transaction
from server.usecases import events, forgetting, verification, watching
from server.usecases.pages import PageTokens

ROLES = {
    "ListConsentEvents": Role.READER,
    "WatchConsentEvents": Role.READER,
    "VerifyLedger": Role.READER,
    "ForgetRecipient": Role.ADMIN,
}
ADMIN_ROLES = {"SetLegalHold": Role.ADMIN}


class LedgerServicer:
    """ListConsentEvents, WatchConsentEvents, VerifyLedger, ForgetRecipient, SetLegalHold."""

    def __init__(
        self,
        units: Units,
        tokens: PageTokens,
        authenticator: Authenticator,
        streams: Streams,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._units = units
        self._tokens = tokens
        self._authenticator = authenticator
        self._streams = streams
        self._monotonic = monotonic

    def ListConsentEvents(
        self, call: Call, request: ledger.ListConsentEventsRequest
    ) -> ledger.ListConsentEventsResponse:
        """List events."""
        query = convert_ledger.event_query(request)
        with self._units.read(call) as snapshot:
            page = events.list_events(
                snapshot, call.principal, self._tokens, query, request.page_size, request.page_token
            )
        return ledger.ListConsentEventsResponse(
            events=[convert_ledger.event(event, owner) for event, owner in page.events],
            next_page_token=page.next_page_token,
            revision=page.revision,
        )

    def WatchConsentEvents(
        self, call: Call, request: ledger.WatchConsentEventsRequest
    ) -> Iterator[ledger.WatchConsentEventsResponse]:
        """Tell events as they are committed."""
        principal = call.principal
        signals = watching.WatchSignals(
            check_open=lambda: self._streams.check_open(call.context),
            check_credential=lambda: self._authenticator.authenticate(call.metadata, call.context.peer),
            pause=self._streams.pause,
            monotonic=self._monotonic,
        )
        query = convert_ledger.watch_query(request)
        with self._streams.watch(principal.tenant_id, call.context):
            for told in watching.watch_events(self._units.storage, principal, self._tokens, query, signals):
                yield convert_ledger.watch_message(told)

    def VerifyLedger(self, call: Call, request: ledger.VerifyLedgerRequest) -> Iterator[ledger.VerifyLedgerResponse]:
        """Verify the ledger."""
        with self._streams.stream(call.context):
            for told in verification.verify_ledger(
                lambda: self._units.read(call), call.principal, request.first_revision, request.last_revision
            ):
                if not self._streams.check_open(call.context):
                    return
                yield convert_ledger.progress(told)

    def ForgetRecipient(self, call: Call, request: ledger.ForgetRecipientRequest) -> ledger.ForgetRecipientResponse:
        """Forget a recipient. What is kept of the address is looked for before the transaction: that takes long."""
        asked = request.recipient
        with self._units.read(call) as snapshot:
            plan = forgetting.plan_forgetting(snapshot, call.principal, Channel(asked.channel), asked.address)

        def work(tx: Transaction) -> ledger.ForgetRecipientResponse:
            erasure = forgetting.forget_recipient(tx, call.principal, plan, request.reason)
            return ledger.ForgetRecipientResponse(certificate=convert_ledger.certificate(erasure))

        return self._units.write(call, request, ledger.ForgetRecipientResponse, work)

    def SetLegalHold(self, call: Call, request: admin.SetLegalHoldRequest) -> admin.SetLegalHoldResponse:
        """Place a legal hold, or release it."""
        asked = request.recipient

        def work(tx: Transaction) -> admin.SetLegalHoldResponse:
            held = forgetting.set_legal_hold(
                tx, call.principal, Channel(asked.channel), asked.address, request.held, request.reason
            )
            return admin.SetLegalHoldResponse(held=held)

        return self._units.write(call, request, admin.SetLegalHoldResponse, work)
