"""What calls leave in the log: each line with its call, and nothing that a caller said, however the call ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.message import Message

from server.api.auth import Authenticator
from server.api.server import mount_services
from server.telemetry import AccessLog
from tests.logs import BODY, EMAIL, PHONE, PRIVATE, SECRET, Written, leaks, logging_to, parsed
from tests.servicer import tenants
from tests.servicer.refusals import Refused
from tests.servicer.samples import REQUESTS, input_fields, sample
from tests.servicer.test_chain import QUESTION
from tests.servicer.world import ENDLESS, KEYS, METHODS, Caller, Line, World

_NUMBER = re.compile(r"(\+1)?6505551\d{3}")


class Leaky:
    """A storage whose every failure says all that nobody is to know."""

    SAYS = " ".join(PRIVATE)

    def __init__(self, storage: Any) -> None:
        self._storage = storage

    def read(self, *_: object) -> Any:
        try:
            raise KeyError(BODY)
        except KeyError as error:
            raise ValueError(self.SAYS) from error

    glimpse = write = await_commit = read

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)


def _line(world: World, access_log: AccessLog = "all", storage: Any = None) -> Line:
    stored = storage or world.storage
    authenticator = Authenticator(world.storage, KEYS, world.clock.moment, world.clock.seconds)
    return Line(mount_services(stored, KEYS, authenticator, world.metrics, access_log=access_log), world._tick)


def _spoken(rpc: str) -> Iterator[Message]:
    """The good request with private values in the place of its own, and one with a body in every text."""
    request = sample(rpc)
    for message, field, _ in list(input_fields(request)):
        if field.type == field.TYPE_STRING:
            value = getattr(message, field.name)
            if field.is_repeated:
                value[:] = [_private(text) for text in value]
            else:
                setattr(message, field.name, _private(value))
    yield request
    other = sample(rpc)
    for message, field, _ in list(input_fields(other)):
        if field.type == field.TYPE_STRING:
            if field.is_repeated:
                getattr(message, field.name)[:] = [BODY, EMAIL, PHONE]
            else:
                setattr(message, field.name, BODY)
    yield other


def _private(value: str) -> str:
    return EMAIL if "@" in value else _NUMBER.sub(PHONE, value)


@pytest.fixture
def written() -> Iterator[Written]:
    with logging_to("json") as written:
        yield written


@pytest.mark.parametrize("broken", [False, True], ids=["sound", "broken"])
def test_nothing_that_was_said_in_any_call_reaches_the_log(world: World, written: Written, broken: bool) -> None:
    line = _line(world, storage=Leaky(world.storage) if broken else None)
    calls = 0
    for rpc in REQUESTS.keys() - (set() if broken else ENDLESS):
        for request in _spoken(rpc):
            for key in (tenants.ADMIN, SECRET):
                named = ("x-request-id", f"{rpc}-{calls}")
                try:
                    getattr(Caller(line, (("x-api-key", key), named, ("x-note", BODY))), rpc)(request)
                except Refused:
                    calls += 1
                else:
                    calls += 1
    line.close()
    assert leaks(written.getvalue()) == []
    lines = parsed(written.getvalue())
    assert len(lines) >= calls == 4 * (len(METHODS) - (0 if broken else len(ENDLESS)))
    acme = world.tenant_id(tenants.ACME)
    for said in lines:
        if said["event"].startswith("call "):
            assert said["request_id"].startswith(said["method"])
            unknown = said.get("reason") in ("CREDENTIAL_INVALID", "LOGIN_THROTTLED")
            assert said["tenant"] == (None if unknown else acme)
            assert said["seconds"] >= 0
    assert any("Traceback" in said.get("exception", "") for said in lines) == broken


@pytest.mark.parametrize(
    ("access_log", "events"),
    [("off", []), ("errors", ["call refused"]), ("all", ["call answered", "call refused"])],
)
def test_the_access_log_is_what_the_operator_wants(
    world: World, written: Written, access_log: AccessLog, events: list[str]
) -> None:
    line = _line(world, access_log)
    caller = Caller(line, (("x-api-key", tenants.READER),))
    caller.CheckConsent(**QUESTION)
    with pytest.raises(Refused):
        caller.CheckConsent(**{**QUESTION, "sender": tenants.UNKNOWN})
    line.close()
    lines = parsed(written.getvalue())
    assert [said["event"] for said in lines] == events
    for said in lines:
        code = "OK" if said["event"] == "call answered" else "NOT_FOUND"
        assert (said["method"], said["code"], said["level"]) == ("CheckConsent", code, "info")


def test_what_is_logged_within_a_call_names_it_and_a_failure_of_ours_is_a_warning(
    world: World, reader: Caller, written: Written
) -> None:
    reader.CheckConsent(**QUESTION)
    world.path.rename(world.path.with_name("elsewhere.db"))
    with pytest.raises(Refused):
        reader.with_metadata(("x-request-id", "find-me-3")).CheckConsent(**QUESTION)
    world.path.with_name("elsewhere.db").rename(world.path)
    # That the first call's credential was used may be noted meanwhile, in no call.
    lines = [said for said in parsed(written.getvalue()) if "request_id" in said]
    acme = world.tenant_id(tenants.ACME)
    assert [(said["event"], said["level"], said["request_id"], said["tenant"]) for said in lines] == [
        ("the database failed", "error", "find-me-3", acme),
        ("call refused", "warning", "find-me-3", acme),
    ]
