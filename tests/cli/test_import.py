from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson
import pytest

from server.cli import statement_import
from server.cli.session import Workplace
from server.domain.errors import StorageUnavailable
from server.domain.model import Actor, Channel, LiftedBy, Recipient, Record, Scope, State, Strength
from server.storage.protocol import EventFilter
from server.usecases.tenants import find_tenant
from tests.cli.conftest import Consent
from tests.cli.terminal import on_a_terminal

HEADER = "address,sender,purpose,state,strength,effective_time,expire_time,method,url\n"
ANN, BOB = "+16505551001", "+16505551002"
IMPORT = ("import", "-", "--tenant", "acme")
PROFILE = "16fd2706-8baf-433b-82eb-8c7fada847da"
DEPARTMENT = "1f0a8a3e-5d5c-4d0e-9d3a-0b6f4f3f7a11"
MARCH = 1_709_313_600_000_000


def records(consent: Consent, address: str, channel: Channel = Channel.SMS) -> Sequence[Record]:
    with consent.storage() as storage, storage.read(find_tenant(storage, "acme").id) as snapshot:
        return snapshot.records(Recipient(channel, address))


def batch(consent: Consent, batch_id: str) -> list[tuple[str, bool]]:
    """The events of a batch: kind and whether it took effect."""
    with consent.storage() as storage, storage.read(find_tenant(storage, "acme").id) as snapshot:
        wanted = EventFilter(1, snapshot.tenant.head_revision, batch_id=batch_id)
        return [(event.header.kind, event.header.applied) for event, _ in snapshot.events_where(wanted, 100_000)]


def counts(told: dict[str, Any]) -> dict[str, int]:
    """The outcomes that there are."""
    return {
        name: count for name, count in told.items() if isinstance(count, int) and not isinstance(count, bool) and count
    }


def test_a_file_is_imported_with_its_times(shop: Consent, tmp_path: Path) -> None:
    file = tmp_path / "consents.csv"
    file.write_text(
        HEADER
        + f"{ANN},shop,marketing,OPTED_IN,EXPRESS_WRITTEN,2024-03-01T17:20:00Z,2030-01-01,web-form,https://example.com\n"
        + "Bob@Example.com,*,*,opted-out,,2024-03-01,,,\n"
    )
    command = ("import", str(file), "--tenant", "acme", "--batch-id", "b-1")
    told = shop.json(*command)
    assert (counts(told), told["batch_id"], told["dry_run"]) == ({"new": 2}, "b-1", False)
    (yes,) = records(shop, ANN)
    assert (yes.scope, yes.state, yes.strength) == (
        Scope("shop", "marketing"),
        State.OPTED_IN,
        Strength.EXPRESS_WRITTEN,
    )
    assert (yes.actor, yes.effective_time) == (Actor.IMPORT, MARCH)
    (no,) = records(shop, "bob@example.com", Channel.EMAIL)
    assert (no.scope, no.state, no.lifted_by, no.actor) == (Scope(), State.OPTED_OUT, LiftedBy.RECIPIENT, Actor.IMPORT)
    assert batch(shop, "b-1") == [("OPT_IN", True), ("OPT_OUT", True)]
    head = shop.revision()
    assert counts(shop.json(*command[:-2])) == {"unchanged": 2}
    assert shop.revision() == head


def test_whoever_said_it_an_import_says_it_now(shop: Consent) -> None:
    header = "address,sender,purpose,state,effective_time,actor,lifted_by\n"
    text = header + f"{ANN},shop,*,OPTED_OUT,2024-03-01,BUSINESS,BUSINESS\n"
    assert counts(shop.json(*IMPORT, stdin=text)) == {"new": 1}
    (no,) = records(shop, ANN)
    assert (no.actor, no.lifted_by) == (Actor.IMPORT, LiftedBy.RECIPIENT)


def test_noes_that_stand_are_protected(shop: Consent) -> None:
    shop.run("record", ANN, "--tenant", "acme", "--sender", "shop", "--purpose", "*", "--opt-out")
    shop.run("record", BOB, "--tenant", "acme", "--sender", "shop", "--purpose", "*", "--opt-in", "express")
    rows = (
        f"{ANN},shop,*,OPTED_IN,EXPRESS,2026-01-01,,,\n"
        f"{ANN},shop,marketing,OPTED_IN,EXPRESS,2026-01-01,,,\n"
        f"{BOB},shop,*,OPTED_IN,IMPLIED,2020-01-01,,,\n"
        f"{BOB},shop,*,OPTED_OUT,,2020-01-01,,,\n"
    )
    told = shop.json(*IMPORT, "--batch-id", "b", stdin=HEADER + rows)
    assert counts(told) == {"protected": 2, "superseded": 1, "changed": 1}
    assert [record.state for record in records(shop, ANN)] == [State.OPTED_OUT]
    assert batch(shop, "b") == [("OPT_IN", False), ("OPT_IN", False), ("OPT_IN", False), ("OPT_OUT", True)]


