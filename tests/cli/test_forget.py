from __future__ import annotations

import os

import pytest

from tests.cli.conftest import Consent
from tests.cli.terminal import on_a_terminal

ANN = "+16505551234"
AT_SHOP = ("--tenant", "acme", "--sender", "shop", "--purpose", "*")
FORGET = ("forget", ANN, "--tenant", "acme", "--reason", "request 4711")


@pytest.fixture
def told(shop: Consent) -> Consent:
    """Ann said no by text and by voice, and is a contact."""
    row = f"id,first,last,email,mobile\n17,Ann,Lee,,{ANN}\n"
    shop.run("contact", "import", "-", "--tenant", "acme", stdin=row)
    shop.run("inbound", "--tenant", "acme", "--sender", "shop", "--from", ANN, "--body", "STOP")
    shop.run("record", ANN, *AT_SHOP, "--opt-out", "--channel", "voice")
    return shop


def holds_the_address(consent: Consent) -> list[str]:
    files = [path for path in consent.folder.iterdir() if path.is_file()]
    return [path.name for path in files if ANN.removeprefix("+1").encode() in path.read_bytes()]


def test_a_person_is_forgotten_with_a_certificate(told: Consent) -> None:
    assert holds_the_address(told)
    certificate = told.json(*FORGET, "--yes")
    assert certificate["erased_payload_count"] == 2
    assert certificate["erased_contact_count"] == 1
    assert certificate["revision"] == told.revision()
    assert holds_the_address(told) == []
    assert told.json("verify")[0]["intact"]
    denied = told.json("check", ANN, "--tenant", "acme", "--sender", "shop", "--purpose", "transactional", code=3)
    assert denied["decisions"][0]["reason"] == "OPTED_OUT"


def test_the_certificate_for_a_person(told: Consent) -> None:
    text = told.run(*FORGET, "--yes").stdout
    assert text.startswith("CERTIFICATE OF ERASURE\n")
    assert "request 4711" in text
    assert f"revision      {told.revision()}\n" in text
    assert ANN not in text
    assert "FORGOTTEN" in told.run("history", ANN, "--tenant", "acme").stdout


def test_without_a_terminal_yes_is_needed(told: Consent) -> None:
    before = told.revision()
    assert "--yes" in told.refusal(*FORGET, code=2)
    ended = told.process(*FORGET, stdin=b"y\n")
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert told.revision() == before


@pytest.mark.parametrize(("answer", "code"), [(b"n\n", 1), (b"y\n", 0)])
def test_at_a_terminal_it_asks(told: Consent, answer: bytes, code: int) -> None:
    before = told.revision()
    answered = False

    def reply(shown: bytes, terminal: int) -> None:
        nonlocal answered
        if b"[y/N]" in shown and not answered:
            answered = True
            os.write(terminal, answer)

    ended, shown = on_a_terminal(told, *FORGET, on_output=reply, NO_COLOR="1")
    assert (ended, answered) == (code, True)
    assert ANN.encode() in shown
    assert (b"CERTIFICATE" in shown) == (code == 0)
    assert (told.revision() > before) == (code == 0)


def test_a_legal_hold_forbids_it_until_it_is_released(told: Consent) -> None:
    hold = ("hold", ANN, "--tenant", "acme", "--reason", "case 17")
    assert told.json(*hold) == {"held": True}
    before = told.revision()
    assert "A legal hold is on" in told.run(*hold).stdout
    assert told.revision() == before
    assert "a legal hold is on this recipient" in told.refusal(*FORGET, "--yes")
    assert "held: yes, reason: case 17" in told.run("history", ANN, "--tenant", "acme").stdout
    assert "No legal hold" in told.run(*hold, "--release").stdout
    told.run(*FORGET, "--yes")


def test_who_is_not_known(shop: Consent) -> None:
    assert "no such recipient" in shop.refusal(*FORGET, "--yes")
    assert "no such recipient" in shop.refusal("hold", ANN, "--tenant", "acme", "--reason", "case 17", "--release")


@pytest.mark.parametrize("command", [("forget", ANN, "--yes"), ("hold", ANN)])
@pytest.mark.parametrize(
    ("reason", "code", "told_so"),
    [("", 2, "is empty"), (" ", 2, "is empty"), ("x" * 257, 2, "at most 256"), ("call (650) 555-1234", 1, "holds the")],
)
def test_reasons_that_are_none(told: Consent, command: tuple[str, ...], reason: str, code: int, told_so: str) -> None:
    before = told.revision()
    assert told_so in told.refusal(*command, "--tenant", "acme", "--reason", reason, code=code)
    assert told.revision() == before
