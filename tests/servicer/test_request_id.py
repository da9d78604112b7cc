"""request_id (AIP-155): a repeat answers the same and writes once, for each mutation that has one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from tests.servicer import tenants
from tests.servicer.answers import records
from tests.servicer.refusals import refused
from tests.servicer.samples import input_fields, put, sample
from tests.servicer.world import METHODS, Caller, World

pytestmark = pytest.mark.supplied
WEEK = 7 * 24 * 3600
READS = ("Get", "List", "Check", "BatchGet", "BatchCheck", "Watch", "Verify")
MUTATIONS = [name for name in METHODS if not name.startswith(READS)]
# An answer that holds a secret is not kept.
SECRETIVE = {"CreateCredential", "RotateCredential"}
REPEATABLE = [name for name in MUTATIONS if name not in SECRETIVE]
# Another body for each: a text that may be changed.
ELSEWISE = {
    "UpdateOptOutStatus": ("user_uuid", "another"),
    "UpdateChannelConsent": ("channel_addr", "6505559999"),
    "CreateAutoResponse": ("country_code", "CA"),
    "UpdateAutoResponse": ("country_code", "CA"),
    "DeleteAutoResponse": ("autoresp_cfg_id", tenants.UNKNOWN_UUID),
    "OptOutUserByEmail": ("email", "ann@example.com"),
    "OptOutUserByMobile": ("mobile", tenants.MOBILE),
    "BatchUpdateChannelConsents": ("batch[0].channel_addr", "6505559999"),
    "RecordConsent": ("statement.source", "another"),
    "BatchRecordConsents": ("statements[0].source", "another"),
    "ForgetRecipient": ("reason", "another"),
    "HandleInboundMessage": ("body", "another"),
    "ResolveReviewItem": ("note", "another"),
    "CreatePurpose": ("purpose.id", "another"),
    "UpdatePurpose": ("purpose.id", "another"),
    "SetLegalHold": ("reason", "another"),
    "CreateSender": ("sender.id", "another"),
    "UpdateSender": ("sender.country", "CA"),
    "CreateContact": ("contact.first", "Another"),
    "UpdateContact": ("contact.first", "Another"),
    "DeleteContact": ("id", "another"),
    "RevokeCredential": ("id", tenants.UNBOUND_SPARE),
}
each = pytest.mark.parametrize("rpc", REPEATABLE)


def _request(rpc: str, request_id: str = "request-1") -> Any:
    request = sample(rpc)
    request.request_id = request_id
    return request


def test_each_mutation_has_a_request_id_but_those_that_answer_a_secret() -> None:
    assert {name for name in METHODS if "request_id" in METHODS[name].input_type.fields_by_name} == set(REPEATABLE)
    assert set(ELSEWISE) == set(REPEATABLE)


@each
def test_the_same_again_answers_the_same_and_writes_once(world: World, admin: Caller, rpc: str) -> None:
    first = getattr(admin, rpc)(_request(rpc))
    before = world.contents()
    world.clock.advance(3600)
    elsewhere = Caller(world.another_process(), admin.metadata)
    for caller in (admin, elsewhere):
        assert getattr(caller, rpc)(_request(rpc)) == first
    assert world.contents() == before


@each
def test_another_body_under_the_same_id_is_refused(world: World, admin: Caller, rpc: str) -> None:
    getattr(admin, rpc)(_request(rpc))
    before = world.contents()
    request = _request(rpc)
    put(request, *ELSEWISE[rpc])
    found = refused(getattr(admin, rpc), request)
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
    assert (found.metadata, found.violations) == ({}, {"request_id": "NOT_ALLOWED"})
    assert world.contents() == before


@each
def test_a_refused_call_is_not_remembered(world: World, admin: Caller, rpc: str) -> None:
    request = _request(rpc)
    for _, field, path in _texts(request):
        if field.name != "request_id":
            put(request, path, "x" * 5000)
    before = world.contents()
    refused(getattr(admin, rpc), request)
    assert world.contents() == before
    getattr(admin, rpc)(_request(rpc))


def _texts(request: Any) -> list[Any]:
    return [
        place
        for place in input_fields(request)
        if place[1].type == place[1].TYPE_STRING and not place[1].is_repeated and "[" not in place[2]
    ]


def test_a_call_that_found_nothing_is_not_remembered(world: World, admin: Caller) -> None:
    request = {"id": "made-later", "request_id": "request-1"}
    assert refused(admin.DeleteContact, **request).reason == "CONTACT_NOT_FOUND"
    assert world.contents()["answers"] == []
    admin.CreateContact(contact={"id": "made-later"})
    admin.DeleteContact(**request)


def test_another_credential_is_another_key(world: World, admin: Caller, writer: Caller) -> None:
    def say(caller: Caller, consent_type: int) -> int:
        request = _request("UpdateChannelConsent")
        request.consent_type = consent_type
        return int(caller.UpdateChannelConsent(request).consent.consent_type)

    assert (say(admin, 2), say(writer, 3), say(admin, 2), say(writer, 3)) == (2, 3, 2, 3)
    assert records(admin)[tenants.CLIENT].state == "OPTED_OUT"
    assert len(world.contents()["answers"]) == 2


def test_another_tenant_is_another_key(admin: Caller, rival: Caller) -> None:
    for caller in (admin, rival):
        caller.CreateContact(contact={"id": "same"}, request_id="request-1")
        assert caller.GetContact(id="same").contact.id == "same"


def test_another_method_is_another_key(admin: Caller) -> None:
    admin.CreateContact(contact={"id": "one"}, request_id="request-1")
    admin.DeleteContact(id="one", request_id="request-1")
    assert refused(admin.GetContact, id="one").reason == "CONTACT_NOT_FOUND"


def test_a_rotated_key_is_the_same_credential(world: World, admin: Caller) -> None:
    first = world.holder(tenants.SPARE_KEY).UpdateChannelConsent
    other = refused(first, _request("UpdateChannelConsent"))
    assert other.reason == "SENDER_NOT_PERMITTED"
    made = admin.CreateCredential(credential={"role": 2})
    answer = world.holder(made.secret).UpdateChannelConsent(_request("UpdateChannelConsent"))
    rotated = admin.RotateCredential(id=made.credential.id)
    events = len(world.events(tenants.ACME))
    assert world.holder(rotated.secret).UpdateChannelConsent(_request("UpdateChannelConsent")) == answer
    assert len(world.events(tenants.ACME)) == events


def test_after_seven_days_the_call_is_made_anew(world: World, admin: Caller) -> None:
    request = _request("UpdateChannelConsent")
    first = admin.UpdateChannelConsent(request)
    events = len(world.events(tenants.ACME))
    world.clock.advance(WEEK - 1)
    assert admin.UpdateChannelConsent(request) == first
    assert len(world.events(tenants.ACME)) == events
    world.clock.advance(2)
    anew = admin.UpdateChannelConsent(request)
    assert anew.consent.updated_at.seconds - first.consent.updated_at.seconds >= WEEK
    assert len(world.events(tenants.ACME)) == events + 1
    request.consent_type = 3
    assert refused(admin.UpdateChannelConsent, request).reason == "REQUEST_ID_REUSED"


def test_old_answers_can_be_cleared_and_younger_ones_stay(world: World, admin: Caller) -> None:
    admin.UpdateChannelConsent(_request("UpdateChannelConsent"))
    world.clock.advance(60)
    admin.UpdateChannelConsent(_request("UpdateChannelConsent", "request-2"))
    assert world.storage.forget_answers(world.clock.moment() - 30_000_000) == 1
    assert len(world.contents()["answers"]) == 1


def test_without_an_id_each_call_counts(world: World, writer: Caller) -> None:
    events = len(world.events(tenants.ACME))
    for _ in range(2):
        writer.UpdateChannelConsent(_request("UpdateChannelConsent", ""))
    assert len(world.events(tenants.ACME)) == events + 2
    assert world.contents()["answers"] == []


def test_the_same_id_from_several_at_once_writes_once(world: World, writer: Caller) -> None:
    events = len(world.events(tenants.ACME))
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(writer.UpdateChannelConsent, _request("UpdateChannelConsent")) for _ in range(16)]
    answers = [call.result() for call in calls]
    assert all(answer == answers[0] for answer in answers)
    assert len(world.events(tenants.ACME)) == events + 1


def test_a_remembered_answer_is_for_whoever_may_still_ask(world: World, admin: Caller) -> None:
    made = admin.CreateCredential(credential={"role": 2})
    caller = world.holder(made.secret)
    caller.UpdateChannelConsent(_request("UpdateChannelConsent"))
    admin.RevokeCredential(id=made.credential.id)
    world.clock.advance(30)
    assert refused(caller.UpdateChannelConsent, _request("UpdateChannelConsent")).reason == "CREDENTIAL_INVALID"
