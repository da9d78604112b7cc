"""Backing up and restoring a file: whole or not at all, with its key apart, into a new epoch."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from server.cli import backups
from server.storage import backup as copies
from server.storage.migrations import HEAD
from tests.cli.conftest import Consent

ANN = "+16505551234"
POSTGRES = ("--database", "postgresql://u:secret@nowhere.invalid/db")


@pytest.fixture
def said(shop: Consent) -> Consent:
    """A service that was told a yes and a no."""
    shop.run("record", ANN, "--tenant", "acme", "--sender", "shop", "--purpose", "marketing", "--opt-in", "express")
    shop.run("record", ANN, "--tenant", "acme", "--sender", "shop", "--purpose", "*", "--opt-out")
    return shop


@pytest.fixture
def copy(said: Consent) -> Path:
    said.run("backup", str(said.folder / "copy.db"))
    return said.folder / "copy.db"


def alter(file: Path, sql: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(sql)


def epochs(consent: Consent) -> list[str]:
    with consent.storage() as storage:
        return [tenant.epoch for tenant in storage.tenants()]


def moved(consent: Consent, folder: Path) -> Consent:
    """Another machine, where only the key is."""
    folder.mkdir()
    shutil.copy(consent.folder / "consent.db.key", folder)
    return Consent(folder)


def test_a_backup_is_one_private_file_that_tells_what_is_in_it(said: Consent) -> None:
    told = said.json("backup", str(said.folder / "copy.db"), "--verify")
    copy = said.folder / "copy.db"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in said.folder.iterdir()) == ["consent.db", "consent.db.key", "copy.db"]
    (tenant,) = told.pop("tenants")
    assert (tenant["tenant"], tenant["head_revision"]) == ("acme", said.revision())
    assert told == {
        "file": str(copy),
        "size_bytes": copy.stat().st_size,
        "schema_version": HEAD,
        "service_key_ids": [said.keys.current.id],
        "row_count": told["row_count"],
        "verified": True,
    }
    assert said.keys.current.encode() not in copy.read_bytes().decode("latin-1")


def test_the_key_goes_into_a_file_of_its_own_where_that_is_asked(said: Consent) -> None:
    result = said.run("backup", str(said.folder / "copy.db"))
    assert f"needs the service key {said.keys.current.id}, which is not in it" in result.stderr
    key = said.folder / "elsewhere.key"
    said.run("backup", str(said.folder / "copy.db"), "--force", "--key-to", str(key))
    assert key.read_text().strip() == said.keys.current.encode()
    assert key.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_replaced_only_by_force(said: Consent, copy: Path) -> None:
    before = copy.read_bytes()
    said.run("record", "+16505551235", "--tenant", "acme", "--sender", "shop", "--purpose", "*", "--opt-out")
    assert "is there already" in said.refusal("backup", str(copy), code=2)
    assert copy.read_bytes() == before
    said.run("backup", str(copy), "--force")
    assert copies.examine(copy).heads[0].revision == said.revision()


@pytest.mark.parametrize("name", ["consent.db", "consent.db.key", "consent.db-wal"])
def test_the_database_s_own_files_are_never_written_over(said: Consent, name: str) -> None:
    before = said.database.read_bytes()
    assert "belongs to the database itself" in said.refusal("backup", str(said.folder / name), "--force", code=2)
    assert said.database.read_bytes() == before


def test_what_is_written_meanwhile_waits_for_nothing_and_is_not_in_the_copy(
    said: Consent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others commit between any two steps of the copy, which stays what the database was at its beginning."""
    monkeypatch.setattr(copies, "PAGES_A_STEP", 1)
    head, steps = said.revision(), []
    copied = copies.copy_file

    def busy(source: Path, draft: Path, advance: Callable[[int, int], None]) -> copies.Contents:
        def write(done: int, total: int) -> None:
            steps.append(done)
            alter(said.database, f"INSERT INTO message_statements VALUES (1, 'shop', 'm{done}', 'STOP', 1, 1)")
            advance(done, total)

        return copied(source, draft, write)

    monkeypatch.setattr(backups, "copy_file", busy)
    told = said.json("backup", str(said.folder / "copy.db"), "--verify")
    assert told["tenants"][0]["head_revision"] == head
    assert len(steps) > 10
    assert steps == sorted(steps), "the copy began anew"
    assert copies.examine(said.folder / "copy.db").sizes["message_statements"] == 0
    assert copies.examine(said.database).sizes["message_statements"] == len(steps)


