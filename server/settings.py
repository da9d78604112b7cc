"""What the operator sets: one value object, checked before anything starts."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

from server.domain.service_key import InvalidServiceKey, ServiceKey, ServiceKeys
from server.storage.engines import is_postgres, sqlite_path
from server.telemetry import LogFormat, LogLevel

_SQLITE_HEADER = b"SQLite format 3\0"
DEFAULT_DATABASE = "sqlite:///consent.db"
DEFAULT_GRPC = "127.0.0.1:50051"
DEFAULT_HTTP = "127.0.0.1:8080"
DEFAULT_CONNECTION_AGE = 30
MAX_PROCESSES = 256


def usable_cores() -> list[int]:
    """The cores that this process may use; never none."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def default_processes(database: str) -> int:
    """How many workers serve a database: one a core on PostgreSQL, one on SQLite, where one writes at a time."""
    return min(MAX_PROCESSES, len(usable_cores())) if is_postgres(database) else 1


_KEY_NEEDED = (
    "on PostgreSQL the service key must be given, the same one to every process: set CONSENT_SERVICE_KEY. "
    'Make one, once, with: echo "$(openssl rand -hex 4):$(openssl rand -base64 32)"; keep it as safe as the database, '
    "since without it no credential can be verified"
)


class InvalidSetting(ValueError):
    """A setting cannot be used; the message names it and says what is allowed."""


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port; port 0 lets the system choose."""

    host: str
    port: int

    @classmethod
    def parse(cls, setting: str, text: str) -> Address:
        """Read HOST:PORT; an IPv6 host stands in brackets. Raises InvalidSetting."""
        host, separator, port = text.rpartition(":")
        if not separator or not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
            raise InvalidSetting(f"{setting} must be HOST:PORT with a port from 0 to 65535, not {text!r}")
        return cls(host.removeprefix("[").removesuffix("]"), int(port))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """What `consent serve` needs to know."""

    database: str
    grpc: Address
    http: Address
    demo: bool
    log_format: LogFormat
    log_level: LogLevel
    processes: int = 1
    connection_age: int = DEFAULT_CONNECTION_AGE

    def verify(self) -> None:
        """Hold the settings together. Raises InvalidSetting."""
        if self.grpc == self.http and self.grpc.port:
            raise InvalidSetting(f"--grpc and --http are both {self.grpc}; give each its own port")
        if self.demo and not (self.grpc.is_loopback and self.http.is_loopback):
            raise InvalidSetting("--demo has credentials that everybody knows; it serves on loopback addresses only")


def load_service_keys(database: str, given: str | None) -> ServiceKeys:
    """Read the service keys from the setting or, for SQLite, from the file beside the database, made at first start.

    Raises InvalidSetting, or DatabaseUnusable for a URL that names no database.
    """
    if given:
        return _parse_keys("CONSENT_SERVICE_KEY", given)
    if is_postgres(database):
        raise InvalidSetting(_KEY_NEEDED)
    path = sqlite_path(database)
    key_file = path.with_name(path.name + ".key")
    try:
        if not key_file.exists():
            if _holds_data(path):
                raise InvalidSetting(
                    f"the service key of {path} is missing: restore {key_file} or set CONSENT_SERVICE_KEY; "
                    "without it no credential can be verified"
                )
            _write_new_key(key_file)
        text = key_file.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise InvalidSetting(f"the service key cannot be read from {key_file}: {error.strerror}") from error
    return _parse_keys(str(key_file), text)


def _holds_data(path: Path) -> bool:
    """Whether an SQLite database with something in it is there. Raises InvalidSetting for anything else that is."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_SQLITE_HEADER))
    except FileNotFoundError:
        return False
    except OSError as error:
        raise InvalidSetting(f"the database {path} cannot be opened: {error.strerror}") from error
    if head and head != _SQLITE_HEADER:
        raise InvalidSetting(f"{path} is no SQLite database")
    return bool(head)


def _parse_keys(source: str, text: str) -> ServiceKeys:
    try:
        return ServiceKeys.parse(text)
    except InvalidServiceKey as error:
        raise InvalidSetting(f"{source}: {error}") from error


def _write_new_key(key_file: Path) -> None:
    """Make a key that only this user can read; where another process was faster, its key stands."""
    try:
        descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        raise InvalidSetting(f"the service key cannot be written to {key_file}: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(ServiceKey.generate().encode() + "\n")
        file.flush()
        os.fsync(file.fileno())
