from __future__ import annotations

import pytest

from tests.cli.conftest import Consent

HERE = ("--tenant", "acme")


def test_the_shipped_purposes_are_listed(acme: Consent) -> None:
    listed = acme.json("purpose", "list", *HERE)
    assert [(each["id"], each["rule"], each["minimum"]) for each in listed] == [
        ("informational", "opt-in-required", "express"),
        ("marketing", "opt-in-required", "express-written"),
        ("transactional", "opt-out-allowed", None),
    ]
    table = acme.run("purpose", "list", *HERE).stdout
    assert table.splitlines()[2].split() == ["marketing", "opt-in-required", "express-written", "no"]


def test_a_purpose_is_made_once(acme: Consent) -> None:
    create = ("purpose", "create", *HERE, "--id", "birthday", "--rule", "opt-in-required", "--minimum", "express")
    made = acme.json(*create)
    assert made == {"id": "birthday", "rule": "opt-in-required", "minimum": "express", "ignores_opt_out": False}
    assert made in acme.json("purpose", "list", *HERE)
    assert "there is such a purpose already: birthday" in acme.refusal(*create)


def test_a_change_leaves_what_it_does_not_name(acme: Consent) -> None:
    def update(*change: str) -> tuple[str, str | None, bool]:
        changed = acme.json("purpose", "update", *HERE, "--id", "marketing", *change)
        return changed["rule"], changed["minimum"], changed["ignores_opt_out"]

    before = acme.revision()
    assert update("--minimum", "express") == ("opt-in-required", "express", False)
    assert update("--minimum", "express") == ("opt-in-required", "express", False)
    assert acme.revision() == before + 1
    assert update("--rule", "always-allowed", "--ignores-opt-out") == ("always-allowed", None, True)
    assert update("--no-ignores-opt-out") == ("always-allowed", None, False)
    assert update("--ignores-opt-out") == ("always-allowed", None, True)
    assert update("--rule", "opt-out-allowed") == ("opt-out-allowed", None, False)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("create", "--id", "x", "--rule", "opt-in-required"), "--minimum: is needed"),
        (("create", "--id", "x", "--rule", "opt-out-allowed", "--minimum", "express"), "--minimum: is for"),
        (("create", "--id", "x", "--rule", "opt-out-allowed", "--ignores-opt-out"), "--ignores-opt-out: is for"),
        (("create", "--id", "*", "--rule", "opt-out-allowed"), "--id: 1 to 64 lower-case letters"),
        (("update", "--id", "nothing", "--rule", "opt-out-allowed"), "no such purpose: nothing"),
        (("update", "--id", "marketing", "--rule", "opt-out-allowed", "--minimum", "express"), "--minimum: is for"),
        (("update", "--id", "marketing", "--ignores-opt-out"), "--ignores-opt-out: is for"),
    ],
)
def test_what_makes_no_sense_is_refused(acme: Consent, arguments: tuple[str, ...], reason: str) -> None:
    before = acme.revision()
    assert acme.refusal("purpose", *arguments, *HERE).startswith(f"Error: {reason}")
    assert acme.revision() == before


def test_no_change_is_explained(acme: Consent) -> None:
    assert "Name a change: --rule" in acme.refusal("purpose", "update", *HERE, "--id", "marketing", code=2)
