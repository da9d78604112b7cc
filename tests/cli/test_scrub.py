from __future__ import annotations

import csv
import io
import multiprocessing
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.cli import list_file
from server.domain.errors import StorageUnavailable
from server.scrubbing import crew, judging
from server.usecases.checks import batch_check_consent
from tests.cli.conftest import Consent
from tests.cli.terminal import on_a_terminal

YES, NO, UNKNOWN = "+16505551001", "+16505551002", "+16505551003"
ASK = ("--tenant", "acme", "--sender", "shop", "--purpose", "marketing")
RECORD = ("--tenant", "acme", "--sender", "shop", "--purpose", "*")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Consent:
    """acme, where somebody said yes and somebody no; tests only read it."""
    consent = Consent(tmp_path_factory.mktemp("scrub"))
    consent.run("tenant", "create", "acme", "--country", "US")
    consent.run("sender", "create", "--tenant", "acme", "--kind", "client", "--id", "shop")
    for address, said in {
        YES: ["--opt-in", "express-written"],
        "yes@example.com": ["--opt-in", "express-written"],
    }.items():
        consent.run("record", address, *RECORD, *said)
    consent.run("record", NO, *RECORD, "--opt-out")
    consent.run("record", "+16505551004", *RECORD, "--opt-in", "express")
    return consent


def scrub(consent: Consent, folder: Path, text: str | bytes, *args: str) -> tuple[bytes, bytes, dict[str, Any]]:
    """Scrub a list; answer the allowed file, the denied file and the summary."""
    source = folder / "list.csv"
    source.write_bytes(text.encode() if isinstance(text, str) else text)
    summary = consent.json("scrub", str(source), *ASK, "--force", *args)
    assert sorted(path.name for path in folder.iterdir()) == ["list.allowed.csv", "list.csv", "list.denied.csv"]
    allowed, denied = (folder / f"list.{name}.csv" for name in ("allowed", "denied"))
    assert (summary["allowed_file"], summary["denied_file"]) == (str(allowed), str(denied))
    return allowed.read_bytes(), denied.read_bytes(), summary


def unusable(consent: Consent, folder: Path, text: str | bytes, *args: str, code: int = 2) -> str:
    """Scrub a list that is refused: there are no files then."""
    source = folder / "list.csv"
    source.write_bytes(text.encode() if isinstance(text, str) else text)
    told = consent.refusal("scrub", str(source), *ASK, *args, code=code)
    assert [path.name for path in folder.iterdir()] == ["list.csv"]
    return told


def test_a_list_is_divided(filled: Consent, tmp_path: Path) -> None:
    rows = f"17,{YES},a\n18,{NO},b\n19,{UNKNOWN},c\n20,(650) 555-1001,d\n21,nobody,e\n22,,f\n23,+1 650 555 1004,g\n"
    allowed, denied, summary = scrub(filled, tmp_path, "id,phone,note\n" + rows)
    assert allowed == f"id,phone,note\n17,{YES},a\n20,(650) 555-1001,d\n".encode()
    assert denied.decode().splitlines() == [
        "id,phone,note,consent_reason",
        f"18,{NO},b,OPTED_OUT",
        f"19,{UNKNOWN},c,NO_CONSENT",
        "21,nobody,e,INVALID_RECIPIENT",
        "22,,f,INVALID_RECIPIENT",
        "23,+1 650 555 1004,g,INSUFFICIENT_STRENGTH",
    ]
    head = filled.revision()
    assert (summary["rows"], summary["allowed"], summary["denied"]) == (7, 2, 5)
    assert summary["reasons"] == {
        "OPTED_IN": 2,
        "INVALID_RECIPIENT": 2,
        "OPTED_OUT": 1,
        "NO_CONSENT": 1,
        "INSUFFICIENT_STRENGTH": 1,
    }
    assert (summary["first_revision"], summary["last_revision"]) == (head, head)


