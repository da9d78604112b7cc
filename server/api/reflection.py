"""Server reflection that finds methods too, as `grpcurl describe package.Service.Method` asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from grpc_reflection.v1alpha import reflection

SERVICE_NAME = reflection.SERVICE_NAME


class _Pool:
    """The default pool, which knows services but not their methods by name."""

    def __init__(self) -> None:
        self._pool = descriptor_pool.Default()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    def FindFileContainingSymbol(self, symbol: str) -> FileDescriptor:
        """Find the file of a symbol, a method's included. Raises KeyError."""
        try:
            return self._pool.FindFileContainingSymbol(symbol)
        except KeyError:
            service, _, method = symbol.rpartition(".")
            found = self._pool.FindServiceByName(service)
            if method not in found.methods_by_name:
                raise
            return found.file


def enable_reflection(services: Sequence[str], server: grpc.Server) -> None:
    """Let callers ask which services there are and what they take. Needs no credential."""
    reflection.enable_server_reflection((*services, SERVICE_NAME), server, pool=_Pool())