def test_a_dry_run_changes_nothing(shop: Consent) -> None:
    shop.run("record", BOB, "--tenant", "acme", "--sender", "shop", "--purpose", "*", "--opt-out")
    before = shop.revision()
    text = (
        HEADER + f"{ANN},shop,*,OPTED_OUT,,2024-03-01,,,\n{BOB},shop,*,OPTED_IN,EXPRESS,2024-03-01,,,\nnobody,,,,,,,,\n"
    )
    told = shop.json(*IMPORT, "--dry-run", "--batch-id", "b", stdin=text, code=1)
    assert (counts(told), told["dry_run"], told["batch_id"]) == ({"new": 1, "protected": 1, "bad": 1}, True, None)
    result = shop.run(*IMPORT, "--dry-run", stdin=text, code=1)
    assert "Nothing was changed" in result.stderr
    assert (shop.revision(), records(shop, ANN), batch(shop, "b")) == (before, [], [])
    assert counts(shop.json(*IMPORT, "--batch-id", "b", stdin=text, code=1)) == {"new": 1, "protected": 1, "bad": 1}


BAD = [
    ("nobody,shop,*,OPTED_OUT,,2024-03-01,,,", "recipient.address: not a phone number"),
    (",shop,*,OPTED_OUT,,2024-03-01,,,", "address: is needed"),
    (f"{ANN},nowhere,*,OPTED_OUT,,2024-03-01,,,", "no such sender: nowhere"),
    (f"{ANN},shop,nothing,OPTED_OUT,,2024-03-01,,,", "no such purpose: nothing"),
    (f"{ANN},,*,OPTED_OUT,,2024-03-01,,,", "sender: is needed"),
    (f"{ANN},shop,,OPTED_OUT,,2024-03-01,,,", "purpose: is needed"),
    (f"{ANN},shop,*,,,2024-03-01,,,", "state: is needed"),
    (f"{ANN},shop,*,MAYBE,,2024-03-01,,,", "state: must be one of NO_STATEMENT, OPTED_IN, OPTED_OUT"),
    (f"{ANN},shop,*,NO_STATEMENT,,2024-03-01,,,", "state: must be OPTED_IN or OPTED_OUT"),
    (f"{ANN},shop,*,OPTED_IN,,2024-03-01,,,", "strength: is needed for OPTED_IN"),
    (f"{ANN},shop,*,OPTED_IN,STRONG,2024-03-01,,,", "strength: must be one of IMPLIED"),
    (f"{ANN},shop,*,OPTED_OUT,EXPRESS,2024-03-01,,,", "strength: is for OPTED_IN only"),
    (f"{ANN},shop,*,OPTED_OUT,,,,,", "effective_time: is needed, in the row or by --effective-time"),
    (f"{ANN},shop,*,OPTED_OUT,,yesterday,,,", "effective_time: is no day"),
    (f"{ANN},shop,*,OPTED_OUT,,2999-01-01,,,", "effective_time: is more than five minutes in the future"),
    (f"{ANN},shop,*,OPTED_IN,EXPRESS,2024-03-01,2024-02-01,,", "expire_time: must be after"),
    (f"{ANN},shop,*,OPTED_OUT,,2024-03-01,,telepathy,", "method: must be one of"),
    (f"{ANN},shop,*,OPTED_OUT,,2024-03-01,,,{'x' * 3000}", "url: at most 2048 characters"),
    (f"{ANN}\0,shop,*,OPTED_OUT,,2024-03-01,,,", "address: holds a NUL"),
    (f"{ANN},shop,*,OPTED_OUT,,2024-03-01,,", "has 8 columns, the first line has 9 columns"),
    (f'"{ANN},shop,*,OPTED_OUT,,2024-03-01,,,', "a quote is not closed"),
    (f"\udcff{ANN},shop,*,OPTED_OUT,,2024-03-01,,,", "address: is not UTF-8 text"),
]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "'"])
def test_no_spreadsheet_runs_what_bad_rows_are_told_in(shop: Consent, tmp_path: Path, begin: str) -> None:
    rejects, name = tmp_path / "bad.csv", f"{begin}cmd|'/c calc'!A1"
    file = tmp_path / "statements.jsonl"
    file.write_bytes(orjson.dumps({name: "x"}))
    shop.run("import", str(file), "--tenant", "acme", "--rejects", str(rejects), code=1)
    assert rejects.read_text().splitlines()[1] == f"1,'{name}: is no known column"


