"""Fill generated/ from protos/, or check that it is fresh.

    python protos/generate.py                  write generated/
    python protos/generate.py --check          exit 1 and name what differs, write nothing
    python protos/generate.py --image FILE     write the descriptor image that buf reads, with its imports

Needs grpcio-tools and mypy-protobuf (the `dev` extra). The output depends on nothing but the protos and these two.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

import google.api
from grpc_tools import protoc

PROTOS = Path(__file__).resolve().parent
GENERATED = PROTOS.parent / "generated"
INCLUDES = (
    Path(next(iter(google.api.__path__))).parents[1],
    Path(protoc.__file__).parent / "_proto",
)


def run_protoc(*arguments: str) -> None:
    """Run protoc over every proto of the contract; exit with its message where it fails."""
    sources = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))
    includes = [f"-I{PROTOS}", *(f"-I{path}" for path in INCLUDES)]
    if protoc.main(["protoc", *includes, *arguments, *sources]) != 0:
        sys.exit("protoc failed")


def write_image(target: Path) -> None:
    """Write the contract, its imports and its comments as one FileDescriptorSet."""
    target.parent.mkdir(parents=True, exist_ok=True)
    run_protoc("--include_imports", "--include_source_info", f"--descriptor_set_out={target}")


def write_package(target: Path) -> None:
    """Write the Python packages, typed, into `target`, which must be empty or absent."""
    target.mkdir(parents=True, exist_ok=True)
    os.environ["PATH"] = sysconfig.get_path("scripts") + os.pathsep + os.environ.get("PATH", "")
    run_protoc(
        f"--python_out={target}",
        f"--grpc_python_out={target}",
        f"--mypy_out=quiet:{target}",
        f"--mypy_grpc_out=quiet:{target}",
    )
    for stubs in target.rglob("*_pb2_grpc.py"):
        if "class " not in stubs.read_text(encoding="utf-8"):
            stubs.unlink()
            stubs.with_suffix(".pyi").unlink()
    for package in sorted({path.parent for path in target.rglob("*_pb2.py")}):
        while package != target:
            (package / "__init__.py").touch()
            package = package.parent
    (target / "consent" / "py.typed").touch()


def differences(left: Path, right: Path) -> list[str]:
    """Name the files that differ between two trees, byte for byte, compiled Python aside."""

    def files(root: Path) -> set[Path]:
        return {path.relative_to(root) for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc"}

    def same(name: Path) -> bool:
        ours, theirs = left / name, right / name
        return ours.is_file() and theirs.is_file() and filecmp.cmp(ours, theirs, shallow=False)

    return sorted(str(name) for name in files(left) | files(right) if not same(name))


def main() -> int:
    """Run the command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="compare with generated/ and write nothing")
    mode.add_argument("--image", type=Path, metavar="FILE", help="write the descriptor image for buf")
    options = parser.parse_args()
    if options.image:
        write_image(options.image.resolve())
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch) / "generated"
        write_package(fresh)
        stale = differences(fresh, GENERATED)
        if options.check:
            for name in stale:
                print(f"stale: generated/{name}", file=sys.stderr)
            if stale:
                print("run: python protos/generate.py", file=sys.stderr)
            return 1 if stale else 0
        shutil.rmtree(GENERATED, ignore_errors=True)
        shutil.copytree(fresh, GENERATED)
    print(f"generated/ is fresh ({len(stale)} files changed)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
