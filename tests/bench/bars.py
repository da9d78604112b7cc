"""The bars that the figures are held to."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bench.rounds import Result


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure must reach: of its ratio, of its value, or of both."""

    least: float | None = None
    most: float | None = None
    most_value: float | None = None
    aim: float | None = None

    def is_met(self, result: Result) -> bool:
        """Hold a result to it."""
        ratio = result.ratio if result.ratio is not None else float("nan")
        return (
            (self.least is None or ratio >= self.least)
            and (self.most is None or ratio <= self.most)
            and (self.most_value is None or result.value <= self.most_value)
        )

    def __str__(self) -> str:
        parts = (
            f"≥ {self.least:g}×" if self.least is not None else "",
            f"≤ {self.most:g}×" if self.most is not None else "",
            f"≤ {self.most_value:g}" if self.most_value is not None else "",
        )
        return ", ".join(part for part in parts if part)


BARS = {
    "check.unary.vs_echo": Bar(least=0.60, aim=0.77),
    "check.unary.p99_vs_echo": Bar(most=2.0),
    "check.unary.p99_under_batch": Bar(most=4.0),
    "check.unary.vs_fastapi": Bar(least=5.0, aim=8.0),
    "check.batch1000.vs_raw": Bar(least=0.6, aim=0.85),
    "check.batch1000.two_processes.vs_raw": Bar(least=1.0),
    "check.postgres.vs_echo": Bar(least=0.30),
    "check.batch1000.postgres.vs_raw": Bar(least=0.6),
    "scrub.million": Bar(most_value=6.0, aim=3.0),
    "scrub.million.memory": Bar(most_value=300.0),
    "record.unary.vs_echo": Bar(least=0.5, aim=0.7),
    "record.unary.vs_single_commit": Bar(least=1.8),
    "record.batch1000.vs_raw": Bar(least=0.4, aim=0.6),
    "inbound.vs_record": Bar(least=0.7),
    "gateway.vs_grpc": Bar(least=0.35),
    "growth.1M_to_10M": Bar(least=0.9),
    "growth.1M_to_10M.batch": Bar(least=0.7),
    "memory.process": Bar(most_value=150.0, most=1.1),
}
