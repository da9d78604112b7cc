"""One story, told through each door: at tenant reach, what one API learns the others know."""

from __future__ import annotations

import uuid

import pytest
from consent.v1 import admin_pb2, consent_pb2, decision_pb2

from tests.e2e.accounts import BRAND, CLIENT, DEPARTMENT, PROFILE, SENDERS, STORE, Caller
from tests.e2e.doors import Door, GrpcDoor, JsonDoor

STOP = "STOP_MESSAGE_RECEIVED"
START = "OPTIN_MESSAGE_RECEIVED"
WRITTEN = "OPTIN_TEXT_CONSENT_VIA_MESSAGE_RECEIVED"
PURPOSES = ("marketing", "informational", "transactional")
CLOSED = dict.fromkeys(SENDERS, "OPTED_OUT")


@pytest.fixture(params=["json", "grpc"])
def door(request: pytest.FixtureRequest, caller: Caller) -> Door:
    return JsonDoor(caller) if request.param == "json" else GrpcDoor(caller)


@pytest.fixture
def number(door: Door) -> str:
    """Ten digits that no other test uses; a customer of this tenant has them."""
    digits = f"650253{1000 if isinstance(door, JsonDoor) else 2000}"
    contact = admin_pb2.Contact(id=str(uuid.uuid4()), email=f"{digits}@example.com", mobile=digits)
    contact.mobile = f"+1{digits}"
    request = admin_pb2.CreateContactRequest(contact=contact)
    door.caller.admin.CreateContact(request, metadata=door.caller.as_admin)
    return digits


def verdicts(door: Door, number: str, purpose: str = "marketing") -> dict[str, str]:
    """Why each sender may or may not send."""
    return {sender: door.caller.verdict(sender, f"+1{number}", purpose) for sender in SENDERS}


def test_the_story(door: Door, number: str) -> None:
    address, email = f"+1{number}", f"{number}@example.com"
    assert verdicts(door, number) == dict.fromkeys(SENDERS, "NO_CONSENT")
    assert verdicts(door, number, "transactional") == dict.fromkeys(SENDERS, "ALLOWED_BY_RULE")

    # A yes belongs to the sender that it was given to.
    assert door.set_consent_type(number, "written") == "written"
    assert verdicts(door, number) == {**dict.fromkeys(SENDERS, "NO_CONSENT"), CLIENT: "OPTED_IN"}
    assert door.tell_department(DEPARTMENT, "MESSAGE", WRITTEN, address) == []
    told = {**dict.fromkeys(SENDERS, "NO_CONSENT"), CLIENT: "OPTED_IN", DEPARTMENT: "OPTED_IN"}
    assert verdicts(door, number) == told

    # So does a no at sender reach: the client is not covered by it.
    assert door.tell_department(DEPARTMENT, "MESSAGE", STOP, address) == []
    assert verdicts(door, number) == {**told, DEPARTMENT: "OPTED_OUT"}
    assert door.set_consent_type(number, "written") == "written"

    # A no for the whole tenant stops SMS and RCS for every sender and purpose, and no other channel.
    assert door.opt_out(email.upper()) == (address, False, "OPTED_OUT")
    for purpose in PURPOSES:
        assert verdicts(door, number, purpose) == CLOSED
    rcs, voice = consent_pb2.CHANNEL_RCS, consent_pb2.CHANNEL_VOICE
    assert door.caller.verdict(BRAND, address, channel=rcs) == "OPTED_OUT"
    assert door.caller.verdict(BRAND, address, "transactional", voice) == "ALLOWED_BY_RULE"

    # No other API undoes it, and each is told so.
    for consent_type in ("express", "written"):
        assert door.set_consent_type(number, consent_type) == "WIDER_OPT_OUT"
    assert door.tell_department(DEPARTMENT, "MESSAGE", START, address) == ["PROTECTED_OPT_OUT"]
    for department in (DEPARTMENT, STORE):
        known = door.tell_department(department, "CUSTOMER", "COMMUNICATION_VALUE_CREATION", address, True)
        assert known == (["NO_CHANGE"] if department == DEPARTMENT else ["PROTECTED_OPT_OUT"])
        asked = door.tell_department(department, "CUSTOMER", "USER_REQUESTED_SEND_OPTIN_REQUEST", address)
        assert asked == ["NO_CHANGE"]
    assert door.opt_out(email) == (address, False, "OPTED_OUT")
    assert verdicts(door, number) == CLOSED

    # The recipient's own START, heard at tenant reach, lifts it everywhere, narrower noes with it.
    assert door.tell_department(STORE, "MESSAGE", START, address) == []
    assert verdicts(door, number, "informational") == dict.fromkeys(SENDERS, "OPTED_IN")
    assert verdicts(door, number) == {**dict.fromkeys(SENDERS, "INSUFFICIENT_STRENGTH"), CLIENT: "OPTED_IN"}
    assert door.set_consent_type(number, "express") == "express"
    assert verdicts(door, number) == dict.fromkeys(SENDERS, "INSUFFICIENT_STRENGTH")

    # A doubt at tenant reach stops all but what needs no consent at all, until the recipient speaks.
    assert door.tell_department(STORE, "MESSAGE", "STOP_SUSPECTED_MESSAGE_RECEIVED", address) == []
    assert verdicts(door, number, "informational") == dict.fromkeys(SENDERS, "OPT_OUT_SUSPECTED")
    assert door.tell_department(STORE, "MESSAGE", WRITTEN, address) == []
    assert verdicts(door, number) == dict.fromkeys(SENDERS, "OPTED_IN")

    # And a STOP heard at tenant reach closes it again.
    assert door.tell_department(STORE, "MESSAGE", STOP, address) == []
    assert verdicts(door, number, "transactional") == CLOSED
    assert door.set_consent_type(number, "express") == "WIDER_OPT_OUT"


