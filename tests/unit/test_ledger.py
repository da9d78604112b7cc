"""The hash chain, computed here by hand from the words of the ledger's documentation and from nothing else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.ledger import GENESIS, Header, chain_hash, payload_digest, record_snapshot, snapshot
from server.domain.model import Actor, LiftedBy, NotAppliedReason, Record, Scope, State, Strength

HEADER = Header(
    tenant_id=7,
    revision=12,
    kind="OPT_OUT",
    effective_time=1_700_000_000_000_001,
    record_time=1_700_000_000_000_002,
    recipient_id=4611686018427387904,
    scope=Scope("dépt", "*"),
    before="{}",
    after='{"state":"OPTED_OUT"}',
    applied=False,
    not_applied_reason=NotAppliedReason.SUPERSEDED,
    actor=Actor.RECIPIENT,
    credential_id="cred",
    source="telnyx",
    batch_id="batch",
    payload_digest=bytes(range(32)),
)


def _text(value: str) -> bytes:
    raw = value.encode("utf-8")
    return len(raw).to_bytes(4, "big") + raw


def _raw(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


ABSENT = b"\xff\xff\xff\xff"


def test_the_hash_is_what_the_documentation_says() -> None:
    written = (
        _text("1")
        + _raw(b"\xab" * 32)
        + _text("7")
        + _text("12")
        + _text("OPT_OUT")
        + _text("1700000000000001")
        + _text("1700000000000002")
        + _text("4611686018427387904")
        + _text("dépt")
        + _text("*")
        + _text("{}")
        + _text('{"state":"OPTED_OUT"}')
        + _text("0")
        + _text("SUPERSEDED")
        + _text("RECIPIENT")
        + _text("cred")
        + _text("telnyx")
        + _text("batch")
        + _raw(bytes(range(32)))
    )
    assert chain_hash(b"\xab" * 32, HEADER) == hashlib.sha256(written).digest()


def test_the_first_event_follows_zeros_and_absent_fields_have_no_bytes() -> None:
    header = replace(
        HEADER, recipient_id=None, applied=True, not_applied_reason=None, credential_id=None, batch_id=None, source=""
    )
    written = (
        _text("1")
        + _raw(bytes(32))
        + b"".join(map(_text, ("7", "12", "OPT_OUT", "1700000000000001", "1700000000000002")))
        + ABSENT
        + b"".join(map(_text, ("dépt", "*", "{}", '{"state":"OPTED_OUT"}', "1")))
        + ABSENT
        + _text("RECIPIENT")
        + ABSENT
        + _text("")
        + ABSENT
        + _raw(bytes(range(32)))
    )
    assert bytes(32) == GENESIS
    assert chain_hash(GENESIS, header) == hashlib.sha256(written).digest()


def test_the_hash_never_changes() -> None:
    """Golden: ledgers that were written verify for ever."""
    assert chain_hash(GENESIS, HEADER).hex() == GOLDEN
    assert payload_digest(bytes(32), b"{}").hex() == hashlib.sha256(_raw(bytes(32)) + _text("{}")).hexdigest()


GOLDEN = "ded02ed87a243d7b3590bda3782f3cd48eeadfcfc97be78b881d9e92acd62e6f"

OTHERS: dict[str, object] = {
    "tenant_id": 8,
    "revision": 13,
    "kind": "OPT_IN",
    "effective_time": 1,
    "record_time": 1,
    "recipient_id": 1,
    "scope": Scope("dépt", "marketing"),
    "before": '{"state":"OPTED_IN"}',
    "after": "{}",
    "applied": True,
    "not_applied_reason": NotAppliedReason.WIDER_OPT_OUT,
    "actor": Actor.BUSINESS,
    "credential_id": "other",
    "source": "relay",
    "batch_id": "other",
    "payload_digest": bytes(32),
}


def test_each_field_has_a_changed_value_below() -> None:
    assert set(OTHERS) == {field.name for field in fields(Header)}


@pytest.mark.parametrize("name", OTHERS)
def test_any_changed_field_changes_the_hash(name: str) -> None:
    changed = replace(HEADER, **{name: OTHERS[name]})  # type: ignore[arg-type]
    assert chain_hash(GENESIS, changed) != chain_hash(GENESIS, HEADER)


@pytest.mark.parametrize("name", ["recipient_id", "not_applied_reason", "credential_id", "batch_id"])
def test_absent_differs_from_present_and_from_empty(name: str) -> None:
    absent = chain_hash(GENESIS, replace(HEADER, **{name: None}))  # type: ignore[arg-type]
    assert absent != chain_hash(GENESIS, HEADER)
    if name in ("credential_id", "batch_id"):
        assert absent != chain_hash(GENESIS, replace(HEADER, **{name: ""}))  # type: ignore[arg-type]


def test_the_one_before_is_in_the_hash() -> None:
    assert chain_hash(GENESIS, HEADER) != chain_hash(b"\x01" + bytes(31), HEADER)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=6), st.text(max_size=6), st.text(max_size=6), st.text(max_size=6))
def test_text_cannot_move_between_neighbouring_fields(a: str, b: str, c: str, d: str) -> None:
    one = chain_hash(GENESIS, replace(HEADER, scope=Scope(a, b)))
    other = chain_hash(GENESIS, replace(HEADER, scope=Scope(c, d)))
    assert (one == other) == ((a, b) == (c, d))


def test_the_salt_keeps_a_forgotten_payload_from_being_guessed() -> None:
    assert payload_digest(b"a" * 32, b"{}") != payload_digest(b"b" * 32, b"{}")
    assert payload_digest(b"ab", b"c") != payload_digest(b"a", b"bc")


def test_a_record_that_was_never_written_says_nothing() -> None:
    assert record_snapshot(Record(1, Scope())) == "{}"


def test_a_record_says_what_is_present_in_sorted_order_and_no_address_id_or_revision() -> None:
    record = Record(
        recipient_id=99,
        scope=Scope("dept"),
        state=State.OPTED_OUT,
        lifted_by=LiftedBy.RECIPIENT,
        suspect_time=3,
        request_time=0,
        actor=Actor.BUSINESS,
        effective_time=5,
        create_time=1,
        update_time=2,
        revision=4,
    )
    assert record_snapshot(record) == (
        '{"actor":"BUSINESS","effective_time":5,"lifted_by":"RECIPIENT","request_time":0,"state":"OPTED_OUT","suspect_time":3}'
    )
    yes = record._replace(
        state=State.OPTED_IN,
        strength=Strength.EXPRESS_WRITTEN,
        lifted_by=None,
        expire_time=8,
        suspect_time=None,
    )
    assert json.loads(record_snapshot(yes)) == {
        "state": "OPTED_IN",
        "strength": "EXPRESS_WRITTEN",
        "expire_time": 8,
        "request_time": 0,
        "actor": "BUSINESS",
        "effective_time": 5,
    }


def test_facts_are_json_with_text_as_it_is() -> None:
    assert snapshot({"b": "é", "a": False, "c": None}) == '{"a":false,"b":"é"}'
