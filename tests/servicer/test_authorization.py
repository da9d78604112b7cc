"""Each RPC against each caller who may not: refused alike, nothing written, and nothing told of what exists."""

from __future__ import annotations

import re
from dataclasses import dataclass

import grpc
import pytest

from server.domain.model import Role
from tests.servicer import supplies, tenants
from tests.servicer.refusals import Refused, refused
from tests.servicer.roles import ROLES
from tests.servicer.samples import put, sample
from tests.servicer.world import METHODS, Caller, World

pytestmark = pytest.mark.supplied
NEEDED = {rpc: role for roles in ROLES.values() for rpc, role in roles.items()}
LOWER = {Role.READER: [], Role.WRITER: [tenants.READER], Role.ADMIN: [tenants.READER, tenants.WRITER]}


@dataclass(frozen=True)
class Name:
    """Where a request names a thing; and such things: one of other senders, one of the other tenant, one of nobody."""

    path: str
    of_others: str
    of_rival: str
    of_nobody: str = tenants.UNKNOWN


_DEPARTMENT = (tenants.WIDE_DEPARTMENT, tenants.RIVAL_DEPARTMENT, tenants.UNKNOWN_UUID)
_SENDER = (tenants.BRAND, tenants.RIVAL_BRAND)
_PROFILE = (tenants.OTHER_PROFILE, tenants.RIVAL_PROFILE)
_AUTO_RESPONSE = (tenants.OTHER_AUTO_RESPONSE, tenants.RIVAL_AUTO_RESPONSE, tenants.UNKNOWN_UUID)
_CONTACT = (tenants.CONTACT, tenants.RIVAL_CONTACT)
_PURPOSE = (supplies.PURPOSE, supplies.RIVAL_PURPOSE)
_MOBILE = (supplies.KNOWN, supplies.RIVAL_KNOWN, supplies.UNKNOWN_MOBILE)
_REVIEW = (supplies.OTHER_REVIEW, supplies.RIVAL_REVIEW, tenants.UNKNOWN_UUID)
_CREDENTIAL = (tenants.UNBOUND_SPARE, tenants.RIVAL_SPARE, tenants.UNKNOWN_UUID)
NAMES: dict[str, list[Name]] = {
    "UpdateOptOutStatus": [Name("department_uuid", *_DEPARTMENT)],
    "UpdateChannelConsent": [Name("client_id", tenants.OTHER_CLIENT, tenants.RIVAL_CLIENT)],
    "ListAutoResponses": [Name("profile_id", *_PROFILE)],
    "CreateAutoResponse": [Name("profile_id", *_PROFILE)],
    "GetAutoResponse": [Name("profile_id", *_PROFILE), Name("autoresp_cfg_id", *_AUTO_RESPONSE)],
    "UpdateAutoResponse": [Name("profile_id", *_PROFILE), Name("autoresp_cfg_id", *_AUTO_RESPONSE)],
    "DeleteAutoResponse": [Name("profile_id", *_PROFILE), Name("autoresp_cfg_id", *_AUTO_RESPONSE)],
    "OptOutUserByEmail": [Name("email", tenants.EMAIL, tenants.RIVAL_EMAIL, "nobody@example.com")],
    "OptOutUserByMobile": [Name("mobile", *_MOBILE)],
    "GetUser": [Name("id", supplies.USER, supplies.RIVAL_USER), Name("mobile", *_MOBILE)],
    "BatchGetOptOutStatus": [
        Name("department_uuid", *_DEPARTMENT),
        Name("customer_uuid_list", supplies.USER, supplies.RIVAL_USER),
    ],
    "BatchUpdateChannelConsents": [Name("client_id", tenants.OTHER_CLIENT, tenants.RIVAL_CLIENT)],
    "ListMessagingOptOuts": [Name("messaging_profile_id", *_PROFILE)],
    "CheckConsent": [Name("sender", *_SENDER)],
    "BatchCheckConsent": [Name("sender", *_SENDER), Name("purpose", *_PURPOSE)],
    "RecordConsent": [Name("statement.sender", *_SENDER), Name("statement.purpose", *_PURPOSE)],
    "BatchRecordConsents": [Name("statements[0].sender", *_SENDER)],
    "ListConsents": [Name("sender", *_SENDER)],
    "ListConsentEvents": [Name("sender", *_SENDER)],
    "WatchConsentEvents": [Name("senders", *_SENDER)],
    "ForgetRecipient": [Name("recipient.address", *_MOBILE)],
    "HandleInboundMessage": [Name("sender", *_SENDER)],
    "ListReviewItems": [Name("sender", *_SENDER)],
    "ResolveReviewItem": [Name("id", *_REVIEW)],
    "CreateSender": [Name("sender.id", *_SENDER)],
    "GetSender": [Name("id", *_SENDER)],
    "UpdateSender": [Name("sender.id", *_SENDER)],
    "CreatePurpose": [Name("purpose.id", *_PURPOSE)],
    "GetPurpose": [Name("id", *_PURPOSE)],
    "UpdatePurpose": [Name("purpose.id", *_PURPOSE)],
    "SetLegalHold": [Name("recipient.address", *_MOBILE)],
    "CreateContact": [Name("contact.id", *_CONTACT)],
    "GetContact": [Name("id", *_CONTACT)],
    "UpdateContact": [Name("contact.id", *_CONTACT)],
    "DeleteContact": [Name("id", *_CONTACT)],
    "CreateCredential": [Name("credential.senders", *_SENDER)],
    "RevokeCredential": [Name("id", *_CREDENTIAL)],
    "RotateCredential": [Name("id", *_CREDENTIAL)],
}
NAMELESS = {"ListSenders", "ListContacts", "ListCredentials", "ListPurposes", "VerifyLedger"}
# Contacts and purposes are the tenant's, and one that is bound reads what is tenant-wide (DESIGN, section 7).
READABLE_WHEN_BOUND = {"GetContact", "GetUser", "GetPurpose"}
TENANTS_NAMES = {"customer_uuid_list", "purpose", "statement.purpose"}
# The whole ledger tells of every sender.
UNBOUND_ONLY = {"VerifyLedger"}
# Names are each tenant's own, so that making one or filtering by one succeeds whatever others have.
ANSWERED_FOR_ANY_NAME = {
    *("CreateSender", "CreateContact", "CreatePurpose", "SetLegalHold"),
    *("ListConsents", "ListConsentEvents", "WatchConsentEvents", "ListReviewItems"),
}

