"""What the contract's descriptors promise of requests, held for each RPC and each field, those yet to come included."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pool import Default

from server.api.limits import LIMITS, Items, Number, Text
from server.api.server import ADMIN_SERVICE, CONSENT_SERVICE
from server.domain.model import Role
from tests.servicer import tenants
from tests.servicer.refusals import Refused, refused
from tests.servicer.roles import ROLES
from tests.servicer.samples import REQUESTS, input_fields, is_required, reachable_fields, sample
from tests.servicer.world import METHODS, Caller, World

PROTOS = Path(__file__).parents[2] / "protos" / "consent" / "v1"
pytestmark = pytest.mark.supplied
UNKNOWN_NUMBER = 99
TIMESTAMP = "google.protobuf.Timestamp"
OF_OTHERS = frozenset({f"{TIMESTAMP}.seconds", f"{TIMESTAMP}.nanos"})
# An address of a batch that is too long is that item's INVALID_RECIPIENT, not the whole request's fault.
JUDGED_ITEM_BY_ITEM = frozenset({"consent.v1.BatchCheckConsentRequest.addresses"})
LIMITED_TYPES = frozenset({FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64})

REACHABLE = {field for method in METHODS.values() for field in reachable_fields(method.input_type)}
Spoil = Callable[[Any, FieldDescriptor], bool]


def _spoiled(rpc: str, spoil: Spoil) -> list[tuple[Any, FieldDescriptor, str]]:
    """The good request once for each field that `spoil` can spoil, spoiled there."""
    found = []
    for index, (_, field, path) in enumerate(input_fields(sample(rpc))):
        request = sample(rpc)
        message = [place for place, *_ in input_fields(request)][index]
        if spoil(message, field):
            found.append((request, field, path))
    return found


def _cases(spoil: Spoil) -> list[Any]:
    return [
        pytest.param(rpc, request, path, id=f"{rpc}-{path}")
        for rpc in METHODS
        for request, _, path in _spoiled(rpc, spoil)
    ]


def _covered(spoil: Spoil) -> set[str]:
    return {field.full_name for rpc in METHODS for _, field, _ in _spoiled(rpc, spoil)}


def _without_required(message: Any, field: FieldDescriptor) -> bool:
    if is_required(field):
        message.ClearField(field.name)
    return is_required(field)


def _unknown_enum(message: Any, field: FieldDescriptor) -> bool:
    if field.enum_type is None or field.is_repeated:
        return False
    setattr(message, field.name, UNKNOWN_NUMBER)
    return True


def _unknown_enum_item(message: Any, field: FieldDescriptor) -> bool:
    if field.enum_type is None or not field.is_repeated:
        return False
    getattr(message, field.name)[:] = [UNKNOWN_NUMBER]
    return True


def _too_long(message: Any, field: FieldDescriptor) -> bool:
    limit = LIMITS.get(field.full_name)
    if isinstance(limit, Text):
        setattr(message, field.name, "x" * (limit.most + 1))
    return isinstance(limit, Text)


def _with_nul(message: Any, field: FieldDescriptor) -> bool:
    limit = LIMITS.get(field.full_name)
    if not isinstance(limit, Text) or limit.free:
        return False
    setattr(message, field.name, "\0")
    return True


def _too_many(message: Any, field: FieldDescriptor) -> bool:
    limit = LIMITS.get(field.full_name)
    if not isinstance(limit, Items):
        return False
    values = getattr(message, field.name)
    values.extend(list(values)[:1] * limit.most if values else ["x"] * (limit.most + 1))
    return True


def _item_too_long(message: Any, field: FieldDescriptor) -> bool:
    limit = LIMITS.get(field.full_name)
    if not isinstance(limit, Items) or limit.each is None:
        return False
    getattr(message, field.name)[:] = ["x" * (limit.each.most + 1)]
    return True


def _too_small(message: Any, field: FieldDescriptor) -> bool:
    limit = LIMITS.get(field.full_name)
    if isinstance(limit, Number):
        setattr(message, field.name, limit.least - 1)
    return isinstance(limit, Number)


def _too_large(message: Any, field: FieldDescriptor) -> bool:
    limit = LIMITS.get(field.full_name)
    if not isinstance(limit, Number) or limit.most is None:
        return False
    setattr(message, field.name, limit.most + 1)
    return True


def _no_moment(message: Any, field: FieldDescriptor) -> bool:
    if field.message_type is None or field.message_type.full_name != TIMESTAMP:
        return False
    getattr(message, field.name).seconds = 10**15
    return True


def _refused(admin: Caller, rpc: str, request: Any) -> Refused:
    found = refused(getattr(admin, rpc), request)
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    return found


@pytest.fixture(scope="module")
def refusing(supplied: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """The admin of a service that all of these tests share: refused calls leave it as it is."""
    world = World(Path(shutil.copy(supplied, tmp_path_factory.mktemp("contract") / "consent.db")))
    before = world.contents()
    yield world.holder(tenants.ADMIN)
    assert world.contents() == before
    world.close()


def test_each_rpc_has_a_role_and_each_role_an_rpc() -> None:
    for service, roles in ROLES.items():
        assert set(roles) == {method.name for method in service.methods}


def test_the_roles_are_those_that_the_contract_tells() -> None:
    text = (PROTOS / "consent_service.proto").read_text()
    told = re.findall(r"((?:^ *//.*\n)+) *rpc (\w+)\(", text, re.MULTILINE)
    assert {name for _, name in told} == set(ROLES[CONSENT_SERVICE])
    for comment, name in told:
        (role,) = re.findall(r"Role: (\w+)", " ".join(comment.replace("//", " ").split()))
        assert ROLES[CONSENT_SERVICE][name] is Role[role.upper()], name
    assert "Role: admin." in (PROTOS / "admin_service.proto").read_text()
    assert set(ROLES[ADMIN_SERVICE].values()) == {Role.ADMIN}


def test_rpc_names_are_unique_over_the_services() -> None:
    assert len(METHODS) == sum(len(service.methods) for service in ROLES)


def test_each_rpc_has_a_sample() -> None:
    assert set(REQUESTS) == set(METHODS)


@pytest.mark.parametrize("rpc", METHODS)
def test_the_sample_is_answered(admin: Caller, rpc: str) -> None:
    getattr(admin, rpc)(sample(rpc))


def test_each_text_number_and_list_of_a_request_has_a_limit() -> None:
    limited = {field.full_name for field in REACHABLE if field.type in LIMITED_TYPES or field.is_repeated} - OF_OTHERS
    assert limited == set(LIMITS)


def test_each_limit_names_a_field_of_its_kind() -> None:
    kinds = {Text: {FieldDescriptor.TYPE_STRING}, Number: {FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64}}
    for name, limit in LIMITS.items():
        field = Default().FindFieldByName(name)
        assert field.is_repeated == isinstance(limit, Items), name
        if not isinstance(limit, Items):
            assert field.type in kinds[type(limit)], name
        elif limit.each is None and name not in JUDGED_ITEM_BY_ITEM:
            assert field.message_type or field.enum_type, name


def test_no_field_is_of_a_kind_that_the_rules_do_not_know() -> None:
    known = {*LIMITED_TYPES, FieldDescriptor.TYPE_BOOL, FieldDescriptor.TYPE_ENUM, FieldDescriptor.TYPE_MESSAGE}
    assert {field.type for field in REACHABLE} <= known
    assert not [field for field in REACHABLE if field.message_type and field.message_type.GetOptions().map_entry]


def test_the_samples_reach_each_required_field_and_each_enum() -> None:
    assert _covered(_without_required) == {field.full_name for field in REACHABLE if is_required(field)}
    assert _covered(_unknown_enum) | _covered(_unknown_enum_item) == {
        field.full_name for field in REACHABLE if field.enum_type
    }
    limited = {name for name, limit in LIMITS.items() if isinstance(limit, Text)}
    assert _covered(_too_long) == limited


@pytest.mark.parametrize(("rpc", "request_", "path"), _cases(_without_required))
def test_a_missing_required_field_is_named(refusing: Caller, rpc: str, request_: Any, path: str) -> None:
    assert _refused(refusing, rpc, request_).violations == {path: "REQUIRED"}


@pytest.mark.parametrize(("rpc", "request_", "path"), _cases(_unknown_enum))
def test_an_unknown_enum_number_is_named(refusing: Caller, rpc: str, request_: Any, path: str) -> None:
    assert _refused(refusing, rpc, request_).violations == {path: "UNKNOWN_VALUE"}


@pytest.mark.parametrize(("rpc", "request_", "path"), _cases(_unknown_enum_item))
def test_an_unknown_enum_number_is_named_by_its_index(refusing: Caller, rpc: str, request_: Any, path: str) -> None:
    assert _refused(refusing, rpc, request_).violations == {f"{path}[0]": "UNKNOWN_VALUE"}


@pytest.mark.parametrize(("rpc", "request_", "path"), _cases(_too_long))
def test_a_text_that_is_too_long_is_named(refusing: Caller, rpc: str, request_: Any, path: str) -> None:
    assert _refused(refusing, rpc, request_).violations == {path: "TOO_LONG"}


@pytest.mark.parametrize(("rpc", "request_", "path"), _cases(_with_nul))
def test_a_nul_character_is_refused(refusing: Caller, rpc: str, request_: Any, path: str) -> None:
    assert _refused(refusing, rpc, request_).violations == {path: "INVALID_FORMAT"}


@pytest.mark.parametrize(("rpc", "request_", "path"), _cases(_too_many))
def test_too_many_items_are_refused(refusing: Caller, rpc: str, request_: Any, path: str) -> None:
    assert _refused(refusing, rpc, request_).violations == {path: "TOO_MANY"}


@pytest.mark.parametrize(("rpc", "request_", "path"), _cases(_item_too_long))
def test_an_item_that_is_too_long_is_named_by_its_index(refusing: Caller, rpc: str, request_: Any, path: str) -> None:
    assert _refused(refusing, rpc, request_).violations == {f"{path}[0]": "TOO_LONG"}


@pytest.mark.parametrize(("rpc", "request_", "path"), [*_cases(_too_small), *_cases(_too_large), *_cases(_no_moment)])
def test_what_is_out_of_range_is_named(refusing: Caller, rpc: str, request_: Any, path: str) -> None:
    assert _refused(refusing, rpc, request_).violations == {path: "OUT_OF_RANGE"}


def test_all_that_is_wrong_is_told_at_once(refusing: Caller) -> None:
    found = refused(refusing.UpdateChannelConsent, channel_addr="6" * 33, channel_type=UNKNOWN_NUMBER)
    assert found.violations == {
        "client_id": "REQUIRED",
        "channel_addr": "TOO_LONG",
        "channel_type": "UNKNOWN_VALUE",
        "consent_type": "REQUIRED",
    }
    assert all(field in found.message for field in found.violations)


def test_a_blank_item_counts_as_missing(refusing: Caller) -> None:
    found = refused(refusing.CheckConsent, **{**REQUESTS["CheckConsent"], "purposes": ["marketing", " "]})
    assert found.violations == {"purposes[1]": "REQUIRED"}
