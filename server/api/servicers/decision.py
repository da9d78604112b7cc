"""The decision and the records: decode, call the use case, encode."""

from __future__ import annotations

from consent.v1 import decision_pb2 as decision

from server.api import convert
from server.api.call import Call
from server.api.units import Units
from server.domain.model import Channel, Role
from server.usecases import checks, consents
from server.usecases.pages import PageTokens

ROLES = {
    "CheckConsent": Role.READER,
    "ListConsents": Role.READER,
}


class DecisionServicer:
    """CheckConsent, BatchCheckConsent, RecordConsent, BatchRecordConsents, ListConsents."""

    def __init__(self, units: Units, tokens: PageTokens) -> None:
        self._units = units
        self._tokens = tokens

    def CheckConsent(self, call: Call, request: decision.CheckConsentRequest) -> decision.CheckConsentResponse:
        """Answer whether a message may be sent."""
        asked = request.recipient
        with self._units.read(call) as snapshot:
            answer = checks.check_consent(
                snapshot, call.principal, request.sender, Channel(asked.channel), asked.address, request.purposes
            )
        return convert.check(answer)

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
            )
        return decision.ListConsentsResponse(
            consents=[convert.consent(record, owner) for owner, record in page.consents],
            next_page_token=page.next_page_token,
            revision=page.revision,
        )