def test_bad_rows_are_told_and_the_others_are_kept(shop: Consent, tmp_path: Path) -> None:
    text = HEADER + "".join(f"{row}\n" for row, _ in BAD) + f"{BOB},shop,*,OPTED_OUT,,2024-03-01,,,\n"
    rejects = tmp_path / "bad.csv"
    command = (*IMPORT, "--rejects", str(rejects))
    result = shop.run(*command, stdin=text.encode(errors="surrogateescape"), code=1)
    told = [line for line in result.stderr.splitlines() if line.startswith("line ")]
    assert len(told) == 20
    assert "… and 2 more bad rows" in result.stderr
    lines = rejects.read_text().splitlines()
    assert lines[0] == "line,reason"
    for number, (line, (_, reason)) in enumerate(zip(lines[1:], BAD, strict=True), start=2):
        assert line.startswith(f"{number},"), line
        assert reason in line.replace('"', "")
    assert ANN not in rejects.read_text()
    assert f"{len(BAD) + 1} rows: 1 new, 0 changed" in result.stdout
    assert [record.state for record in records(shop, BOB)] == [State.OPTED_OUT]
    assert records(shop, ANN) == []
    assert "is there already" in shop.refusal(*command, stdin=text.encode(errors="replace"), code=2)


def test_a_suspicion_is_not_imported_as_a_yes(shop: Consent) -> None:
    header = "address,sender,purpose,state,strength,effective_time,suspected\n"
    text = header + f"{ANN},shop,*,OPTED_IN,EXPRESS,2024-03-01,true\n"
    result = shop.run(*IMPORT, stdin=text, code=1)
    assert "line 2: suspected: it waits to be judged" in result.stderr
    assert records(shop, ANN) == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_form_of_the_same_file(shop: Consent, end: str) -> None:
    rows = [" Address , STATE,sender", "", '"(650) 555-1001", opted-out ,"shop"', ",,"]
    text = "\ufeff" + end.join(rows) + end
    told = shop.json(*IMPORT, "--purpose", "*", "--effective-time", "2024-03-01", stdin=text)
    assert counts(told) == {"new": 1}
    line = orjson.dumps({"address": ANN, "state": "OPTED_OUT", "sender": None, "suspected": False})
    more = ("--sender", "shop", "--purpose", "*", "--effective-time", "2024-03-01")
    assert counts(shop.json(*IMPORT, *more, stdin=b"\xef\xbb\xbf" + line + b"\n\n")) == {"unchanged": 1}


def test_json_rows_that_are_none(shop: Consent) -> None:
    lines = [b"{", b"[]", b'["x"]', b'{"adress": "x"}', b'{"address": {}}', b"null", b"\xff", b'"x"']
    result = shop.run(*IMPORT, stdin=b'{"address": 1}\n' + b"\n".join(lines) + b"\n", code=1)
    assert [line for line in result.stderr.splitlines() if line.startswith("line")] == [
        "line 1: state: is needed",
        "line 2: is no JSON",
        "line 4: is no JSON object",
        "line 5: adress: is no known column",
        "line 6: address: must be text",
        "line 7: is no JSON",
        "line 8: is no JSON",
        "line 9: is no JSON object",
    ]


@pytest.mark.parametrize(
    ("text", "args", "told"),
    [
        (b"", [], "the file is empty"),
        (b"address\n", [], "does not name the columns state"),
        (b"address,state,mood\n", [], "has columns that are not known: 'mood'"),
        (b"address,state\n", ["--format", "telnyx"], "is no JSON"),
        (b'{"a": "' + b"x" * 9_000_000 + b'"}', [], "has a line of more than 8,388,608 bytes"),
        ("address,state\n".encode("utf-16"), [], "not UTF-8"),
    ],
)
def test_files_that_cannot_be_used(shop: Consent, text: bytes, args: list[str], told: str) -> None:
    before = shop.revision()
    refusal = shop.refusal(*IMPORT, *args, stdin=text, code=2)
    assert told in refusal
    assert "standard input" in refusal
    assert shop.revision() == before


