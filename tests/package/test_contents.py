"""What the wheel and the sdist hold: all that runs, and nothing else."""

from __future__ import annotations

import subprocess
import tarfile
from email.parser import BytesParser
from pathlib import Path

import pytest

from server.version import VERSION
from tests.package.conftest import ROOT, Built, build

INFO = f"consent_service-{VERSION}.dist-info"


def kept_files(*folders: str) -> set[str]:
    """The files under these folders that are or would be in version control."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *folders]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no checkout: nothing tells which files belong to it")
    return {name for name in listed.stdout.splitlines() if (ROOT / name).exists()}


@pytest.fixture(scope="module")
def unpacked(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree that the sdist holds."""
    assert built.sdist is not None
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(built.sdist) as archive:
        archive.extractall(folder, filter="data")
    return folder / f"consent_service-{VERSION}"


def test_the_wheel_holds_the_packages_and_nothing_else(built: Built) -> None:
    packages = {name.removeprefix("generated/") for name in kept_files("server", "generated/consent")}
    info = {f"{INFO}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")}
    assert set(built.files) == packages | info


@pytest.mark.parametrize(
    "name",
    [
        "consent/v1/consent_service_pb2_grpc.py",
        "consent/py.typed",
        "server/py.typed",
        "server/gateway/docs/bounds.json",
        "server/gateway/docs/comments.json",
        "server/gateway/docs/page.css",
    ],
)
def test_what_no_import_names_is_in_the_wheel(built: Built, name: str) -> None:
    assert name in built.files


def test_the_wheel_s_metadata(built: Built) -> None:
    told = BytesParser().parsebytes(built.files[f"{INFO}/METADATA"])
    assert (told["Name"], told["Version"], told["Requires-Python"]) == ("consent-service", VERSION, ">=3.11")
    assert "Private :: Do Not Upload" in told.get_all("Classifier", [])
    assert "consent = server.__main__:main" in built.files[f"{INFO}/entry_points.txt"].decode()


def test_the_sdist_builds_the_same_wheel(built: Built, unpacked: Path, tmp_path: Path) -> None:
    assert build(unpacked, tmp_path, "wheel").files == built.files


def test_the_sdist_holds_what_is_kept(unpacked: Path) -> None:
    held = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    assert held == (kept_files() - {".ci/run"}) | {"PKG-INFO"}
