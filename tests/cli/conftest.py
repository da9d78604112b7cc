from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
import structlog
from click.testing import CliRunner, Result

from server.api.auth import Authenticator
from server.cli import main
from server.domain.model import Contact, Instant, Principal
from server.domain.service_key import ServiceKeys
from server.storage.database import SqlStorage, open_storage, wall_clock
from server.usecases.tenants import find_tenant

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Consent:
    """The command line on one SQLite file."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "consent.db"

    @property
    def keys(self) -> ServiceKeys:
        return ServiceKeys.parse((self.folder / "consent.db.key").read_text())

    def run(self, *args: str, stdin: str | bytes | None = None, code: int = 0) -> Result:
        """Run a command in this process; it must end with `code` and without a traceback."""
        environment = {"CONSENT_DATABASE": str(self.database), "CONSENT_SERVICE_KEY": None}
        result = CliRunner(env=environment).invoke(main, args, input=stdin)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code == code, result.output
        return result

    def json(self, *args: str, stdin: str | bytes | None = None, code: int = 0) -> Any:
        """Run a command with --json; standard output must be one document on one line."""
        output = self.run(*args, "--json", stdin=stdin, code=code).stdout
        assert output.endswith("\n")
        assert output.count("\n") == 1
        return orjson.loads(output)

    def refusal(self, *args: str, stdin: str | bytes | None = None, code: int = 1) -> str:
        """Run a command that is refused; nothing stands on standard output."""
        result = self.run(*args, stdin=stdin, code=code)
        assert result.stdout == ""
        return result.stderr

    def environment(self, **more: str) -> dict[str, str]:
        """What a process of its own needs."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
        path = os.pathsep.join((str(ROOT / "generated"), str(ROOT)))
        return {**kept, "PYTHONPATH": path, "CONSENT_DATABASE": str(self.database), **more}

    def process(
        self, *args: str, stdin: bytes = b"", prefix: Sequence[str] = (), **more: str
    ) -> subprocess.CompletedProcess[bytes]:
        """Run `python -m server` in a process of its own, without a terminal."""
        command = [*prefix, sys.executable, "-W", "error", "-m", "server", *args]
        environment = self.environment(**more)
        return subprocess.run(command, input=stdin, capture_output=True, env=environment, cwd=self.folder, check=False)

    @contextmanager
    def storage(self) -> Iterator[SqlStorage]:
        storage = open_storage(str(self.database), self.keys)
        try:
            yield storage
        finally:
            storage.close()

    def authenticate(self, headers: dict[str, str], moment: Instant | None = None) -> Principal:
        """Who a caller with these headers is to a server that was started at this moment."""
        clock = wall_clock if moment is None else lambda: moment
        with self.storage() as storage:
            return Authenticator(storage, self.keys, clock, time.monotonic).authenticate(headers, lambda: "test:1")

    def contact(self, contact_id: str, tenant: str = "acme") -> Contact | None:
        with self.storage() as storage, storage.read(find_tenant(storage, tenant).id) as snapshot:
            return snapshot.contact(contact_id)

    def contact_ids(self, tenant: str = "acme") -> set[str]:
        with self.storage() as storage, storage.read(find_tenant(storage, tenant).id) as snapshot:
            return {contact.id for contact in snapshot.contacts("", 100_000)}

    def revision(self, tenant: str = "acme") -> int:
        """The head of the tenant's ledger."""
        with self.storage() as storage:
            return find_tenant(storage, tenant).head_revision


@contextmanager
def _logs_as_they_were() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(autouse=True, scope="module")
def _logs_stay_as_they_were_before_a_module() -> Iterator[None]:
    """What a module's fixtures run configures the logs before any of its tests begins."""
    with _logs_as_they_were():
        yield


@pytest.fixture(autouse=True)
def _logs_stay_as_they_were() -> Iterator[None]:
    with _logs_as_they_were():
        yield


@pytest.fixture
def fresh(tmp_path: Path) -> Consent:
    """No database yet."""
    return Consent(tmp_path)


@pytest.fixture
def acme(fresh: Consent) -> Consent:
    """A database with the tenant acme, in the United States."""
    fresh.run("tenant", "create", "acme", "--country", "US")
    return fresh


@pytest.fixture
def shop(acme: Consent) -> Consent:
    """acme with the sender shop, whose STOPs cover itself."""
    acme.run("sender", "create", "--tenant", "acme", "--kind", "client", "--id", "shop")
    return acme
