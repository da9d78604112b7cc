from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from enum import Enum
from pathlib import Path
from typing import Any, get_args

import phonenumbers
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from server.telemetry import LogFormat, Sparing, begin, end, log_uncaught
from server.telemetry.redaction import PERSONAL_KEYS, REDACTED, redacted, visible
from tests.logs import Written, logging_to

FORMATS = get_args(LogFormat)
UUID = "550e8400-e29b-41d4-a716-446655440000"
BODY = "please leave the canary alone"
PHONE = "+1 (650) 555-0177"
CONTROLS = "\r\n\t\x00\x07\x1b\x7f\x85\x9b\u2028\u2029\u202e\u200b\ufeff\ud800\U000e0041"


Configure = Callable[[LogFormat], Written]


@pytest.fixture
def configure() -> Iterator[Configure]:
    with ExitStack() as stack:
        yield lambda log_format: stack.enter_context(logging_to(log_format))


class Colour(Enum):
    RED = BODY


def _national(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)


NUMBERS = [
    phonenumbers.example_number(region) for region in ("US", "GB", "FR", "DE", "IN", "BR", "JP", "MX", "CA", "AU", "ES")
]
SPELLINGS: list[Callable[[Any], str]] = [
    lambda number: phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
    lambda number: phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL),
    lambda number: phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.RFC3966),
    _national,
    lambda number: _national(number).replace(" ", "\u200b"),
    lambda number: "%2B" + phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:],
]
AROUND = st.sampled_from(["", " ", "'", '"', "/", "=", "(", ")", "[", ":", ",", ";", "<", "\n", "address ", "to="])


@given(st.sampled_from(NUMBERS), st.sampled_from(SPELLINGS), AROUND, AROUND)
def test_a_phone_number_is_taken_out_in_every_spelling(
    number: Any, spell: Callable[[Any], str], before: str, after: str
) -> None:
    found = redacted(f"{before}{spell(number)}{after}")
    assert REDACTED in found
    assert len(re.findall(r"\d", found)) <= 3, found


@given(st.emails(), AROUND, AROUND)
def test_an_email_address_is_taken_out(address: str, before: str, after: str) -> None:
    domain = address.rpartition("@")[2]
    assert domain not in redacted(f"{before}{address}{after}")


@pytest.mark.parametrize(
    "text",
    [
        UUID,
        UUID.replace("-", ""),
        "127.0.0.1:50051",
        "port 9464 on 192.168.100.200 cannot be bound",
        "2026-11-22",
        "2026-11-22T05:04:05.472846Z",
        "m0001_initial",
        "0.003165",
        "server/app.py, line 1234",
        "1, 2, 3, 4",
    ],
)
def test_what_operators_need_is_kept(text: str) -> None:
    assert redacted(text) == visible(text) == text


@given(st.text(st.one_of(st.sampled_from(CONTROLS), st.characters())))
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    assert not set(shown) & set(CONTROLS)
    shown.encode()


@pytest.mark.parametrize("log_format", FORMATS)
def test_no_value_begins_a_line_of_its_own_or_reaches_the_terminal(configure: Configure, log_format: LogFormat) -> None:
    written = configure(log_format)
    log = structlog.get_logger()
    log.info(f"said{CONTROLS}2026-01-01 [error] forged", value=f"x{CONTROLS}y", inner=[{"a": f"\n{CONTROLS}"}])
    logging.getLogger("library").error("said %s", CONTROLS)
    assert len(written.lines) == 2
    assert not set(written.getvalue()) & (set(CONTROLS) - {"\n"})


@pytest.mark.parametrize("log_format", FORMATS)
def test_what_bears_a_personal_name_or_is_no_plain_value_is_not_written(
    configure: Configure, log_format: LogFormat
) -> None:
    written = configure(log_format)
    log = structlog.get_logger()
    for key in PERSONAL_KEYS:
        log.info("told", **{key: BODY}, inner={key: [BODY]})
    log.info("told", raw=BODY.encode(), error=ValueError(BODY), colour=Colour.RED, thing=object(), path=Path(PHONE))
    assert "canary" not in written.getvalue()
    assert "555-0177" not in written.getvalue()
    assert len(written.lines) == len(PERSONAL_KEYS) + 1


def _fail() -> None:
    body = f"{BODY} {PHONE}"
    try:
        raise KeyError(body)
    except KeyError as error:
        raise ValueError(f"cannot read {body!r}") from error


