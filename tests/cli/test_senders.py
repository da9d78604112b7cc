from __future__ import annotations

import pytest

from tests.cli.conftest import Consent

UUID = "1f0a8a3e-5d5c-4d0e-9d3a-0b6f4f3f7a11"


@pytest.mark.parametrize(
    ("kind", "sender_id", "reach"),
    [
        ("department", UUID, "sender"),
        ("client", "relay_developer", "sender"),
        ("messaging-profile", "16fd2706-8baf-433b-82eb-8c7fada847da", "sender"),
        ("other", "+16505551234", "tenant"),
    ],
)
def test_each_kind_is_registered_with_its_reach(acme: Consent, kind: str, sender_id: str, reach: str) -> None:
    made = acme.json("sender", "create", "--tenant", "acme", "--kind", kind, "--id", sender_id)
    assert made == {
        "id": sender_id,
        "kind": kind,
        "double_opt_in": False,
        "country": None,
        "reach": reach,
        "create_time": made["create_time"],
        "update_time": made["create_time"],
    }
    assert acme.json("sender", "list", "--tenant", "acme") == [made]


def test_every_setting_is_given(acme: Consent) -> None:
    settings = ("--double-opt-in", "--country", "ca", "--reach", "tenant")
    made = acme.json("sender", "create", "--tenant", "acme", "--kind", "client", "--id", "c", *settings)
    assert (made["double_opt_in"], made["country"], made["reach"]) == (True, "CA", "tenant")


def test_a_change_leaves_what_it_does_not_name(acme: Consent) -> None:
    acme.run("sender", "create", "--tenant", "acme", "--kind", "client", "--id", "c", "--country", "CA")
    before = acme.revision()

    def update(*change: str) -> tuple[bool, str | None, str]:
        sender = acme.json("sender", "update", "--tenant", "acme", "--id", "c", *change)
        return sender["double_opt_in"], sender["country"], sender["reach"]

    assert update("--double-opt-in") == (True, "CA", "sender")
    assert update("--reach", "tenant") == (True, "CA", "tenant")
    assert update("--country", "mx") == (True, "MX", "tenant")
    assert update("--country", "") == (True, None, "tenant")
    assert update("--no-double-opt-in") == (False, None, "tenant")
    assert acme.revision() == before + 5
    assert update("--no-double-opt-in") == (False, None, "tenant")
    assert acme.revision() == before + 5


def test_tables_for_a_person(acme: Consent) -> None:
    empty = acme.run("sender", "list", "--tenant", "acme")
    assert empty.stdout == ""
    assert "consent sender create" in empty.stderr
    create = ("sender", "create", "--tenant", "acme", "--kind", "messaging-profile", "--id", "p")
    made = acme.run(*create).stdout
    assert made.splitlines()[1].split()[:5] == ["p", "messaging-profile", "sender", "no", "-"]
    assert acme.run("sender", "list", "--tenant", "acme").stdout == made


def test_a_long_id_is_not_cut_in_a_pipe(acme: Consent) -> None:
    acme.run("sender", "create", "--tenant", "acme", "--kind", "other", "--id", "x" * 128)
    assert "x" * 128 in acme.run("sender", "list", "--tenant", "acme").stdout


def test_an_id_is_given_once_over_all_kinds(acme: Consent) -> None:
    acme.run("sender", "create", "--tenant", "acme", "--kind", "department", "--id", UUID)
    for kind in ("department", "client", "messaging-profile", "other"):
        create = ("sender", "create", "--tenant", "acme", "--kind", kind, "--id", UUID)
        assert acme.refusal(*create) == f"Error: there is such a sender already: {UUID}\n"
    acme.run("tenant", "create", "zenith")
    acme.run("sender", "create", "--tenant", "zenith", "--kind", "client", "--id", UUID)


@pytest.mark.parametrize("sender_id", ["d1", "1f0a8a3e", UUID + "0", "*"])
def test_a_department_s_id_is_a_uuid(acme: Consent, sender_id: str) -> None:
    create = ("sender", "create", "--tenant", "acme", "--kind", "department", "--id", sender_id)
    assert acme.refusal(*create).startswith("Error: --id: ")
    assert acme.json("sender", "list", "--tenant", "acme") == []


@pytest.mark.parametrize("sender_id", ["", "*", "a b", "x" * 129, "é"])
def test_ids_that_are_none(acme: Consent, sender_id: str) -> None:
    create = ("sender", "create", "--tenant", "acme", "--kind", "client", "--id", sender_id)
    assert acme.refusal(*create).startswith("Error: --id: ")


def test_unknown_tenants_senders_and_countries(acme: Consent) -> None:
    nobody = acme.refusal("sender", "list", "--tenant", "nobody")
    assert nobody == "Error: no such tenant: nobody\n"
    update = ("sender", "update", "--tenant", "acme", "--id", "c")
    assert acme.refusal(*update, "--double-opt-in") == "Error: no such sender: c\n"
    acme.run("sender", "create", "--tenant", "acme", "--kind", "client", "--id", "c")
    before = acme.revision()
    assert acme.refusal(*update, "--country", "ZZ").startswith("Error: --country: ")
    assert acme.revision() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("update", "--tenant", "acme", "--id", "c"),
        ("update", "--tenant", "acme", "--double-opt-in"),
        ("update", "--tenant", "acme", "--id", "c", "--reach", "world"),
        ("create", "--tenant", "acme", "--id", "c"),
        ("create", "--tenant", "acme", "--id", "c", "--kind", "MESSAGING_PROFILE"),
        ("create", "--tenant", "acme", "--id", "c", "--kind", "brand"),
        ("create", "--kind", "client", "--id", "c"),
        ("list",),
        ("list", "--tenant", "acme", "extra"),
        ("list", "--tenant", "ac\udcffme"),
        ("rename",),
    ],
)
def test_usage_errors_end_with_2(acme: Consent, arguments: tuple[str, ...]) -> None:
    assert "Usage: " in acme.refusal("sender", *arguments, code=2)


def test_no_change_is_explained(acme: Consent) -> None:
    text = acme.refusal("sender", "update", "--tenant", "acme", "--id", "c", code=2)
    assert "Name a change: --double-opt-in, --no-double-opt-in, --country or --reach." in text
