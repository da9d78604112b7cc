"""The ways in which the callers tell and ask: natively and as two vendors' callers, through both doors.

Each repeats what it tells until it is answered, under the identity that makes that safe; Relay's JSON has none, and is
told once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

import grpc
import httpx
from consent.v1 import channel_consent_pb2, consent_pb2, opt_out_status_pb2
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub

from server.client import (
    Actor,
    ConsentClient,
    DeadlineExceeded,
    Evidence,
    EvidenceMethod,
    Recorded,
    Retries,
    Statement,
    Strength,
    Unavailable,
    opt_in,
    opt_out,
    sms,
)
from server.demo import API_KEY, BRAND, CLIENT, DEPARTMENT, PASSWORD, USER
from tests.torture.kill.history import Told

T = TypeVar("T")

PAUSE_SECONDS = 0.05
AWAY = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED})
"""What gRPC says of a server that is gone, that was told to go, or that does not answer."""
AWAY_JSON = frozenset({502, 503, 504})
_HEADERS = {"x-api-key": API_KEY, "xx-relay-api-key": API_KEY}
_METADATA = (("x-api-key", API_KEY),)
_EVENTS = {True: "OPTIN_TEXT_CONSENT_VIA_MESSAGE_RECEIVED", False: "STOP_MESSAGE_RECEIVED"}
# No connection is shared with another caller: the system gives each to one of the processes.
_OWN_CONNECTION = (("grpc.use_local_subchannel_pool", 1),)


class Unheard(Exception):
    """What was told had no answer, and may not be told again."""


class Strange(Exception):
    """An answer that nobody should get; the message says which."""


Outcome = tuple[int, bool]
"""The revision of the event, 0 where the answer tells none, and whether the statement took effect."""


@dataclass
class Line:
    """One caller's connections: a gRPC channel, an HTTP client; `gone` ends its patience."""

    client: ConsentClient
    stub: ConsentServiceStub
    channel: grpc.Channel
    http: httpx.Client
    gone: threading.Event
    failed: Callable[[], None]

    @classmethod
    def open(cls, target: str, web: str, gone: threading.Event, failed: Callable[[], None]) -> Line:
        """Connect to a service, at the first call."""
        channel = grpc.insecure_channel(target, options=_OWN_CONNECTION)
        client = ConsentClient(
            target, api_key=API_KEY, timeout=10, retries=Retries(attempts=1), channel_options=_OWN_CONNECTION
        )
        http = httpx.Client(base_url=web, trust_env=False, timeout=10, headers=_HEADERS, auth=(USER, PASSWORD))
        return cls(client, ConsentServiceStub(channel), channel, http, gone, failed)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()
        self.channel.close()
        self.http.close()

    def once(self, call: Callable[[], T]) -> T:
        """Call; raises Unheard where the service is away, and Strange where it says anything else."""
        try:
            return call()
        except (Unavailable, DeadlineExceeded, httpx.TransportError) as error:
            self.failed()
            raise Unheard from error
        except grpc.RpcError as error:
            # What grpc raises is a Call too, which its types do not say.
            if cast("grpc.Call", error).code() in AWAY:
                self.failed()
                raise Unheard from error
            raise Strange(repr(error)) from error
        except Exception as error:
            raise Strange(repr(error)) from error

    def patiently(self, call: Callable[[], T]) -> T:
        """Call until there is an answer. Raises Unheard once nobody will answer any more."""
        while True:
            try:
                return self.once(call)
            except Unheard:
                if self.gone.wait(PAUSE_SECONDS):
                    raise

    def send(self, method: str, path: str, body: Mapping[str, Any], statuses: Sequence[int] = (200,)) -> Any:
        """Send JSON; raises a transport error where the service is away."""
        answer = self.http.request(method, path, json=body)
        if answer.status_code in AWAY_JSON:
            raise httpx.NetworkError(answer.text)
        if answer.status_code not in statuses:
            raise ValueError(f"HTTP {answer.status_code}: {answer.text[:500]}")
        return answer.json()


class Way(Protocol):
    """Tells several people's statements, all yes or all no, and answers what became of each."""

    def __call__(self, line: Line, statements: Sequence[Told]) -> list[Outcome]: ...


def statement(told: Told) -> Statement:
    """What the recipient says, with the name as its evidence."""
    proof = Evidence(EvidenceMethod.MESSAGE, message_id=told.name)
    person = sms(told.address)
    if told.yes:
        return opt_in(BRAND, person, "*", strength=Strength.EXPRESS_WRITTEN, actor=Actor.RECIPIENT, evidence=proof)
    return opt_out(BRAND, person, "*", actor=Actor.RECIPIENT, evidence=proof)


def record(line: Line, statements: Sequence[Told]) -> list[Outcome]:
    """RecordConsent, one by one."""
    (told,) = statements
    found = line.patiently(lambda: line.client.record(statement(told), request_id=told.name))
    return [(found.revision, found.applied)]


def record_batch(line: Line, statements: Sequence[Told]) -> list[Outcome]:
    """BatchRecordConsents."""
    said = [statement(told) for told in statements]
    found = line.patiently(lambda: line.client.record_many(said, atomic=True, request_id=statements[0].name))
    return [(each.revision, each.applied) if isinstance(each, Recorded) else (0, False) for each in found]