@pytest.mark.parametrize("log_format", FORMATS)
def test_an_exception_is_told_by_its_type_and_place_and_not_by_what_it_says(
    configure: Configure, log_format: LogFormat
) -> None:
    written = configure(log_format)
    try:
        _fail()
    except ValueError as error:
        structlog.get_logger().exception("unexpected error", why=f"it was: {error}")
        logging.getLogger("grpc._server").exception(f"Exception calling application: {error}")
        logging.getLogger("asyncio").error("never retrieved: <Task exception=%r>", error, exc_info=error)
    said = written.getvalue()
    for hint in ("canary", "(650)", "555-0177"):
        assert hint not in said
    for place in ("in _fail", "KeyError", "ValueError"):
        assert said.count(place) >= 3
    assert "Exception calling application: [withheld]" in said


def test_an_error_of_the_system_is_told_by_its_number(configure: Configure) -> None:
    written = configure("json")
    try:
        Path("/nowhere/canary").read_text()
    except OSError:
        structlog.get_logger().exception("unexpected error")
    (line,) = map(json.loads, written.lines)
    assert line["exception"].endswith("FileNotFoundError: No such file or directory")
    assert "/nowhere/canary" not in line["exception"].splitlines()[-1]


class _Call:
    def __init__(self, request_id: str, tenant_id: int | None) -> None:
        self.request_id = request_id
        self.tenant_id = tenant_id


def test_every_line_names_the_call_that_it_is_for_also_those_of_libraries(configure: Configure) -> None:
    written = configure("json")
    log = structlog.get_logger()
    both = threading.Barrier(2)

    def work(number: int) -> None:
        begin(_Call(f"call-{number}", number))
        both.wait()
        log.info("ours", number=number)
        logging.getLogger("library").warning("theirs")
        both.wait()
        end()
        log.info("after", number=number)

    threads = [threading.Thread(target=work, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = [json.loads(line) for line in written.lines]
    for line in lines:
        assert (line.get("request_id"), line.get("tenant")) == (
            (None, None) if line["event"] == "after" else (f"call-{line['tenant']}", line.get("number", line["tenant"]))
        )
    assert sorted(line["event"] for line in lines) == ["after"] * 2 + ["ours"] * 2 + ["theirs"] * 2


def test_before_it_is_known_who_calls_no_tenant_is_named(configure: Configure) -> None:
    written = configure("json")
    begin(_Call("call-1", None))
    structlog.get_logger().info("ours")
    end()
    (line,) = map(json.loads, written.lines)
    assert line["request_id"] == "call-1"
    assert "tenant" not in line


@pytest.mark.parametrize(
    ("given_id", "shown"),
    [("find-me.2_x", "find-me.2_x"), (UUID, UUID), ("6505550177", REDACTED), ("1-650-555-0177", REDACTED)],
)
def test_a_request_id_is_written_unless_it_may_be_a_phone_number(
    configure: Configure, given_id: str, shown: str
) -> None:
    written = configure("json")
    structlog.get_logger().info("ours", request_id=given_id)
    (line,) = map(json.loads, written.lines)
    assert line["request_id"] == shown


def test_a_line_that_cannot_be_written_fails_nobody(configure: Configure) -> None:
    written = configure("console")
    log = structlog.get_logger().bind()
    written.close()
    log.info("lost")
    logging.getLogger("library").error("lost too")
    logging.getLogger("library").error("%d", BODY)


def test_what_nobody_catches_is_told_the_same_way(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    for hook in ("sys.excepthook", "threading.excepthook", "sys.unraisablehook"):
        monkeypatch.setattr(hook, lambda *_: None)
    written = configure("json")
    log_uncaught()
    thread = threading.Thread(target=_fail)
    thread.start()
    thread.join()
    (line,) = map(json.loads, written.lines)
    assert (line["event"], line["level"]) == ("uncaught exception", "error")
    assert "canary" not in written.getvalue()


def test_a_flood_of_refused_calls_is_no_flood_of_lines(configure: Configure) -> None:
    written = configure("json")
    now = 1000.0
    sparing = Sparing(3, lambda: now)
    assert [sparing.allows() for _ in range(5)] == [True] * 3 + [False] * 2
    now += 0.9
    assert not sparing.allows()
    assert written.lines == []
    now += 0.2
    assert [sparing.allows() for _ in range(4)] == [True] * 3 + [False]
    now += 7
    assert sparing.allows()
    assert [(line["event"], line["lines"]) for line in map(json.loads, written.lines)] == [
        ("lines of refused calls were left out", 3),
        ("lines of refused calls were left out", 1),
    ]
    now += 1
    assert sparing.allows()
    assert len(written.lines) == 2
