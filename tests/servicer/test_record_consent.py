"""RecordConsent: what may be said, by whom, and with what proof (ledger.proto, DESIGN section 3)."""

from __future__ import annotations

from typing import Any

import grpc
import orjson
import pytest

from tests.servicer import tenants
from tests.servicer.answers import EMAIL, PHONE, RCS, SMS, VOICE, WHATSAPP, Told, check, records, told, verdict
from tests.servicer.refusals import refused
from tests.servicer.said import (
    BUSINESS,
    CARRIER,
    EXPRESS,
    IMPLIED,
    IMPORT,
    PROOF,
    RECIPIENT,
    SYSTEM,
    WRITTEN,
    after,
    no,
    record,
    yes,
)
from tests.servicer.world import Caller, World

HERE = tenants.DEPARTMENT


def _faults(caller: Caller, statement: dict[str, Any], **terms: Any) -> dict[str, str]:
    found = refused(record, caller, statement, **terms)
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    return found.violations


@pytest.mark.parametrize("strength", [IMPLIED, EXPRESS, WRITTEN])
def test_a_yes_is_recorded_at_its_scope_and_answered_as_it_stands(world: World, writer: Caller, strength: int) -> None:
    result = record(writer, yes(purpose="marketing", strength=strength))
    assert (result.applied, result.unchanged, result.not_applied_reason, result.lifted_count) == (True, False, 0, 0)
    assert result.revision == result.consent.revision == world.events(tenants.ACME)[-1].header.revision
    assert (result.consent.sender, result.consent.purpose, result.consent.strength) == (HERE, "marketing", strength)
    assert result.consent.effective_time == result.consent.create_time == result.consent.update_time
    (listed,) = writer.ListConsents(recipient={"channel": SMS, "address": PHONE}).consents
    assert listed.recipient.address == PHONE
    listed.ClearField("recipient")
    assert listed == result.consent


@pytest.mark.parametrize(
    ("actor", "lifted_by"),
    [(RECIPIENT, "RECIPIENT"), (BUSINESS, "BUSINESS"), (CARRIER, "RECIPIENT"), (IMPORT, "RECIPIENT")],
)
def test_who_may_lift_a_no_by_default(writer: Caller, actor: int, lifted_by: str) -> None:
    """ledger.proto: "Default: BUSINESS for a no of the business, RECIPIENT for any other." """
    assert told(record(writer, no(actor=actor)).consent).lifted_by == lifted_by


def test_the_business_may_leave_the_lifting_to_the_recipient(writer: Caller) -> None:
    assert told(record(writer, no(actor=BUSINESS, lifted_by=2)).consent).lifted_by == "RECIPIENT"


@pytest.mark.parametrize("actor", [RECIPIENT, CARRIER, IMPORT])
def test_nobody_else_gives_the_business_a_no_to_lift(writer: Caller, actor: int) -> None:
    assert _faults(writer, no(actor=actor, lifted_by=1)) == {"statement.lifted_by": "NOT_ALLOWED"}


@pytest.mark.parametrize(
    ("field", "fault"),
    [(field, "REQUIRED") for field in ("recipient", "sender", "purpose", "state", "actor", "strength")],
)
def test_what_a_statement_needs(writer: Caller, field: str, fault: str) -> None:
    statement = yes()
    del statement[field]
    assert _faults(writer, statement) == {f"statement.{field}": fault}


