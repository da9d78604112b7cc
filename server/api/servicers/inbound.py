"""Inbound messages and their review: decode, call the use case, encode."""

from __future__ import annotations

from consent.v1 import inbound_pb2 as inbound

from server.api import convert, convert_statements
from server.api.call import Call
from server.api.units import Units
from server.domain.model import Channel, Resolution, ReviewKind, Role
from server.domain.service_key import ServiceKeys
from server.storage.protocol import Transaction
from server.usecases import reviews
from server.usecases.heard import hear_once
from server.usecases.inbound import Message, find_ends, handle_message
from server.usecases.pages import PageTokens
from server.usecases.permits import ReplyPermits

ROLES = {
    "HandleInboundMessage": Role.WRITER,
    "ListReviewItems": Role.READER,
    "ResolveReviewItem": Role.WRITER,
}


class InboundServicer:
    """HandleInboundMessage, ListReviewItems, ResolveReviewItem."""

    def __init__(self, units: Units, tokens: PageTokens, permits: ReplyPermits, keys: ServiceKeys) -> None:
        self._units = units
        self._tokens = tokens
        self._permits = permits
        self._keys = keys

    def HandleInboundMessage(
        self, call: Call, request: inbound.HandleInboundMessageRequest
    ) -> inbound.HandleInboundMessageResponse:
        """Hear a message, once."""
        message = _message(request)

        def work(tx: Transaction) -> inbound.HandleInboundMessageResponse:
            ends = find_ends(tx, call.principal, message)

            def hear() -> bytes:
                handled = handle_message(tx, call.principal, self._permits, message, ends)
                return convert_statements.handled(handled, rehearsed=request.validate_only).SerializeToString()

            kept, repeated = hear_once(tx, self._keys, message, ends, hear)
            answer = inbound.HandleInboundMessageResponse.FromString(kept)
            answer.repeated_message = repeated
            if not answer.intent:
                # The recipient was forgotten since, and the kept answer with it: it is not heard anew.
                answer.intent = inbound.INTENT_NONE
            return answer

        if request.validate_only:
            return self._units.rehearse(call, work)
        return self._units.write(call, request, inbound.HandleInboundMessageResponse, work)

    def ListReviewItems(self, call: Call, request: inbound.ListReviewItemsRequest) -> inbound.ListReviewItemsResponse:
        """List what waits for a person's judgement."""
        kind = ReviewKind(request.kind) if request.kind else None
        with self._units.read(call) as snapshot:
            page, token = reviews.list_reviews(
                snapshot,
                call.principal,
                self._tokens,
                request.sender,
                kind,
                request.with_resolved,
                request.page_size,
                request.page_token,
            )
        return inbound.ListReviewItemsResponse(items=map(convert_statements.review, page), next_page_token=token)

    def ResolveReviewItem(
        self, call: Call, request: inbound.ResolveReviewItemRequest
    ) -> inbound.ResolveReviewItemResponse:
        """Judge a review item."""
        resolution = Resolution(request.resolution)

        def work(tx: Transaction) -> inbound.ResolveReviewItemResponse:
            judged = reviews.resolve_review(tx, call.principal, request.id, resolution, request.note)
            return inbound.ResolveReviewItemResponse(item=convert_statements.review(judged))

        return self._units.write(call, request, inbound.ResolveReviewItemResponse, work)


def _message(request: inbound.HandleInboundMessageRequest) -> Message:
    return Message(
        sender_id=request.sender,
        channel=Channel(request.channel),
        written_by=str(getattr(request, "from")),
        sent_to=request.to,
        body=request.body,
        provider_message_id=request.provider_message_id,
        receive_time=convert.instant(request.receive_time) if request.HasField("receive_time") else None,
    )