def test_the_summary_for_a_person_stands_on_standard_error(filled: Consent, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text(f"{YES}\n{NO}\n{NO}\n")
    result = filled.run("scrub", str(tmp_path / "list.txt"), *ASK)
    assert result.stdout == ""
    assert "3 rows: 1 allowed, 2 denied\n" in result.stderr
    assert re.search(r"2 denied  OPTED_OUT\n", result.stderr)
    assert (tmp_path / "list.allowed.txt").read_text() == f"{YES}\n"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_list_keeps_its_form(filled: Consent, tmp_path: Path, end: str, mark: str, delimiter: str) -> None:
    lines = [f"Name{delimiter}E-Mail", f"Zoë{delimiter}yes@example.com", f"Bob{delimiter}bob@example.com"]
    allowed, denied, _ = scrub(filled, tmp_path, mark + end.join(lines))
    assert allowed.decode() == mark + end.join(lines[:2]) + end
    assert (
        denied.decode()
        == mark
        + end.join(
            f"{line}{delimiter}{reason}" for line, reason in ((lines[0], "consent_reason"), (lines[2], "NO_CONSENT"))
        )
        + end
    )


def test_quoted_cells_are_carried_through_as_they_are(filled: Consent, tmp_path: Path) -> None:
    good = f'"Lee, Ann","said ""hi""\nand\r\nleft",{YES}\n'
    bad = f'"Ray\n\nBob", x ,"{NO}"\r\n'
    allowed, denied, _ = scrub(filled, tmp_path, "name,note,mobile\n" + bad + good)
    assert allowed.decode() == "name,note,mobile\n" + good
    assert denied.decode() == "name,note,mobile,consent_reason\n" + bad.removesuffix("\r\n") + ",OPTED_OUT\n"


def test_blank_lines_are_left_out(filled: Consent, tmp_path: Path) -> None:
    allowed, denied, summary = scrub(filled, tmp_path, f"\n\nphone\n\n{YES}\r\n  \n{NO}\n\n\n")
    assert allowed.decode() == f"\n\nphone\n{YES}\r\n"
    assert denied.decode() == f"\n\nphone,consent_reason\n{NO},OPTED_OUT\n"
    assert summary["rows"] == 2


@pytest.mark.parametrize(
    "row",
    [
        f"17,{YES}",
        f"17,{YES},a,b",
        f"Lee, Ann,{YES},a",
        f'17,{YES},"a"b',
        f'17,{YES},"a',
        f"17,{YES},a\rb",
        f"17\r{YES},a",
    ],
)
def test_a_malformed_row_is_denied_and_the_rows_after_it_are_judged(filled: Consent, tmp_path: Path, row: str) -> None:
    after = f"18,{YES},b\n"
    allowed, denied, _ = scrub(filled, tmp_path, f"id,phone,note\n{row}\n{after}")
    assert allowed.decode() == "id,phone,note\n" + after
    assert denied.decode() == f"id,phone,note,consent_reason\n{row},MALFORMED_ROW\n"


def test_a_quote_that_is_never_closed_costs_its_line_only(filled: Consent, tmp_path: Path) -> None:
    rows = [f"{number},{YES}" for number in range(3000)]
    broken = [f'"{row}' if number in (5, 2990) else row for number, row in enumerate(rows)]
    with patch.object(list_file, "CHUNK_LENGTH", 1000):
        allowed, denied, _ = scrub(filled, tmp_path, "\n".join(["id,phone", *broken]))
    assert denied.decode().splitlines()[1:] == [f'"5,{YES},MALFORMED_ROW', f'"2990,{YES},MALFORMED_ROW']
    assert allowed.decode().splitlines()[1:] == [row for number, row in enumerate(rows) if number not in (5, 2990)]


def test_bytes_that_are_no_text(filled: Consent, tmp_path: Path) -> None:
    rows = b"name,phone\nZo\xeb," + YES.encode() + b"\nAnn,+1650555\xff1001\nBob,+1650555\x001001\n\x00," + YES.encode()
    allowed, denied, _ = scrub(filled, tmp_path, rows + b"\n")
    assert allowed == b"name,phone\nZo\xeb," + YES.encode() + b"\n\x00," + YES.encode() + b"\n"
    assert denied.splitlines()[1:] == [
        b"Ann,+1650555\xff1001,INVALID_RECIPIENT",
        b"Bob,+1650555\x001001,INVALID_RECIPIENT",
    ]


def test_huge_cells(filled: Consent, tmp_path: Path) -> None:
    long = "x" * 400_000
    allowed, denied, _ = scrub(filled, tmp_path, f"note,phone\n{long},{YES}\n{long},{long}\na,{YES}\n")
    assert allowed.decode() == f"note,phone\n{long},{YES}\na,{YES}\n"
    assert denied.decode().splitlines()[1:] == [f"{long},{long},INVALID_RECIPIENT"]


def test_a_line_without_end_is_refused(filled: Consent, tmp_path: Path) -> None:
    assert "has a line of more than 1,048,576 bytes" in unusable(filled, tmp_path, f"{YES}\n" + "x" * 2_000_000)


@pytest.mark.parametrize(
    ("text", "args", "column"),
    [
        (f"{YES}\n{NO}\n", [], None),
        (f"nobody\n{YES}\n", [], None),
        (f"Ann,{YES},x\nBob,{NO},y\n", [], None),
        (f"{UNKNOWN},{YES}\n{YES},{NO}\n", ["--column", "2"], None),
        (f"email,phone\nyes@example.com,{YES}\nx@example.com,{NO}\n", ["--channel", "sms"], "phone"),
        (f"email,phone\nyes@example.com,{NO}\nx@example.com,{YES}\n", ["--channel", "email"], "email"),
        (f"email,phone\nyes@example.com,{NO}\nx@example.com,{YES}\n", ["--column", " EMAIL"], "email"),
        (f"who,Mobile Number\nAnn,{YES}\nBob,{NO}\n", [], "Mobile Number"),
        (f"who,kontakt\nAnn,{YES}\nBob,{NO}\n", ["--column", "kontakt"], "kontakt"),
        (f"2,kontakt\nAnn,{YES}\nBob,{NO}\n", ["--column", "kontakt"], "kontakt"),
    ],
)
def test_the_column_is_found(filled: Consent, tmp_path: Path, text: str, args: list[str], column: str | None) -> None:
    allowed, denied, summary = scrub(filled, tmp_path, text, *args)
    assert (summary["allowed"], summary["denied"]) == (1, 1)
    assert (allowed.decode().splitlines()[0] == text.splitlines()[0]) == (
        column is not None or text.startswith((YES, "Ann", UNKNOWN))
    )
    assert denied.decode().splitlines()[0].endswith(",consent_reason") == (column is not None)


@pytest.mark.parametrize(
    ("text", "args", "told"),
    [
        ("", [], "list.csv is empty"),
        ("\n \n", [], "is empty"),
        ("\ufeff", [], "is empty"),
        (f"email,phone\nyes@example.com,{YES}\n", [], "several columns of addresses: choose one of email, phone by"),
        (f"{YES},{NO}\n", [], "several columns hold addresses: give the number of one"),
        (
            f"who,kontakt\nAnn,{YES}\n",
            [],
            "no column that is known to hold addresses: name one by --column (its columns: who, kontakt)",
        ),
        (f"who,phone\nAnn,{YES}\n", ["--column", "mobile"], "has no column mobile (its columns: who, phone)"),
        (f"who,phone\nAnn,{YES}\n", ["--column", "3"], "has no column 3"),
        (f"phone,phone\n{YES},{YES}\n", ["--column", "phone"], "names the column phone 2 times"),
        (f"Ann,{YES}\n", ["--column", "phone"], "has no column phone (its columns: Ann)"),
        ("phone\n".encode("utf-16"), [], "is not UTF-8 text"),
        (b"PK\x03\x04\x14\x00\xff\x00,\n", [], "no column that is known"),
        ('"phone\n' + "x\n" * 300, [], "its first row cannot be read"),
    ],
)
def test_lists_that_cannot_be_used(
    filled: Consent, tmp_path: Path, text: str | bytes, args: list[str], told: str
) -> None:
    refusal = unusable(filled, tmp_path, text, *args)
    assert told in refusal
    assert YES not in refusal


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--sender", "nobody"], "no such sender: nobody"),
        (["--purpose", "nothing"], "no such purpose: nothing"),
        (["--tenant", "nobody"], "no such tenant: nobody"),
    ],
)
def test_a_question_that_is_refused(filled: Consent, tmp_path: Path, args: list[str], told: str) -> None:
    assert told in unusable(filled, tmp_path, f"{YES}\n", *args, code=1)


