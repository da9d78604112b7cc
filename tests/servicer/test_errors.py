"""The table of errors: each reason of the contract has one code, and a call that provokes it with all its details."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import grpc
import pytest
from consent.v1 import error_reason_pb2

from server.api import status
from server.domain import errors
from tests.servicer import tenants
from tests.servicer.answers import EXPRESS, relay
from tests.servicer.refusals import refused
from tests.servicer.samples import REQUESTS
from tests.servicer.scenarios import EXEMPT, SCENARIOS
from tests.servicer.world import Caller, World

pytestmark = pytest.mark.supplied
CONTRACT = Path(__file__).parents[2] / "protos" / "consent" / "v1" / "error_reason.proto"
REASONS = [name.removeprefix("ERROR_REASON_") for name in error_reason_pb2.ErrorReason.DESCRIPTOR.values_by_name]
ALLOW = 1
NEVER_TOLD = ("sqlite", "Traceback", ".py", "peewee", "/tmp", "row 4711", "+1650")


def _comments() -> Iterator[tuple[str, str]]:
    for comment, name in re.findall(r"((?: *//.*\n)+) *ERROR_REASON_(\w+) =", CONTRACT.read_text()):
        yield " ".join(comment.replace("//", " ").split()), name


def _documented() -> Iterator[tuple[str, str, set[str]]]:
    """Each reason with the code and the metadata that its comment names."""
    for text, name in _comments():
        code = re.match(r"([A-Z_]+):", text)
        metadata = text.partition("Metadata:")[2]
        yield name, code[1] if code else "", set(re.findall(r"`(\w+)`", metadata))


DOCUMENTED = {name: (code, metadata) for name, code, metadata in _documented()}


def test_each_reason_is_documented_with_its_code() -> None:
    assert list(DOCUMENTED) == REASONS
    assert {name: code for name, (code, _) in DOCUMENTED.items() if code} == {
        name: code.name for name, code in status.CODES.items()
    }


def test_each_reason_has_one_code_and_each_code_a_reason() -> None:
    assert set(status.CODES) == set(REASONS) - {"UNSPECIFIED"}
    assert all(isinstance(code, grpc.StatusCode) for code in status.CODES.values())


def test_each_reason_has_a_scenario_or_a_stated_exemption() -> None:
    assert set(SCENARIOS) | set(EXEMPT) == set(REASONS)
    assert not set(SCENARIOS) & set(EXEMPT)


def test_each_error_of_the_domain_is_a_reason() -> None:
    def raised(error: type[errors.ConsentError]) -> set[str]:
        own = {error.reason} if "reason" in vars(error) else set()
        return own.union(*(raised(child) for child in error.__subclasses__()))

    assert raised(errors.ConsentError) <= set(REASONS)


def test_each_scenario_gives_the_metadata_that_the_contract_names() -> None:
    for reason, scenario in SCENARIOS.items():
        assert set(scenario.metadata) == DOCUMENTED[reason][1], reason


@pytest.mark.parametrize("reason", SCENARIOS)
def test_a_reason_arrives_with_its_code_and_details(world: World, reason: str) -> None:
    scenario = SCENARIOS[reason]
    found = scenario.provoke(world)
    assert (found.code, found.reason) == (status.CODES[reason], reason)
    assert found.domain == "consent.v1"
    assert found.metadata == scenario.metadata
    assert found.violations == scenario.violations
    assert found.message
    assert found.request_id
    assert (found.retry_after_seconds is not None) == ("retry_after_seconds" in scenario.metadata)
    for word in NEVER_TOLD:
        assert word not in str(found.status)


@pytest.mark.parametrize("table", ["consents", "recipients", "senders", "purposes", "tenants"])
def test_a_broken_database_is_unavailable_and_never_a_yes(world: World, reader: Caller, table: str) -> None:
    question = {**REQUESTS["CheckConsent"], "purposes": ["transactional"]}
    assert reader.CheckConsent(**question).decisions[0].verdict == ALLOW
    _break(world, table)
    found = refused(reader.CheckConsent, **question)
    assert (found.code, found.reason) == (grpc.StatusCode.UNAVAILABLE, "STORAGE_UNAVAILABLE")
    assert table not in str(found.status)


@pytest.mark.parametrize("table", ["consent_events", "event_payloads", "consents", "answers"])
def test_a_write_that_fails_halfway_leaves_nothing(world: World, writer: Caller, table: str) -> None:
    _break(world, table)
    before = world.contents()
    found = refused(relay, writer, tenants.CLIENT, EXPRESS, request_id="request-1")
    assert found.reason == "STORAGE_UNAVAILABLE"
    assert world.contents() == before


def _break(world: World, table: str) -> None:
    with closing(sqlite3.connect(world.path)) as database:
        database.execute(f'ALTER TABLE "{table}" RENAME TO "broken"')


def test_each_kind_of_violation_is_one_that_the_contract_names() -> None:
    (comment,) = (text for text, name in _comments() if name == "INVALID_FIELD")
    named = re.findall(r"[A-Z]+(?:_[A-Z]+)*", comment.partition("`reason` of")[2])
    assert sorted(named) == sorted(fault.value for fault in errors.FieldFault)
