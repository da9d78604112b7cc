"""When a process that keeps dying is started again."""

from __future__ import annotations

from server.slot import LONGEST_PAUSE, pause_after


def test_pauses_grow() -> None:
    assert [pause_after(failures) for failures in range(7)] == [0, 0, 0.5, 1, 2, 4, 8]
    assert pause_after(1000) == LONGEST_PAUSE
