"""Logs and metrics. Addresses, bodies and secrets never reach either."""

from __future__ import annotations

import logging
import os
import sys
from functools import cache
from typing import Literal

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram

LogFormat = Literal["console", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]

_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)


def configure_logging(log_format: LogFormat, level: LogLevel) -> None:
    """Send logs to standard error as lines for a person or as JSON, those of libraries too.

    Colours only on a terminal, and never with NO_COLOR.
    """
    colours = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if log_format == "json" else structlog.dev.ConsoleRenderer(colors=colours)
    )
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)


class Metrics:
    """What the calls of this process did: counted by method and code, timed by method."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._calls = Counter("consent_calls", "Calls answered.", ("method", "code"), registry=self.registry)
        self._seconds = Histogram(
            "consent_call_seconds", "Time to answer.", ("method",), registry=self.registry, buckets=_BUCKETS
        )
        self._call_counter = cache(self._calls.labels)
        self._call_timer = cache(self._seconds.labels)

    def observe(self, method: str, code: str, seconds: float) -> None:
        """Count and time one call."""
        self._call_counter(method, code).inc()
        self._call_timer(method).observe(seconds)
