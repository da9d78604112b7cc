"""The writes that are sent: each changes something, none is sent twice."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable

from consent.v1.channel_consent_pb2 import (
    ChannelType,
    ConsentType,
    UpdateChannelConsentRequest,
    UpdateChannelConsentResponse,
)
from consent.v1.consent_pb2 import Actor, Channel, ConsentState, Recipient, Strength
from consent.v1.inbound_pb2 import HandleInboundMessageRequest, HandleInboundMessageResponse, Intent
from consent.v1.ledger_pb2 import (
    BatchRecordConsentsRequest,
    BatchRecordConsentsResponse,
    ConsentStatement,
    Evidence,
    EvidenceMethod,
    RecordConsentRequest,
    RecordConsentResponse,
)

from server.demo import API_KEY, BRAND, CLIENT
from tests.bench import people
from tests.bench.loads import LoadFailed

RECORD = "/consent.v1.ConsentService/RecordConsent"
BATCH_RECORD = "/consent.v1.ConsentService/BatchRecordConsents"
INBOUND = "/consent.v1.ConsentService/HandleInboundMessage"
UPDATE = "/consent.v1.ConsentService/UpdateChannelConsent"
_EVIDENCE = Evidence(method=EvidenceMethod.EVIDENCE_METHOD_WEB_FORM, url="https://brand.example/leave")

Samples = Iterable[tuple[int, bytes]]


class Supply:
    """Numbers messages on, so that each is new."""

    def __init__(self, make: Callable[[int], bytes], first: int = 0) -> None:
        self._make = make
        self._numbers = itertools.count(first)

    def take(self, size: int) -> list[bytes]:
        """The next messages."""
        return [self._make(number) for number in itertools.islice(self._numbers, size)]


def statement(number: int, count: int) -> ConsentStatement:
    """A no of a person who is known, or a yes of one who is new, in turn, at a scope that nobody has a record of."""
    new = number % 2 == 1
    channel, address = people.recipient(count * 2 + number if new else number * 7_919 % count)
    state = ConsentState.CONSENT_STATE_OPTED_IN if new else ConsentState.CONSENT_STATE_OPTED_OUT
    return ConsentStatement(
        recipient=Recipient(channel=channel, address=address),
        sender=BRAND,
        purpose="informational",
        state=state,
        actor=Actor.ACTOR_RECIPIENT,
        strength=Strength.STRENGTH_EXPRESS_WRITTEN if new else Strength.STRENGTH_UNSPECIFIED,
        evidence=_EVIDENCE,
        source="web",
    )


def records(count: int, *, first: int = 0, request_ids: bool = False) -> Supply:
    """RecordConsent from the statement `first` on; with the request ids that our own client sends, or without."""

    def make(number: int) -> bytes:
        request_id = f"bench-{number}" if request_ids else ""
        return RecordConsentRequest(statement=statement(number, count), request_id=request_id).SerializeToString()

    return Supply(make, first)


def batch_records(count: int, size: int) -> Supply:
    """BatchRecordConsents of `size` statements."""

    def make(number: int) -> bytes:
        statements = [statement(number * size + place, count) for place in range(size)]
        return BatchRecordConsentsRequest(statements=statements).SerializeToString()

    return Supply(make)


def inbound_messages(count: int) -> Supply:
    """STOP and START of one person after the other."""

    def make(number: int) -> bytes:
        request = HandleInboundMessageRequest(
            sender=BRAND,
            channel=Channel.CHANNEL_SMS,
            to="+16505550100",
            body="START" if number % 2 else "STOP",
            provider_message_id=f"bench-{number}",
        )
        # `from` is a word of Python.
        setattr(request, "from", people.north_american(count * 2 + number // 2))
        return request.SerializeToString()

    return Supply(make)


def updates(count: int) -> Supply:
    """UpdateChannelConsent, Relay's one operation."""

    def make(number: int) -> bytes:
        return UpdateChannelConsentRequest(
            client_id=CLIENT,
            channel_addr=people.north_american(count * 2 + number)[2:],
            channel_type=ChannelType.CHANNEL_TYPE_SMS,
            consent_type=ConsentType.CONSENT_TYPE_WRITTEN,
        ).SerializeToString()

    return Supply(make)


def json_updates(count: int) -> Supply:
    """The same as Relay's documentation has it: whole HTTP/1.1 requests, of other persons."""

    def make(number: int) -> bytes:
        address = people.north_american(count * 3 + number)[2:]
        body = json.dumps({"consent_type": "written"})
        return (
            f"PUT /messaging/client/{CLIENT}/consent/channel_addr/{address}/channel_type/sms HTTP/1.1\r\n"
            f"Host: 127.0.0.1\r\nxx-relay-api-key: {API_KEY}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    return Supply(make)


def hold_records(samples: Samples) -> None:
    """Each statement must have become an event that took effect. Raises LoadFailed."""
    for _, body in samples:
        result = RecordConsentResponse.FromString(body).result
        if not (result.applied and result.revision):
            raise LoadFailed(f"a statement did not take effect: {result}")


def hold_batch_records(samples: Samples) -> None:
    """Each statement of each batch must have become an event that took effect. Raises LoadFailed."""
    for _, body in samples:
        for told in BatchRecordConsentsResponse.FromString(body).results:
            if not (told.result.applied and told.result.revision):
                raise LoadFailed(f"a statement of a batch did not take effect: {told}")


def hold_inbound(samples: Samples) -> None:
    """Each message must have been heard as what it says. Raises LoadFailed."""
    for index, body in samples:
        answer = HandleInboundMessageResponse.FromString(body)
        expected = Intent.INTENT_START if index % 2 else Intent.INTENT_STOP
        if answer.intent != expected or answer.repeated_message or not answer.result.applied:
            raise LoadFailed(f"a message was not heard as it should be: {answer}")


def hold_updates(samples: Samples) -> None:
    """Each update must have been applied. Raises LoadFailed."""
    for _, body in samples:
        if not UpdateChannelConsentResponse.FromString(body).applied:
            raise LoadFailed("an update was not applied")


def hold_json_updates(samples: Samples) -> None:
    """Each answer must show the consent as it was put. Raises LoadFailed."""
    for _, body in samples:
        if json.loads(body)["consent"]["consent_type"] != "written":
            raise LoadFailed(f"an update was not applied: {body.decode()}")
