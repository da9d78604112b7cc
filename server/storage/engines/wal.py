"""The write-ahead log and its index beside an SQLite file that is open: whether they stand, and saving a deleted log.

Who has a log open goes on in it after its name is gone, and whoever comes later makes another: what the first one
writes is found by nobody after a restart. So a log is held open here, and what it holds is put back in its place.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from server.storage.engines.disk import sync

Identity = tuple[int, int]

# The head of a log, with the salts that tell it from every other.
_HEAD = 32
_SAVED = "{}.saved"
# Others look at their log each second.
_NOTICED_SECONDS = 3.0
# Who opens the first connection has its lock a little before its log.
_OPENING_SECONDS = 0.1
_RETRY_SECONDS = 0.02
_LOCKS = "/proc/locks"


def identity(name: str) -> Identity | None:
    """The device and number of the file that a path names; None where it names none."""
    try:
        found = os.stat(name)  # noqa: PTH116 - a third of the price, at every transaction
    except OSError:
        return None
    return found.st_dev, found.st_ino


def beside(path: Path) -> tuple[str, str]:
    """Where SQLite has the log and the index of the file at a path: beside the file itself, whatever links to it."""
    found = os.path.realpath(path)
    return f"{found}-wal", f"{found}-shm"


class WriteAheadLog:
    """The log and the index that the open connections of this process work with.

    `remember` them once the first connection is open, `forget` them once the last one is closed. SQLite deletes them
    only when nobody has the database open, and never replaces them before.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = ""
        self._known: dict[str, Identity | None] = {}
        self._file = -1

    def await_others(self) -> None:
        """Where other processes have the file open and its log or index is gone, wait until all have noticed.

        Whoever made another would part from them. The system tells of their locks on Linux only.
        """
        began = time.monotonic()
        names = beside(self._path)
        while (
            None in map(identity, names) and _held_by_others(self._path) and time.monotonic() - began < _NOTICED_SECONDS
        ):
            time.sleep(_RETRY_SECONDS)
        if time.monotonic() - began > _OPENING_SECONDS:
            time.sleep(max(0.0, began + _NOTICED_SECONDS - time.monotonic()))

    def remember(self) -> None:
        """Take those that stand for those that are open. Raises OSError."""
        self._log, index = beside(self._path)
        # SQLite has no lock on the log itself, which closing another descriptor of it would take along.
        self._file = os.open(self._log, os.O_RDONLY)
        self._known = {name: identity(name) for name in (self._log, index)}

    def forget(self) -> None:
        """None are open any more."""
        self._known = {}
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands in the log."""
        return os.fstat(self._file).st_size == 0

    def missing(self) -> str | None:
        """The path of the log or the index that names another file than is open, or none; None where all is well."""
        for name, known in self._known.items():
            if identity(name) != known:
                return name
        return None

    def save(self) -> str:
        """Put a copy of the log that is open where it was, and answer what was done. Raises OSError.

        The caller holds the database's write lock. Where another log has begun in its place, the copy stays beside it.
        """
        if identity(self._log) == self._known[self._log]:
            return "all that was answered stands in the log, which is in its place"
        there = _head(self._log)
        if there and there == os.pread(self._file, _HEAD, 0):
            return "all that was answered stands in its place: another process saw to it"
        saved = self._copy()
        if there:
            return f"another log has begun in its place; what the lost one held is kept in {saved}"
        os.replace(saved, self._log)  # noqa: PTH105
        sync(Path(self._log).parent)
        return "all that was answered was put back in its place"

    def _copy(self) -> str:
        saved = _SAVED.format(self._log)
        mode = os.fstat(self._file).st_mode & 0o777
        with (
            open(os.dup(self._file), "rb") as source,
            open(os.open(saved, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as target,
        ):
            source.seek(0)
            shutil.copyfileobj(source, target, 1 << 20)
            target.flush()
            os.fsync(target.fileno())
        return saved


def _held_by_others(path: Path) -> bool:
    """Whether another process has a lock on the file at a path, as all have who have it open as a database."""
    try:
        number = path.stat().st_ino
        with open(_LOCKS, "rb") as lines:
            locks = [line.split() for line in lines]
    except OSError:
        return False
    # As in `1: POSIX ADVISORY READ 4711 00:1b:815 1073741826 1073742335`.
    own = str(os.getpid()).encode()
    return any(lock[1] == b"POSIX" and lock[4] != own and lock[5].endswith(b":%d" % number) for lock in locks)


def _head(name: str) -> bytes:
    """The first bytes of the file at a path; none where there is none."""
    try:
        with open(name, "rb") as file:
            return file.read(_HEAD)
    except FileNotFoundError:
        return b""
