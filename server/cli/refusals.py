"""Refusals in the words of the command line: what the contract calls `sender.country` is `--country` here."""

from __future__ import annotations

from server.domain.errors import AlreadyExists, ConsentError, InvalidField, SecretTooWeak, StorageUnavailable

_NAMES = {
    "name": "the tenant's name",
    "country": "--country",
    "sender.id": "--id",
    "sender.country": "--country",
    "credential.basic_user": "--basic-user",
    "credential.expire_time": "--expires",
    "secret": "the secret",
}


def refusal(error: ConsentError) -> str:
    """Say why something was refused, and what to do about it where that is known."""
    match error:
        case StorageUnavailable():
            return "the database cannot be read or written; the line above says why"
        case SecretTooWeak():
            return f"{error.message}, by --allow-weak"
        case InvalidField():
            return "; ".join(f"{_NAMES.get(v.field, v.field)}: {v.description}" for v in error.violations)
        case AlreadyExists(reason="CREDENTIAL_ALREADY_EXISTS"):
            return "this secret or user name is registered already, in this tenant or another; choose another"
    return error.message
