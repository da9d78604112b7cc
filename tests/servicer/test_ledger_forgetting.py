"""ForgetRecipient and SetLegalHold: the address is gone from every file, the no still answers, the ledger verifies."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from server.domain.service_key import ServiceKey, ServiceKeys
from server.storage.database import open_storage
from tests.servicer import tenants
from tests.servicer.refusals import refused
from tests.servicer.test_ledger_events import ANN, BEA, KINDS, say
from tests.servicer.test_ledger_verification import last, tamper
from tests.servicer.world import KEYS, Caller, World

DIGITS = "6505551234"
RCS = {"channel": 5, "address": ANN["address"]}
VOICE = {"channel": 2, "address": ANN["address"]}
CERTIFIED = {"reason": "request 17"}
OPTED_OUT = 1


def files_hold(world: World, *texts: str) -> list[str]:
    """Which of the texts stand in a file of the database, as bytes, in any case of letters."""
    found = b"".join(path.read_bytes() for path in sorted(world.path.parent.glob(world.path.name + "*"))).lower()
    return [text for text in texts if text.lower().encode() in found]


def reasons(caller: Caller, recipient: dict[str, Any], sender: str = tenants.BRAND, **more: Any) -> list[int]:
    asked = caller.CheckConsent(sender=sender, recipient=recipient, purposes=["marketing", "transactional"], **more)
    return [decision.reason for decision in asked.decisions]


@pytest.fixture
def told(world: World, admin: Caller) -> Caller:
    """Ann's number everywhere: events, contacts, kept answers in several forms, on three channels."""
    say(admin, ANN, 2)
    say(admin, ANN, 3, sender="*")
    say(admin, VOICE, 3, sender=tenants.BRAND)
    admin.CreateContact(contact={"id": "ann", "mobile": DIGITS, "email": "Ann.Lee@Example.com"}, request_id="r-1")
    admin.CreateContact(contact={"id": "other", "mobile": "+16505559999"}, request_id="r-2")
    admin.UpdateChannelConsent(
        client_id=tenants.CLIENT, channel_addr=f"1{DIGITS}", channel_type=1, consent_type=2, request_id="r-3"
    )
    admin.OptOutUserByEmail(email="ann.lee@example.com", request_id="r-4")
    say(admin, BEA, 3, sender="*", actor=2)
    assert files_hold(world, DIGITS, "ann.lee@example.com") == [DIGITS, "ann.lee@example.com"]
    return admin


def test_no_file_of_the_database_holds_the_address(world: World, told: Caller) -> None:
    certificate = told.ForgetRecipient(recipient=ANN, **CERTIFIED).certificate
    assert files_hold(world, DIGITS) == []
    assert certificate.erased_payload_count == len([e for e in world.events(tenants.ACME) if e.payload is None])
    assert certificate.erased_contact_count == 1
    told.ForgetRecipient(recipient={"channel": 3, "address": "ANN.LEE@example.com"}, **CERTIFIED)
    assert files_hold(world, "ann.lee@example.com", "ann.lee") == []
    assert files_hold(world, "+16505559999", "bea@example.com") == ["+16505559999", "bea@example.com"]


def test_the_no_still_answers_on_every_channel(told: Caller) -> None:
    channels = (ANN, RCS, VOICE)
    before = [reasons(told, recipient) for recipient in channels]
    assert before == [[OPTED_OUT, OPTED_OUT]] * 3
    told.ForgetRecipient(recipient=RCS, **CERTIFIED)
    assert [reasons(told, recipient) for recipient in channels] == before
    batch = told.BatchCheckConsent(
        sender=tenants.BRAND, purpose="transactional", channels=[1, 5, 2, 1], addresses=[DIGITS] * 3 + ["+16505550000"]
    )
    assert list(batch.reasons) == [OPTED_OUT] * 3 + [3]
    assert [consent.sender for consent in told.ListConsents(recipient=ANN).consents] == ["*", tenants.DEPARTMENT]


def test_a_late_yes_does_not_lift_the_no_of_a_forgotten_person(told: Caller) -> None:
    told.ForgetRecipient(recipient=ANN, **CERTIFIED)
    assert say(told, ANN, 2, sender=tenants.BRAND, actor=2).not_applied_reason == 2  # WIDER_OPT_OUT
    assert reasons(told, ANN) == [OPTED_OUT, OPTED_OUT]


