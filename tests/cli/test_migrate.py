from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from server.domain.service_key import ServiceKey
from server.storage.migrations import HEAD, MIGRATIONS
from tests.cli.conftest import Consent


def test_a_file_is_made_and_brought_to_head(fresh: Consent) -> None:
    first = fresh.run("migrate").stdout.splitlines()
    assert first == [
        *(f"applied migration {migration.name}" for migration in MIGRATIONS),
        f"{fresh.database} is now at schema version {HEAD}",
    ]
    assert fresh.run("migrate").stdout == f"{fresh.database} is already at schema version {HEAD}\n"
    assert fresh.json("tenant", "list") == []


@pytest.mark.parametrize("prefix", ["", "sqlite:///"])
def test_every_form_of_database_names_the_same_file(fresh: Consent, tmp_path: Path, prefix: str) -> None:
    fresh.run("migrate", "--database", f"{prefix}{tmp_path}/other.db")
    assert (tmp_path / "other.db").exists()
    assert not fresh.database.exists()


def test_the_key_beside_the_file_is_its_owner_s_alone(fresh: Consent) -> None:
    fresh.run("migrate")
    assert (fresh.folder / "consent.db.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("command", [("migrate",), ("tenant", "list"), ("tenant", "create", "acme")])
def test_a_missing_key_file(fresh: Consent, command: tuple[str, ...]) -> None:
    fresh.run("migrate")
    key = fresh.folder / "consent.db.key"
    text = key.read_text()
    key.unlink()
    refusal = fresh.refusal(*command, code=2)
    assert f"restore {key} or set CONSENT_SERVICE_KEY" in refusal
    assert not key.exists()
    key.write_text(text)
    fresh.run(*command)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (ServiceKey.generate().encode(), "was made under the service key"),
        ("no key at all", "a service key is ID:BASE64"),
        ("", "a service key is ID:BASE64"),
        ("id:AAAA", "has 3 bytes, not 32"),
    ],
    ids=["another", "text", "empty", "short"],
)
def test_a_key_that_is_not_the_database_s(acme: Consent, key: str, reason: str) -> None:
    (acme.folder / "consent.db.key").write_text(key)
    assert reason in acme.refusal("tenant", "list", code=2)
    assert reason in acme.refusal("migrate", code=2)


@pytest.mark.parametrize("command", [("migrate",), ("tenant", "list")])
@pytest.mark.parametrize(
    "database",
    [
        "/nowhere/at/all.db",
        "postgres://localhost/consent",
        "mysql://localhost/consent",
        "sqlite://",
        ":memory:",
        "sqlite:///:memory:",
    ],
)
def test_databases_that_cannot_be_used(fresh: Consent, command: tuple[str, ...], database: str) -> None:
    refusal = fresh.refusal(*command, "--database", database, code=2)
    assert refusal.startswith("Error: ")
    assert refusal.count("\n") == 1


def test_a_file_that_is_no_database(fresh: Consent) -> None:
    fresh.database.write_text("Dear diary, " * 1000)
    (fresh.folder / "consent.db.key").write_text(ServiceKey.generate().encode())
    assert f"{fresh.database} is no SQLite database" in fresh.refusal("migrate", code=2)
    assert fresh.database.read_text() == "Dear diary, " * 1000


def test_a_file_of_a_newer_program(acme: Consent) -> None:
    connection = sqlite3.connect(acme.database)
    connection.execute("INSERT INTO schema_migrations (version, apply_time) VALUES (9999, 1)")
    connection.commit()
    connection.close()
    for command in (("migrate",), ("tenant", "list"), ("tenant", "create", "zenith")):
        assert "the database has schema version 9999" in acme.refusal(*command, code=2)
