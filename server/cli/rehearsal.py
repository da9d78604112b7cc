"""Dry runs: work in a transaction that is taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from server.cli.session import Workplace
from server.storage.protocol import Transaction

T = TypeVar("T")


def perform(place: Workplace, work: Callable[[Transaction], T], dry_run: bool) -> T:
    """Run `work` in one transaction; in a dry run what it answers would happen, and nothing did."""
    if not dry_run:
        return place.write(work)

    def rehearsed(tx: Transaction) -> None:
        raise _Rehearsed(work(tx))

    try:
        place.write(rehearsed)
    except _Rehearsed as over:
        answer: T = over.answer
        return answer
    raise AssertionError("a rehearsal always ends by being taken back")


class _Rehearsed(Exception):
    """Carries an answer out of a transaction, which is rolled back by it."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer
