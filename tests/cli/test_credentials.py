from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from server.domain.errors import CredentialInvalid
from server.domain.model import Credential, Instant, Role
from server.storage.database import wall_clock
from server.storage.protocol import Transaction
from tests.cli.conftest import Consent

CREATE = ("credential", "create", "--tenant", "acme", "--role", "writer")
HOUR: Instant = 3600 * 1_000_000
LEGACY = "a-secret-of-a-legacy-caller"


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def listed(consent: Consent, tenant: str = "acme") -> list[Any]:
    found: list[Any] = consent.json("credential", "list", "--tenant", tenant)
    return found


def stored_bytes(consent: Consent) -> bytes:
    """All that the database's files hold, its write-ahead log included."""
    return b"".join(path.read_bytes() for path in consent.folder.iterdir())


def test_a_key_is_made_and_told_once(acme: Consent) -> None:
    made = acme.json(*CREATE)
    secret = made.pop("secret")
    assert made == {
        "id": made["id"],
        "role": "writer",
        "senders": [],
        "basic_user": None,
        "allow_force": False,
        "expire_time": None,
        "create_time": made["create_time"],
        "revoke_time": None,
        "last_used_time": None,
    }
    assert len(secret) >= 43
    assert secret.encode() not in stored_bytes(acme)
    assert listed(acme) == [made]
    principal = acme.authenticate(bearer(secret))
    assert (principal.role, principal.senders, principal.allow_force) == (Role.WRITER, frozenset(), False)
    assert principal.credential_id == made["id"]


def test_a_script_gets_the_secret_alone(acme: Consent) -> None:
    result = acme.run(*CREATE)
    secret = result.stdout.removesuffix("\n")
    assert acme.authenticate(bearer(secret)).role is Role.WRITER
    assert secret not in result.stderr
    assert listed(acme)[0]["id"] in result.stderr


def test_a_credential_bound_to_senders(acme: Consent) -> None:
    for sender_id in ("c1", "c2", "c3"):
        acme.run("sender", "create", "--tenant", "acme", "--kind", "client", "--id", sender_id)
    made = acme.json(*CREATE, "--sender", "c2", "--sender", "c1", "--sender", "c1", "--allow-force")
    assert (made["senders"], made["allow_force"]) == (["c1", "c2"], True)
    principal = acme.authenticate(bearer(made["secret"]))
    assert (principal.senders, principal.allow_force) == (frozenset({"c1", "c2"}), True)
    table = acme.run("credential", "list", "--tenant", "acme").stdout
    assert "writer + force  c1, c2" in table


def test_a_password_is_made(acme: Consent) -> None:
    result = acme.run(*CREATE, "--basic-user", "shop [red]")
    password = result.stdout.removesuffix("\n")
    assert acme.authenticate(basic("shop [red]", password)).role is Role.WRITER
    assert password.encode() not in stored_bytes(acme)
    assert "shop [red]" in acme.run("credential", "list", "--tenant", "acme").stdout


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\nsecond line\n"])
def test_a_caller_s_secret_is_registered_and_not_echoed(acme: Consent, ending: str) -> None:
    result = acme.run(*CREATE, "--secret-stdin", stdin=LEGACY + ending)
    assert result.stdout == ""
    assert LEGACY not in result.stderr
    assert acme.authenticate(bearer(LEGACY)).role is Role.WRITER
    assert LEGACY.encode() not in stored_bytes(acme)


def test_a_registered_secret_is_not_in_the_json(acme: Consent) -> None:
    assert acme.json(*CREATE, "--secret-stdin", stdin=LEGACY)["secret"] is None


def test_a_weak_secret_must_be_allowed(acme: Consent) -> None:
    refusal = acme.refusal(*CREATE, "--basic-user", "bob", "--secret-stdin", stdin="hunter2\n")
    assert "fewer than 16 characters" in refusal
    assert "--allow-weak" in refusal
    assert "hunter2" not in refusal
    assert listed(acme) == []
    acme.run(*CREATE, "--basic-user", "bob", "--secret-stdin", "--allow-weak", stdin="hunter2\n")
    assert acme.authenticate(basic("bob", "hunter2")).role is Role.WRITER
    assert b"hunter2" not in stored_bytes(acme)


def test_a_secret_or_user_is_registered_once_in_all_tenants(acme: Consent) -> None:
    acme.run("tenant", "create", "zenith")
    acme.run(*CREATE, "--secret-stdin", stdin=LEGACY)
    acme.run(*CREATE, "--basic-user", "bob")
    for tenant in ("acme", "zenith"):
        create = ("credential", "create", "--tenant", tenant, "--role", "reader")
        assert "registered already" in acme.refusal(*create, "--secret-stdin", stdin=LEGACY)
        assert "registered already" in acme.refusal(*create, "--basic-user", "bob")
    assert (len(listed(acme)), len(listed(acme, "zenith"))) == (2, 0)


