"""Exceptions in the log: what they are and where they came from, never what they say or what was worked on.

The message of an exception, and the local variables where it was raised, hold the values that the work was about. What
an operator needs to know of a failure that can be foreseen (a database's, a port's) is logged by whoever meets it, in
words that name things and quote no values.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from typing import Any

from structlog.typing import EventDict

_WITHHELD = "[withheld]"
_SHORTEST = 4
"""Characters; what is shorter tells nobody anything, and is part of other words."""


def tell_exception(_: Any, __: str, line: EventDict) -> EventDict:
    """Write a line's exception, with those that it came from, and take what they say out of the line."""
    failure = _raised(line.pop("exc_info", None))
    line.pop("stack_info", None)
    if failure is None:
        return line
    chain = list(_chain(failure))
    for text in sorted({text for one in chain for text in _sayings(one)}, key=len, reverse=True):
        for key, value in line.items():
            if isinstance(value, str):
                line[key] = value.replace(text, _WITHHELD)
    line["exception"] = "\nafter\n".join(_told(one) for one in reversed(chain))
    return line


def _raised(found: object) -> BaseException | None:
    match found:
        case BaseException():
            return found
        case (_, BaseException() as failure, _):
            return failure
        case _ if found:
            return sys.exception()
        case _:
            return None


def _chain(failure: BaseException) -> Iterator[BaseException]:
    """The exception, and those that it came from, each once."""
    seen: list[BaseException] = []
    origin: BaseException | None = failure
    while origin is not None and origin not in seen:
        seen.append(origin)
        yield origin
        origin = origin.__cause__ or (None if origin.__suppress_context__ else origin.__context__)


def _sayings(failure: BaseException) -> Iterator[str]:
    texts = (str(failure), repr(failure), *(argument for argument in failure.args if isinstance(argument, str)))
    yield from (text for text in texts if len(text) >= _SHORTEST)


def _told(failure: BaseException) -> str:
    frames = traceback.StackSummary.extract(traceback.walk_tb(failure.__traceback__), capture_locals=False)
    name = type(failure).__name__
    if isinstance(failure, OSError) and failure.errno:
        name = f"{name}: {os.strerror(failure.errno)}"
    return f"Traceback (most recent call last):\n{''.join(frames.format())}{name}"
