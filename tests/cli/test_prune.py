"""Pruning at the command line: counted first, in portions, resumable, for one tenant or all."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from server.cli import pruning
from server.domain.errors import StorageUnavailable
from server.domain.model import Actor, Channel, LiftedBy, Recipient, Scope, Strength
from server.domain.transitions import Move, Statement
from server.storage.database import open_storage, wall_clock
from server.storage.protocol import Transaction
from server.usecases.retention import prune_payloads
from server.usecases.statements import Provenance, record_statement
from server.usecases.tenants import operator
from tests.cli.conftest import Consent
from tests.cli.test_proof import prove, verify

DAY = 24 * 3600 * 1_000_000
PEOPLE = ("+16505551234", "+16505551235", "+16505551236")
ACME = ("--tenant", "acme")
OLD = ("prune", "--older-than", "400d")


@pytest.fixture
def old(fresh: Consent) -> Consent:
    """Two tenants where people said yes 900 days ago, no 800 days ago and yes again yesterday."""
    fresh.run("migrate")
    now = wall_clock()
    for days, said in ((1000, None), (900, Move.OPT_IN), (800, Move.OPT_OUT), (1, Move.OPT_IN)):
        storage = open_storage(str(fresh.database), fresh.keys, partial(int, now - days * DAY))
        for number, name in enumerate(("acme", "zenith"), 1):
            if said is None:
                storage.create_tenant(name, "US")
            else:
                storage.write(number, partial(_speak, move=said))
        storage.close()
    return fresh


def _speak(tx: Transaction, move: Move) -> None:
    yes = move is Move.OPT_IN
    tx.keep_answer("k", "M", f"r{tx.now}", b"print", b"answer")
    for address in PEOPLE:
        statement = Statement(
            move,
            Scope(),
            Actor.RECIPIENT,
            tx.now,
            strength=Strength.EXPRESS if yes else None,
            lifted_by=None if yes else LiftedBy.RECIPIENT,
        )
        evidence = {"method": "WEB_FORM", "url": "https://example.com/join"}
        recipient = Recipient(Channel.SMS, address)
        record_statement(tx, recipient, statement, Provenance(operator(tx.tenant.id), "test", evidence))


def payloads(consent: Consent, tenant: int = 1) -> list[int]:
    with consent.storage() as storage, storage.read(tenant) as snapshot:
        return [event.header.revision for event in snapshot.events(0, 99) if event.payload is not None]


def test_what_would_go_is_counted_and_nothing_changes(old: Consent) -> None:
    before = old.database.read_bytes()
    told = old.json(*OLD, "--dry-run")
    assert {name: told[name] for name in ("payloads", "heard_answers", "answers", "dry_run")} == {
        "payloads": 6,
        "heard_answers": 0,
        "answers": 4,
        "dry_run": True,
    }
    assert old.database.read_bytes() == before


def test_all_tenants_or_one(old: Consent) -> None:
    assert old.json(*OLD, *ACME, "--yes")["payloads"] == 3
    assert (payloads(old, 1), payloads(old, 2)) == ([4, 5, 6, 7, 8, 9, 10], [*range(1, 10)])
    assert old.json(*OLD, "--yes")["payloads"] == 3
    assert old.run(*OLD, "--yes").stdout.startswith("0 payloads, 0 answers to messages, 0 answers to request ids")
    assert old.run("verify").stdout == "acme: intact, 10 events\nzenith: intact, 10 events\n"


def test_the_noes_and_the_history_stay(old: Consent) -> None:
    before = old.json("history", PEOPLE[0], *ACME)
    old.run(*OLD, "--yes")
    after = old.json("history", PEOPLE[0], *ACME)
    assert [event.pop("payload") is None for event in after] == [True, False, False]
    for event in before:
        del event["payload"]
    assert after == before
    assert "evidence: not kept any longer" in old.run("history", PEOPLE[0], *ACME).stdout


def test_a_proof_shows_that_it_was_pruned(old: Consent, tmp_path: Path) -> None:
    old.run(*OLD, "--yes")
    proof = _prove(old, tmp_path / "proof.json")
    ended = verify(proof, tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    (pruned,) = [link for link in proof["links"].values() if link["kind"] == "PRUNED"]
    pruned["after"] = orjson.dumps({"revisions": [[2, 3]]}).decode()
    assert "neither erased nor pruned" in verify(proof, tmp_path).stderr


def _prove(consent: Consent, file: Path) -> dict[str, Any]:
    proof = prove(consent, file)
    assert proof["events"][0]["payload"] is None
    return proof


def test_what_was_interrupted_is_gone_on_with(old: Consent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.usecases.retention._ROWS_A_PORTION", 2)
    calls: list[int] = []

    def fail(tx: Transaction, **given: Any) -> int:
        calls.append(1)
        if len(calls) == 2:
            raise StorageUnavailable
        return prune_payloads(tx, **given)

    monkeypatch.setattr(pruning, "prune_payloads", fail)
    old.refusal(*OLD, *ACME, "--yes", code=2)
    assert len(payloads(old)) == 8
    assert old.run("verify").stdout.startswith("acme: intact")
    assert old.json(*OLD, *ACME, "--yes")["payloads"] == 1


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (("--older-than", "400d"), 2, "--yes deletes without asking"),
        (("--older-than", "6d", "--yes"), 1, "--older-than: is at least 7 days"),
        (("--older-than", "a year", "--yes"), 2, "is not a number with a unit"),
        (("--older-than", "400d", "--tenant", "nobody", "--yes"), 1, "no such tenant: nobody"),
        (("--yes",), 2, "Missing option '--older-than'"),
    ],
)
def test_refusals_change_nothing(old: Consent, words: tuple[str, ...], code: int, reason: str) -> None:
    assert reason in old.refusal("prune", *words, code=code)
    assert len(payloads(old)) == 9