def test_the_secret_of_a_revoked_credential_stays_taken(acme: Consent) -> None:
    made = acme.json(*CREATE, "--secret-stdin", stdin=LEGACY)
    acme.run("credential", "revoke", "--tenant", "acme", made["id"])
    assert "registered already" in acme.refusal(*CREATE, "--secret-stdin", stdin=LEGACY)


@pytest.mark.parametrize(
    ("stdin", "reason"),
    [
        (b"", "is empty"),
        (b"\nsecret-on-the-second-line\n", "is empty"),
        (b"\xff\xfe-not-utf-8-text-at-all\n", "not UTF-8"),
    ],
)
def test_standard_input_without_a_secret(acme: Consent, stdin: bytes, reason: str) -> None:
    assert reason in acme.refusal(*CREATE, "--secret-stdin", stdin=stdin, code=2)
    assert listed(acme) == []


@pytest.mark.parametrize(
    "secret", ["with spaces in the middle", "tab\tin the secret text", "é" * 20, "x" * 513, "x" * 100_000]
)
def test_secrets_that_are_no_keys(acme: Consent, secret: str) -> None:
    refusal = acme.refusal(*CREATE, "--secret-stdin", stdin=secret)
    assert refusal.startswith("Error: the secret: ")
    assert secret not in refusal
    assert listed(acme) == []


@pytest.mark.parametrize(
    ("expires", "last", "end"),
    [
        ("2030-01-31", "2030-01-31T23:59:59.999999+00:00", "2030-02-01T00:00:00.000000Z"),
        ("2030-01-31T18:00:00Z", "2030-01-31T17:59:59.999999+00:00", "2030-01-31T18:00:00.000000Z"),
        ("2030-01-31t18:00:00.5-08:00", "2030-02-01T02:00:00.499999+00:00", "2030-02-01T02:00:00.500000Z"),
    ],
)
def test_it_works_to_its_end(acme: Consent, expires: str, last: str, end: str) -> None:
    made = acme.json(*CREATE, "--expires", expires)
    assert made["expire_time"] == end
    moment = round(datetime.fromisoformat(last).replace(tzinfo=UTC).timestamp() * 1_000_000)
    assert acme.authenticate(bearer(made["secret"]), moment)
    with pytest.raises(CredentialInvalid):
        acme.authenticate(bearer(made["secret"]), moment + 1)
    assert f"until {end[:10]} {end[11:16]}" in acme.run("credential", "list", "--tenant", "acme").stdout


@pytest.mark.parametrize("expires", ["2020-01-31", "2020-01-31T18:00:00Z", "0001-01-01"])
def test_an_end_in_the_past_is_refused(acme: Consent, expires: str) -> None:
    assert acme.refusal(*CREATE, "--expires", expires) == "Error: --expires: is in the past\n"
    assert listed(acme) == []


@pytest.mark.parametrize(
    "expires",
    [
        *("", "tomorrow", "2030", "2030-13-01", "2030-02-30", "31.01.2030", "2030-01-31T18:00:00", "20300131"),
        *("2030-01-31T25:00:00Z", "9999-12-31", "9999-12-31T23:59:59-14:00", "٢٠٣٠-01-31", "2030-01-31T18:00Z"),
    ],
)
def test_ends_that_are_none(acme: Consent, expires: str) -> None:
    refusal = acme.refusal(*CREATE, "--expires", expires, code=2)
    assert "--expires" in refusal
    assert "2027-01-31T18:00:00Z" in " ".join(refusal.split())


def test_rotation_with_an_overlap(acme: Consent) -> None:
    made = acme.json(*CREATE)
    rotated = acme.json("credential", "rotate", "--tenant", "acme", "--overlap", "24h", made["id"])
    assert rotated["id"] == made["id"]
    assert rotated["secret"] != made["secret"]
    assert rotated["secret"].encode() not in stored_bytes(acme)
    now = wall_clock()
    for moment in (now, now + 23 * HOUR):
        assert acme.authenticate(bearer(made["secret"]), moment).credential_id == made["id"]
        assert acme.authenticate(bearer(rotated["secret"]), moment).credential_id == made["id"]
    with pytest.raises(CredentialInvalid):
        acme.authenticate(bearer(made["secret"]), now + 25 * HOUR)
    assert acme.authenticate(bearer(rotated["secret"]), now + 25 * HOUR).credential_id == made["id"]


