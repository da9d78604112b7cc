"""One call on its way through the chain."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import grpc

from server.domain.errors import CredentialMissing
from server.domain.model import Principal, Role

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
"""The form of a request id that a caller may give for a call to be told of by."""


@dataclass(frozen=True, slots=True)
class Method:
    """An RPC: its full name, the role that it needs, and whether it answers a stream."""

    full_name: str
    role: Role
    streams: bool = False

    @property
    def name(self) -> str:
        """The name within its service."""
        return self.full_name.rpartition("/")[2]


@dataclass(slots=True)
class Call:
    """What the layers learn about a call, each for those inside it."""

    method: Method
    context: grpc.ServicerContext
    metadata: dict[str, str] = field(default_factory=dict)
    given_id: str = ""
    authenticated: Principal | None = None
    began: float = 0.0
    """When, by `time.perf_counter`."""

    @property
    def request_id(self) -> str:
        """The id by which the call is told of: the caller's own, else one that is made when it is first needed."""
        if not self.given_id:
            self.given_id = secrets.token_hex(16)
        return self.given_id

    @property
    def tenant_id(self) -> int | None:
        """The tenant of who calls, as soon as that is known."""
        return self.authenticated.tenant_id if self.authenticated else None

    @property
    def principal(self) -> Principal:
        """Who calls. Raises CredentialMissing before authentication."""
        if self.authenticated is None:
            raise CredentialMissing
        return self.authenticated


Handler = Callable[[Call, Any], Any]
Layer = Callable[[Method, Handler], Handler]
