from __future__ import annotations

import re

import pytest

from server.storage.migrations import HEAD
from tests.cli.conftest import Consent

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def test_a_tenant_is_made_and_listed(fresh: Consent) -> None:
    made = fresh.json("tenant", "create", "acme", "--country", "us")
    assert made == {"name": "acme", "number": 1, "country": "US", "create_time": made["create_time"]}
    assert RFC_3339.fullmatch(made["create_time"])
    fresh.run("tenant", "create", "zenith")
    listed = fresh.json("tenant", "list")
    assert [(tenant["name"], tenant["country"]) for tenant in listed] == [("acme", "US"), ("zenith", None)]
    assert listed[0] == made


def test_a_table_for_a_person(acme: Consent) -> None:
    lines = acme.run("tenant", "list").stdout.splitlines()
    assert [(*line.split()[:2], line.split()[-1]) for line in lines] == [
        ("NAME", "COUNTRY", "NUMBER"),
        ("acme", "US", "1"),
    ]


def test_no_tenants_yet(fresh: Consent) -> None:
    assert fresh.json("tenant", "list") == []
    result = fresh.run("tenant", "list")
    assert result.stdout == ""
    assert "consent tenant create NAME" in result.stderr


def test_a_database_that_was_just_made_is_told_of(fresh: Consent) -> None:
    assert f"is now at schema version {HEAD}" in fresh.run("tenant", "list").stderr
    assert "schema" not in fresh.run("tenant", "list").stderr


def test_a_tenant_starts_with_the_shipped_purposes(acme: Consent) -> None:
    with acme.storage() as storage, storage.read(storage.tenants()[0].id) as snapshot:
        assert all(snapshot.purpose(name) for name in ("marketing", "informational", "transactional"))


def test_a_name_is_given_once(acme: Consent) -> None:
    assert acme.refusal("tenant", "create", "acme") == "Error: there is such a tenant already: acme\n"


@pytest.mark.parametrize("name", ["", "Acme", "a b", "-", "é", "a" * 64, "a\nb", "*"])
def test_names_that_are_none(fresh: Consent, name: str) -> None:
    assert "lower-case letters" in fresh.refusal("tenant", "create", "--", name)
    assert fresh.json("tenant", "list") == []


@pytest.mark.parametrize("country", ["ZZ", "USA", "1", "u"])
def test_countries_that_are_none(fresh: Consent, country: str) -> None:
    assert "--country: not an ISO 3166-1" in fresh.refusal("tenant", "create", "acme", "--country", country)
    assert fresh.json("tenant", "list") == []
