"""The disk suite's short form: flipped bits. tests/conformance fills the disk, and damages rows and pages."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.torture.disk import damage
from tests.torture.disk.damage import Flips

TRIED = 12


def test_a_flipped_bit_is_told_or_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(damage, "PEOPLE", 40)
    flips, dice = Flips(tmp_path), random.Random(1)
    assert set(flips.truth.values()) == {True, False}
    for _ in range(TRIED):
        flips.flip(dice)
    assert flips.counts.total() == TRIED
    assert (flips.unnoticed, flips.strange) == ([], [])