@pytest.mark.parametrize(
    ("changes", "field", "fault"),
    [
        ({"state": 1}, "state", "NOT_ALLOWED"),
        ({"state": 9}, "state", "UNKNOWN_VALUE"),
        ({"actor": SYSTEM}, "actor", "NOT_ALLOWED"),
        ({"actor": 6}, "actor", "UNKNOWN_VALUE"),
        ({"strength": 4}, "strength", "UNKNOWN_VALUE"),
        ({"lifted_by": 1}, "lifted_by", "NOT_ALLOWED"),
        ({"lifted_by": 3}, "lifted_by", "UNKNOWN_VALUE"),
        ({"channel": 0}, "recipient.channel", "REQUIRED"),
        ({"channel": 6}, "recipient.channel", "UNKNOWN_VALUE"),
        ({"address": ""}, "recipient.address", "REQUIRED"),
        ({"address": "12"}, "recipient.address", "INVALID_FORMAT"),
        ({"channel": EMAIL}, "recipient.address", "INVALID_FORMAT"),
        ({"address": "1" * 321}, "recipient.address", "TOO_LONG"),
        ({"source": "s" * 65}, "source", "TOO_LONG"),
        ({"sender": "s" * 129}, "sender", "TOO_LONG"),
        ({"purpose": "p" * 65}, "purpose", "TOO_LONG"),
        ({"evidence": {"method": 8}}, "evidence.method", "UNKNOWN_VALUE"),
        ({"evidence": {"ip_address": "192.0.2.256"}}, "evidence.ip_address", "INVALID_FORMAT"),
        ({"evidence": {"ip_address": "localhost"}}, "evidence.ip_address", "INVALID_FORMAT"),
        ({"evidence": {"url": "h\0"}}, "evidence.url", "INVALID_FORMAT"),
        *(
            ({"evidence": {field: "x" * (most + 1)}}, f"evidence.{field}", "TOO_LONG")
            for field, most in {
                "text_shown": 10_000,
                "text_version": 128,
                "language": 35,
                "url": 2048,
                "ip_address": 45,
                "user_agent": 1024,
                "message_id": 128,
                "artifact_hash": 256,
                "jurisdiction": 16,
            }.items()
        ),
    ],
)
def test_what_no_field_of_a_yes_may_hold(writer: Caller, changes: dict[str, Any], field: str, fault: str) -> None:
    assert _faults(writer, yes(**changes)) == {f"statement.{field}": fault}


def test_a_no_has_no_strength_and_no_end(world: World, writer: Caller) -> None:
    statement = no(strength=EXPRESS, expire_time=after(world, 60))
    assert _faults(writer, statement) == {
        "statement.strength": "NOT_ALLOWED",
        "statement.expire_time": "NOT_ALLOWED",
    }


@pytest.mark.parametrize(
    ("seconds", "accepted"), [(-3 * 365 * 86_400, True), (0, True), (300, True), (300.000001, False), (10**9, False)]
)
def test_a_statement_is_at_most_five_minutes_ahead(
    world: World, writer: Caller, seconds: float, accepted: bool
) -> None:
    statement = yes(effective_time=after(world, seconds))
    if accepted:
        assert record(writer, statement).consent.effective_time == statement["effective_time"]
    else:
        assert _faults(writer, statement) == {"statement.effective_time": "OUT_OF_RANGE"}


@pytest.mark.parametrize(("seconds", "accepted"), [(-1, False), (0, False), (0.000001, True), (10**9, True)])
@pytest.mark.parametrize("told_when", [True, False])
def test_a_yes_ends_after_it_began(
    world: World, writer: Caller, told_when: bool, seconds: float, accepted: bool
) -> None:
    times: dict[str, Any] = {"effective_time": after(world, -60)} if told_when else {}
    statement = {**yes(expire_time=after(world, seconds - (60 if told_when else 0))), **times}
    if accepted:
        assert record(writer, statement).consent.expire_time == statement["expire_time"]
    else:
        assert _faults(writer, statement) == {"statement.expire_time": "OUT_OF_RANGE"}


@pytest.mark.parametrize("seconds", [-62_135_596_800, -1])
def test_a_no_of_long_before_computers_is_a_no(writer: Caller, seconds: int) -> None:
    result = record(writer, no(effective_time={"seconds": seconds}))
    assert result.consent.effective_time.seconds == seconds
    assert verdict(writer, HERE, "transactional") == "DENY OPTED_OUT"


@pytest.mark.parametrize("field", ["effective_time", "expire_time"])
def test_a_time_that_is_none_is_refused(writer: Caller, field: str) -> None:
    for moment in ({"seconds": 1, "nanos": -1}, {"seconds": 2**62}):
        assert _faults(writer, {**yes(), field: moment}) == {f"statement.{field}": "OUT_OF_RANGE"}


PROVED = "statement.evidence"


@pytest.mark.parametrize("state", [yes, no])
@pytest.mark.parametrize(
    ("evidence", "missing"),
    [
        ({}, {PROVED, f"{PROVED}.method"}),
        ({"method": 1}, {PROVED}),
        ({"method": 1, "text_shown": "Yes?", "user_agent": "Firefox", "jurisdiction": "US-CA"}, {PROVED}),
        ({"method": 1, "message_id": " "}, {PROVED}),
        ({"message_id": "m"}, {f"{PROVED}.method"}),
    ],
)
def test_a_statement_of_the_recipient_needs_a_method_and_a_proof(
    writer: Caller, state: Any, evidence: dict[str, Any], missing: set[str]
) -> None:
    assert _faults(writer, state(actor=RECIPIENT, evidence=evidence)) == dict.fromkeys(missing, "REQUIRED")


