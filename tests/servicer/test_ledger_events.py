"""ListConsentEvents: each filter, both orders, pages, and what a bound caller sees; a reader proves the chain alone."""

from __future__ import annotations

from typing import Any

import pytest
from consent.v1 import ledger_pb2 as pb

from server.domain.ledger import GENESIS, Header, chain_hash, payload_digest
from server.domain.model import Actor, NotAppliedReason, Scope
from tests.servicer import tenants
from tests.servicer.refusals import refused
from tests.servicer.world import Caller, World

ANN = {"channel": 1, "address": "+16505551234"}
BEA = {"channel": 3, "address": "Bea@Example.com"}
KINDS = pb.ConsentEventKind


def statement(
    recipient: dict[str, Any], state: int, sender: str = tenants.DEPARTMENT, actor: int = 1, **more: Any
) -> dict[str, Any]:
    told = {"recipient": recipient, "sender": sender, "purpose": "*", "state": state, "actor": actor, **more}
    return {"strength": 3, **told} if state == 2 else told


def say(caller: Caller, recipient: dict[str, Any], state: int, *, batch_id: str = "", **more: Any) -> Any:
    evidence = {"method": 1, "message_id": "m-1"}
    told = statement(recipient, state, **{"evidence": evidence, **more})
    return caller.RecordConsent(statement=told, batch_id=batch_id).result


@pytest.fixture
def told(admin: Caller) -> Caller:
    """A short history: yes and no of two people, at two senders and tenant-wide."""
    say(admin, ANN, 2)
    say(admin, ANN, 3, sender=tenants.CLIENT, batch_id="b-1")
    say(admin, BEA, 3, sender="*", actor=2)
    say(admin, BEA, 2, sender=tenants.BRAND, actor=2, batch_id="b-1")
    return admin


def revisions(caller: Caller, **asked: Any) -> list[int]:
    return [event.revision for event in caller.ListConsentEvents(**asked).events]


def every_page(caller: Caller, size: int, **asked: Any) -> list[int]:
    found: list[int] = []
    token = ""
    while True:
        page = caller.ListConsentEvents(page_size=size, page_token=token, **asked)
        assert len(page.events) <= size
        found += [event.revision for event in page.events]
        token = page.next_page_token
        if not token:
            return found


def test_the_whole_ledger_comes_in_order(world: World, told: Caller) -> None:
    head = len(world.events(tenants.ACME))
    assert revisions(told) == list(range(1, head + 1))
    assert revisions(told, newest_first=True) == list(range(head, 0, -1))


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_join_without_gap_or_overlap(world: World, told: Caller, size: int) -> None:
    head = len(world.events(tenants.ACME))
    assert every_page(told, size) == list(range(1, head + 1))
    assert every_page(told, size, newest_first=True) == list(range(head, 0, -1))
    assert every_page(told, size, recipient=ANN) == revisions(told, recipient=ANN)


def test_each_filter_keeps_what_it_names(world: World, told: Caller) -> None:
    head = len(world.events(tenants.ACME))
    ann, client, wide, brand = range(head - 3, head + 1)
    assert revisions(told, recipient=ANN) == [ann, client]
    assert revisions(told, recipient={"channel": 3, "address": "bea@example.com"}) == [wide, brand]
    assert revisions(told, recipient={"channel": 2, "address": ANN["address"]}) == []
    assert revisions(told, sender=tenants.CLIENT, kind=KINDS.CONSENT_EVENT_KIND_OPT_OUT) == [client]
    assert revisions(told, sender="*", recipient=BEA) == [wide]
    assert revisions(told, kind=KINDS.CONSENT_EVENT_KIND_OPT_OUT) == [client, wide]
    assert revisions(told, actor=2, kind=KINDS.CONSENT_EVENT_KIND_OPT_IN) == [brand]
    assert revisions(told, batch_id="b-1") == [client, brand]
    assert revisions(told, as_of_revision=wide, newest_first=True)[0] == wide
    assert set(revisions(told, kind=KINDS.CONSENT_EVENT_KIND_SETTING)) == set(range(1, head - 3))


def test_times_are_from_inclusive_before_exclusive(told: Caller) -> None:
    (_, second) = told.ListConsentEvents(recipient=ANN).events
    assert second.revision in revisions(told, record_time_from=second.record_time)
    assert second.revision not in revisions(told, record_time_before=second.record_time)
    assert min(revisions(told, record_time_from=second.record_time)) == second.revision
    assert max(revisions(told, record_time_before=second.record_time)) == second.revision - 1


def test_a_bound_caller_sees_its_senders_and_the_tenant_wide(told: Caller, bound_reader: Caller) -> None:
    seen = bound_reader.ListConsentEvents().events
    assert {event.sender for event in seen} <= {*tenants.BOUND_SENDERS, "*"}
    assert [event.sender for event in bound_reader.ListConsentEvents(recipient=BEA).events] == ["*"]
    assert refused(bound_reader.ListConsentEvents, sender=tenants.BRAND).reason == "SENDER_NOT_PERMITTED"
    assert refused(bound_reader.ListConsentEvents, sender=tenants.UNKNOWN).reason == "SENDER_NOT_PERMITTED"


def test_a_token_of_another_question_or_tenant_is_refused(told: Caller, rival: Caller, bound_reader: Caller) -> None:
    token = told.ListConsentEvents(page_size=1).next_page_token
    for caller, asked in ((told, {"newest_first": True}), (told, {"batch_id": "b"}), (rival, {}), (bound_reader, {})):
        found = refused(caller.ListConsentEvents, page_size=1, page_token=token, **asked)
        assert found.reason == "INVALID_PAGE_TOKEN"


def test_a_revision_beyond_the_head_is_refused(world: World, told: Caller) -> None:
    beyond = len(world.events(tenants.ACME)) + 1
    assert refused(told.ListConsentEvents, as_of_revision=beyond).violations == {"as_of_revision": "OUT_OF_RANGE"}


def test_a_page_never_outgrows_what_a_client_accepts(told: Caller) -> None:
    evidence = {"method": 1, "message_id": "m", "text_shown": "x" * 10_000}
    for number in range(300):
        say(told, {"channel": 1, "address": f"+1650555{number:04}"}, 3, evidence=evidence)
    page = told.ListConsentEvents(page_size=1000)
    assert page.next_page_token
    assert page.ByteSize() < 4 * 1024 * 1024
    assert every_page(told, 1000) == revisions(told, page_size=1) + every_page(told, 1000)[1:]


def test_a_reader_proves_the_chain_from_the_answers_alone(world: World, told: Caller) -> None:
    previous = GENESIS
    for event in told.ListConsentEvents(page_size=1000).events:
        assert payload_digest(event.salt, event.payload) == event.payload_digest
        assert chain_hash(previous, _header(world.tenant_id(tenants.ACME), event)) == event.hash
        previous = event.hash


def _header(tenant_id: int, event: pb.ConsentEvent) -> Header:
    return Header(
        tenant_id,
        event.revision,
        KINDS.Name(event.kind).removeprefix("CONSENT_EVENT_KIND_"),
        event.effective_time.ToMicroseconds(),
        event.record_time.ToMicroseconds(),
        event.recipient_id or None,
        Scope(event.sender, event.purpose),
        event.before,
        event.after,
        event.applied,
        NotAppliedReason(event.not_applied_reason) if event.not_applied_reason else None,
        Actor(event.actor),
        event.credential_id or None,
        event.source,
        event.batch_id or None,
        event.payload_digest,
    )
