"""AdminService: credentials. Made no wider than their maker; a secret is told once and never again."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from tests.servicer import tenants
from tests.servicer.refusals import refused
from tests.servicer.world import Caller, World

GIVEN = "a-secret-that-somebody-has"


def listed(caller: Caller) -> dict[str, Any]:
    return {credential.id: credential for credential in caller.ListCredentials(page_size=1000).credentials}


@pytest.mark.parametrize("role", [1, 2, 3])
def test_a_credential_is_answered_as_it_was_asked_for(admin: Caller, role: int) -> None:
    made = admin.CreateCredential(credential={"role": role, "senders": [tenants.CLIENT, tenants.BRAND]}).credential
    assert (made.role, list(made.senders)) == (role, sorted([tenants.CLIENT, tenants.BRAND]))
    assert (made.basic_user, made.allow_force) == ("", False)
    assert not any(made.HasField(name) for name in ("expire_time", "revoke_time", "last_used_time"))
    assert listed(admin)[made.id] == made


def test_no_secret_is_answered_again(world: World, admin: Caller) -> None:
    made = admin.CreateCredential(credential={"role": 1})
    rotated = admin.RotateCredential(id=made.credential.id)
    admin.CreateCredential(credential={"role": 1}, secret=GIVEN)
    revoked = admin.RevokeCredential(id=made.credential.id, request_id="kept")
    told = f"{admin.ListCredentials()}{revoked}{world.contents()}"
    for secret in (made.secret, rotated.secret, GIVEN, tenants.ADMIN):
        assert secret not in told
        assert secret.encode() not in world.path.read_bytes()


@pytest.mark.parametrize("secret", ["x" * 15, "p"])
def test_a_short_secret_must_be_allowed(world: World, admin: Caller, secret: str) -> None:
    before = world.contents()
    found = refused(admin.CreateCredential, credential={"role": 1}, secret=secret)
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "SECRET_TOO_WEAK")
    assert (found.metadata, found.violations) == ({}, {"secret": "OUT_OF_RANGE"})
    assert world.contents() == before
    admin.CreateCredential(credential={"role": 1}, secret=secret, allow_weak=True)
    world.holder(secret).ListConsents()


@pytest.mark.parametrize("secret", ["has a space in the middle", "ümlaut-is-not-ascii-text", "line\nbreak-in-the-text"])
def test_a_key_is_visible_ascii(admin: Caller, secret: str) -> None:
    found = refused(admin.CreateCredential, credential={"role": 1}, secret=secret)
    assert found.violations == {"secret": "INVALID_FORMAT"}
    assert secret not in str(found.status)


@pytest.mark.parametrize("user", ["with:colon", "line\nbreak", "tab\t"])
def test_a_user_name_holds_no_colon_and_no_control_characters(world: World, admin: Caller, user: str) -> None:
    before = world.contents()
    found = refused(admin.CreateCredential, credential={"role": 1, "basic_user": user}, secret=GIVEN)
    assert found.violations == {"credential.basic_user": "INVALID_FORMAT"}
    assert world.contents() == before


def test_a_user_name_is_unique_over_all_tenants_and_stays_taken(admin: Caller, rival: Caller) -> None:
    credential = {"role": 1, "basic_user": "shared name"}
    made = admin.CreateCredential(credential=credential, secret=GIVEN)
    admin.RevokeCredential(id=made.credential.id)
    for caller in (admin, rival):
        found = refused(caller.CreateCredential, credential=credential, secret=GIVEN)
        assert (found.reason, found.metadata) == ("CREDENTIAL_ALREADY_EXISTS", {})


def test_a_user_without_a_given_password_gets_one(admin: Caller) -> None:
    made = admin.CreateCredential(credential={"role": 1, "basic_user": "new name"})
    assert len(made.secret) >= 43


@pytest.mark.parametrize("sender", [tenants.UNKNOWN, tenants.RIVAL_BRAND, "*"])
def test_a_credential_is_bound_to_senders_that_there_are(world: World, admin: Caller, sender: str) -> None:
    before = world.contents()
    found = refused(admin.CreateCredential, credential={"role": 1, "senders": [tenants.CLIENT, sender]})
    assert (found.reason, found.metadata) == ("SENDER_NOT_FOUND", {"sender": sender})
    assert world.contents() == before


def test_force_is_handed_on_by_those_who_have_it_only(world: World, admin: Caller) -> None:
    before = world.contents()
    found = refused(admin.CreateCredential, credential={"role": 1, "allow_force": True})
    assert found.violations == {"credential.allow_force": "NOT_ALLOWED"}
    assert world.contents() == before


def test_what_is_answered_only_cannot_be_asked_for(admin: Caller) -> None:
    stamp = {"seconds": 1}
    given = {"role": 1, "id": tenants.SPARE, "create_time": stamp, "revoke_time": stamp, "last_used_time": stamp}
    made = admin.CreateCredential(credential=given).credential
    assert made.id != tenants.SPARE
    assert made.create_time.seconds > 1
    assert not made.HasField("revoke_time")


def test_a_revoked_credential_is_listed_cannot_be_rotated_and_stays_revoked(world: World, admin: Caller) -> None:
    first = admin.RevokeCredential(id=tenants.SPARE).credential
    world.clock.advance(60)
    assert admin.RevokeCredential(id=tenants.SPARE).credential == first == listed(admin)[tenants.SPARE]
    before = world.contents()
    found = refused(admin.RotateCredential, id=tenants.SPARE)
    assert (found.code, found.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "CREDENTIAL_REVOKED")
    assert found.metadata == {"credential": tenants.SPARE}
    assert world.contents() == before


@pytest.mark.parametrize("overlap", [0, 2_592_000])
def test_the_overlap_has_bounds(admin: Caller, overlap: int) -> None:
    assert admin.RotateCredential(id=tenants.SPARE, overlap_seconds=overlap).secret
    for wrong in (-1, 2_592_001):
        found = refused(admin.RotateCredential, id=tenants.SPARE, overlap_seconds=wrong)
        assert found.violations == {"overlap_seconds": "OUT_OF_RANGE"}


def test_what_is_not_there(admin: Caller) -> None:
    for rpc in ("RevokeCredential", "RotateCredential"):
        found = refused(getattr(admin, rpc), id="nothing")
        assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "CREDENTIAL_NOT_FOUND")
        assert found.metadata == {"credential": "nothing"}


def test_a_bound_admin_makes_credentials_no_wider_than_itself(world: World, bound_admin: Caller) -> None:
    made = bound_admin.CreateCredential(credential={"role": 3, "senders": [tenants.CLIENT]})
    assert refused(world.holder(made.secret).GetSender, id=tenants.DEPARTMENT).reason == "SENDER_NOT_PERMITTED"
    before = world.contents()
    assert refused(bound_admin.CreateCredential, credential={"role": 1}).reason == "TENANT_WIDE_NOT_PERMITTED"
    for senders in ([tenants.BRAND], [tenants.CLIENT, tenants.BRAND], [tenants.UNKNOWN]):
        found = refused(bound_admin.CreateCredential, credential={"role": 1, "senders": senders})
        assert (found.reason, found.metadata) == ("SENDER_NOT_PERMITTED", {})
    assert world.contents() == before


def test_a_bound_admin_manages_what_is_no_wider_than_itself_only(world: World, bound_admin: Caller) -> None:
    admin = world.holder(tenants.ADMIN)
    wider = admin.CreateCredential(credential={"role": 1, "senders": [tenants.CLIENT, tenants.BRAND]}).credential
    assert set(listed(bound_admin)) < set(listed(admin))
    before = world.contents()
    for credential in (wider.id, tenants.UNBOUND_SPARE, tenants.RIVAL_SPARE):
        for rpc in ("RevokeCredential", "RotateCredential"):
            assert refused(getattr(bound_admin, rpc), id=credential).reason == "CREDENTIAL_NOT_FOUND"
    assert world.contents() == before
    assert bound_admin.RotateCredential(id=tenants.SPARE).secret
    assert bound_admin.RevokeCredential(id=tenants.SPARE).credential.HasField("revoke_time")


def test_an_admin_may_revoke_itself_and_is_then_refused(world: World, admin: Caller) -> None:
    mine = admin.CreateCredential(credential={"role": 3})
    holder = world.holder(mine.secret)
    holder.RevokeCredential(id=mine.credential.id)
    world.clock.advance(30)
    assert refused(holder.ListCredentials).reason == "CREDENTIAL_INVALID"
