"""The logs as a process writes them, into a text; and what may never be found there."""

from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
import structlog

from server.telemetry import LogFormat, configure_logging

DIGITS = "6505550177"
PHONE = f"+1{DIGITS}"
EMAIL = "canary.person@mail.example"
BODY = "Please leave the CANARY alone!"
SECRET = "canary-secret-0123456789"
PRIVATE = (PHONE, "(650) 555-0177", EMAIL, BODY, SECRET)


class Written(io.StringIO):
    """Standard error, as text."""

    @property
    def lines(self) -> list[str]:
        return self.getvalue().splitlines()


@contextmanager
def logging_to(log_format: LogFormat) -> Iterator[Written]:
    """Log everything in a format; afterwards all is as it was."""
    before, root, written = structlog.get_config(), logging.getLogger(), Written()
    handlers, level = root.handlers[:], root.level
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.stderr", written)
        configure_logging(log_format, "debug")
        # A logger that had kept this would go on with it in the tests that follow.
        structlog.configure(cache_logger_on_first_use=False)
        try:
            yield written
        finally:
            structlog.configure(**before)
            root.handlers[:] = handlers
            root.setLevel(level)


def leaks(log: str) -> list[str]:
    """What of PRIVATE stands in a log, in some form."""
    found = log.casefold()
    forms = {form.casefold() for text in PRIVATE for form in _forms(text)} | {DIGITS, "canary"}
    return sorted(form for form in forms if form in found)


def _forms(text: str) -> Iterator[str]:
    yield text
    yield quote(text, safe="")
    yield json.dumps(text)[1:-1]
    yield text.encode().hex()
    yield base64.b64encode(text.encode()).decode().rstrip("=")[:-1]


def parsed(log: str) -> list[dict[str, Any]]:
    """The lines of a JSON log."""
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]
