"""Credentials in print; their secrets are not in them."""

from __future__ import annotations

from collections.abc import Sequence

from server.cli.output import Facts, minute, print_table, stamp, word
from server.domain.model import Credential, Instant

_TITLES = ("ID", "ROLE", "SENDERS", "USER", "STATE (UTC)", "LAST USED (UTC)")


def facts(credential: Credential) -> Facts:
    """A credential for programs. No senders: not bound to any."""
    return {
        "id": credential.id,
        "role": word(credential.role),
        "senders": sorted(credential.senders),
        "basic_user": credential.basic_user,
        "allow_force": credential.allow_force,
        "expire_time": stamp(credential.expire_time),
        "create_time": stamp(credential.create_time),
        "revoke_time": stamp(credential.revoke_time),
        "last_used_time": stamp(credential.last_used_time),
    }


def print_credentials(credentials: Sequence[Credential], now: Instant) -> None:
    """Credentials for a person."""
    rows = [
        (
            credential.id,
            word(credential.role) + (" + force" if credential.allow_force else ""),
            ", ".join(sorted(credential.senders)) or "all",
            credential.basic_user or "-",
            _state(credential, now),
            minute(credential.last_used_time),
        )
        for credential in credentials
    ]
    print_table(_TITLES, rows, "the tenant has no credentials; make one: consent credential create --help")


def _state(credential: Credential, now: Instant) -> str:
    if credential.revoke_time is not None:
        return "revoked"
    if credential.expire_time is None:
        return "in force"
    return f"{'until' if now < credential.expire_time else 'expired'} {minute(credential.expire_time)}"
