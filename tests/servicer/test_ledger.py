"""The ledger after a day of everything: gap-free, chained, replayable, and silent about refused calls."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from server.domain.ledger import GENESIS, chain_hash, payload_digest, record_snapshot
from server.domain.model import Role, Scope
from server.storage.protocol import HOLD, SETTING
from tests.servicer import tenants
from tests.servicer.answers import (
    CUSTOMER,
    DEPLOYMENT,
    EXPRESS,
    OTHER_PHONE,
    PHONE,
    STOP,
    WRITTEN,
    attribute,
    hear,
    relay,
    update,
)
from tests.servicer.refusals import refused
from tests.servicer.roles import ROLES
from tests.servicer.samples import REQUESTS, sample
from tests.servicer.statements import no, state
from tests.servicer.world import Caller, World

pytestmark = pytest.mark.supplied
HERE, WIDE = tenants.DEPARTMENT, tenants.WIDE_DEPARTMENT
PHONES = (PHONE, OTHER_PHONE, tenants.MOBILE)
HEARD = (
    *("STOP_MESSAGE_RECEIVED", "OPTIN_MESSAGE_RECEIVED", "STOP_SUSPECTED_MESSAGE_RECEIVED"),
    *("OPTIN_TEXT_CONSENT_VIA_MESSAGE_RECEIVED", "GENERIC_MESSAGE_RECEIVED", "STOP_MESSAGE_RECEIVED"),
)
SAID = (
    *("COMMUNICATION_VALUE_CREATION", "USER_REQUESTED_SEND_OPTIN_REQUEST", "COMMUNICATION_STATUS_NOT_FOUND"),
    "USER_REQUESTED_OPT_OUT",
)


@pytest.fixture
def lived(world: World, admin: Caller, rival: Caller) -> World:
    """Every operation of both tenants, each in several orders, with refused calls in between."""
    for round_ in range(3):
        for address in PHONES[round_:] + PHONES[:round_]:
            for consent_type in (EXPRESS, STOP, WRITTEN):
                relay(admin, tenants.CLIENT, consent_type, address)
            for department in (HERE, WIDE):
                for event in SAID:
                    update(admin, department, event, CUSTOMER, attribute(address, ok_to_communicate=round_ % 2 == 0))
                for event in HEARD[round_:] + HEARD[:round_]:
                    hear(admin, department, event, address)
            relay(rival, tenants.RIVAL_CLIENT, EXPRESS, address)
            refused(relay, admin, "nobody", EXPRESS, address)
        update(admin, HERE, ("DOUBLE_OPTIN_ROLLOUT", "DOUBLE_OPTIN_ROLLBACK")[round_ % 2], DEPLOYMENT)
        fresh = attribute(f"+1650555400{round_}")
        update(admin, HERE, "USER_REQUESTED_SEND_OPTIN_REQUEST", CUSTOMER, fresh)
        admin.OptOutUserByEmail(email=tenants.EMAIL)
        mobile = f"+1650555300{round_}"
        admin.UpdateContact(contact={"id": tenants.CONTACT, "mobile": mobile}, update_mask={"paths": ["mobile"]})
        world.clock.advance(3600)
    state(world, no(world, Scope(tenants.OTHER_CLIENT)))
    relay(admin, tenants.OTHER_CLIENT, EXPRESS)
    # What ForgetRecipient leaves of a ledger is the matter of test_ledger_forgetting.
    for rpc in sorted(REQUESTS.keys() - {"ForgetRecipient"}, key=lambda name: name.startswith(("Delete", "Revoke"))):
        getattr(admin, rpc)(sample(rpc))
    return world


@pytest.mark.parametrize("tenant", [tenants.ACME, tenants.RIVAL])
def test_the_chain_can_be_computed_again(lived: World, tenant: str) -> None:
    events = lived.events(tenant)
    assert [event.header.revision for event in events] == list(range(1, len(events) + 1))
    previous = GENESIS
    for event in events:
        assert event.header.tenant_id == lived.tenant_id(tenant)
        assert event.salt is not None
        assert event.payload is not None
        assert payload_digest(event.salt, event.payload) == event.header.payload_digest
        assert chain_hash(previous, event.header) == event.hash
        previous = event.hash
    with lived.storage.read(lived.tenant_id(tenant)) as snapshot:
        head = snapshot.tenant
    assert (head.head_revision, head.head_hash, head.head_time) == (
        len(events),
        previous,
        events[-1].header.record_time,
    )
    times = [event.header.record_time for event in events]
    assert times == sorted(times)
    assert len({event.salt for event in events}) == len(events)


@pytest.mark.parametrize("tenant", [tenants.ACME, tenants.RIVAL])
def test_the_records_are_what_the_events_say(lived: World, tenant: str) -> None:
    """Each event begins where the one before it at its scope ended, and the last says what the record says."""
    stands: dict[tuple[int, str, str], tuple[str, int]] = {}
    for event in lived.events(tenant):
        header = event.header
        assert (header.recipient_id is None) == (header.kind == SETTING)
        if header.recipient_id is None or header.kind == HOLD:
            continue
        place = (header.recipient_id, header.scope.sender, header.scope.purpose)
        assert header.before == stands.get(place, ("{}", 0))[0]
        assert header.applied == (header.not_applied_reason is None)
        if header.applied:
            stands[place] = (header.after, header.revision)
        else:
            assert header.after == header.before
    records = lived.records(tenant)
    assert {
        (record.recipient_id, record.scope.sender, record.scope.purpose): (record_snapshot(record), record.revision)
        for record in records
    } == stands
    assert records


def test_the_day_held_something_of_each_kind(lived: World) -> None:
    headers = [event.header for event in lived.events(tenants.ACME)]
    said = {"OPT_IN", "OPT_OUT", "SUSPECT", "REQUEST", "LIFT", "CLEAR"}
    assert {header.kind for header in headers} == {SETTING, HOLD} | said
    sources = {header.source for header in headers}
    assert sources >= {"mykaarma", "relay", "telnyx", "himarley", "api", "inbound", "review"}
    assert {header.not_applied_reason.name for header in headers if header.not_applied_reason} >= {
        *("PROTECTED_OPT_OUT", "WIDER_OPT_OUT")
    }
    assert {header.actor.name for header in headers} == {"RECIPIENT", "BUSINESS", "SYSTEM"}


def test_headers_hold_nothing_personal_and_name_the_credential(lived: World, admin: Caller) -> None:
    ids = {credential.id for credential in admin.ListCredentials().credentials}
    made_by_operator = lived.events(tenants.ACME)[0].header.record_time
    for event in lived.events(tenants.ACME):
        told = str(replace(event.header, payload_digest=b""))
        assert "+1650" not in told
        assert "@" not in told
        assert (event.header.credential_id in ids) == (
            event.header.record_time > made_by_operator
        ) or event.header.source == "test"


def test_payloads_hold_the_address_and_no_secret(lived: World) -> None:
    for event in lived.events(tenants.ACME):
        told = json.loads(event.payload or b"")
        assert set(told) <= {"channel", "address", "evidence"}
        assert bool(told) == (event.header.kind not in {SETTING, HOLD})
        assert tenants.ADMIN not in str(told)


def test_refused_calls_spend_no_revision(lived: World, reader: Caller) -> None:
    before = lived.contents()
    for rpc, role in (found for roles in ROLES.values() for found in roles.items()):
        if role > Role.READER:
            refused(getattr(reader, rpc), sample(rpc))
    assert lived.contents() == before