@pytest.mark.parametrize("name", ["nope.csv", "."])
def test_files_that_cannot_be_opened(shop: Consent, tmp_path: Path, name: str) -> None:
    assert "Invalid value for 'FILE'" in shop.refusal("import", str(tmp_path / name), "--tenant", "acme", code=2)


def test_an_interrupted_import_goes_on_where_it_stopped(shop: Consent, tmp_path: Path) -> None:
    shop.run("record", ANN, "--tenant", "acme", "--sender", "shop", "--purpose", "*", "--opt-out")
    file = tmp_path / "consents.csv"
    yes = f"{ANN},shop,*,OPTED_IN,EXPRESS,2024-03-01,,,\n"
    rows = [yes if n % 10 == 0 else f"+1650555{n:04},shop,*,OPTED_OUT,,2024-03-01,,,\n" for n in range(1, 41)]
    file.write_text(HEADER + "".join(rows[:25]) + "bad,shop,*,OPTED_OUT,,2024-03-01,,,\n" + "".join(rows[25:]))
    command = ("import", str(file), "--tenant", "acme", "--batch-id", "b")
    real, calls = Workplace.write, iter(range(100))

    def failing(self: Workplace, work: Any) -> Any:
        if next(calls) == 3:
            raise StorageUnavailable
        return real(self, work)

    with patch.object(statement_import, "ROWS_A_PORTION", 7):
        with patch.object(Workplace, "write", failing):
            told = shop.refusal(*command, code=2)
        assert "stopped: the rows to line 22 are done; run it again with the same file and batch id" in told
        assert len(batch(shop, "b")) == 21
        again = shop.json(*command, code=1)
        assert (counts(again)) == {"new": 36, "protected": 4, "bad": 1, "repeated": 21}
        assert len(batch(shop, "b")) == 40
        head = shop.revision()
        assert counts(shop.json(*command, code=1)) == {"new": 36, "protected": 4, "bad": 1, "repeated": 41}
        assert shop.revision() == head
        file.write_text(HEADER + "".join(rows[:8]))
        assert counts(shop.json(*command)) == {"new": 7, "unchanged": 1, "repeated": 7}
    assert shop.run("verify").exit_code == 0


def test_a_full_disk_ends_the_import_and_it_goes_on(shop: Consent, tmp_path: Path) -> None:
    rows = "".join(f"+1650{n:07},shop,*,OPTED_OUT,,2024-03-01,,,{'u' * 300}\n" for n in range(2_000_000, 2_004_000))
    command = (*IMPORT, "--batch-id", "b", "--json")
    prefix = ("bash", "-c", 'ulimit -f 1500; exec "$@"', "bash")
    ended = shop.process(*command, stdin=(HEADER + rows).encode(), prefix=prefix)
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert b"Traceback" not in ended.stderr
    told = re.search(rb"the rows to line (\d+) are done", ended.stderr)
    assert told
    done = int(told[1]) - 1
    assert done > 0
    again = orjson.loads(shop.process(*command, stdin=(HEADER + rows).encode()).stdout)
    assert counts(again) == {"new": 4000, "repeated": done}
    assert len(batch(shop, "b")) == 4000


def test_a_progress_bar_on_a_terminal(shop: Consent, tmp_path: Path) -> None:
    file = tmp_path / "consents.csv"
    file.write_text(HEADER + f"{ANN},shop,*,OPTED_OUT,,2024-03-01,,,\nx,,,,,,,,\n")
    code, shown = on_a_terminal(shop, "import", str(file), "--tenant", "acme", "--batch-id", "b-17", NO_COLOR="1")
    assert (code, b"100%" in shown, b"2 rows, 1 bad" in shown, b"batch b-17" in shown) == (1, True, True, True)
    assert b"line 3: sender: is needed" in shown or b"line 3: state: is needed" in shown


@pytest.fixture
def vendors(shop: Consent) -> Consent:
    for kind, name in (("messaging-profile", PROFILE), ("client", "relay_developer"), ("department", DEPARTMENT)):
        shop.run("sender", "create", "--tenant", "acme", "--kind", kind, "--id", name)
    return shop


