"""Which headers carry a vendor's credential, and the metadata that they become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers

from server.gateway.errors import FaultKind, refusal

LONGEST = 4096
"""Characters of metadata that are sent. gRPC refuses calls at random from 8 KiB on."""


@dataclass(frozen=True, slots=True)
class CredentialHeader:
    """A header that a vendor's callers send. `scheme` is the HTTP authentication scheme it must begin with, if any."""

    name: str
    scheme: str = ""

    def values(self, headers: Headers) -> list[str]:
        """The values that carry something; a bare scheme or an empty header is as absent."""
        return [value for value in map(str.strip, headers.getlist(self.name)) if self._carries(value)]

    def _carries(self, value: str) -> bool:
        if not self.scheme:
            return bool(value)
        scheme, _, secret = value.partition(" ")
        return scheme.lower() == self.scheme.lower() and bool(secret)


def find_credentials(known: Sequence[CredentialHeader], headers: Headers) -> tuple[tuple[str, str], ...]:
    """The credentials that a request carries, as metadata.

    Raises:
        Refused: MISSING_CREDENTIALS, where the API knows credential headers and the request has none of them.

    """
    found = tuple((header.name, value) for header in known for value in header.values(headers))
    if known and not found:
        raise refusal(FaultKind.MISSING_CREDENTIALS)
    return found


def check_sendable(metadata: tuple[tuple[str, str], ...]) -> None:
    """Raises Refused (WRONG_CREDENTIALS) for what gRPC metadata cannot hold: no credential was ever made of it."""
    values = [value for _, value in metadata]
    if sum(map(len, values)) > LONGEST or not all(value.isascii() and value.isprintable() for value in values):
        raise refusal(FaultKind.WRONG_CREDENTIALS)