def test_as_of_still_answers_for_a_forgotten_person(told: Caller) -> None:
    question = {"sender": tenants.BRAND, "recipient": ANN, "purposes": ["marketing"]}
    then = told.CheckConsent(**question)
    told.ForgetRecipient(recipient=ANN, **CERTIFIED)
    assert told.CheckConsent(**question, as_of_revision=then.revision, as_of_time=then.check_time) == then


def test_the_ledger_still_verifies_and_a_payload_that_was_taken_otherwise_is_named(world: World, told: Caller) -> None:
    told.ForgetRecipient(recipient=ANN, **CERTIFIED)
    assert last(told).complete
    say(told, ANN, 3, sender=tenants.DEPARTMENT, lifted_by=2)
    revision = len(world.events(tenants.ACME))
    tamper(world, f"DELETE FROM event_payloads WHERE tenant_id = :t AND revision = {revision}")
    assert last(told).failure.revision == revision


def test_the_certificate_names_the_event_and_nobody(world: World, told: Caller) -> None:
    certificate = told.ForgetRecipient(recipient=ANN, **CERTIFIED).certificate
    erased = told.ListConsentEvents(kind=KINDS.CONSENT_EVENT_KIND_ERASED).events
    assert [event.recipient_id for event in erased][-1] == certificate.recipient_id
    assert (erased[-1].revision, erased[-1].hash) == (certificate.revision, certificate.hash)
    assert erased[-1].record_time == certificate.erase_time
    assert '"reason":"request 17"' in erased[-1].after
    assert len({event.recipient_id for event in erased}) == 2  # SMS and voice
    assert DIGITS not in str(certificate)
    assert len(world.events(tenants.ACME)) == certificate.revision


def test_events_of_a_forgotten_person_name_nobody(told: Caller) -> None:
    told.ForgetRecipient(recipient=ANN, **CERTIFIED)
    events = told.ListConsentEvents(recipient=ANN).events
    assert len(events) >= 3
    assert not any(event.HasField("recipient") for event in events)
    assert not any(event.payload or event.salt for event in events[:-1])
    listed = told.ListConsents().consents
    assert "" in {consent.recipient.address for consent in listed}
    assert not any("erased" in str(message) or DIGITS in str(message) for message in (*listed, *events[:-1]))


def test_a_new_statement_finds_the_same_person_and_restores_the_address(world: World, told: Caller) -> None:
    before = told.ListConsentEvents(recipient=ANN).events[0].recipient_id
    told.ForgetRecipient(recipient=ANN, **CERTIFIED)
    say(told, ANN, 3, sender=tenants.OTHER_CLIENT)
    events = told.ListConsentEvents(recipient=ANN).events
    assert {event.recipient_id for event in events} == {before}
    assert events[-1].recipient.address == ANN["address"]
    assert reasons(told, VOICE) == [OPTED_OUT, OPTED_OUT]
    assert last(told).complete
    told.ForgetRecipient(recipient=ANN, **CERTIFIED)
    assert files_hold(world, DIGITS) == []
    assert last(told).complete


def test_a_no_that_was_set_through_a_contact_follows_it_even_then(told: Caller) -> None:
    told.ForgetRecipient(recipient=ANN, **CERTIFIED)
    assert told.GetContact(id="ann").contact.mobile == ""
    told.UpdateContact(contact={"id": "ann", "mobile": "+16505557777"}, update_mask={"paths": ["mobile"]})
    assert reasons(told, {"channel": 1, "address": "+16505557777"}) == [OPTED_OUT, OPTED_OUT]


def test_an_older_service_key_still_finds_the_forgotten(world: World, told: Caller) -> None:
    told.ForgetRecipient(recipient=ANN, **CERTIFIED)
    keys = ServiceKeys(ServiceKey("newer", bytes(32)), KEYS.all)
    storage = open_storage(str(world.path), keys, world.clock.moment)
    rotated = Caller(world.another_process(storage), told.metadata)
    assert reasons(rotated, ANN) == reasons(rotated, RCS) == [OPTED_OUT, OPTED_OUT]
    rotated.ForgetRecipient(recipient=ANN, **CERTIFIED)
    assert reasons(rotated, ANN) == [OPTED_OUT, OPTED_OUT]
    storage.close()


