from __future__ import annotations

import orjson
import pytest

from server.usecases.idempotency import Repeatable, once
from server.usecases.tenants import find_tenant
from tests.cli.conftest import Consent

ANN = "+16505551234"
BOB = "+16505550000"
AT_SHOP = ("--tenant", "acme", "--sender", "shop", "--purpose", "*")
PERSON = ("person", ANN, "--tenant", "acme")


@pytest.fixture
def told(shop: Consent) -> Consent:
    """Something of every kind about Ann, and something about Bob."""
    rows = f"17,Ann,Lee,ann@example.com,{ANN}\n18,Bob,Ray,,{BOB}\n"
    shop.run("contact", "import", "-", "--tenant", "acme", stdin="id,first,last,email,mobile\n" + rows)
    for address in (ANN, BOB):
        shop.run(
            "inbound", "--tenant", "acme", "--sender", "shop", "--from", address, "--body", "please stop texting me"
        )
    shop.run("record", ANN, *AT_SHOP, "--opt-out", "--channel", "voice")
    return shop


def keep_answer(consent: Consent, answer: bytes) -> None:
    """Keep the answer of a call by API."""
    made = consent.json("credential", "create", "--tenant", "acme", "--role", "writer")
    caller = consent.authenticate({"x-api-key": made["secret"]})
    call = Repeatable("GetUser", "request-1", (b"",))
    with consent.storage() as storage:
        storage.write(find_tenant(storage, "acme").id, lambda tx: once(tx, caller, call, lambda: answer))


def test_all_that_is_held_for_programs(told: Consent) -> None:
    keep_answer(told, f"to {ANN}".encode())
    held = told.json(*PERSON)
    assert [(each["channel"], each["address"]) for each in held["recipients"]] == [("SMS", ANN), ("VOICE", ANN)]
    assert [(each["channel"], each["state"]) for each in held["consents"]] == [
        ("SMS", "NO_STATEMENT"),
        ("VOICE", "OPTED_OUT"),
    ]
    assert [each["kind"] for each in held["events"]] == ["SUSPECT", "OPT_OUT"]
    assert [(each["id"], each["email"]) for each in held["contacts"]] == [("17", "ann@example.com")]
    assert [each["body"] for each in held["review_items"]] == ["please stop texting me"]
    assert [(each["method"], each["request_id"]) for each in held["kept_answers"]] == [("GetUser", "request-1")]
    assert BOB.encode() not in orjson.dumps(held)


def test_all_that_is_held_for_a_person(told: Consent) -> None:
    keep_answer(told, ANN.encode())
    text = told.run(*PERSON).stdout
    for expected in (
        f"{ANN} by SMS",
        f"{ANN} by voice",
        "MAYBE A NO",
        "ann@example.com",
        "stop-suspected",
        "request-1",
    ):
        assert expected in text
    assert BOB not in text


def test_a_contact_by_its_e_mail_address(told: Consent) -> None:
    held = told.json("person", "Ann@Example.com", "--tenant", "acme")
    assert [each["mobile"] for each in held["contacts"]] == [ANN]
    assert held["recipients"] == []
    assert "ann@example.com" in told.run("person", "Ann@Example.com", "--tenant", "acme").stdout


def test_nobody(shop: Consent) -> None:
    result = shop.run(*PERSON)
    assert (result.stdout, result.stderr) == ("", "nothing is held under this address\n")
    empty = shop.json(*PERSON)
    assert not any(empty.values())
    assert "the address: not a phone number" in shop.refusal("person", "Ann", "--tenant", "acme")


def test_after_forgetting_only_the_no_is_left(told: Consent) -> None:
    told.run("hold", ANN, "--tenant", "acme", "--reason", "case 17")
    assert told.json(*PERSON)["recipients"][0]["legal_hold"]
    told.run("hold", ANN, "--tenant", "acme", "--reason", "case 17", "--release")
    told.run("forget", ANN, "--tenant", "acme", "--reason", "request 1", "--yes")
    held = told.json(*PERSON)
    assert [(each["address"], each["forgotten"]) for each in held["recipients"]] == [(None, True), (None, True)]
    assert {each["state"] for each in held["consents"]} == {"NO_STATEMENT", "OPTED_OUT"}
    assert (held["contacts"], held["kept_answers"]) == ([], [])
    assert [each["body"] for each in held["review_items"]] == [None]
    assert ANN not in told.run(*PERSON).stdout
