"""Files that commands write: each appears under its name when all of them are whole, and not at all after a failure."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from server.cli.session import Unusable
from server.storage.engines.disk import sync


@contextmanager
def whole_files(
    paths: Sequence[Path], *, force: bool, sources: Sequence[BinaryIO] = (), private: bool = False
) -> Iterator[list[BinaryIO]]:
    """Open files under temporary names beside `paths`; at the end, in their order, they get their names.

    They are on the disk then. Where they are `private`, only this user may read them.

    Raises Unusable where one is there already (with `force` it is replaced), is one of `sources`, or cannot be
    written.
    """
    for place, path in enumerate(paths):
        _check(path, force, sources)
        if path.resolve() in [other.resolve() for other in paths[:place]]:
            raise Unusable(f"{path} is named twice")
    drafts = [path.with_name(f".{path.name}.{secrets.token_hex(4)}.part") for path in paths]
    with ExitStack() as stack:
        try:
            files: list[BinaryIO] = []
            for path, draft in zip(paths, drafts, strict=True):
                # First, so that an interrupt between the two leaves no file.
                stack.callback(_discard, draft)
                with _told(path):
                    files.append(stack.enter_context(open(draft, "xb", opener=_private if private else None)))
            yield files
            for path, file in zip(paths, files, strict=True):
                with _told(path):
                    file.flush()
                    os.fsync(file.fileno())
            for path, draft in zip(paths, drafts, strict=True):
                _check(path, force, sources)
                with _told(path):
                    draft.replace(path)
                    sync(path.parent)
        except OSError as error:
            names = " or ".join(map(str, paths))
            raise Unusable(f"{names} cannot be written: {error.strerror or error}") from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _discard(draft: Path) -> None:
    with suppress(OSError):  # it was never made, or has its name by now
        draft.unlink()


def _check(path: Path, force: bool, sources: Sequence[BinaryIO]) -> None:
    with _told(path):
        if not os.path.lexists(path):
            return
        if any(_is_same(path, source) for source in sources):
            raise Unusable(f"{path} is the file that is read: write to another")
        if not path.is_file():
            raise Unusable(f"{path} is no file that can be replaced")
        if not force:
            raise Unusable(f"{path} is there already: name another file, or replace it by --force")


def _is_same(path: Path, source: BinaryIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(source.fileno()))
    except OSError:
        return False


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unusable(f"{path} cannot be written: {error.strerror or error}") from error