@pytest.mark.parametrize(
    "proof",
    [{"message_id": "m"}, {"url": "u"}, {"ip_address": "2001:db8::1"}, {"artifact_hash": "sha256:00"}],
    ids=lambda proof: next(iter(proof)),
)
def test_each_proof_is_enough_and_is_kept(world: World, writer: Caller, proof: dict[str, str]) -> None:
    assert record(writer, yes(actor=RECIPIENT, evidence={"method": 5, **proof})).applied
    payload = orjson.loads(world.events(tenants.ACME)[-1].payload or b"")
    assert payload == {"address": PHONE, "channel": "SMS", "evidence": {"method": "IN_PERSON", **proof}}


def test_every_field_of_the_evidence_is_kept(world: World, writer: Caller) -> None:
    evidence = {
        "text_shown": "Oui\u200f?",
        "text_version": "7",
        "language": "fr-CA",
        "url": "https://example.com/?a=1",
        "ip_address": "192.0.2.7",
        "user_agent": "Firefox",
        "message_id": "m-1",
        "artifact_hash": "sha256:00",
        "jurisdiction": "US-CA",
    }
    record(writer, yes(evidence={"method": 7, **evidence}, source="crm"), batch_id="june")
    event = world.events(tenants.ACME)[-1]
    assert orjson.loads(event.payload or b"")["evidence"] == {"method": "OTHER", **evidence}
    assert (event.header.source, event.header.batch_id) == ("crm", "june")


@pytest.mark.parametrize(
    ("channel", "address", "found"),
    [
        (SMS, "(650) 555-1234", PHONE),
        (VOICE, "1 650 555 1234", PHONE),
        (WHATSAPP, "+1-650-555-1234", PHONE),
        (RCS, "650.555.1234", PHONE),
        (EMAIL, " Ann@Example.COM ", "ann@example.com"),
    ],
)
def test_a_recipient_is_the_same_in_any_usual_form(writer: Caller, channel: int, address: str, found: str) -> None:
    record(writer, no(channel=channel, address=address))
    assert records(writer, found, channel) == {HERE: Told("OPTED_OUT", lifted_by="RECIPIENT")}


def test_national_numbers_are_read_by_the_senders_country_else_the_tenants(writer: Caller) -> None:
    record(writer, no(tenants.BRITISH, address="020 7183 8750"))
    assert verdict(writer, tenants.BRITISH, "transactional", "+442071838750") == "DENY OPTED_OUT"
    assert _faults(writer, no("*", address="020 7183 8750")) == {"statement.recipient.address": "INVALID_FORMAT"}


@pytest.mark.parametrize("sender", [tenants.UNKNOWN, tenants.RIVAL_BRAND])
def test_an_unknown_sender_is_an_error_and_leaves_nothing(world: World, writer: Caller, sender: str) -> None:
    before = world.contents()
    found = refused(record, writer, no(sender))
    assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "SENDER_NOT_FOUND")
    assert found.metadata == {"sender": sender}
    assert world.contents() == before


@pytest.mark.parametrize("sender", [HERE, "*"])
def test_an_unknown_purpose_is_an_error_and_leaves_nothing(world: World, writer: Caller, sender: str) -> None:
    before = world.contents()
    found = refused(record, writer, no(sender, purpose="Marketing"))
    assert (found.reason, found.metadata) == ("PURPOSE_NOT_FOUND", {"purpose": "Marketing"})
    assert world.contents() == before


def test_a_department_is_the_same_in_capitals(writer: Caller) -> None:
    """A no that is recorded under another spelling of the department must be found by every check."""
    assert record(writer, no(HERE.upper())).consent.sender == HERE
    assert verdict(writer, HERE, "transactional") == "DENY OPTED_OUT"
    assert list(records(writer)) == [HERE]


def test_a_statement_covers_its_scope_and_no_more(writer: Caller) -> None:
    record(writer, yes("*", purpose="marketing"))
    record(writer, no(tenants.CLIENT, purpose="marketing"))
    answer = check(writer, HERE, "marketing", "informational", "transactional")
    assert [decided.reason for decided in answer.decisions] == [4, 8, 3]
    answer = check(writer, tenants.CLIENT, "marketing", "informational", "transactional")
    assert [decided.reason for decided in answer.decisions] == [1, 8, 3]


def test_a_proof_is_never_answered_nor_told_in_an_error(writer: Caller) -> None:
    statement = no(evidence={**PROOF, "ip_address": "198.51.100.999"})
    assert "198.51" not in str(refused(record, writer, statement).status)
