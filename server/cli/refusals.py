"""Refusals in the words of the command line: what the contract calls `sender.country` is `--country` here."""

from __future__ import annotations

import re

from server.domain.errors import (
    AlreadyExists,
    ConsentError,
    InvalidField,
    SecretTooWeak,
    StorageUnavailable,
    Violation,
)

_NAMES = {
    "name": "the tenant's name",
    "country": "--country",
    "sender.id": "--id",
    "sender.country": "--country",
    "credential.basic_user": "--basic-user",
    "credential.expire_time": "--expires",
    "secret": "the secret",
    "purpose.id": "--id",
    "purpose.minimum_strength": "--minimum",
    "purpose.ignores_opt_out": "--ignores-opt-out",
    "recipient.address": "the address",
    "as_of_revision": "--as-of",
    "as_of_time": "--as-of",
    "statement.recipient.address": "the address",
    "statement.actor": "--actor",
    "statement.lifted_by": "--lifted-by",
    "statement.effective_time": "--effective-time",
    "statement.expire_time": "--expires",
    "statement.evidence": "the evidence",
    "statement.evidence.method": "--method",
    "statement.evidence.ip_address": "--ip-address",
    "force_reason": "--reason",
    "reason": "--reason",
    "older_than": "--older-than",
    "batch_id": "the batch id",
    "from": "--from",
    "channel": "--channel",
    "resolution": "--as",
}
_FIELD = re.compile(r"\b(message_id|url|ip_address|artifact_hash)\b")


def refusal(error: ConsentError) -> str:
    """Say why something was refused, and what to do about it where that is known."""
    match error:
        case StorageUnavailable():
            return "the database cannot be read or written; the line above says why"
        case SecretTooWeak():
            return f"{error.message}, by --allow-weak"
        case InvalidField():
            return "; ".join(f"{_NAMES.get(v.field, v.field)}: {_plainly(v)}" for v in error.violations)
        case AlreadyExists(reason="CREDENTIAL_ALREADY_EXISTS"):
            return "this secret or user name is registered already, in this tenant or another; choose another"
    return error.message


def _plainly(violation: Violation) -> str:
    """A description with the options that it speaks of: what is `message_id` there is `--message-id` here."""
    return _FIELD.sub(lambda found: "--" + found[0].replace("_", "-"), violation.description)
