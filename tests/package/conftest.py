from __future__ import annotations

import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.package.run import run

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Built:
    """What one build made."""

    wheel: Path
    sdist: Path | None = None

    @property
    def files(self) -> Mapping[str, bytes]:
        """What is in the wheel."""
        with zipfile.ZipFile(self.wheel) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


def build(source: Path, target: Path, *kinds: str) -> Built:
    """Build what lies in `source`, without an index and without a network."""
    asked = [argument for kind in kinds for argument in ("--target", kind)]
    run(sys.executable, "-m", "hatchling", "build", "--directory", str(target), *asked, folder=source)
    (wheel,) = target.glob("*.whl")
    return Built(wheel, next(target.glob("*.tar.gz"), None))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The wheel and the sdist of this tree."""
    return build(ROOT, tmp_path_factory.mktemp("dist"), "wheel", "sdist")
