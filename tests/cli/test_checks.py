from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import Consent

ANN = "+16505551234"
AT_SHOP = ("--tenant", "acme", "--sender", "shop")
MARKETING = (*AT_SHOP, "--purpose", "marketing")


def record(consent: Consent, *args: str, address: str = ANN) -> None:
    consent.run("record", address, *AT_SHOP, *args)


def decision(consent: Consent, *args: str, code: int, address: str = ANN) -> Any:
    answer = consent.json("check", address, *AT_SHOP, *args, code=code)
    assert len(answer["decisions"]) == 1
    return answer["decisions"][0]


def test_a_no_by_default(shop: Consent) -> None:
    result = shop.run("check", ANN, *MARKETING, code=3)
    assert result.stdout.splitlines()[0].split() == ["DENY", "marketing", "NO_CONSENT"]
    assert "Nobody ever said yes, and marketing needs one" in result.stdout


def test_a_yes_and_a_no_are_told_with_who_and_when(shop: Consent) -> None:
    record(shop, "--purpose", "*", "--opt-in", "express-written", "--effective-time", "2026-01-31T10:00:00Z")
    yes = shop.run("check", ANN, *MARKETING)
    assert yes.stdout.splitlines()[0].split() == ["ALLOW", "marketing", "OPTED_IN"]
    assert "The business said yes (express written) to every purpose of shop on 2026-01-31 10:00:00 UTC" in yes.stdout
    assert f"[revision {shop.revision()}, from cli]" in yes.stdout
    told = ("--actor", "recipient", "--method", "call", "--artifact-hash", "sha256:00")
    record(shop, "--purpose", "marketing", "--opt-out", *told)
    no = shop.run("check", ANN, *MARKETING, code=3)
    assert no.stdout.startswith("DENY")
    assert "The recipient said no to marketing of shop" in no.stdout
    assert "only the recipient can lift it" in no.stdout


def test_one_denied_purpose_of_several_denies(shop: Consent) -> None:
    both = ("--purpose", "transactional", "--purpose", "marketing")
    answer = shop.json("check", ANN, *AT_SHOP, *both, code=3)
    assert [(each["purpose"], each["verdict"], each["reason"]) for each in answer["decisions"]] == [
        ("transactional", "ALLOW", "ALLOWED_BY_RULE"),
        ("marketing", "DENY", "NO_CONSENT"),
    ]
    assert answer["recipient"] == {"channel": "SMS", "address": ANN}
    assert answer["revision"] == shop.revision()


def test_reasons_that_need_more_than_a_word(shop: Consent) -> None:
    record(shop, "--purpose", "*", "--opt-in", "implied")
    weak = decision(shop, "--purpose", "marketing", code=3)
    assert (weak["reason"], weak["deciding_consent"]["strength"]) == ("INSUFFICIENT_STRENGTH", "IMPLIED")
    assert "only implied" in weak["explanation"]
    days = ("--effective-time", "2026-01-01", "--expires", "2026-01-31")
    record(shop, "--purpose", "*", "--opt-in", "express-written", *days, address="a@example.com")
    ended = decision(shop, "--purpose", "marketing", code=3, address="a@example.com")
    assert ended["reason"] == "EXPIRED"
    assert "ended on 2026-02-01 00:00:00 UTC" in ended["explanation"]
    shop.run("inbound", *AT_SHOP, "--from", "+16505550000", "--body", "please stop texting me")
    doubted = decision(shop, "--purpose", "transactional", code=3, address="+16505550000")
    assert doubted["reason"] == "OPT_OUT_SUSPECTED"
    assert "consent review list" in doubted["explanation"]


def test_always_allowed_and_double_opt_in_are_explained(shop: Consent) -> None:
    create = ("purpose", "create", "--tenant", "acme", "--id", "code", "--rule", "always-allowed")
    shop.run(*create, "--ignores-opt-out")
    assert "even against a no" in decision(shop, "--purpose", "code", code=0)["explanation"]
    shop.run("sender", "update", "--tenant", "acme", "--id", "shop", "--double-opt-in")
    assert "double opt-in" in decision(shop, "--purpose", "transactional", code=3)["explanation"]


