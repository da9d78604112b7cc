"""Lists that come in pages, as one iterator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from consent.v1 import consent_pb2, ledger_pb2
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub
from consent.v1.decision_pb2 import ListConsentsRequest, ListConsentsResponse
from consent.v1.ledger_pb2 import ListConsentEventsRequest, ListConsentEventsResponse

from server.client.calls import Line, Method, decoded, encoded, new_request_id
from server.client.decisions import Consent, decode_consent
from server.client.errors import BadAnswer
from server.client.events import ConsentEvent, decode_event
from server.client.recipients import Recipient, encode_recipient
from server.client.times import timestamp_of
from server.client.vocabulary import Actor, EventKind, number_of

Asked = TypeVar("Asked", ListConsentsRequest, ListConsentEventsRequest)
Page = TypeVar("Page", ListConsentsResponse, ListConsentEventsResponse)
Found = TypeVar("Found")
Read = TypeVar("Read")
_PAGE_SIZE = 500


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events to list, and in which order."""

    recipient: Recipient | None = None
    sender: str = ""
    kind: EventKind | None = None
    actor: Actor | None = None
    batch_id: str = ""
    since: datetime | None = None
    before: datetime | None = None
    as_of_revision: int = 0
    newest_first: bool = False


def list_consents(
    line: Line,
    stub: ConsentServiceStub,
    recipient: Recipient | None,
    sender: str,
    as_of_revision: int,
    timeout: float | None,
) -> Iterator[Consent]:
    """The records, in the service's order."""
    request_id = new_request_id()
    request = encoded(
        lambda: ListConsentsRequest(
            recipient=encode_recipient(recipient) if recipient else None,
            sender=sender,
            page_size=_PAGE_SIZE,
            as_of_revision=as_of_revision,
        ),
        request_id,
    )
    for page in _pages(line, stub.ListConsents, request, timeout):
        yield from decoded(partial(_each, decode_consent, page.consents), request_id)


def list_events(line: Line, stub: ConsentServiceStub, wanted: Filter, timeout: float | None) -> Iterator[ConsentEvent]:
    """The events, by revision."""
    request_id = new_request_id()
    request = encoded(lambda: _encode(wanted), request_id)
    for page in _pages(line, stub.ListConsentEvents, request, timeout):
        yield from decoded(partial(_each, decode_event, page.events), request_id)


def _encode(wanted: Filter) -> ListConsentEventsRequest:
    return ListConsentEventsRequest(
        recipient=encode_recipient(wanted.recipient) if wanted.recipient else None,
        sender=wanted.sender,
        kind=ledger_pb2.ConsentEventKind.ValueType(number_of(wanted.kind)),
        actor=consent_pb2.Actor.ValueType(number_of(wanted.actor)),
        batch_id=wanted.batch_id,
        record_time_from=timestamp_of(wanted.since),
        record_time_before=timestamp_of(wanted.before),
        as_of_revision=wanted.as_of_revision,
        newest_first=wanted.newest_first,
        page_size=_PAGE_SIZE,
    )


def _each(decode: Callable[[Found], Read], found: Iterable[Found]) -> list[Read]:
    return [decode(item) for item in found]


def head_revision(line: Line, stub: ConsentServiceStub) -> int:
    """The tenant's last revision now."""
    request = ListConsentEventsRequest(page_size=1, newest_first=True)
    return line.call(stub.ListConsentEvents, request, None, new_request_id()).revision


def _pages(line: Line, method: Method[Asked, Page], request: Asked, timeout: float | None) -> Iterator[Page]:
    """Every page, each asked for when the one before is used up. Raises BadAnswer where one is followed by itself."""
    while True:
        request_id = new_request_id()
        page = line.call(method, request, timeout, request_id)
        yield page
        if not page.next_page_token:
            return
        if page.next_page_token == request.page_token:
            raise BadAnswer("a page is followed by itself", request_id=request_id)
        request.page_token = page.next_page_token
