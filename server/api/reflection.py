"""Server reflection that finds methods too, as `grpcurl describe package.Service.Method` asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from server.api.endless import EndlessCalls

SERVICE_NAME = reflection.SERVICE_NAME
_STREAMS = 8


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


class _ReflectionServicer(reflection.ReflectionServicer):
    """Reflection whose streams hold none of the threads that answer calls, and end when the server stops.

    Each stream holds a thread for as long as its caller likes, and no credential is asked for.
    """

    def __init__(self, services: Sequence[str], endless: EndlessCalls) -> None:
        super().__init__(services, pool=_Pool())  # type: ignore[no-untyped-call]
        self._endless = endless
        pool = ThreadPoolExecutor(_STREAMS, thread_name_prefix="consent-reflection")
        vars(type(self).ServerReflectionInfo)["experimental_thread_pool"] = pool

    def ServerReflectionInfo(self, request_iterator: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """Answer each question of a stream."""
        self._endless.add(context)
        yield from super().ServerReflectionInfo(request_iterator, context)  # type: ignore[no-untyped-call]


def enable_reflection(services: Sequence[str], server: grpc.Server, endless: EndlessCalls) -> None:
    """Let callers ask which services there are and what they take. Needs no credential."""
    servicer = _ReflectionServicer((*services, SERVICE_NAME), endless)
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(servicer, server)