def test_the_clients_own_no(door: Door, number: str) -> None:
    """What the business stopped at a client, the business may lift; what the recipient stopped there, it may not."""
    digits = str(int(number) + 1)
    for consent_type, verdict in (("stop", "OPTED_OUT"), ("written", "OPTED_IN"), ("stop", "OPTED_OUT")):
        assert door.set_consent_type(digits, consent_type) == consent_type
        assert door.caller.verdict(CLIENT, f"+1{digits}") == verdict
    assert door.caller.verdict(PROFILE, f"+1{digits}") == "NO_CONSENT"
    assert door.tell_department(STORE, "MESSAGE", STOP, f"+1{digits}") == []
    assert door.set_consent_type(digits, "written") == "WIDER_OPT_OUT"


def test_both_doors_leave_the_same_records(caller: Caller) -> None:
    left = []
    for door, digits in ((JsonDoor(caller), "6502534001"), (GrpcDoor(caller), "6502534002")):
        address = f"+1{digits}"
        door.set_consent_type(digits, "written")
        door.tell_department(DEPARTMENT, "CUSTOMER", "USER_REQUESTED_OPT_OUT", address)
        door.tell_department(STORE, "MESSAGE", "STOP_SUSPECTED_MESSAGE_RECEIVED", address)
        door.tell_department(DEPARTMENT, "CUSTOMER", "COMMUNICATION_STATUS_NOT_FOUND", address, False)
        recipient = consent_pb2.Recipient(channel=consent_pb2.CHANNEL_SMS, address=address)
        request = decision_pb2.ListConsentsRequest(recipient=recipient)
        consents = caller.consent.ListConsents(request, metadata=caller.as_writer).consents
        for consent in consents:
            assert consent.recipient.address == address
            for volatile in ("recipient", "effective_time", "create_time", "update_time", "revision"):
                consent.ClearField(volatile)
        left.append(list(consents))
    assert left[0] == left[1]
    assert [consent.sender for consent in left[0]] == sorted(["*", CLIENT, DEPARTMENT])
