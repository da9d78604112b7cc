from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from server.domain.model import Actor, Channel, LiftedBy, Recipient, Record, Scope, State
from server.usecases.tenants import find_tenant, operator
from server.usecases.user_opt_outs import opt_out_user_by_email
from tests.cli.conftest import Consent

HEADER = "id,first,last,email,mobile\n"
IMPORT = ("contact", "import", "-", "--tenant", "acme")


def counts(new: int = 0, changed: int = 0, unchanged: int = 0, bad: int = 0) -> dict[str, int]:
    return {"new": new, "changed": changed, "unchanged": unchanged, "bad": bad}


def records(consent: Consent, mobile: str) -> Sequence[Record]:
    with consent.storage() as storage, storage.read(find_tenant(storage, "acme").id) as snapshot:
        return snapshot.records(Recipient(Channel.SMS, mobile))


def opt_out(consent: Consent, email: str) -> None:
    with consent.storage() as storage:
        tenant = find_tenant(storage, "acme")
        storage.write(tenant.id, lambda tx: opt_out_user_by_email(tx, operator(tenant.id), email))


def test_a_file_is_imported_and_imported_again(acme: Consent, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text(HEADER + "17,Ann,Lee,Ann@Example.com,(650) 555-1234\n18,Bob,,,\n")
    command = ("contact", "import", str(file), "--tenant", "acme")
    assert acme.json(*command) == counts(new=2)
    ann = acme.contact("17")
    assert ann is not None
    assert (ann.first, ann.last, ann.email, ann.mobile) == ("Ann", "Lee", "Ann@Example.com", "+16505551234")
    assert acme.json(*command) == counts(unchanged=2)
    file.write_text(HEADER + "17,Ann,Lee,Ann@Example.com,+1 650 555 1234\n18,Bob,Ray,,\n19,Cy,,,\n")
    assert acme.json(*command) == counts(new=1, changed=1, unchanged=1)
    result = acme.run(*command)
    assert result.stdout == "3 rows: 0 new, 0 changed, 3 unchanged, 0 bad\n"
    assert result.stderr == ""


def test_any_form_of_the_same_file(acme: Consent) -> None:
    row = "Lee , 17, +16505551234 ,Ann,ann@example.com\r\n"
    text = "\ufeff Last,ID,Mobile,first,EMAIL\r\n" + row + "\r\n,,,,\r\n"
    assert acme.json(*IMPORT, stdin=text) == counts(new=1)
    ann = acme.contact("17")
    assert ann is not None
    assert (ann.first, ann.last, ann.email, ann.mobile) == ("Ann", "Lee", "ann@example.com", "+16505551234")
    quoted = HEADER + '"17", "Ann","Lee","ann@example.com","+1 (650) 555-1234"'
    assert acme.json(*IMPORT, stdin=quoted) == counts(unchanged=1)
    assert acme.json(*IMPORT, stdin=quoted.replace("\n", "\r")) == counts(unchanged=1)


def test_an_external_id_stays_where_the_file_has_none(acme: Consent) -> None:
    with_it = "external_id," + HEADER + "crm-1,17,Ann,Lee,,\n"
    assert acme.json(*IMPORT, stdin=with_it) == counts(new=1)
    assert acme.json(*IMPORT, stdin=HEADER + "17,Ann,Lee,,\n") == counts(unchanged=1)
    assert acme.json(*IMPORT, stdin=HEADER + "17,Ann,Ray,,\n") == counts(changed=1)
    ann = acme.contact("17")
    assert ann is not None
    assert (ann.external_id, ann.last) == ("crm-1", "Ray")
    assert acme.json(*IMPORT, stdin=with_it.replace("crm-1", "")) == counts(changed=1)
    ann = acme.contact("17")
    assert ann is not None
    assert ann.external_id == ""


def test_other_columns_are_passed_over_and_told(acme: Consent) -> None:
    text = 'id,first,last,email,mobile,notes,e\x1bmail\n17,Ann,Lee,,,"two\nlines",\n18,B,,,,,\n'
    result = acme.run(*IMPORT, stdin=text)
    assert result.stdout.startswith("2 rows: 2 new")
    assert result.stderr == "columns passed over: 'notes', 'e\\x1bmail'\n"


BAD_ROWS = {
    "18,Bob,,not-an-address,": "email: not an e-mail address",
    "18,Bob,,,12": "mobile: not a phone number: its length is not possible in its country",
    "18,Bob,,,no number": "mobile: not a phone number",
    ",Bob,,b@example.com,": "id: is needed",
    " ,Bob,,b@example.com,": "id: is needed",
    "17,Bob,,b@example.com,": "id: stands in line 2 already",
    "18,Bob,,": "has 4 columns, the first line has 5 columns",
    "18": "has 1 column, the first line has 5 columns",
    "18,Bob,,,,": "has 6 columns, the first line has 5 columns",
    "x" * 129 + ",Bob,,,": "id: at most 128 characters, not 129",
    "18," + "x" * 257 + ",,,": "first: at most 256 characters, not 257",
    "18,Bo\0b,,,": "first: holds a NUL character",
    '18,"Bob,,,': "a quote is not closed",
    '18,"Bob"x,,,': "a quote stands where none may stand",
    "18," + "x" * 70_000 + ",,,": "the line has more than 65536 characters",
}


@pytest.mark.parametrize(("row", "reason"), BAD_ROWS.items(), ids=[reason[:40] for reason in BAD_ROWS.values()])
def test_a_bad_row_is_told_and_leaves_nothing(acme: Consent, row: str, reason: str) -> None:
    text = f"{HEADER}17,Ann,,,\n{row}\n19,Cy,,,\n"
    result = acme.run(*IMPORT, stdin=text, code=1)
    assert result.stdout == "3 rows: 2 new, 0 changed, 0 unchanged, 1 bad\n"
    assert result.stderr == f"line 3: {reason}\n"
    assert acme.contact_ids() == {"17", "19"}


def test_bytes_that_are_not_utf_8_cost_their_row_only(acme: Consent) -> None:
    text = HEADER.encode() + b"17,\xe9mile,,,\n18,\xc3\x89mile,,,\n19,\xed\xa0\x80,,,\n"
    result = acme.run(*IMPORT, stdin=text, code=1)
    assert result.stderr == "line 2: first: is not UTF-8 text\nline 4: first: is not UTF-8 text\n"
    assert acme.contact_ids() == {"18"}


def test_an_open_quote_does_not_swallow_the_rows_after_it(acme: Consent) -> None:
    rows = '17,"Ann,,,\n18,Bob,,,\n19,Cy,"x",,\n20,"Di,,,\n21,Ed,,,\n22,Fy",,,\n'
    result = acme.run(*IMPORT, stdin=HEADER + rows, code=1)
    assert acme.contact_ids() == {"18", "19", "21", "22"}
    assert [line.partition(":")[0] for line in result.stderr.splitlines()] == ["line 2", "line 5"]


def test_a_row_that_was_refused_does_not_take_its_id(acme: Consent) -> None:
    text = HEADER + "17,Ann,,bad,\n17,Ann,,ann@example.com,\n17,Bob,,,\n"
    result = acme.run(*IMPORT, stdin=text, code=1)
    assert result.stderr == "line 2: email: not an e-mail address\nline 4: id: stands in line 3 already\n"
    ann = acme.contact("17")
    assert ann is not None
    assert ann.email == "ann@example.com"


def test_bad_rows_in_many_transactions_take_no_good_one(acme: Consent) -> None:
    rows = "".join(f"{n},F{n},,{'bad' if n % 7 == 0 else f'u{n}@example.com'},\n" for n in range(1, 1001))
    result = acme.run(*IMPORT, stdin=HEADER + rows + "500,again,,,\n", code=1)
    good = {str(n) for n in range(1, 1001) if n % 7}
    assert acme.contact_ids() == good
    assert result.stdout == f"1,001 rows: {len(good)} new, 0 changed, 0 unchanged, 143 bad\n"
    lines = [int(line.partition(":")[0].removeprefix("line ")) for line in result.stderr.splitlines()]
    assert lines == [*(n + 1 for n in range(1, 1001) if n % 7 == 0), 1002]
    assert "1002: id: stands in line 501 already" in result.stderr


def test_a_national_number_needs_a_country(fresh: Consent) -> None:
    fresh.run("tenant", "create", "acme")
    result = fresh.run(*IMPORT, stdin=HEADER + "17,Ann,,,6505551234\n", code=1)
    assert result.stderr == "line 2: mobile: not a phone number with + and a country code\n"


def test_reasons_hold_nothing_of_what_a_row_says(acme: Consent) -> None:
    rows = "17,Ann,Lee,secret@@example,+16505551234\n18,Bob,Ray,b@example.com,+999123\n17,x,\x1b[31m,,,,\n"
    output = acme.run(*IMPORT, stdin=HEADER + rows, code=1).output
    assert not any(text in output for text in ("secret", "6505551234", "999123", "\x1b", "Lee"))


def test_a_changed_mobile_takes_the_no_of_its_contact_along(acme: Consent) -> None:
    acme.run(*IMPORT, stdin=HEADER + "17,Ann,Lee,ann@example.com,+16505551234\n")
    opt_out(acme, "ann@example.com")
    before = acme.revision()
    assert acme.json(*IMPORT, stdin=HEADER + "17,Ann,Ray,ann@example.com,+16505551234\n") == counts(changed=1)
    assert acme.revision() == before
    assert acme.json(*IMPORT, stdin=HEADER + "17,Ann,Ray,ann@example.com,+16505559999\n") == counts(changed=1)
    (no,) = records(acme, "+16505559999")
    assert (no.scope, no.state, no.lifted_by) == (Scope(), State.OPTED_OUT, LiftedBy.RECIPIENT)
    assert no.actor is Actor.SYSTEM
    assert acme.revision() == before + 1
    with acme.storage() as storage, storage.read(find_tenant(storage, "acme").id) as snapshot:
        (event,) = snapshot.events(before, 10)
    assert (event.header.source, event.header.actor) == ("cli", Actor.SYSTEM)
    (old,) = records(acme, "+16505551234")
    assert old.state is State.OPTED_OUT


def test_a_refused_row_carries_no_no(acme: Consent) -> None:
    acme.run(*IMPORT, stdin=HEADER + "17,Ann,Lee,ann@example.com,+16505551234\n")
    opt_out(acme, "ann@example.com")
    known, before = acme.contact("17"), acme.revision()
    for row in ("17,Ann,Lee,bad,+16505559999\n", "17," + "x" * 300 + ",Lee,ann@example.com,+16505559999\n"):
        assert acme.json(*IMPORT, stdin=HEADER + row, code=1) == counts(bad=1)
    assert acme.contact("17") == known
    assert acme.revision() == before
    assert records(acme, "+16505559999") == []


def test_contacts_stay_in_their_tenant(acme: Consent) -> None:
    acme.run("tenant", "create", "zenith")
    text = HEADER + "17,Ann,Lee,ann@example.com,\n"
    acme.run(*IMPORT, stdin=text)
    assert acme.json("contact", "import", "-", "--tenant", "zenith", stdin=text) == counts(new=1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "the file is empty; its first line must name the columns id, first, last, email, mobile"),
        (b"\n\n\n", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"id,first,last,mobile\n17,Ann,Lee,\n", "the first line does not name the columns email\n"),
        (b"17,Ann,Lee,ann@example.com,+16505551234\n", "does not name the columns id, first, last, email, mobile\n"),
        (b"id;first;last;email;mobile\n", "columns are separated by commas"),
        (b"id,first,last,email,mobile,Email\n", "names the column email twice"),
        ("id,first,last,email,mobile\n".encode("utf-16"), "not UTF-8"),
        (b"PK\x03\x04\x14\x00\xff\x00", "not UTF-8"),
        (b'id,"first,last,email,mobile\n', "a quote is not closed"),
        (b"x" * 200_000, "more than 65536 characters"),
    ],
)
def test_files_that_cannot_be_used(acme: Consent, text: bytes, reason: str) -> None:
    refusal = acme.refusal(*IMPORT, stdin=text, code=2)
    assert reason in refusal
    assert refusal.startswith("Error: standard input: ")
    assert acme.contact_ids() == set()


def test_a_header_alone_is_a_file_without_contacts(acme: Consent) -> None:
    assert acme.json(*IMPORT, stdin=HEADER) == counts()
    assert acme.json(*IMPORT, stdin=HEADER.strip()) == counts()


@pytest.mark.parametrize("name", ["nope.csv", "."])
def test_files_that_cannot_be_opened(acme: Consent, tmp_path: Path, name: str) -> None:
    refusal = acme.refusal("contact", "import", str(tmp_path / name), "--tenant", "acme", code=2)
    assert "Invalid value for 'FILE.csv'" in refusal


def test_an_unknown_tenant(acme: Consent) -> None:
    command = ("contact", "import", "-", "--tenant", "nobody")
    assert acme.refusal(*command, stdin=HEADER) == "Error: no such tenant: nobody\n"