def test_a_repeat_is_answered_as_before_and_a_request_of_before_is_not_done_again(world: World, told: Caller) -> None:
    first = told.ForgetRecipient(recipient=ANN, **CERTIFIED, request_id="f-1")
    assert told.ForgetRecipient(recipient=ANN, **CERTIFIED, request_id="f-1") == first
    head = len(world.events(tenants.ACME))
    found = refused(
        told.UpdateChannelConsent,
        client_id=tenants.CLIENT,
        channel_addr=f"1{DIGITS}",
        channel_type=1,
        consent_type=2,
        request_id="r-3",
    )
    assert found.reason == "REQUEST_ID_REUSED"
    assert len(world.events(tenants.ACME)) == head
    assert told.CreateContact(contact={"id": "other", "mobile": "+16505559999"}, request_id="r-2").contact.id == "other"


def test_a_legal_hold_refuses_until_it_is_released(world: World, told: Caller) -> None:
    assert told.SetLegalHold(recipient=VOICE, held=True, reason="matter 1").held
    found = refused(told.ForgetRecipient, recipient=ANN, **CERTIFIED)
    assert (found.reason, files_hold(world, DIGITS)) == ("LEGAL_HOLD", [DIGITS])
    head = len(world.events(tenants.ACME))
    assert told.SetLegalHold(recipient=VOICE, held=True, reason="again").held
    assert len(world.events(tenants.ACME)) == head
    assert not told.SetLegalHold(recipient=VOICE, held=False, reason="matter 1 closed").held
    holds = told.ListConsentEvents(kind=KINDS.CONSENT_EVENT_KIND_HOLD).events
    assert [event.after for event in holds] == [
        '{"held":true,"reason":"matter 1"}',
        '{"held":false,"reason":"matter 1 closed"}',
    ]
    assert last(told).complete
    told.ForgetRecipient(recipient=ANN, **CERTIFIED)
    assert files_hold(world, DIGITS) == []


def test_who_is_unknown_cannot_be_forgotten_or_released(told: Caller) -> None:
    nobody = {"channel": 1, "address": "+16505550000"}
    assert refused(told.ForgetRecipient, recipient=nobody, **CERTIFIED).reason == "RECIPIENT_NOT_FOUND"
    assert refused(told.SetLegalHold, recipient=nobody, held=False, reason="x").reason == "RECIPIENT_NOT_FOUND"


def test_a_hold_can_be_placed_before_anything_is_said(world: World, told: Caller) -> None:
    only_a_contact = {"channel": 1, "address": "+16505559999"}
    assert told.SetLegalHold(recipient=only_a_contact, held=True, reason="matter 2").held
    assert refused(told.ForgetRecipient, recipient=only_a_contact, **CERTIFIED).reason == "LEGAL_HOLD"
    assert last(told).complete


def test_an_address_that_only_a_contact_has_is_forgotten_too(world: World, told: Caller) -> None:
    certificate = told.ForgetRecipient(recipient={"channel": 1, "address": "+16505559999"}, **CERTIFIED).certificate
    assert (certificate.erased_contact_count, certificate.erased_payload_count) == (1, 0)
    assert files_hold(world, "6505559999") == []
    assert last(told).complete


def test_who_may(told: Caller, writer: Caller, bound_admin: Caller, rival: Caller) -> None:
    for rpc, asked in (("ForgetRecipient", CERTIFIED), ("SetLegalHold", {"held": True, "reason": "x"})):
        assert refused(getattr(writer, rpc), recipient=ANN, **asked).reason == "ROLE_INSUFFICIENT"
        assert refused(getattr(bound_admin, rpc), recipient=ANN, **asked).reason == "TENANT_WIDE_NOT_PERMITTED"
    assert refused(rival.ForgetRecipient, recipient=ANN, **CERTIFIED).reason == "RECIPIENT_NOT_FOUND"


def test_a_reader_in_the_way_delays_the_erasure_and_does_not_fail_it(world: World, told: Caller) -> None:
    reading, done = threading.Event(), threading.Event()

    def read() -> None:
        with world.storage.read(world.tenant_id(tenants.ACME)) as snapshot:
            assert snapshot.last_revision()
            reading.set()
            assert done.wait(60)

    thread = threading.Thread(target=read)
    thread.start()
    assert reading.wait(60)
    assert told.ForgetRecipient(recipient=ANN, **CERTIFIED).certificate.revision
    assert reasons(told, ANN) == [OPTED_OUT, OPTED_OUT]
    assert files_hold(world, DIGITS) == [DIGITS]
    done.set()
    thread.join()
    (scrubber,) = [found for found in threading.enumerate() if found.name == "consent-scrubber"]
    scrubber.join()
    assert files_hold(world, DIGITS) == []