def test_a_copy_that_is_not_what_was_read_is_thrown_away(said: Consent, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = copies.copy_file

    def lossy(source: Path, draft: Path, advance: Callable[[int, int], None]) -> copies.Contents:
        contents = copied(source, draft, advance)
        alter(draft, "DELETE FROM purposes WHERE id = 'marketing'")
        return contents

    monkeypatch.setattr(backups, "copy_file", lossy)
    assert "does not hold what the database held" in said.refusal("backup", str(said.folder / "copy.db"))
    assert not list(said.folder.glob("*copy*"))


DAMAGES = {
    "a cut ledger": ("DELETE FROM consent_events WHERE revision = 6", "has 5 events up to 5, not 6"),
    "a hole": ("DELETE FROM consent_events WHERE revision = 2", "has 5 events up to 6, not 6"),
    "another head": (
        "UPDATE consent_events SET hash = zeroblob(32) WHERE revision = 6",
        "the last event of acme is not",
    ),
}


@pytest.mark.parametrize(("sql", "reason"), DAMAGES.values(), ids=list(DAMAGES))
def test_a_damaged_ledger_is_neither_backed_up_nor_restored(said: Consent, copy: Path, sql: str, reason: str) -> None:
    alter(copy, sql)
    alter(said.database, sql)
    assert reason in said.refusal("backup", str(said.folder / "other.db"))
    assert not (said.folder / "other.db").exists()
    assert reason in said.refusal("restore", str(copy), "--force")


def test_a_changed_event_is_found_by_verifying(said: Consent, copy: Path, tmp_path: Path) -> None:
    alter(copy, "UPDATE consent_events SET after = '{}' WHERE revision = 5")
    alter(said.database, "UPDATE consent_events SET after = '{}' WHERE revision = 5")
    said.run("backup", str(said.folder / "unverified.db"))
    assert "the ledger of acme is not intact" in said.refusal("backup", str(said.folder / "other.db"), "--verify")
    other = moved(said, tmp_path / "other")
    assert "event 5: its hash does not follow" in other.refusal("restore", str(copy))
    assert not other.database.exists()
    other.run("restore", str(copy), "--quick")


@pytest.mark.parametrize("at", [0, 5000])
def test_a_broken_file_is_neither_backed_up_nor_restored(said: Consent, copy: Path, tmp_path: Path, at: int) -> None:
    with copy.open("r+b") as file:
        file.seek(at)
        file.write(b"\xff" * 100_000)
    other = moved(said, tmp_path / "other")
    refusal = other.refusal("restore", str(copy), code=1 if at else 2)
    assert ("a page is damaged" if at else "is no SQLite database") in refusal
    assert not other.database.exists()
    shutil.copy(copy, said.database)
    said.refusal("backup", str(said.folder / "again.db"), code=2)
    assert not (said.folder / "again.db").exists()


def test_a_restored_service_is_what_was_backed_up_in_a_new_epoch(said: Consent, copy: Path, tmp_path: Path) -> None:
    other = moved(said, tmp_path / "other")
    told = other.json("restore", str(copy))
    assert (told["replaced"], told["tenants"][0]["head_revision"]) == (None, said.revision())
    assert other.database.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in other.folder.iterdir()) == ["consent.db", "consent.db.key"]
    assert other.run("verify").stdout == f"acme: intact, {said.revision()} events\n"
    assert other.json("history", ANN, "--tenant", "acme") == said.json("history", ANN, "--tenant", "acme")
    assert set(epochs(other)).isdisjoint(epochs(said))
    assert epochs(other) == [told["tenants"][0]["epoch"]]