def test_rotation_of_a_password_without_overlap(acme: Consent) -> None:
    made = acme.json(*CREATE, "--basic-user", "bob")
    result = acme.run("credential", "rotate", "--tenant", "acme", made["id"])
    assert "the old secret ended" in result.stderr
    assert acme.authenticate(basic("bob", result.stdout.removesuffix("\n"))).credential_id == made["id"]
    with pytest.raises(CredentialInvalid):
        acme.authenticate(basic("bob", made["secret"]))


@pytest.mark.parametrize("overlap", ["", "24", "-1h", "1.5h", "1h30m", "31d", "721h", "day", "99999999999d"])
def test_overlaps_that_are_none(acme: Consent, overlap: str) -> None:
    refusal = acme.refusal("credential", "rotate", "--tenant", "acme", "--overlap", overlap, "some-id", code=2)
    assert "--overlap" in refusal


@pytest.mark.parametrize("overlap", ["0", "0s", "30s", "90m", "24h", "30d", "720h"])
def test_overlaps_that_are_read(acme: Consent, overlap: str) -> None:
    refusal = acme.refusal("credential", "rotate", "--tenant", "acme", "--overlap", overlap, "some-id")
    assert refusal == "Error: no such credential: some-id\n"


def test_revocation(acme: Consent) -> None:
    made = acme.json(*CREATE)
    revoked = acme.json("credential", "revoke", "--tenant", "acme", made["id"])
    assert revoked["revoke_time"] is not None
    assert "secret" not in revoked
    with pytest.raises(CredentialInvalid):
        acme.authenticate(bearer(made["secret"]))
    assert acme.json("credential", "revoke", "--tenant", "acme", made["id"]) == revoked
    assert "revoked" in acme.run("credential", "list", "--tenant", "acme").stdout
    refusal = acme.refusal("credential", "rotate", "--tenant", "acme", made["id"])
    assert "was revoked; make a new one" in refusal


def test_nothing_is_seen_across_tenants(acme: Consent) -> None:
    acme.run("tenant", "create", "zenith")
    acme.run("sender", "create", "--tenant", "zenith", "--kind", "client", "--id", "theirs")
    made = acme.json("credential", "create", "--tenant", "zenith", "--role", "admin")
    assert listed(acme) == []
    for command in ("revoke", "rotate"):
        refusal = acme.refusal("credential", command, "--tenant", "acme", made["id"])
        assert refusal == f"Error: no such credential: {made['id']}\n"
    assert acme.refusal(*CREATE, "--sender", "theirs") == "Error: no such sender: theirs\n"
    assert acme.authenticate(bearer(made["secret"])).role is Role.ADMIN


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "--tenant", "acme"),
        ("create", "--tenant", "acme", "--role", "owner"),
        ("create", "--tenant", "acme", "--role", "WRITER"),
        ("create", "--tenant", "acme", "--role", "writer", "--allow-weak"),
        ("create", "--tenant", "acme", "--role", "writer", "--basic-user", ""),
        ("create", "--tenant", "acme", "--role", "writer", "--basic-user", "\udcff"),
        ("create", "--tenant", "acme", "--role", "writer", "--secret", "a-secret-as-an-argument"),
        ("create", "--tenant", "acme", "--role", "writer", "a-secret-as-an-argument"),
        ("revoke", "--tenant", "acme"),
        ("revoke", "--tenant", "acme", "\udcff"),
        ("rotate", "--tenant", "acme"),
        ("rotate", "some-id"),
    ],
)
def test_usage_errors_end_with_2(acme: Consent, arguments: tuple[str, ...]) -> None:
    assert "Usage: " in acme.refusal("credential", *arguments, code=2)
    assert listed(acme) == []


def test_refusals_change_nothing(acme: Consent) -> None:
    for arguments in (("--sender", "nope"), ("--basic-user", "a:b"), ("--basic-user", "x" * 129)):
        assert acme.refusal(*CREATE, *arguments).startswith("Error: ")
    assert acme.refusal("credential", "create", "--tenant", "nope", "--role", "reader") == (
        "Error: no such tenant: nope\n"
    )
    assert listed(acme) == []


def test_an_empty_list_says_what_to_do(acme: Consent) -> None:
    result = acme.run("credential", "list", "--tenant", "acme")
    assert result.stdout == ""
    assert "consent credential create" in result.stderr


def test_more_credentials_than_a_page(acme: Consent) -> None:
    def fill(tx: Transaction) -> None:
        for number in range(1001):
            tx.put_credential(Credential(f"{number:04}", tx.tenant.id, Role.READER, frozenset(), None, False, None, 1))

    with acme.storage() as storage:
        storage.write(storage.tenants()[0].id, fill)
    assert [credential["id"] for credential in listed(acme)] == [f"{number:04}" for number in range(1001)]