def test_telnyx(vendors: Consent) -> None:
    item = {
        "from": "+15552320405",
        "to": "+15552320400",
        "messaging_profile_id": PROFILE,
        "keyword": "STOP",
        "created_at": "2024-03-01T17:20:00.858535+00:00",
    }
    page = {"data": [item, {**item, "from": ANN, "messaging_profile_id": None}], "meta": {"total_results": 2}}
    told = vendors.json(*IMPORT, "--format", "telnyx", stdin=orjson.dumps(page) + b"\n" + orjson.dumps(item))
    assert counts(told) == {"new": 2, "unchanged": 1}
    (no,) = records(vendors, "+15552320405")
    assert (no.scope, no.state, no.lifted_by) == (Scope(PROFILE), State.OPTED_OUT, LiftedBy.RECIPIENT)
    assert no.effective_time == 1_709_313_600_858_535
    assert [record.scope for record in records(vendors, ANN)] == [Scope()]


def test_relay(vendors: Consent) -> None:
    def consent(number: str, kind: str, **more: Any) -> dict[str, Any]:
        told = {"client_id": "relay_developer", "channel_addr": number, "channel_type": "sms", "consent_type": kind}
        times = {"created_at": "2023-07-05T22:16:12.934Z", "updated_at": "2024-07-05T22:16:12.934Z"}
        return {"consent": {**told, **times, **more}}

    lines = [
        consent("6105551212", "written"),
        consent("16105551213", "express"),
        consent("6105551214", "stop"),
        consent("61055512", "stop"),
        consent("6105551215", "maybe"),
        consent("6105551216", "stop", channel_type="email"),
        consent("6105551217", "stop", client_id="nobody"),
    ]
    told = vendors.json(*IMPORT, "--format", "relay", stdin=b"\n".join(map(orjson.dumps, lines)), code=1)
    assert counts(told) == {"new": 3, "bad": 4}
    found = [records(vendors, f"+161055512{number}")[0] for number in (12, 13, 14)]
    assert [record.strength for record in found] == [Strength.EXPRESS_WRITTEN, Strength.EXPRESS, None]
    assert {record.scope for record in found} == {Scope("relay_developer")}
    assert {record.effective_time for record in found} == {1_720_217_772_934_000}


def test_mykaarma(vendors: Consent) -> None:
    def entry(value: str, state: str, time: str | None, kind: str = "TEXT") -> dict[str, Any]:
        status = {"optOutState": state, "canSendOptinRequest": False, **({"timeOfChange": time} if time else {})}
        return {"communication": {"communicationType": kind, "communicationValue": value}, "optOutStatus": status}

    time = "2025-03-28T11:34:43.330Z"
    entries = [
        entry("6505551001", "OPTED_OUT", time),
        entry("6505551002", "OPTED_IN", time),
        entry("6505551003", "OPTED_IN", None),
        entry("6505551004", "OPTED_OUT", None),
        entry("ann@example.com", "OPTED_OUT", time, "EMAIL"),
        entry("6505551001", "OPTED_OUT", time, "FAX"),
        {"communication": {}},
    ]
    page = orjson.dumps(
        {"optOutStatusList": entries, "requestUUID": "r", "errors": [], "warnings": []}, option=orjson.OPT_INDENT_2
    )
    command = (*IMPORT, "--format", "mykaarma", "--sender", DEPARTMENT, "--strength", "express")
    assert counts(vendors.json(*command, stdin=page, code=1)) == {"new": 3, "silent": 1, "bad": 3}
    (no,) = records(vendors, ANN)
    (yes,) = records(vendors, BOB)
    assert (no.scope, no.state, no.effective_time) == (Scope(DEPARTMENT), State.OPTED_OUT, 1_743_161_683_330_000)
    assert (yes.state, yes.strength) == (State.OPTED_IN, Strength.EXPRESS)
    assert records(vendors, "+16505551003") == []


def test_himarley(vendors: Consent) -> None:
    user = {"id": "bc13bc97", "first": "james", "email": "j@verizon.net", "mobile": "+15552320405", "role": "enduser"}
    users = [
        {**user, "optStatus": False, "optStatusDetail": "OPTED_OUT"},
        {**user, "mobile": ANN, "optStatus": True},
        {**user, "mobile": None, "optStatus": False},
        {**user},
    ]
    command = (*IMPORT, "--format", "himarley", "--effective-time", "2026-01-01")
    assert counts(vendors.json(*command, stdin=orjson.dumps(users), code=1)) == {"new": 1, "silent": 1, "bad": 2}
    (no,) = records(vendors, "+15552320405")
    assert (no.scope, no.state, no.lifted_by) == (Scope(), State.OPTED_OUT, LiftedBy.RECIPIENT)
    without = vendors.run(*command[:-2], stdin=orjson.dumps(users[:1]), code=1)
    assert "line 1: effective_time: is needed" in without.stderr
