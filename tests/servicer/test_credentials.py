"""Credentials at each call: the forms in which they are shown, and how passwords are verified."""

from __future__ import annotations

import base64
import threading

import grpc
import pytest

from server.domain.model import Role
from server.usecases.credentials import CredentialDraft
from server.usecases.secrets import password_matches
from server.usecases.tenants import operator
from tests.servicer import tenants
from tests.servicer.answers import basic
from tests.servicer.refusals import refused
from tests.servicer.world import Caller, World

REMEMBERED = 30
VERIFY = "server.api.auth.password_matches"
USER, PASSWORD = "legacy", "Pässword: with a colon"


def _key_of(world: World, key: str, draft: CredentialDraft) -> None:
    tenant_id = world.tenant_id(tenants.ACME)
    world.storage.write(tenant_id, lambda tx: tenants.add_key(tx, operator(tenant_id), key, draft))


@pytest.mark.parametrize(
    "shown",
    [
        ("authorization", f"Bearer {tenants.READER}"),
        ("authorization", f"bearer {tenants.READER}"),
        ("authorization", f"BEARER   {tenants.READER}  "),
        ("x-api-key", tenants.READER),
        ("xx-relay-api-key", tenants.READER),
        ("x-relay-api-key", tenants.READER),
    ],
)
def test_a_key_opens_in_each_documented_form(world: World, shown: tuple[str, str]) -> None:
    world.anybody(shown).ListConsents()


def test_the_authorization_header_goes_before_the_others(world: World) -> None:
    wrong, right = ("authorization", "Bearer wrong-wrong-wrong"), ("x-api-key", tenants.READER)
    assert refused(world.anybody(right, wrong).ListConsents).reason == "CREDENTIAL_INVALID"
    world.anybody(("x-api-key", "wrong-wrong-wrong"), ("authorization", f"Bearer {tenants.READER}")).ListConsents()


def test_an_empty_key_header_is_none(world: World) -> None:
    assert refused(world.anybody(("x-api-key", "")).ListConsents).reason == "CREDENTIAL_MISSING"
    world.anybody(("x-api-key", ""), ("x-relay-api-key", tenants.READER)).ListConsents()


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "Bearer",
        "Bearer ",
        tenants.READER,
        f"Digest {tenants.READER}",
        f"Bearer{tenants.READER}",
        f"Bearer {tenants.READER} {tenants.READER}",
        f"Bearer {tenants.READER.upper()}",
        f"Bearer {tenants.READER[:-1]}",
        f"Bearer {tenants.READER}\0",
        "Bearer ü",
        "Bearer " + "x" * 513,
        "Bearer " + "x" * 100_000,
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
        "Basic " + base64.b64encode(b"nul\0:secret").decode(),
        "Basic " + base64.b64encode(f":{tenants.READER}".encode()).decode()[:-2],
        "Basic " + base64.b64encode(b"u" * 513 + b":secret").decode(),
        "Basic " + base64.b64encode(b"user:" + b"s" * 513).decode(),
    ],
)
def test_a_malformed_credential_is_invalid_and_not_missing(world: World, shown: str) -> None:
    found = refused(world.anybody(("authorization", shown)).ListConsents)
    assert (found.code, found.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_INVALID")
    assert shown.removeprefix("Bearer ").strip() == "" or shown not in found.message


def test_a_password_opens_for_its_user_only(world: World, admin: Caller) -> None:
    credential = {"role": 1, "basic_user": USER}
    made = admin.CreateCredential(credential=credential, secret=PASSWORD)
    assert (made.secret, made.credential.basic_user) == ("", USER)
    world.anybody(basic(USER, PASSWORD)).ListConsents()
    for shown in (basic(USER, PASSWORD + " "), basic(USER.upper(), PASSWORD), ("x-api-key", PASSWORD.encode())):
        found = refused(world.anybody(shown).ListConsents)
        assert found.reason in ("CREDENTIAL_INVALID", "CREDENTIAL_MISSING")
    taken = refused(admin.CreateCredential, credential=credential, secret="another long password")
    assert (taken.code, taken.reason) == (grpc.StatusCode.ALREADY_EXISTS, "CREDENTIAL_ALREADY_EXISTS")


def test_a_key_is_no_password_and_a_password_no_key(world: World, admin: Caller) -> None:
    secret = "one-secret-for-a-password"
    admin.CreateCredential(credential={"role": 1, "basic_user": USER}, secret=secret)
    assert refused(world.holder(secret).ListConsents).reason == "CREDENTIAL_INVALID"
    assert refused(world.anybody(basic("", tenants.READER)).ListConsents).reason == "CREDENTIAL_INVALID"
    world.anybody(basic(USER, secret)).ListConsents()


def test_a_secret_that_a_caller_already_has_opens(world: World, admin: Caller) -> None:
    given = "the-legacy-callers-own-secret"
    answer = admin.CreateCredential(credential={"role": 2}, secret=given)
    assert answer.secret == ""
    assert given not in str(answer)
    world.holder(given).ListConsents()


def test_a_made_secret_is_long_told_once_and_opens(world: World, admin: Caller) -> None:
    first, second = (admin.CreateCredential(credential={"role": 1}) for _ in range(2))
    assert first.secret != second.secret
    assert len(first.secret) >= 43
    world.holder(first.secret).ListConsents()
    assert first.secret not in str(admin.ListCredentials())
    assert first.secret not in str(world.contents())


@pytest.mark.parametrize("owner", [tenants.READER, tenants.REVOKED, tenants.RIVAL_ADMIN])
def test_a_secret_that_is_or_was_registered_in_any_tenant_is_refused_again(admin: Caller, owner: str) -> None:
    found = refused(admin.CreateCredential, credential={"role": 1}, secret=owner)
    assert (found.code, found.reason) == (grpc.StatusCode.ALREADY_EXISTS, "CREDENTIAL_ALREADY_EXISTS")
    assert found.metadata == {}
    assert owner not in str(found.status)


def test_passwords_are_verified_one_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four callers at once, with the real verification counted as it begins and ends."""
    guard = threading.Lock()
    inside, most = 0, 0

    def counted(password_hash: str, password: str) -> bool:
        nonlocal inside, most
        with guard:
            inside += 1
            most = max(most, inside)
        try:
            return password_matches(password_hash, password)
        finally:
            with guard:
                inside -= 1

    monkeypatch.setattr(VERIFY, counted)
    callers = [world.anybody(basic(f"user {number}", "wrong")) for number in range(4)]
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda c=caller: found.append(refused(c.ListConsents).reason)) for caller in callers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["CREDENTIAL_INVALID"] * 4
    assert most == 1


def test_a_remembered_password_is_not_verified_again(
    world: World, admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.CreateCredential(credential={"role": 1, "basic_user": USER}, secret=PASSWORD)
    verified: list[str] = []

    def noted(password_hash: str, password: str) -> bool:
        verified.append(password)
        return password_matches(password_hash, password)

    monkeypatch.setattr(VERIFY, noted)
    caller = world.anybody(basic(USER, PASSWORD))
    for _ in range(3):
        caller.ListConsents()
    assert len(verified) == 1
    world.clock.advance(REMEMBERED)
    caller.ListConsents()
    assert len(verified) == 2


def test_roles_reach_what_those_before_them_reach(world: World) -> None:
    _key_of(world, "the-second-writers-key", CredentialDraft(Role.WRITER))
    for key in (tenants.READER, "the-second-writers-key", tenants.ADMIN):
        world.holder(key).ListConsents()
