from __future__ import annotations

import pytest

from tests.cli.conftest import Consent

ANN = "+16505551234"
HERE = ("record", ANN, "--tenant", "acme")
AT_SHOP = (*HERE, "--sender", "shop", "--purpose", "*")
BY_ANN = ("--actor", "recipient", "--method", "web-form", "--url", "https://example.com/join")


def test_a_yes_is_recorded_with_all_that_was_told(shop: Consent) -> None:
    evidence = {
        "text_shown": "Yes, text me",
        "text_version": "3",
        "language": "en",
        "ip_address": "192.0.2.1",
        "user_agent": "Mozilla",
        "message_id": "m-1",
        "artifact_hash": "sha256:00",
        "jurisdiction": "US-CA",
    }
    told = [part for name, value in evidence.items() for part in (f"--{name.replace('_', '-')}", value)]
    times = ("--effective-time", "2026-01-31T10:00:00+01:00", "--expires", "2027-01-31")
    answer = shop.json(*AT_SHOP, "--opt-in", "express", *BY_ANN, *times, *told)
    assert (answer["applied"], answer["unchanged"], answer["revision"]) == (True, False, shop.revision())
    consent = answer["consent"]
    assert (consent["state"], consent["strength"], consent["actor"]) == ("OPTED_IN", "EXPRESS", "RECIPIENT")
    assert consent["effective_time"] == "2026-01-31T09:00:00.000000Z"
    assert consent["expire_time"] == "2027-02-01T00:00:00.000000Z"
    (event,) = shop.json("history", ANN, "--tenant", "acme")
    assert event["payload"]["evidence"] == {**evidence, "method": "WEB_FORM", "url": "https://example.com/join"}


def test_a_plain_day_begins_at_midnight(shop: Consent) -> None:
    answer = shop.json(*AT_SHOP, "--opt-out", "--effective-time", "2026-01-31")
    assert answer["consent"]["effective_time"] == "2026-01-31T00:00:00.000000Z"


def test_the_same_again_is_told(shop: Consent) -> None:
    no = (*AT_SHOP, "--opt-out", "--effective-time", "2026-01-31")
    assert "Recorded for every purpose of shop as revision" in shop.run(*no).stdout
    before = shop.revision()
    assert "was so already" in shop.run(*no).stdout
    assert shop.json(*no)["unchanged"]
    assert shop.revision() == before


def test_a_no_is_protected_and_the_try_stands_in_the_ledger(shop: Consent) -> None:
    shop.run(*HERE, "--sender", "*", "--purpose", "*", "--opt-out", *BY_ANN)
    before = shop.revision()
    narrower = shop.run(*AT_SHOP, "--opt-in", "express", code=1)
    assert "Recorded without effect" in narrower.stdout
    assert "WIDER_OPT_OUT" in narrower.stdout
    same = shop.json(*HERE, "--sender", "*", "--purpose", "*", "--opt-in", "express", code=1)
    assert (same["applied"], same["not_applied_reason"]) == (False, "PROTECTED_OPT_OUT")
    assert shop.revision() == before + 2


def test_force_lifts_with_a_reason(shop: Consent) -> None:
    shop.run(*AT_SHOP, "--opt-out", *BY_ANN)
    forced = (*AT_SHOP, "--opt-in", "express", "--force")
    before = shop.revision()
    assert "--reason: is needed for force" in shop.refusal(*forced)
    assert shop.revision() == before
    assert shop.json(*forced, "--reason", "opted out by mistake")["applied"]
    (_, event) = shop.json("history", ANN, "--tenant", "acme")
    assert event["payload"]["evidence"]["force_reason"] == "opted out by mistake"


def test_who_may_lift_a_no(shop: Consent) -> None:
    assert shop.json(*AT_SHOP, "--opt-out")["consent"]["lifted_by"] == "BUSINESS"
    assert shop.json(*AT_SHOP, "--opt-out", "--lifted-by", "recipient")["consent"]["lifted_by"] == "RECIPIENT"


def test_a_yes_tells_how_many_noes_it_lifted(shop: Consent) -> None:
    shop.run(*HERE, "--sender", "shop", "--purpose", "marketing", "--opt-out")
    result = shop.run(*AT_SHOP, "--opt-in", "express")
    assert "1 other record of a narrower scope" in result.stdout


def test_a_dry_run_tells_and_leaves_nothing(shop: Consent) -> None:
    before = shop.revision()
    result = shop.run(*AT_SHOP, "--opt-out", "--dry-run")
    assert "Would be recorded for every purpose of shop" in result.stdout
    assert "dry run" in result.stdout
    answer = shop.json(*AT_SHOP, "--opt-out", "--dry-run")
    assert (answer["dry_run"], answer["applied"], answer["revision"]) == (True, True, None)
    assert shop.revision() == before
    assert shop.json("person", ANN, "--tenant", "acme")["recipients"] == []


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--opt-out", "--actor", "recipient"), "--method: is needed"),
        (
            ("--opt-out", "--actor", "recipient", "--method", "call"),
            "one of --message-id, --url, --ip-address",
        ),
        (("--opt-out", "--effective-time", "2999-01-01"), "--effective-time: is more than five minutes"),
        (("--opt-in", "express", "--expires", "2020-01-01"), "--expires: must be after"),
        (("--opt-out", "--expires", "2999-01-01"), "--expires: a no never ends"),
        (("--opt-in", "express", "--lifted-by", "recipient"), "--lifted-by: is for OPTED_OUT only"),
        (("--opt-out", "--ip-address", "here"), "--ip-address: not an IPv4"),
        (
            ("--opt-in", "express", "--actor", "import", "--force", "--reason", "x"),
            "--actor: an import",
        ),
    ],
)
def test_what_may_not_be_said_leaves_no_event(shop: Consent, arguments: tuple[str, ...], reason: str) -> None:
    before = shop.revision()
    assert reason in shop.refusal(*AT_SHOP, *arguments)
    assert shop.revision() == before


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--opt-out", "--opt-in", "express"),
        ("--opt-in", "strong"),
        ("--opt-out", "--actor", "system"),
        ("--opt-out", "--reason", "x"),
        ("--opt-out", "--url", "x" * 2049),
        ("--opt-out", "--text-shown", "a\0b"),
        ("--opt-out", "--method", "telepathy"),
        ("--opt-out", "--effective-time", "soon"),
    ],
)
def test_usage_errors_end_with_2(shop: Consent, arguments: tuple[str, ...]) -> None:
    assert "Usage: " in shop.refusal(*AT_SHOP, *arguments, code=2)
