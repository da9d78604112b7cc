"""Backing up, losing and restoring a database, as the operator of each engine does."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import psycopg

from server.storage.engines import is_postgres
from tests.e2e.process import DATABASE, carry_out, settings_of
from tests.postgres.keeper import installed

ENDING = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def back_up(folder: Path, file: Path) -> None:
    """Copy the database of a folder, whoever works on it."""
    url = settings_of(folder)["CONSENT_DATABASE"]
    if is_postgres(url):
        _run("pg_dump", "--format=custom", f"--file={file}", f"--dbname={url}")
    else:
        carry_out(folder, "backup", str(file), "--verify")


def lose(folder: Path) -> None:
    """Let nothing remain of the database, but a file's log."""
    url = settings_of(folder)["CONSENT_DATABASE"]
    if is_postgres(url):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(ENDING)
            connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    else:
        (folder / DATABASE).unlink()


def restore(folder: Path, file: Path) -> str:
    """Put a copy back, begin a new epoch, and answer what the last command said."""
    url = settings_of(folder)["CONSENT_DATABASE"]
    if is_postgres(url):
        _run("pg_restore", "--no-owner", f"--dbname={url}", str(file))
        return carry_out(folder, "new-epoch")
    return carry_out(folder, "restore", str(file), "--force")


def _run(program: str, *arguments: str) -> None:
    done: Sequence[str] = [str(installed() / "bin" / program), *arguments]
    subprocess.run(done, check=True, capture_output=True)
