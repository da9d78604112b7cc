from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Consent

ANN = "+16505551234"
AT_SHOP = ("--tenant", "acme", "--sender", "shop")
HISTORY = ("history", ANN, "--tenant", "acme")


def test_a_readable_timeline(shop: Consent) -> None:
    late = ("--purpose", "marketing", "--effective-time", "2026-01-31T10:00:00Z")
    shop.run("record", ANN, *AT_SHOP, *late, "--opt-in", "express-written", "--expires", "2027-01-31")
    shop.run("inbound", *AT_SHOP, "--from", ANN, "--body", "STOP", "--message-id", "SM1")
    shop.run("record", ANN, *AT_SHOP, "--purpose", "*", "--opt-in", "express", code=1)
    yes, no, refused = shop.run(*HISTORY).stdout.split("\n\n")
    assert yes.startswith("2026-01-31 10:00:00  YES  marketing of shop, by SMS")
    assert "by the business, recorded on 20" in yes
    assert "nothing on record → yes (express written, until 2027-02-01 00:00:00)" in yes
    assert "  NO  every purpose of shop, by SMS" in no
    assert f"by the recipient, recorded as revision {shop.revision() - 1}, from inbound" in no
    assert "→ no (only the recipient can lift it)" in no
    assert "body “STOP”" in no
    assert "message_id “SM1”" in no
    assert "without effect: a no stands there that this actor cannot lift (PROTECTED_OPT_OUT)" in refused
    assert "still: no (only the recipient can lift it)" in refused


def test_the_same_for_programs(shop: Consent) -> None:
    shop.run("record", ANN, *AT_SHOP, "--purpose", "*", "--opt-out")
    (event,) = shop.json(*HISTORY)
    assert (event["kind"], event["actor"], event["source"], event["applied"]) == ("OPT_OUT", "BUSINESS", "cli", True)
    assert (event["sender"], event["purpose"], event["revision"]) == ("shop", "*", shop.revision())
    assert event["recipient"] == {"channel": "SMS", "address": ANN}
    assert (event["before"], event["after"]["state"]) == ({}, "OPTED_OUT")


def test_every_channel_of_an_address_or_one(shop: Consent) -> None:
    for channel in ("sms", "voice"):
        shop.run("record", ANN, *AT_SHOP, "--purpose", "*", "--opt-out", "--channel", channel)
    assert [event["recipient"]["channel"] for event in shop.json(*HISTORY)] == ["SMS", "VOICE"]
    assert [event["recipient"]["channel"] for event in shop.json(*HISTORY, "--channel", "voice")] == ["VOICE"]


def test_nobody_is_told_so(shop: Consent, tmp_path: Path) -> None:
    result = shop.run(*HISTORY)
    assert (result.stdout, result.stderr) == ("", "nothing is known of this address\n")
    assert shop.json(*HISTORY) == []
    file = tmp_path / "proof.json"
    assert "there is nothing to prove" in shop.refusal(*HISTORY, "--as-proof", str(file))
    assert list(tmp_path.glob("*proof*")) == []


def test_a_stranger_sees_nothing_of_another_tenant(shop: Consent) -> None:
    shop.run("record", ANN, *AT_SHOP, "--purpose", "*", "--opt-out")
    shop.run("tenant", "create", "zenith")
    assert shop.json("history", ANN, "--tenant", "zenith") == []
