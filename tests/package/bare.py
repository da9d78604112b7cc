"""A virtual environment with a wheel and exactly what the wheel says that it needs, made without a network.

The needed packages are those of the environment that the tests run in, by link: what the wheel does not ask for, no
import finds.
"""

from __future__ import annotations

import sys
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.package.run import run


def make_bare(folder: Path, wheel: Path) -> Path:
    """Make the environment in `folder`; answer where its programs are."""
    venv.create(folder, with_pip=False, symlinks=True)
    programs = folder / "bin"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(programs / "python"))
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel), folder=folder)
    (site,) = folder.glob("lib/python*/site-packages")
    for needed in _needed(_requirements(wheel)):
        _link(needed, site)
    return programs


def _requirements(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = archive.read(name).decode().partition("\n\n")[0].splitlines()
    return [line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist: ")]


def _needed(wanted: list[str]) -> Iterator[Distribution]:
    """Every distribution that these ask for, and that those ask for in turn."""
    todo = [(requirement, "") for requirement in map(Requirement, wanted)]
    seen: set[tuple[str, str]] = set()
    while todo:
        requirement, extra = todo.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        for part in ("", *requirement.extras):
            if (requirement.name, part) in seen:
                continue
            seen.add((requirement.name, part))
            try:
                found = distribution(requirement.name)
            except PackageNotFoundError as error:
                raise AssertionError(f"{requirement} is not installed here: run `make setup`") from error
            assert requirement.specifier.contains(found.version, prereleases=True), (requirement, found.version)
            yield found
            todo += [(Requirement(text), part) for text in found.requires or ()]


def _link(needed: Distribution, site: Path) -> None:
    """Let a distribution's packages and modules be found in `site`."""
    for top in {file.parts[0] for file in needed.files or () if file.parts[0] != ".."} - {"__pycache__"}:
        link, source = site / top, Path(str(needed.locate_file(top)))
        if not link.exists():
            link.symlink_to(source)
