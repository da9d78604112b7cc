"""What one vendor's API is: which paths are its own, what they do, who may ask, and how it says no."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from server.gateway.calls import Answer, Call, Occasion
from server.gateway.credentials import CredentialHeader
from server.gateway.docs.doc import Doc, Manual
from server.gateway.errors import Fault


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `path` is a template below the vendor's bases."""

    method: str
    path: str
    perform: Callable[[Call], Awaitable[Answer]]
    doc: Doc | None
    """What is told of it; None: the OpenAPI document says nothing."""

    @property
    def has_body(self) -> bool:
        """Whether a JSON object is documented. Where none is, whatever comes is not looked at."""
        return self.doc is not None and self.doc.body is not None


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
    manual: Manual
    challenge: str = ""
    """The WWW-Authenticate of a 401, where the vendor's scheme has one."""
