from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.cli.statement_rows import read_cell, safe_cell
from server.usecases import exports
from tests.cli.conftest import Consent

ANN, BOB = "+16505551001", "+16505551002"
EXPORT = ("export", "--tenant", "acme")


@pytest.fixture
def filled(shop: Consent) -> Consent:
    said = ("--tenant", "acme", "--sender", "shop", "--purpose")
    shop.run("record", ANN, *said, "marketing", "--opt-in", "express-written", "--expires", "2099-01-01")
    shop.run("record", BOB, *said, "*", "--opt-out", "--effective-time", "2024-03-01")
    shop.run("record", "'=ann@example.com", *said, "*", "--opt-in", "implied")
    return shop


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def lines(consent: Consent, *args: str) -> list[dict[str, Any]]:
    found = [orjson.loads(line) for line in consent.run(*EXPORT, "--format", "jsonl", *args).stdout_bytes.splitlines()]
    return sorted(found, key=lambda row: row["revision"])


def test_every_record_is_written(filled: Consent) -> None:
    result = filled.run(*EXPORT)
    found = {row["address"]: row for row in rows(result.stdout_bytes)}
    assert set(found) == {f"'{ANN}", f"'{BOB}", "''=ann@example.com"}
    yes = found[f"'{ANN}"]
    assert (yes["channel"], yes["sender"], yes["purpose"], yes["state"]) == ("SMS", "shop", "marketing", "OPTED_IN")
    assert (yes["strength"], yes["expire_time"][:10], yes["suspected"]) == ("EXPRESS_WRITTEN", "2099-01-02", "false")
    no = found[f"'{BOB}"]
    assert (no["state"], no["lifted_by"], no["actor"]) == ("OPTED_OUT", "BUSINESS", "BUSINESS")
    assert no["effective_time"] == "2024-03-01T00:00:00.000000Z"
    assert f"3 records as of revision {filled.revision()}" in result.stderr


def test_json_lines_are_exact(filled: Consent) -> None:
    assert [row["address"] for row in lines(filled)] == [ANN, BOB, "'=ann@example.com"]
    assert (lines(filled)[1]["strength"], lines(filled)[1]["suspected"]) == (None, False)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_what_is_exported_can_be_imported(filled: Consent, tmp_path: Path, form: str) -> None:
    file = tmp_path / f"consents.{form}"
    filled.run(*EXPORT, "--format", form, "--out", str(file))
    filled.run("tenant", "create", "zenith")
    filled.run("sender", "create", "--tenant", "zenith", "--kind", "client", "--id", "shop")
    told = filled.json("import", str(file), "--tenant", "zenith")
    assert (told["new"], told["bad"]) == (3, 0)
    same = ("channel", "address", "sender", "purpose", "state", "strength", "effective_time", "expire_time")
    there = [
        orjson.loads(line)
        for line in filled.run("export", "--tenant", "zenith", "--format", "jsonl").stdout_bytes.splitlines()
    ]

    def said(found: list[dict[str, Any]]) -> list[list[object]]:
        return sorted(([row[name] for name in same] for row in found), key=str)

    assert said(there) == said(lines(filled))
    assert filled.json("import", str(file), "--tenant", "zenith")["unchanged"] == 3


def test_as_of(filled: Consent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "_PAGE", 2)
    before, head = lines(filled), filled.revision()
    filled.run("record", ANN, "--tenant", "acme", "--sender", "shop", "--purpose", "marketing", "--opt-out")
    filled.run("record", "+16505559999", "--tenant", "acme", "--sender", "*", "--purpose", "*", "--opt-out")
    assert len(lines(filled)) == 4
    assert lines(filled) != before
    assert lines(filled, "--as-of", str(head)) == before
    assert lines(filled, "--as-of", before[2]["update_time"]) == before
    assert lines(filled, "--as-of", str(before[0]["revision"])) == before[:1]
    assert lines(filled, "--as-of", "1") == []
    assert lines(filled, "--as-of", str(filled.revision())) == lines(filled)
    assert "--as-of: the ledger has revisions up to" in filled.refusal(*EXPORT, "--as-of", "4711")
    assert "is in the future" in filled.refusal(*EXPORT, "--as-of", "2999-01-01")


def test_who_was_forgotten_is_not_told(filled: Consent) -> None:
    filled.run("forget", BOB, "--tenant", "acme", "--reason", "asked", "--yes")
    text = filled.run(*EXPORT).stdout
    assert BOB not in text
    assert "erased:" not in text
    assert [row["address"] for row in lines(filled)] == [ANN, None, "'=ann@example.com"]


def test_targets(filled: Consent, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("mine")
    assert "is there already" in filled.refusal(*EXPORT, "--out", str(out), code=2)
    assert out.read_text() == "mine"
    filled.run(*EXPORT, "--out", str(out), "--force")
    assert len(rows(out.read_bytes())) == 3
    for path in (str(tmp_path), "/dev/null", str(tmp_path / "nowhere" / "x.csv"), "/proc/x.csv"):
        assert "Error: " in filled.refusal(*EXPORT, "--out", path, "--force", code=2)
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


def test_an_empty_tenant(shop: Consent) -> None:
    assert shop.run(*EXPORT).stdout.startswith("channel,address,sender,purpose,state,")
    assert shop.run(*EXPORT, "--format", "jsonl").stdout == ""
    assert shop.refusal("export", "--tenant", "nobody") == "Error: no such tenant: nobody\n"


def test_a_reader_that_goes_is_quiet(filled: Consent) -> None:
    prefix = ("bash", "-c", '"$@" | head -c 0', "bash")
    ended = filled.process(*EXPORT, prefix=prefix)
    assert b"Traceback" not in ended.stderr


RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@given(st.one_of(st.text(), st.tuples(st.sampled_from(("'", *RUN)), st.text()).map("".join)))
def test_a_cell_is_safe_and_is_read_again(value: str) -> None:
    cell = safe_cell(value)
    assert not cell.startswith(RUN)
    assert read_cell(cell) == value