each_rpc = pytest.mark.parametrize("rpc", METHODS)
each_name = pytest.mark.parametrize(
    ("rpc", "name"),
    [pytest.param(rpc, name, id=f"{rpc}-{name.path}") for rpc, names in NAMES.items() for name in names],
)


def test_each_rpc_names_a_thing_or_is_known_to_name_none() -> None:
    assert set(NAMES) | NAMELESS == set(METHODS)
    assert not set(NAMES) & NAMELESS


def _refused_everywhere(world: World, caller: Caller, rpc: str) -> Refused:
    before = world.contents()
    found = refused(getattr(caller, rpc), sample(rpc))
    assert world.contents() == before
    assert found.domain == "consent.v1"
    return found


@each_rpc
def test_no_credential(world: World, rpc: str) -> None:
    found = _refused_everywhere(world, world.anybody(), rpc)
    assert (found.code, found.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_MISSING")


@each_rpc
def test_a_wrong_a_revoked_and_an_expired_credential_are_told_apart_by_nobody(world: World, rpc: str) -> None:
    world.clock.advance(tenants.EXPIRES_AFTER_SECONDS)
    callers = [world.holder(key) for key in ("never-registered-key-1", tenants.REVOKED, tenants.EXPIRED)]
    found = [_refused_everywhere(world, caller, rpc) for caller in callers]
    assert {(one.code, one.reason, one.message, str(one.metadata)) for one in found} == {
        (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_INVALID", "the credential is not valid", "{}")
    }


@each_rpc
def test_a_lower_role(world: World, rpc: str) -> None:
    for key in LOWER[NEEDED[rpc]]:
        found = _refused_everywhere(world, world.holder(key), rpc)
        assert (found.code, found.reason) == (grpc.StatusCode.PERMISSION_DENIED, "ROLE_INSUFFICIENT")
        role = "reader" if key == tenants.READER else "writer"
        assert found.metadata == {"role": role, "required_role": NEEDED[rpc].name.lower()}


def _outcome(world: World, caller: Caller, rpc: str, name: Name, value: str) -> str:
    """What a caller can learn from naming `value`: all of the answer but the name, the times and the made secrets."""
    request = sample(rpc)
    put(request, name.path, value)
    try:
        told = f"OK {getattr(caller, rpc)(request)}"
    except Refused as found:
        told = f"{found.code} {found.reason} {found.message} {found.metadata} {found.violations}"
    return re.sub(r'(seconds|nanos|revision): \d+|(secret|id): "[^"]*"', "", told.replace(value, "NAME"))


@each_name
def test_what_is_of_another_tenant_is_as_what_is_not(world: World, admin: Caller, rpc: str, name: Name) -> None:
    before = world.contents(tenants.RIVAL)
    outcomes = [_outcome(world, admin, rpc, name, value) for value in (name.of_rival, name.of_nobody)]
    assert outcomes[0] == outcomes[1]
    assert world.contents(tenants.RIVAL) == before
    if rpc not in ANSWERED_FOR_ANY_NAME and name.path != "customer_uuid_list":  # an unknown customer has no status
        assert not outcomes[0].startswith("OK")


@each_name
def test_what_is_of_other_senders_is_as_what_is_not(world: World, bound_admin: Caller, rpc: str, name: Name) -> None:
    if rpc in READABLE_WHEN_BOUND or name.path in TENANTS_NAMES:
        return
    before = world.contents()
    outcomes = [_outcome(world, bound_admin, rpc, name, value) for value in (name.of_others, name.of_nobody)]
    assert world.contents() == before
    assert outcomes[0] == outcomes[1]
    assert not outcomes[0].startswith("OK")


@each_rpc
def test_the_other_tenants_admin_finds_nothing_of_ours(world: World, rival: Caller, rpc: str) -> None:
    before = world.contents(tenants.ACME)
    try:
        told = str(getattr(rival, rpc)(sample(rpc)))
    except Refused as found:
        told = f"{found.code.name} {found.reason}"
    assert world.contents(tenants.ACME) == before
    if rpc not in ANSWERED_FOR_ANY_NAME and rpc not in NAMELESS:
        assert re.fullmatch("NOT_FOUND [A-Z_]+_NOT_FOUND", told)
    for ours in (tenants.DEPARTMENT, tenants.CONTACT, tenants.EMAIL, tenants.SPARE, supplies.KNOWN):
        assert ours not in told


@each_rpc
def test_a_credential_of_other_senders(world: World, rpc: str) -> None:
    """Whatever is not the tenant's to read is refused to one that is bound elsewhere, and nothing is written."""
    caller = world.holder(tenants.ELSEWHERE_ADMIN)
    if rpc in (NAMELESS | READABLE_WHEN_BOUND) - UNBOUND_ONLY:
        before = world.contents()
        getattr(caller, rpc)(sample(rpc))
        assert world.contents() == before
        return
    found = _refused_everywhere(world, caller, rpc)
    assert (found.reason, found.metadata) in (
        ("SENDER_NOT_PERMITTED", {}),
        ("TENANT_WIDE_NOT_PERMITTED", {}),
        ("CREDENTIAL_NOT_FOUND", {"credential": tenants.SPARE}),
        ("REVIEW_ITEM_NOT_FOUND", {"review_item": supplies.REVIEW}),
    )