@pytest.mark.parametrize("name", ["nope.csv", "."])
def test_a_list_that_cannot_be_opened(filled: Consent, tmp_path: Path, name: str) -> None:
    assert "Invalid value for 'LIST.csv'" in filled.refusal("scrub", str(tmp_path / name), *ASK, code=2)


def test_files_are_not_replaced_unasked(filled: Consent, tmp_path: Path) -> None:
    source, taken = tmp_path / "list.csv", tmp_path / "list.denied.csv"
    source.write_text(f"{YES}\n")
    taken.write_text("mine")
    told = filled.refusal("scrub", str(source), *ASK, code=2)
    assert "list.denied.csv is there already" in told
    assert taken.read_text() == "mine"
    assert not (tmp_path / "list.allowed.csv").exists()
    filled.run("scrub", str(source), *ASK, "--force")
    assert taken.read_text() == ""


@pytest.mark.parametrize(
    ("out", "told"),
    [
        ("list.csv", "is the file that is read"),
        ("link.csv", "is the file that is read"),
        ("list.denied.csv", "is named twice"),
        ("nowhere/out.csv", "cannot be written: No such file or directory"),
        (".", "is no file that can be replaced"),
        ("/dev/null", "is no file that can be replaced"),
        ("/proc/out.csv", "cannot be written"),
        ("list.csv/out.csv", "cannot be written: Not a directory"),
    ],
)
def test_targets_that_cannot_be_used(filled: Consent, tmp_path: Path, out: str, told: str) -> None:
    source = tmp_path / "list.csv"
    source.write_text(f"{YES}\n")
    (tmp_path / "link.csv").symlink_to(source)
    assert told in filled.refusal("scrub", str(source), *ASK, "--force", "--out", str(tmp_path / out), code=2)
    assert source.read_text() == f"{YES}\n"
    assert {path.name for path in tmp_path.iterdir()} == {"list.csv", "link.csv"}


