"""Commands as processes of their own: exit codes, pipes and terminals."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import orjson

from server.domain.model import Role
from tests.cli.conftest import Consent
from tests.cli.terminal import on_a_terminal

HEADER = b"id,first,last,email,mobile\n"
COLOURS = re.compile(rb"\x1b\[[0-9;]*m")


def test_a_first_hour(fresh: Consent) -> None:
    steps: list[tuple[tuple[str, ...], bytes, int]] = [
        (("migrate",), b"", 0),
        (("tenant", "create", "acme", "--country", "US"), b"", 0),
        (("tenant", "create", "acme"), b"", 1),
        (("sender", "create", "--tenant", "acme", "--kind", "client", "--id", "c"), b"", 0),
        (("sender", "update", "--tenant", "acme", "--id", "c"), b"", 2),
        (("contact", "import", "-", "--tenant", "acme"), HEADER + b"17,Ann,,,\n", 0),
        (("contact", "import", "-", "--tenant", "acme"), HEADER + b"17,Ann,,,\n18,Bob,,bad,\n", 1),
        (("contact", "import", "-", "--tenant", "acme"), b"", 2),
    ]
    for args, stdin, code in steps:
        ended = fresh.process(*args, stdin=stdin)
        assert ended.returncode == code, (args, ended)
        assert b"Traceback" not in ended.stderr
        assert (b"Error: " in ended.stderr) == (code > 0 and b"rows" not in ended.stdout)


def test_a_script_reads_exit_codes(shop: Consent) -> None:
    here = ("+16505551234", "--tenant", "acme", "--sender", "shop")
    steps: list[tuple[tuple[str, ...], int]] = [
        (("check", *here, "--purpose", "marketing"), 3),
        (("record", *here, "--purpose", "*", "--opt-in", "express-written"), 0),
        (("check", *here, "--purpose", "marketing"), 0),
        (("check", *here, "--purpose", "nothing"), 1),
        (("check", *here), 2),
        (("verify",), 0),
    ]
    for args, code in steps:
        ended = shop.process(*args, FORCE_COLOR="1")
        assert ended.returncode == code, (args, ended)
        assert b"Traceback" not in ended.stderr
        assert b"\x1b" not in ended.stdout + ended.stderr
        assert (b"Error: " in ended.stderr) == (code in (1, 2))


def test_verdicts_are_coloured_and_verification_has_a_bar(shop: Consent) -> None:
    check = ("check", "+16505551234", "--tenant", "acme", "--sender", "shop", "--purpose", "marketing")
    for args, code, bar in ((check, 3, False), (("verify",), 0, True)):
        ended, shown = on_a_terminal(shop, *args)
        assert (ended, b"\x1b[1;" in shown) == (code, True)
        ended, plain = on_a_terminal(shop, *args, NO_COLOR="1")
        assert (ended, bool(COLOURS.search(plain))) == (code, False)
        assert (b"100%" in plain) == bar


def test_a_secret_through_pipes(acme: Consent) -> None:
    create = ("credential", "create", "--tenant", "acme", "--role", "reader")
    made = acme.process(*create, FORCE_COLOR="1")
    secret = made.stdout.decode().removesuffix("\n")
    assert acme.authenticate({"x-api-key": secret}).role is Role.READER
    registered = acme.process(*create, "--secret-stdin", "--json", stdin=b"a-secret-of-a-legacy-caller\r\nmore")
    assert orjson.loads(registered.stdout)["secret"] is None
    assert acme.authenticate({"x-api-key": "a-secret-of-a-legacy-caller"}).role is Role.READER


def test_a_typed_secret_does_not_show(acme: Consent) -> None:
    typed = threading.Event()

    def type_it(shown: bytes, terminal: int) -> None:
        if b"Secret: " in shown and not typed.is_set():
            typed.set()
            os.write(terminal, b"a-secret-that-was-typed\n")

    create = ("credential", "create", "--tenant", "acme", "--role", "reader", "--secret-stdin")
    code, shown = on_a_terminal(acme, *create, on_output=type_it)
    assert (code, typed.is_set()) == (0, True)
    assert b"typed" not in shown
    assert acme.authenticate({"x-api-key": "a-secret-that-was-typed"}).role is Role.READER


def test_pipes_get_no_control_codes(acme: Consent) -> None:
    for args, stdin in (
        (("tenant", "list"), b""),
        (("contact", "import", "-", "--tenant", "acme"), HEADER + b"17,Ann,,,\n18,,,bad,\n"),
    ):
        ended = acme.process(*args, stdin=stdin, FORCE_COLOR="1", TTY_COMPATIBLE="1", COLUMNS="20")
        assert b"\x1b" not in ended.stdout + ended.stderr


def test_colours_on_a_terminal_but_not_with_no_color(acme: Consent, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_bytes(HEADER + b"17,Ann,,,\n18,Bob,,bad,\n")
    for args, code in ((("tenant", "list"), 0), (("contact", "import", str(file), "--tenant", "acme"), 1)):
        ended, shown = on_a_terminal(acme, *args)
        assert ended == code
        assert COLOURS.search(shown)
        ended, shown = on_a_terminal(acme, *args, NO_COLOR="1")
        assert ended == code
        assert not COLOURS.search(shown)


def test_a_progress_bar_on_a_terminal(acme: Consent, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_bytes(HEADER + b"17,Ann,,,\n18,Bob,,bad,\n")
    _, shown = on_a_terminal(acme, "contact", "import", str(file), "--tenant", "acme", NO_COLOR="1")
    assert b"100%" in shown
    assert b"2 rows, 1 bad" in shown
    assert b"line 3: email: not an e-mail address" in shown


def test_a_broken_pipe_is_quiet(acme: Consent) -> None:
    for json_or_table in (["--json"], []):
        reader, writer = os.pipe()
        os.close(reader)
        command = [sys.executable, "-m", "server", "tenant", "list", *json_or_table]
        ended = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=acme.environment(), check=False)
        os.close(writer)
        assert ended.stderr == b""


def test_a_full_disk_ends_the_import_and_keeps_what_was_committed(acme: Consent) -> None:
    rows = b"".join(b"%d,%s,Lee,u%d@example.com,\n" % (number, b"x" * 200, number) for number in range(1, 5001))
    command = ("contact", "import", "-", "--tenant", "acme")
    prefix = ("bash", "-c", 'ulimit -f 600; exec "$@"', "bash")
    ended = acme.process(*command, stdin=HEADER + rows, prefix=prefix)
    assert ended.returncode == 2
    assert ended.stdout == b""
    assert b"Traceback" not in ended.stderr
    told = re.search(rb"the rows to line (\d+) are kept", ended.stderr)
    assert told
    assert int(told[1]) > 250
    assert acme.contact_ids() == {str(number) for number in range(1, int(told[1]))}
    again = acme.process(*command, "--json", stdin=HEADER + rows)
    assert orjson.loads(again.stdout)["unchanged"] == int(told[1]) - 1
    assert len(acme.contact_ids()) == 5000


def test_an_answer_that_cannot_be_written_is_told(acme: Consent) -> None:
    create = ("credential", "create", "--tenant", "acme", "--role", "reader")
    for args in (("tenant", "list"), ("tenant", "list", "--json"), create):
        command = [sys.executable, "-m", "server", *args]
        with open("/dev/full", "wb") as full:
            ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=acme.environment(), check=False)
        assert ended.returncode == 1
        assert b"its answer cannot be written" in ended.stderr
        assert b"Traceback" not in ended.stderr
