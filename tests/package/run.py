"""Programs that these tests run, in an environment without the tree that the tests run in."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def environment(**changes: str) -> dict[str, str]:
    """This process's environment without what would lead Python here, and without settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CONSENT_", "PYTHON"))}
    return {**kept, **changes}


def run(*command: str, folder: Path) -> str:
    """Run a program that must succeed; answer its standard output."""
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
