"""A process's reports to its parent, and the parent's ear for them.

They go through the pipe by which the process said that it answers. Whoever dies without a last word is heard by the
pipe's end, and what it had counted within a second before is lost to the metrics.
"""

from __future__ import annotations

import contextlib
import threading
from multiprocessing.connection import Connection

from prometheus_client import CollectorRegistry, ProcessCollector

from server.metrics.families import PROCESS_FAMILIES
from server.metrics.metrics import Metrics, Report
from server.metrics.totals import Totals

PERIOD_SECONDS = 1.0
_LAST_WORD_SECONDS = 2.0


class Reporter:
    """Reports the metrics of this process, by its name, every second and once more at its end."""

    def __init__(self, metrics: Metrics, name: str, parent: Connection) -> None:
        describe_process(metrics, name)
        self._metrics = metrics
        self._parent = parent
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="consent-reports", daemon=True)

    def start(self) -> None:
        """Report from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Send what was counted last; wait for that, but not for a parent that does not listen."""
        self._ended.set()
        self._thread.join(_LAST_WORD_SECONDS)

    def _run(self) -> None:
        # Without a parent the process is about to end.
        with contextlib.suppress(OSError):
            while True:
                is_last = self._ended.is_set()
                self._parent.send(self._metrics.report())
                if is_last:
                    return
                self._ended.wait(PERIOD_SECONDS)


def describe_process(metrics: Metrics, name: str) -> None:
    """Let metrics tell of the process itself: its memory, time and files, as far as the system says."""
    collector = ProcessCollector(registry=CollectorRegistry())
    known = {family.name for family in PROCESS_FAMILIES}

    def measure() -> Report:
        found = [family for family in collector.collect() if family.name in known]
        return {family.name: {(name,): (family.samples[0].value,)} for family in found}

    metrics.include(measure)


def follow(totals: Totals, process: Connection) -> None:
    """Take a process's reports, on a thread of its own, until it has ended; the connection is closed then."""

    def listen() -> None:
        with process:
            try:
                with contextlib.suppress(EOFError, OSError):
                    while True:
                        totals.take(process, process.recv())
            finally:
                totals.leave(process)

    threading.Thread(target=listen, name="consent-reports", daemon=True).start()