def test_a_no_on_rcs_counts_for_sms(shop: Consent) -> None:
    record(shop, "--purpose", "*", "--opt-out", "--channel", "rcs")
    told = decision(shop, "--purpose", "transactional", code=3)
    assert told["reason"] == "OPTED_OUT"
    assert "said on RCS" in told["explanation"]
    assert decision(shop, "--purpose", "transactional", "--channel", "voice", code=0)["verdict"] == "ALLOW"


def test_the_channel_is_what_the_address_looks_like(shop: Consent) -> None:
    for address, channel in (("Ann@Example.com", "EMAIL"), ("(650) 555-1234", "SMS")):
        assert shop.json("check", address, *MARKETING, code=3)["recipient"]["channel"] == channel


def test_as_of_a_revision_and_a_moment(shop: Consent) -> None:
    record(shop, "--purpose", "*", "--opt-in", "express-written")
    then = shop.json("check", ANN, *MARKETING)
    record(shop, "--purpose", "*", "--opt-out")
    assert decision(shop, "--purpose", "marketing", code=3)["reason"] == "OPTED_OUT"
    for as_of in (
        ("--as-of", str(then["revision"])),
        ("--as-of", then["check_time"]),
        ("--as-of", str(then["revision"]), "--as-of", then["check_time"]),
    ):
        again = shop.json("check", ANN, *MARKETING, *as_of)
        assert (again["decisions"], again["revision"]) == (then["decisions"], then["revision"])


def test_as_of_explains_by_the_rule_of_then(shop: Consent) -> None:
    before = shop.revision()
    shop.run("purpose", "update", "--tenant", "acme", "--id", "marketing", "--rule", "opt-out-allowed")
    assert decision(shop, "--purpose", "marketing", code=0)["reason"] == "ALLOWED_BY_RULE"
    then = decision(shop, "--purpose", "marketing", "--as-of", str(before), code=3)
    assert (then["reason"], "marketing needs one" in then["explanation"]) == ("NO_CONSENT", True)


@pytest.mark.parametrize(
    ("as_of", "code", "reason"),
    [
        ("99999", 1, "--as-of: the ledger has revisions up to"),
        ("2999-01-01", 1, "--as-of: is in the future"),
        ("0", 2, "is no revision"),
        ("9" * 30, 2, "is no revision"),
        ("yesterday", 2, "is not a day"),
        ("2026-01-31T10:00:00", 2, "is not a day"),
    ],
)
def test_moments_that_are_none(shop: Consent, as_of: str, code: int, reason: str) -> None:
    assert reason in shop.refusal("check", ANN, *MARKETING, "--as-of", as_of, code=code)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("12", *MARKETING), "the address: not a phone number"),
        (("a@", *MARKETING), "the address: not an e-mail address"),
        ((ANN, *AT_SHOP, "--purpose", "nothing"), "no such purpose: nothing"),
        ((ANN, "--tenant", "acme", "--sender", "nobody", "--purpose", "marketing"), "no such sender: nobody"),
        ((ANN, "--tenant", "nobody", "--sender", "shop", "--purpose", "marketing"), "no such tenant: nobody"),
    ],
)
def test_a_question_that_is_refused_is_no_yes(shop: Consent, arguments: tuple[str, ...], reason: str) -> None:
    assert reason in shop.refusal("check", *arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        (ANN, *AT_SHOP),
        (ANN, "--tenant", "acme", "--purpose", "marketing"),
        (ANN, *MARKETING, "--channel", "fax"),
        ("x" * 321, *MARKETING),
        MARKETING,
        ("+1650\udcff", *MARKETING),
    ],
)
def test_usage_errors_end_with_2(shop: Consent, arguments: tuple[str, ...]) -> None:
    assert "Usage: " in shop.refusal("check", *arguments, code=2)


def test_exit_codes_are_documented(fresh: Consent) -> None:
    words = " ".join(fresh.run("check", "--help").stdout.split())
    assert "Exit code 0: it may be sent" in words
    assert "3: it must not" in words
