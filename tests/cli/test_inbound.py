from __future__ import annotations

import pytest

from tests.cli.conftest import Consent

ANN = "+16505551234"
HERE = ("inbound", "--tenant", "acme", "--sender", "shop", "--from", ANN)


@pytest.mark.parametrize(
    ("body", "intent", "word"),
    [
        ("Stop!", "STOP", "STOP"),
        ("ARRÊT", "STOP", "ARRET"),
        ("start", "START", "START"),
        ("HELP", "HELP", "HELP"),
        ("please stop texting me", "STOP_SUSPECTED", None),
        ("cancel my 3pm", "NONE", None),
        ("stop by at 5", "NONE", None),
    ],
)
def test_the_keyword_tester(shop: Consent, body: str, intent: str, word: str | None) -> None:
    before = shop.revision()
    answer = shop.json(*HERE, "--body", body, "--dry-run")
    assert (answer["intent"], answer["dry_run"]) == (intent, True)
    assert word is None or answer["matched_word"] == word
    assert (answer["reply"] is not None) == (intent in ("STOP", "START", "HELP"))
    told = shop.run(*HERE, "--body", body, "--dry-run").stdout
    assert told.startswith(f"{intent}: ")
    assert "Nothing was changed: this was a dry run." in told
    assert shop.revision() == before


def test_a_dry_run_tells_what_would_change(shop: Consent) -> None:
    told = shop.run(*HERE, "--body", "STOP", "--dry-run").stdout
    assert "Would be recorded for every purpose of shop" in told
    assert "no (only the recipient can lift it)" in told


def test_a_stop_is_heard_and_answered_once(shop: Consent) -> None:
    stop = (*HERE, "--body", "STOP", "--message-id", "SM1")
    first = shop.json(*stop)
    assert (first["intent"], first["result"]["applied"], first["repeated_message"]) == ("STOP", True, False)
    assert first["result"]["revision"] == shop.revision()
    again = shop.json(*stop)
    assert (again["repeated_message"], again["result"]) == (True, None)
    assert again["reply"] == first["reply"]
    assert "was heard before" in shop.run(*stop).stdout
    assert shop.json(*HERE, "--body", "STOP", "--message-id", "SM2")["repeated_message"] is False
    check = ("check", ANN, "--tenant", "acme", "--sender", "shop", "--purpose", "transactional")
    assert shop.json(*check, code=3)["decisions"][0]["reason"] == "OPTED_OUT"


def test_the_reply_comes_with_its_permit(shop: Consent) -> None:
    told = shop.run(*HERE, "--body", "STOP").stdout
    assert "A reply is due" in told
    assert "Its permit, until" in told


def test_a_narrower_start_opens_a_review_item(shop: Consent) -> None:
    shop.run("sender", "create", "--tenant", "acme", "--kind", "other", "--id", "brand")
    shop.run("inbound", "--tenant", "acme", "--sender", "brand", "--from", ANN, "--body", "STOP")
    told = shop.run(*HERE, "--body", "START").stdout
    assert "WIDER_OPT_OUT" in told
    assert "A review item is opened" in told
    assert "No reply is due." in told


def test_when_it_was_received_orders_it(shop: Consent) -> None:
    shop.run(*HERE, "--body", "START")
    late = shop.json(*HERE, "--body", "STOP", "--received", "2026-01-01T00:00:00Z")
    assert late["result"]["not_applied_reason"] == "SUPERSEDED"


def test_a_message_cannot_steer_the_terminal(shop: Consent) -> None:
    shop.run(*HERE, "--body", "please stop \x1b[31m\u202etexting me")
    for command in (("review", "list"), ("history", ANN), ("person", ANN)):
        shown = shop.run(*command, "--tenant", "acme").stdout
        assert "\x1b" not in shown
        assert "\u202e" not in shown


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("--body", ""), 2, "is empty"),
        (("--body", "STOP", "--message-id", ""), 2, "is empty"),
        (("--body", "x" * 100_001), 2, "at most 100000 characters"),
        (("--body", "STOP", "--channel", "email"), 2, "Usage: "),
        (("--body", "STOP", "--received", "2999-01-01"), 1, "in the future"),
        (("--body", "STOP", "--from", "nobody"), 1, "--from: not a phone number"),
        (("--body", "STOP", "--sender", "nobody"), 1, "no such sender: nobody"),
    ],
)
def test_messages_that_are_refused(shop: Consent, arguments: tuple[str, ...], code: int, reason: str) -> None:
    before = shop.revision()
    assert reason in shop.refusal(*HERE, *arguments, code=code)
    assert shop.revision() == before
