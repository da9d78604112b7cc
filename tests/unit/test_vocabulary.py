"""The domain's words are the contract's: same names, same numbers; and every error's reason is documented there."""

from __future__ import annotations

import inspect
from enum import IntEnum

import pytest
from consent.v1 import (
    admin_pb2,
    auto_response_pb2,
    consent_pb2,
    decision_pb2,
    error_reason_pb2,
    inbound_pb2,
    opt_out_status_pb2,
)
from google.protobuf.descriptor import EnumDescriptor

from server.domain import errors, inbound, model, opt_out_events, policy
from server.domain.errors import AlreadyExists, ConsentError, FieldFault, NotFound

PAIRS: dict[type[IntEnum], EnumDescriptor] = {
    model.Channel: consent_pb2.Channel.DESCRIPTOR,
    model.State: consent_pb2.ConsentState.DESCRIPTOR,
    model.Strength: consent_pb2.Strength.DESCRIPTOR,
    model.LiftedBy: consent_pb2.LiftedBy.DESCRIPTOR,
    model.Actor: consent_pb2.Actor.DESCRIPTOR,
    model.NotAppliedReason: consent_pb2.NotAppliedReason.DESCRIPTOR,
    model.SenderKind: admin_pb2.SenderKind.DESCRIPTOR,
    model.Reach: admin_pb2.Reach.DESCRIPTOR,
    model.Role: admin_pb2.Role.DESCRIPTOR,
    model.Op: auto_response_pb2.AutoResponseOp.DESCRIPTOR,
    model.Rule: admin_pb2.PurposeRule.DESCRIPTOR,
    model.ReviewKind: inbound_pb2.ReviewKind.DESCRIPTOR,
    model.Resolution: inbound_pb2.ReviewResolution.DESCRIPTOR,
    inbound.Intent: inbound_pb2.Intent.DESCRIPTOR,
    policy.Verdict: decision_pb2.Verdict.DESCRIPTOR,
    policy.Reason: decision_pb2.VerdictReason.DESCRIPTOR,
    opt_out_events.OptOutEvent: opt_out_status_pb2.OptOutEvent.DESCRIPTOR,
    opt_out_events.UpdateType: opt_out_status_pb2.OptOutUpdateType.DESCRIPTOR,
}
NOT_FOUND = ("TENANT", "SENDER", "PURPOSE", "CONTACT", "AUTO_RESPONSE", "CREDENTIAL", "REVIEW_ITEM", "RECIPIENT")
ALREADY_EXISTS = ("TENANT", "SENDER", "PURPOSE", "CONTACT", "CREDENTIAL")


def _prefix(name: str) -> str:
    return "".join(f"_{c}" if c.isupper() else c.upper() for c in name).removeprefix("_") + "_"


def _values(descriptor: EnumDescriptor) -> dict[str, int]:
    return {value.name.removeprefix(_prefix(descriptor.name)): value.number for value in descriptor.values}


@pytest.mark.parametrize(("ours", "theirs"), PAIRS.items(), ids=[pair.__name__ for pair in PAIRS])
def test_names_and_numbers_are_the_contracts(ours: type[IntEnum], theirs: EnumDescriptor) -> None:
    assert {"UNSPECIFIED": 0} | {word.name: word.value for word in ours} == _values(theirs)


@pytest.mark.parametrize("module", [model, policy, opt_out_events, inbound])
def test_no_enum_is_forgotten(module: object) -> None:
    own = {
        found
        for _, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, IntEnum) and found is not IntEnum
    }
    assert own <= set(PAIRS)


REASONS = _values(error_reason_pb2.ErrorReason.DESCRIPTOR)
ERRORS = [
    found
    for _, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, ConsentError) and found not in (ConsentError, NotFound, AlreadyExists)
]


@pytest.mark.parametrize("error", ERRORS)
def test_the_reason_of_an_error_is_in_the_contract(error: type[ConsentError]) -> None:
    assert error.reason in REASONS


@pytest.mark.parametrize("kind", NOT_FOUND)
def test_what_can_be_missing_is_in_the_contract(kind: str) -> None:
    error = NotFound(kind, "x1")
    assert error.reason in REASONS
    assert error.facts == {kind.lower(): "x1"}
    assert NotFound(kind).facts == {}


@pytest.mark.parametrize("kind", ALREADY_EXISTS)
def test_what_can_be_there_already_is_in_the_contract(kind: str) -> None:
    error = AlreadyExists(kind, "x1")
    assert error.reason in REASONS
    assert error.facts == {kind.lower(): "x1"}


def test_every_reason_of_the_contract_is_somebodys() -> None:
    said = {error.reason for error in ERRORS}
    said |= {NotFound(kind).reason for kind in NOT_FOUND} | {AlreadyExists(kind).reason for kind in ALREADY_EXISTS}
    assert set(REASONS) - said == {"UNSPECIFIED", "INTERNAL"}


def test_the_tree_in_the_docstring_is_whole() -> None:
    told = inspect.getdoc(errors) or ""
    assert all(error.__name__ in told for error in (*ERRORS, NotFound, AlreadyExists))
    assert all(kind in told for kind in (*NOT_FOUND, *ALREADY_EXISTS))


def test_errors_carry_their_facts_and_violations() -> None:
    violation = errors.Violation("a.b", FieldFault.TOO_LONG, "at most 3")
    refused = errors.InvalidField(violation, errors.Violation("c", FieldFault.REQUIRED, "needed"))
    assert refused.violations[0] is violation
    assert str(refused) == refused.message == "a.b: at most 3; c: needed"
    throttled = errors.LoginThrottled(7)
    assert (throttled.facts, throttled.retry_after_seconds) == ({"retry_after_seconds": "7"}, 7)
    assert errors.RoleInsufficient("reader", "admin").facts == {"role": "reader", "required_role": "admin"}
    assert [v.field for v in errors.SecretTooWeak(16).violations] == ["secret"]
    assert errors.CredentialRevoked("c1").facts == {"credential": "c1"}