def test_standard_input_needs_names(filled: Consent, tmp_path: Path) -> None:
    assert "needs --out and --denied" in filled.refusal("scrub", "-", *ASK, stdin=f"{YES}\n", code=2)
    out, denied = tmp_path / "out", tmp_path / "denied"
    filled.run("scrub", "-", *ASK, "--out", str(out), "--denied", str(denied), stdin=f"{YES}\n{NO}\n")
    assert (out.read_text(), denied.read_text()) == (f"{YES}\n", f"{NO},OPTED_OUT\n")


def test_a_failure_half_way_leaves_no_file(filled: Consent, tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    source.write_text(f"{YES}\n" * 200)
    calls = iter(range(1000))

    def failing(*args: Any) -> Any:
        if next(calls) == 4:
            raise StorageUnavailable
        return batch_check_consent(*args)

    with patch.object(list_file, "CHUNK_LENGTH", 300), patch("server.scrubbing.judging.batch_check_consent", failing):
        told = filled.refusal("scrub", str(source), *ASK, "--processes", "1", code=2)
    assert "the database cannot be read" in told
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


def test_a_full_disk_leaves_no_file(filled: Consent, tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    source.write_text(f"{YES}\n" * 40_000)
    prefix = ("bash", "-c", 'ulimit -f 200; exec "$@"', "bash")
    ended = filled.process("scrub", str(source), *ASK, "--processes", "1", prefix=prefix)
    assert ended.returncode == 2, ended
    assert b"cannot be written: File too large" in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


def big_list(path: Path, count: int) -> tuple[list[str], list[str]]:
    """Write a list with rows over several lines; answer the rows that are allowed and the reasons of the others."""
    pool = {YES: None, NO: "OPTED_OUT", UNKNOWN: "NO_CONSENT", "nobody": "INVALID_RECIPIENT"}
    cycle = list(pool.items())
    rows = [
        (f'{number},"a\n,""{number}"" b",{cycle[number % 4][0]}\n', cycle[number % 4][1]) for number in range(count)
    ]
    path.write_text("id,note,phone\n" + "".join(row for row, _ in rows))
    return [row for row, reason in rows if reason is None], [f"{row[:-1]},{reason}\n" for row, reason in rows if reason]


def test_processes_answer_in_order(filled: Consent, tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    allowed, denied = big_list(source, 40_000)
    summary = filled.json("scrub", str(source), *ASK, "--processes", "2")
    assert summary["rows"] == 40_000
    assert (tmp_path / "list.allowed.csv").read_text() == "id,note,phone\n" + "".join(allowed)
    assert (tmp_path / "list.denied.csv").read_text() == "id,note,phone,consent_reason\n" + "".join(denied)


def test_a_process_that_dies_leaves_no_file(filled: Consent, tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    big_list(source, 40_000)
    real, calls = crew.Processes.submit, iter(range(1000))

    def deadly(self: crew.Processes, chunk: crew.Chunk) -> Any:
        if next(calls) == 3:
            for child in multiprocessing.active_children():
                child.kill()
        return real(self, chunk)

    with patch.object(crew.Processes, "submit", deadly):
        told = filled.refusal("scrub", str(source), *ASK, "--processes", "2", code=2)
    assert "a process that judged rows has died; no file was written" in told
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


def test_a_database_that_goes_away_leaves_no_file(filled: Consent, tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    big_list(source, 40_000)
    real = crew.open_processes

    def elsewhere(size: int, database: str, *rest: Any) -> Any:
        return real(size, str(tmp_path / "nowhere" / "x.db"), *rest)

    with patch("server.cli.scrub.open_processes", elsewhere):
        told = filled.refusal("scrub", str(source), *ASK, "--processes", "2", code=2)
    assert "cannot be opened" in told
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


def test_an_interrupt_leaves_no_file(filled: Consent, tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    big_list(source, 400_000)
    # Whoever runs the tests in the background has them ignore interrupts.
    command = ["env", "--default-signal=INT", sys.executable, "-m", "server", "scrub", str(source), *ASK]
    with subprocess.Popen([*command, "--processes", "2"], stderr=subprocess.PIPE, env=filled.environment()) as process:
        waiting = threading.Event()
        while len(list(tmp_path.iterdir())) < 3:
            waiting.wait(0.01)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate()
    assert process.returncode == 1, told.decode()
    assert b"Traceback" not in told
    assert list(tmp_path.iterdir()) == [source]


def test_a_progress_bar_on_a_terminal(filled: Consent, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(f"{YES}\n{NO}\n")
    code, shown = on_a_terminal(filled, "scrub", str(tmp_path / "list.csv"), *ASK, NO_COLOR="1")
    assert (code, b"100%" in shown, b"2 rows, 1 allowed" in shown) == (0, True, True)


POOL = [
    *(YES, NO, UNKNOWN, "+16505551004", "(650) 555-1001", "650-555-1002", " +1 650 555 1001 ", "yes@example.com"),
    *(
        "YES@Example.com",
        " yes@example.com",
        "no@example.com",
        "nobody",
        "",
        "@",
        "+",
        "+1",
        "ÿ",
        "١٢٣٤٥",
        "+１６５０５５５１００１",
    ),
    *("tel:+16505551001", "=+16505551001", "'+16505551001", "+16505551001 ext 5", "x" * 400, "16505551001"),
]


@pytest.fixture(scope="module")
def answers(filled: Consent) -> dict[str, str]:
    """What `consent check` says of every address in the pool."""
    found = {}
    for address in POOL:
        ended = filled.process("check", address, *ASK, "--json")
        found[address] = (
            orjson.loads(ended.stdout)["decisions"][0]["reason"] if ended.returncode in (0, 3) else "INVALID_RECIPIENT"
        )
    assert len(set(found.values())) == 5
    return found


TEXT = st.text(st.sampled_from('a",;\n\r\t 0é\0'), max_size=12)


def rows_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(TEXT, st.sampled_from(POOL), TEXT), max_size=40),
    form=st.sampled_from([(csv.QUOTE_ALL, "\n"), (csv.QUOTE_ALL, "\r\n"), (csv.QUOTE_MINIMAL, "\r\n")]),
    chunk=st.integers(30, 400),
)
def test_the_two_files_together_are_the_list_and_each_verdict_is_that_of_check(
    filled: Consent,
    answers: dict[str, str],
    tmp_path: Path,
    rows: Sequence[tuple[str, str, str]],
    form: tuple[Any, str],
    chunk: int,
) -> None:
    numbered = [[str(number), *row] for number, row in enumerate(rows)]
    written = io.StringIO()
    csv.writer(written, quoting=form[0], lineterminator=form[1]).writerows([["id", "a", "phone", "b"], *numbered])
    with patch.object(list_file, "CHUNK_LENGTH", chunk), patch.object(judging, "ROWS_A_BLOCK", 7):
        allowed, denied, summary = scrub(filled, tmp_path, written.getvalue(), "--column", "phone", "--processes", "1")
    good, bad = rows_of(allowed)[1:], rows_of(denied)[1:]
    assert sorted([*good, *(row[:-1] for row in bad)], key=lambda row: int(row[0])) == numbered
    assert [row for row in good if answers[row[2]] != "OPTED_IN"] == []
    assert [row for row in bad if answers[row[2]] != row[4]] == []
    assert [int(row[0]) for row in good] == sorted(int(row[0]) for row in good)
    assert [int(row[0]) for row in bad] == sorted(int(row[0]) for row in bad)
    assert summary["rows"] == len(rows)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.lists(
        st.sampled_from(['"', '""', "\n", ",", f",{YES}\n", f'"{YES}"', f"a,{YES}\n", "\r\n", "x"]), max_size=60
    ),
    chunks=st.tuples(st.integers(1, 30), st.integers(31, 400)),
)
def test_where_a_list_is_cut_changes_nothing(
    filled: Consent, tmp_path: Path, text: list[str], chunks: tuple[int, int]
) -> None:
    found = []
    for chunk in chunks:
        with patch.object(list_file, "CHUNK_LENGTH", max(chunk, 8)), patch("server.scrubbing.rows.MAX_ROW_LINES", 5):
            found.append(scrub(filled, tmp_path, "a,phone\n" + "".join(text), "--column", "phone", "--processes", "1"))
    (allowed, denied, one), (allowed_again, denied_again, two) = found
    assert (allowed, denied, one["reasons"]) == (allowed_again, denied_again, two["reasons"])
    assert all(YES in (row[1] if len(row) == 2 else "") for row in rows_of(allowed)[1:])


@pytest.fixture(autouse=True)
def _no_stray_children() -> Iterator[None]:
    yield
    assert not [thread for thread in threading.enumerate() if "QueueManager" in thread.name]
