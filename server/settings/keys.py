"""The service keys: given by a setting or, for SQLite, kept in a file beside the database."""

from __future__ import annotations

import os
from pathlib import Path

from server.domain.service_key import InvalidServiceKey, ServiceKey, ServiceKeys
from server.settings.kinds import InvalidSetting
from server.storage.engines import is_postgres, sqlite_path

_SQLITE_HEADER = b"SQLite format 3\0"
KEY_NEEDED = (
    "on PostgreSQL the service key must be given, the same one to every process: set CONSENT_SERVICE_KEY. "
    'Make one, once, with: echo "$(openssl rand -hex 4):$(openssl rand -base64 32)"; keep it as safe as the database, '
    "since without it no credential can be verified"
)


def load_service_keys(database: str, given: str | None) -> ServiceKeys:
    """Read the service keys from the setting or, for SQLite, from the file beside the database, made at first start.

    Raises InvalidSetting, or DatabaseUnusable for a URL that names no database.
    """
    if given:
        return _parse_keys("CONSENT_SERVICE_KEY", given)
    if is_postgres(database):
        raise InvalidSetting(KEY_NEEDED)
    path, key_file = sqlite_path(database), key_file_of(database)
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


def find_service_keys(database: str, given: str | None) -> ServiceKeys | None:
    """Read the service keys of an SQLite file as `load_service_keys` does; None where there are none: none is made."""
    if not given and not key_file_of(database).exists():
        return None
    return load_service_keys(database, given)


def key_file_of(database: str) -> Path:
    """Where the service keys of an SQLite database are kept where no setting gives them. Raises DatabaseUnusable."""
    path = sqlite_path(database)
    return path.with_name(path.name + ".key")


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
