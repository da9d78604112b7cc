"""A proof is verified by the procedure that stands in it, run as it stands, by a Python that knows nothing of us."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from server.cli.proof_guide import RULER
from tests.cli.conftest import Consent

ANN = "+16505551234"
BOB = "+16505550000"
AT_SHOP = ("--tenant", "acme", "--sender", "shop", "--purpose", "*")
BY_ANN = ("--actor", "recipient", "--method", "web-form", "--url", "https://example.com/é")

Proof = dict[str, Any]


@pytest.fixture
def told(shop: Consent) -> Consent:
    """A yes of Ann's, something of Bob's, and a no of Ann's."""
    shop.run("record", ANN, *AT_SHOP, "--opt-in", "express", *BY_ANN)
    shop.run("record", BOB, *AT_SHOP, "--opt-out")
    shop.run("record", ANN, *AT_SHOP, "--opt-out")
    shop.run("record", BOB, *AT_SHOP, "--opt-in", "express")
    return shop


def prove(consent: Consent, file: Path) -> Proof:
    consent.run("history", ANN, "--tenant", "acme", "--as-proof", str(file))
    document: Proof = orjson.loads(file.read_bytes())
    return document


def verify(proof: Proof, folder: Path) -> subprocess.CompletedProcess[str]:
    """Do what the explanation says."""
    first, last = [number for number, line in enumerate(proof["how_to_verify"]) if line == RULER]
    procedure = "\n".join(proof["how_to_verify"][first + 1 : last])
    imported = {line.split()[1] for line in procedure.splitlines() if line.startswith(("import ", "from "))}
    assert imported == {"hashlib", "json", "sys"}
    (folder / "verify.py").write_text(procedure)
    (folder / "alone.json").write_bytes(orjson.dumps(proof))
    command = [sys.executable, "-I", "-S", "verify.py", "alone.json"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_proof_is_verified_without_the_service(told: Consent, tmp_path: Path) -> None:
    file = tmp_path / "ann.json"
    proof = prove(told, file)
    assert file.stat().st_mode & 0o777 == 0o600
    told.database.unlink()
    ended = verify(proof, tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("INTACT: 2 events, and nothing left out")
    assert proof["ledger"]["head_hash"] in ended.stdout


def test_it_holds_all_of_the_person_and_nothing_of_another(told: Consent, tmp_path: Path) -> None:
    proof = prove(told, tmp_path / "ann.json")
    assert [event["header"]["kind"] for event in proof["events"]] == ["OPT_IN", "OPT_OUT"]
    assert orjson.loads(proof["events"][0]["payload"])["evidence"]["url"] == "https://example.com/é"
    assert [(each["channel"], each["address"]) for each in proof["recipients"]] == [("SMS", ANN)]
    assert proof["ledger"]["head_revision"] == told.revision()
    assert len(proof["links"]) == 2
    assert BOB.encode() not in (tmp_path / "ann.json").read_bytes()


def _later_yes(proof: Proof) -> None:
    proof["events"][0]["header"]["effective_time"] += 1


def _other_evidence(proof: Proof) -> None:
    proof["events"][0]["payload"] = proof["events"][0]["payload"].replace("example", "elsewhere")


def _without_the_no(proof: Proof) -> None:
    proof["events"].pop()


def _no_as_anothers(proof: Proof) -> None:
    header = proof["events"].pop()["header"]
    proof["links"][str(header["revision"])] = header


def _without_evidence(proof: Proof) -> None:
    proof["events"][1]["payload"] = None


def _other_link(proof: Proof) -> None:
    next(iter(proof["links"].values()))["sender"] = "another"


def _without_link(proof: Proof) -> None:
    proof["links"].popitem()


def _other_head(proof: Proof) -> None:
    proof["ledger"]["head_hash"] = "00" * 32


def _other_address(proof: Proof) -> None:
    proof["recipients"][0]["address"] = BOB


def _swapped(proof: Proof) -> None:
    first, second = proof["events"]
    first["header"], second["header"] = second["header"], first["header"]


FORGERIES = [
    *(_later_yes, _other_evidence, _without_the_no, _no_as_anothers, _without_evidence),
    *(_other_link, _without_link, _other_head, _other_address, _swapped),
]


def test_every_forgery_is_found(told: Consent, tmp_path: Path) -> None:
    genuine = prove(told, tmp_path / "ann.json")
    for forge in FORGERIES:
        forged = copy.deepcopy(genuine)
        apply: Callable[[Proof], None] = forge
        apply(forged)
        ended = verify(forged, tmp_path)
        assert ended.returncode == 1, forge.__name__
        assert ended.stderr.startswith("NOT INTACT: event "), (forge.__name__, ended.stderr)


def test_a_forgotten_person_s_events_still_prove_themselves(told: Consent, tmp_path: Path) -> None:
    told.run("forget", ANN, "--tenant", "acme", "--reason", "request 1", "--yes")
    proof = prove(told, tmp_path / "ann.json")
    assert [each["address"] for each in proof["recipients"]] == [None]
    assert ANN.encode() not in (tmp_path / "ann.json").read_bytes()
    ended = verify(proof, tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("INTACT: 3 events")


def test_a_proof_with_nobody_else_and_with_many(shop: Consent, tmp_path: Path) -> None:
    shop.run("record", ANN, *AT_SHOP, "--opt-out")
    alone = prove(shop, tmp_path / "alone.json")
    assert alone["links"] == {}
    assert verify(alone, tmp_path).returncode == 0
    rows = "".join(f"{n},F,,,+1650555{n:04}\n" for n in range(1200))
    shop.run("contact", "import", "-", "--tenant", "acme", stdin="id,first,last,email,mobile\n" + rows)
    for change in ("--double-opt-in", "--no-double-opt-in"):
        shop.run("sender", "update", "--tenant", "acme", "--id", "shop", change)
    assert verify(prove(shop, tmp_path / "ann.json"), tmp_path).returncode == 0


def test_a_file_that_cannot_be_written(told: Consent, tmp_path: Path) -> None:
    target = tmp_path / "none" / "ann.json"
    text = told.refusal("history", ANN, "--tenant", "acme", "--as-proof", str(target), code=2)
    assert "cannot be written" in text
    assert told.refusal("history", ANN, "--tenant", "acme", "--as-proof", str(tmp_path), code=2)


def test_a_proof_replaces_the_one_before_as_a_whole(told: Consent, tmp_path: Path) -> None:
    file = tmp_path / "ann.json"
    prove(told, file)
    told.run("record", ANN, *AT_SHOP, "--opt-in", "express")
    assert len(prove(told, file)["events"]) == 3
    assert [path.name for path in tmp_path.glob("*ann*")] == ["ann.json"]


def test_events_and_a_proof_at_once(told: Consent, tmp_path: Path) -> None:
    file = tmp_path / "ann.json"
    events = told.json("history", ANN, "--tenant", "acme", "--as-proof", str(file))
    proof = orjson.loads(file.read_bytes())
    assert [event["hash"] for event in events] == [event["hash"] for event in proof["events"]]
