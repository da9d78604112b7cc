from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Consent

ANN = "+16505551234"
PAGE = 4096


@pytest.fixture
def told(shop: Consent) -> Consent:
    for purpose in ("marketing", "informational", "*"):
        shop.run("record", ANN, "--tenant", "acme", "--sender", "shop", "--purpose", purpose, "--opt-out")
    return shop


def alter(consent: Consent, sql: str) -> None:
    with closing(sqlite3.connect(consent.database)) as database, database:
        assert database.execute(sql).rowcount > 0


def test_all_tenants_or_one(told: Consent) -> None:
    told.run("tenant", "create", "zenith")
    verified = told.json("verify")
    assert [(each["tenant"], each["intact"]) for each in verified] == [("acme", True), ("zenith", True)]
    assert verified[0]["verified_count"] == verified[0]["head_revision"] == told.revision()
    assert told.json("verify", "--tenant", "zenith") == verified[1:]
    lines = told.run("verify").stdout.splitlines()
    assert lines == [f"acme: intact, {told.revision()} events", "zenith: intact, 3 events"]


def test_no_tenants_yet(fresh: Consent) -> None:
    assert fresh.json("verify") == []
    assert "there are no tenants" in fresh.run("verify").stderr


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE consent_events SET source = 'x' WHERE revision = 6",
        "UPDATE event_payloads SET payload = x'7b7d' WHERE revision = 6",
        "DELETE FROM event_payloads WHERE revision = 6",
        "DELETE FROM consent_events WHERE revision = 6",
    ],
)
def test_the_first_bad_event_is_named(told: Consent, sql: str) -> None:
    told.run("tenant", "create", "zenith")
    alter(told, sql)
    result = told.run("verify", code=1)
    acme, zenith = result.stdout.splitlines()
    assert acme.startswith("acme: NOT INTACT: event 6: ")
    assert zenith.startswith("zenith: intact")
    failed = told.json("verify", "--tenant", "acme", code=1)
    assert (failed[0]["intact"], failed[0]["failure"]["revision"]) == (False, 6)
    assert told.json("verify", "--tenant", "zenith")[0]["intact"]


def test_a_changed_record_and_a_cut_tail_are_found(told: Consent) -> None:
    alter(told, "UPDATE consents SET state = 2, lifted_by = NULL, strength = 3 WHERE purpose_id = 'marketing'")
    assert "NOT INTACT: the record of recipient" in told.run("verify", code=1).stdout
    head = told.revision()
    alter(told, f"DELETE FROM consent_events WHERE revision = {head}")
    assert f"NOT INTACT: event {head}: " in told.run("verify", code=1).stdout


def test_an_index_that_leads_past_a_no_is_found(told: Consent) -> None:
    """A flipped bit on the disk: the tables say what they did, and a check does not find the person."""
    with closing(sqlite3.connect(told.database)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        named = "SELECT rootpage FROM sqlite_schema WHERE name = 'recipients_tenant_address_channel'"
        (page,) = database.execute(named).fetchone()
    with Path(told.database).open("r+b") as file:
        file.seek((page - 1) * PAGE)
        index = file.read(PAGE)
        assert ANN.encode() in index
        file.seek((page - 1) * PAGE)
        file.write(index.replace(ANN.encode(), b"+16505551235"))
    assert "the database file is damaged" in told.run("verify", code=1).stderr


def test_an_unknown_tenant(acme: Consent) -> None:
    assert acme.refusal("verify", "--tenant", "nobody") == "Error: no such tenant: nobody\n"