def record_json(line: Line, statements: Sequence[Told]) -> list[Outcome]:
    """RecordConsent as JSON."""
    (told,) = statements
    said: dict[str, Any] = {
        "sender": BRAND,
        "purpose": "*",
        "recipient": {"channel": "CHANNEL_SMS", "address": told.address},
        "state": "CONSENT_STATE_OPTED_IN" if told.yes else "CONSENT_STATE_OPTED_OUT",
        "actor": "ACTOR_RECIPIENT",
        "evidence": {"method": "EVIDENCE_METHOD_MESSAGE", "message_id": told.name},
    }
    if told.yes:
        said["strength"] = "STRENGTH_EXPRESS_WRITTEN"
    body = {"statement": said, "request_id": told.name}
    result = line.patiently(lambda: line.send("POST", "/v1/consents:record", body))["result"]
    return [(int(result.get("revision", 0)), bool(result.get("applied", False)))]


def hear(line: Line, statements: Sequence[Told]) -> list[Outcome]:
    """HandleInboundMessage: STOP and START."""
    (told,) = statements
    body = "START" if told.yes else "STOP"
    heard = line.patiently(
        lambda: line.client.handle_inbound(BRAND, sms(told.address), body, told.name, request_id=told.name)
    )
    assert heard.result is not None
    return [(heard.result.revision, heard.result.applied)]


def relay(line: Line, statements: Sequence[Told]) -> list[Outcome]:
    """Relay's update over gRPC."""
    (told,) = statements
    request = channel_consent_pb2.UpdateChannelConsentRequest(
        client_id=CLIENT,
        channel_addr=told.address.removeprefix("+1"),
        channel_type=channel_consent_pb2.CHANNEL_TYPE_SMS,
        consent_type=channel_consent_pb2.CONSENT_TYPE_WRITTEN if told.yes else channel_consent_pb2.CONSENT_TYPE_STOP,
        request_id=told.name,
    )
    answer = line.patiently(lambda: line.stub.UpdateChannelConsent(request, metadata=_METADATA, timeout=10))
    return [(0, answer.applied)]


def relay_json(line: Line, statements: Sequence[Told]) -> list[Outcome]:
    """Relay's update as its callers send it: once."""
    (told,) = statements
    path = f"/messaging/client/{CLIENT}/consent/channel_addr/{told.address.removeprefix('+1')}/channel_type/sms"
    body = {"consent_type": "written" if told.yes else "stop"}
    answer = line.once(lambda: line.send("PUT", path, body, (200, 409)))
    return [(0, "consent" in answer)]


def department(line: Line, statements: Sequence[Told]) -> list[Outcome]:
    """myKaarma's update over gRPC."""
    (told,) = statements
    request = opt_out_status_pb2.UpdateOptOutStatusRequest(
        department_uuid=DEPARTMENT,
        message_uuid=told.name,
        communication_attributes_list=[
            opt_out_status_pb2.CommunicationAttributes(
                communication_type=opt_out_status_pb2.COMMUNICATION_TYPE_TEXT, communication_value=told.address
            )
        ],
        event=opt_out_status_pb2.OptOutEvent.Value(f"OPT_OUT_EVENT_{_EVENTS[told.yes]}"),
        update_type=opt_out_status_pb2.OPT_OUT_UPDATE_TYPE_MESSAGE,
    )
    line.patiently(lambda: line.stub.UpdateOptOutStatus(request, metadata=_METADATA, timeout=10))
    return [(0, True)]


def department_json(line: Line, statements: Sequence[Told]) -> list[Outcome]:
    """myKaarma's update as its callers send it; a message that is sent again is stated once."""
    (told,) = statements
    body = {
        "messageUUID": told.name,
        "event": _EVENTS[told.yes],
        "updateType": "MESSAGE",
        "communicationAttributesList": [{"communicationType": "TEXT", "communicationValue": told.address}],
    }
    path = f"/communications/department/{DEPARTMENT}/optoutstatus"
    line.patiently(lambda: line.send("POST", path, body))
    return [(0, True)]


def check(line: Line, sender: str, address: str, purpose: str) -> tuple[bool, int]:
    """CheckConsent."""
    found = line.once(lambda: line.client.check(sender, sms(address), purpose))
    return found.allowed, found.revision


def check_batch(line: Line, sender: str, address: str, purpose: str) -> tuple[bool, int]:
    """BatchCheckConsent, of one."""
    ((_, found),) = line.once(lambda: list(line.client.check_many(sender, purpose, [sms(address)])))
    return found.allowed, found.revision


def check_json(line: Line, sender: str, address: str, purpose: str) -> tuple[bool, int]:
    """CheckConsent as JSON."""
    body = {
        "sender": sender,
        "recipient": {"channel": "CHANNEL_SMS", "address": address},
        "purposes": [purpose],
    }
    answer = line.once(lambda: line.send("POST", "/v1/consents:check", body))
    (decision,) = answer["decisions"]
    return decision["verdict"] == "VERDICT_ALLOW", int(answer["revision"])


SMS = consent_pb2.CHANNEL_SMS
WAYS: tuple[tuple[str, Way], ...] = (
    (BRAND, record),
    (BRAND, record_json),
    (BRAND, record_batch),
    (BRAND, hear),
    (CLIENT, relay),
    (CLIENT, relay_json),
    (DEPARTMENT, department),
    (DEPARTMENT, department_json),
)
UNNAMED = frozenset({relay, relay_json})
"""What these tell has no name in the ledger but the number and what was said: each once a person."""
LOOKS = (check, check, check_batch, check_json)
