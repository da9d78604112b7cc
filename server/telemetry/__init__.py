"""Logs: one line an event, each with the call that it belongs to, and with nothing personal in it."""

from server.telemetry.logs import AccessLog, LogFormat, LogLevel, configure_logging, log_uncaught
from server.telemetry.occasion import Occasion, begin, end
from server.telemetry.sparing import Sparing

__all__ = [
    "AccessLog",
    "LogFormat",
    "LogLevel",
    "Occasion",
    "Sparing",
    "begin",
    "configure_logging",
    "end",
    "log_uncaught",
]