def test_a_database_with_something_in_it_is_replaced_only_by_force_and_kept(said: Consent, copy: Path) -> None:
    said.run("record", "+16505551235", "--tenant", "acme", "--sender", "shop", "--purpose", "*", "--opt-out")
    head = said.revision()
    assert "holds something" in said.refusal("restore", str(copy), code=2)
    assert said.revision() == head
    replaced = Path(said.json("restore", str(copy), "--force")["replaced"])
    assert said.revision() == head - 1
    assert copies.examine(replaced).heads[0].revision == head


def test_an_empty_database_is_in_nobody_s_way(said: Consent, copy: Path, tmp_path: Path) -> None:
    other = moved(said, tmp_path / "other")
    other.run("migrate")
    other.run("restore", str(copy))
    assert other.revision() == said.revision()


def test_the_log_of_a_lost_file_is_not_taken_for_the_restored_one_s(said: Consent, copy: Path) -> None:
    with closing(sqlite3.connect(said.database)) as held:
        held.execute("SELECT 1 FROM tenants").fetchone()
        alter(said.database, "UPDATE tenants SET name = 'other'")
        log = (said.folder / "consent.db-wal").read_bytes()
    said.database.unlink()
    (said.folder / "consent.db-wal").write_bytes(log)
    assert "holds something" in said.refusal("restore", str(copy), code=2)
    said.run("restore", str(copy), "--force")
    assert [tenant["tenant"] for tenant in said.json("verify")] == ["acme"]
    (aside,) = said.folder.glob("consent.db.replaced-*-wal")
    assert aside.read_bytes() == log


def test_nothing_is_restored_without_the_key(said: Consent, copy: Path, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    other = Consent(folder)
    refusal = other.refusal("restore", str(copy), code=2)
    assert f"needs the service key {said.keys.current.id}" in refusal
    assert list(folder.iterdir()) == []
    (folder / "consent.db.key").write_text("k9:" + "A" * 43 + "=")
    assert f"needs the service key {said.keys.current.id}" in other.refusal("restore", str(copy), code=2)
    assert not other.database.exists()


def test_a_backup_without_the_key_at_hand_warns(said: Consent) -> None:
    key = said.folder / "consent.db.key"
    key.rename(said.folder / "lost")
    warned = said.run("backup", str(said.folder / "copy.db")).stderr
    assert "WARNING" in warned
    assert not key.exists()
    assert "the service key is not here" in said.refusal("backup", str(said.folder / "b.db"), "--verify", code=2)


def test_an_older_schema_is_backed_up_as_it_is_and_restored_at_head(said: Consent, copy: Path) -> None:
    alter(said.database, "DELETE FROM schema_migrations WHERE version > 1")
    told = said.json("backup", str(said.folder / "old.db"))
    assert told["schema_version"] == 1
    assert "--verify needs the schema version" in said.refusal("backup", str(said.folder / "o.db"), "--verify", code=2)


def test_a_newer_schema_is_not_restored(said: Consent, copy: Path, tmp_path: Path) -> None:
    alter(copy, "INSERT INTO schema_migrations VALUES (9999, 1)")
    other = moved(said, tmp_path / "other")
    assert "schema version 9999" in other.refusal("restore", str(copy), code=2)
    assert not other.database.exists()
    assert not list(other.folder.glob(".*"))


def test_postgres_is_told_its_own_tools_and_no_password(said: Consent, copy: Path) -> None:
    for words in (("backup", "x.db"), ("restore", str(copy))):
        refusal = said.refusal(*words, *POSTGRES, code=2)
        assert "pg_" in refusal
        assert "consent new-epoch" in refusal
        assert "secret" not in refusal


def test_a_new_epoch_changes_nothing_else(said: Consent) -> None:
    before, ledger = epochs(said), said.json("history", ANN, "--tenant", "acme")
    told = said.json("new-epoch")
    assert epochs(said) == [told["tenants"][0]["epoch"]] != before
    assert said.json("history", ANN, "--tenant", "acme") == ledger
    said.run("verify")


@pytest.mark.parametrize("words", [("backup", "x.db"), ("restore", "nothing.db")])
def test_what_is_not_there_is_refused(fresh: Consent, words: tuple[str, ...]) -> None:
    said = fresh.refusal(*words, code=2)
    assert "there is no database" in said or "does not exist" in said
    assert not list(fresh.folder.iterdir())
