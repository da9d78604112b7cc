"""Taking back a bad import at the command line."""

from __future__ import annotations

from typing import Any

import pytest

from server.cli import reverting
from server.domain.errors import StorageUnavailable
from server.storage.protocol import Transaction
from server.usecases.reversals import revert_portion
from tests.cli.conftest import Consent

ANN, BOB, CY = "+16505551001", "+16505551002", "+16505551003"
ACME = ("--tenant", "acme")
AT_SHOP = (*ACME, "--sender", "shop", "--purpose", "marketing")
FILE = f"""address,sender,purpose,state,strength,effective_time
{ANN},shop,marketing,OPTED_IN,EXPRESS_WRITTEN,2026-01-01
{BOB},shop,marketing,OPTED_IN,EXPRESS_WRITTEN,2026-01-01
{CY},shop,marketing,OPTED_OUT,,2026-01-01
"""
REVERT = ("revert", "bad", *ACME, "--reason", "wrong file")


@pytest.fixture
def imported(shop: Consent) -> Consent:
    """An import that made a yes of nothing, weakened nothing, and a no of a yes."""
    shop.run("record", CY, *AT_SHOP, "--opt-in", "express-written", "--effective-time", "2025-01-01")
    shop.run("import", "-", *ACME, "--batch-id", "bad", stdin=FILE)
    return shop


def states(consent: Consent) -> dict[str, str]:
    found = {}
    for address in (ANN, BOB, CY):
        events = consent.json("history", address, *ACME)
        found[address] = events[-1]["after"]["state"]
    return found


def test_yeses_are_taken_back_and_noes_stay(imported: Consent) -> None:
    told = imported.json(*REVERT, "--yes")
    assert told == {
        "yeses": 2,
        "lifts": 0,
        "noes": 0,
        "kept_noes": 1,
        "restated": 0,
        "heard_again": 0,
        "batch_id": "revert:bad",
        "dry_run": False,
    }
    assert states(imported) == {ANN: "NO_STATEMENT", BOB: "NO_STATEMENT", CY: "OPTED_OUT"}
    assert imported.run("verify").stdout.startswith("acme: intact")
    assert "TAKEN BACK with its batch" in imported.run("history", ANN, *ACME).stdout


def test_noes_are_taken_back_where_that_is_said_in_so_many_words(imported: Consent) -> None:
    assert imported.json(*REVERT, "--yes", "--noes")["noes"] == 1
    assert states(imported)[CY] == "OPTED_IN"


def test_a_dry_run_tells_and_changes_nothing(imported: Consent) -> None:
    head = imported.revision()
    told = imported.json(*REVERT, "--dry-run")
    assert (told["yeses"], told["kept_noes"], told["batch_id"]) == (2, 1, None)
    assert imported.revision() == head
    assert "Nothing was changed" in imported.run(*REVERT, "--dry-run").stderr


def test_what_was_said_since_stays(imported: Consent) -> None:
    imported.run("record", ANN, *AT_SHOP, "--opt-in", "express")
    told = imported.json(*REVERT, "--yes")
    assert (told["yeses"], told["restated"]) == (1, 1)
    assert states(imported)[ANN] == "OPTED_IN"


def test_what_was_interrupted_is_gone_on_with(imported: Consent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.usecases.reversals.EVENTS_A_PAGE", 1)
    calls: list[int] = []

    def fail(tx: Transaction, **given: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise StorageUnavailable
        return revert_portion(tx, **given)

    monkeypatch.setattr(reverting, "revert_portion", fail)
    imported.refusal(*REVERT, "--yes", code=2)
    told = imported.json(*REVERT, "--yes")
    assert told["yeses"] == 1
    assert set(states(imported).values()) == {"NO_STATEMENT", "OPTED_OUT"}


def test_the_batch_is_not_gone_on_with_afterwards(imported: Consent) -> None:
    imported.run(*REVERT, "--yes")
    head = imported.revision()
    refusal = imported.refusal("import", "-", *ACME, "--batch-id", "bad", stdin=FILE)
    assert "the batch id: this batch was reverted; import what is right under another id" in refusal
    assert imported.revision() == head
    imported.run("import", "-", *ACME, "--batch-id", "good", stdin=FILE)


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (("revert", "other", *ACME, "--reason", "x", "--yes"), 1, "no event of acme is of the batch other"),
        (("revert", "bad", *ACME, "--reason", " ", "--yes"), 2, "is empty"),
        (("revert", "bad", *ACME, "--yes"), 2, "Missing option '--reason'"),
        (REVERT, 2, "--yes reverts without asking"),
        (("revert", "bad", "--tenant", "nobody", "--reason", "x", "--yes"), 1, "no such tenant"),
    ],
)
def test_refusals_change_nothing(imported: Consent, words: tuple[str, ...], code: int, reason: str) -> None:
    head = imported.revision()
    assert reason in imported.refusal(*words, code=code)
    assert imported.revision() == head
