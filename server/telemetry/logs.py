"""How this process logs: to standard error, as lines for a person or as JSON, those of libraries too.

Addresses, bodies and secrets never reach a line, and no value can begin a new one.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from types import TracebackType
from typing import Literal, TextIO

import structlog

from server.telemetry.exceptions import tell_exception
from server.telemetry.occasion import name_occasion
from server.telemetry.redaction import redact

LogFormat = Literal["console", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]
AccessLog = Literal["off", "errors", "all"]


def configure_logging(log_format: LogFormat, level: LogLevel) -> None:
    """Log from now on in a format, from a level on.

    Colours only on a terminal, and never with NO_COLOR.
    """
    shared: list[structlog.typing.Processor] = [
        name_occasion,
        tell_exception,
        redact,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer = _renderer(log_format)
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=_LineFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = _LibraryHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.getLogger("grpc._cython.cygrpc").addFilter(_tells_no_bytes)
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)


def _tells_no_bytes(record: logging.LogRecord) -> bool:
    """Whether it is no line of grpcio's that quotes what of a caller's headers is no text."""
    return not str(record.msg).startswith("Invalid encoding on")


def log_uncaught() -> None:
    """Let what nobody catches end in the log as well, where Python would print it with all that it says."""
    log = structlog.get_logger()

    def tell(kind: type[BaseException], failure: BaseException | None, _: TracebackType | None) -> None:
        if failure is not None and not issubclass(kind, KeyboardInterrupt):
            log.error("uncaught exception", exc_info=failure)

    sys.excepthook = tell
    threading.excepthook = lambda found: tell(found.exc_type, found.exc_value, found.exc_traceback)
    sys.unraisablehook = lambda found: tell(found.exc_type, found.exc_value, found.exc_traceback)


def _renderer(log_format: LogFormat) -> structlog.typing.Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer()
    colours = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    return structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)


class _LineLogger:
    """Writes lines. One that cannot be written is lost, and fails nobody's call."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(f"{line}\n")
            self._stream.flush()

    log = debug = info = warn = warning = error = critical = exception = fatal = failure = err = msg


class _LineFactory:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, *_: object) -> _LineLogger:
        return _LineLogger(self._stream)


class _LibraryHandler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging calls it so
        """Pass over a line that cannot be written; Python would print it with all its values."""
