from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import Consent

ANN = "+16505551234"
LIST = ("review", "list", "--tenant", "acme")


def doubt(consent: Consent, address: str = ANN) -> Any:
    """Say what may be a no; answer the item that it opens."""
    said = ("--sender", "shop", "--from", address, "--body", "please stop texting me")
    item = consent.json("inbound", "--tenant", "acme", *said)["review_item_id"]
    assert item
    return item


def resolve(consent: Consent, item: str, judgement: str, *args: str, code: int = 0) -> Any:
    return consent.json("review", "resolve", item, "--tenant", "acme", "--as", judgement, *args, code=code)


def reason(consent: Consent, code: int) -> Any:
    check = ("check", ANN, "--tenant", "acme", "--sender", "shop", "--purpose", "transactional")
    return consent.json(*check, code=code)["decisions"][0]["reason"]


def test_what_waits_is_listed_with_its_age(shop: Consent) -> None:
    assert shop.json(*LIST) == []
    assert "nothing waits" in shop.run(*LIST).stderr
    item = doubt(shop)
    (listed,) = shop.json(*LIST)
    assert (listed["id"], listed["kind"], listed["sender"]) == (item, "STOP_SUSPECTED", "shop")
    assert (listed["recipient"]["address"], listed["body"]) == (ANN, "please stop texting me")
    assert listed["age_seconds"] >= 0
    table = shop.run(*LIST).stdout
    assert item in table
    assert "please stop texting me" in table
    assert " s " in table
    assert shop.json(*LIST, "--sender", "other") == []


def test_a_no_is_judged_to_be_one(shop: Consent) -> None:
    item = doubt(shop)
    assert reason(shop, 3) == "OPT_OUT_SUSPECTED"
    judged = resolve(shop, item, "opt-out", "--note", "Ann called")
    assert judged["resolution"] == "OPT_OUT"
    assert reason(shop, 3) == "OPTED_OUT"
    assert shop.json(*LIST) == []
    assert [each["resolution"] for each in shop.json(*LIST, "--all")] == ["OPT_OUT"]
    (_, event) = shop.json("history", ANN, "--tenant", "acme")
    assert event["payload"]["evidence"]["note"] == "Ann called"


def test_no_no_is_judged_to_be_none(shop: Consent) -> None:
    item = doubt(shop)
    resolve(shop, item, "not-an-opt-out")
    assert reason(shop, 0) == "ALLOWED_BY_RULE"
    before = shop.revision()
    resolve(shop, item, "not-an-opt-out")
    assert shop.revision() == before
    other = ("review", "resolve", item, "--tenant", "acme", "--as", "opt-out")
    assert "was judged already, otherwise" in shop.refusal(*other)


@pytest.mark.parametrize(("judgement", "code"), [("dismissed", 1), ("perhaps", 2)])
def test_judgements_that_do_not_fit(shop: Consent, judgement: str, code: int) -> None:
    item = doubt(shop)
    text = shop.refusal("review", "resolve", item, "--tenant", "acme", "--as", judgement, code=code)
    assert "--as" in text


def test_an_unknown_item(shop: Consent) -> None:
    unknown = ("review", "resolve", "nothing", "--tenant", "acme", "--as", "opt-out")
    assert "no such review item" in shop.refusal(*unknown)
    shop.run("tenant", "create", "zenith")
    item = doubt(shop)
    elsewhere = ("review", "resolve", item, "--tenant", "zenith", "--as", "opt-out")
    assert "no such review item" in shop.refusal(*elsewhere)
