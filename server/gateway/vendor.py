"""What one vendor's API is: which paths are its own, what they do, who may ask, and how it says no."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from server.gateway.calls import Answer, Call, Occasion
from server.gateway.credentials import CredentialHeader
from server.gateway.errors import Fault


@dataclass(frozen=True, slots=True)
class Operation:
    """One documented operation. `path` is a template below the vendor's bases."""

    method: str
    path: str
    perform: Callable[[Call], Awaitable[Answer]]
    has_body: bool = False
    """Whether a JSON object is documented. Where none is, whatever comes is not looked at."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """One API. Every answer under one of `prefixes` is its own, failures included."""

    name: str
    prefixes: tuple[str, ...]
    bases: tuple[str, ...]
    """What may stand before an operation's path."""
    operations: tuple[Operation, ...]
    credentials: tuple[CredentialHeader, ...]
    """The headers of which a request needs one. None: the API asks for no credential."""
    render: Callable[[Fault, Occasion], Answer]
    challenge: str = ""
    """The WWW-Authenticate of a 401, where the vendor's scheme has one."""
