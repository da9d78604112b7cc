"""The gateway as a process of its own."""

from __future__ import annotations

import asyncio
import functools
import signal
import socket
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.gateway.access import Noting
from server.gateway.app import create_app
from server.gateway.bounds import USUAL, Bounds
from server.gateway.calls import DEADLINE
from server.gateway.protocol import HttpProtocol, bounded
from server.gateway.tls import live_context
from server.tls import Certificates

_DRAIN_SECONDS = int(DEADLINE) + 2
"""How long calls may take to finish: what an RPC may, and the answer's way out."""
_IDLE_SECONDS = 75
"""How long a connection may wait for its next request: longer than clients' pools keep theirs, so that it is the client
who closes, and no request meets a connection that is being closed."""
_HANDSHAKE_SECONDS = 10.0
"""How long one who was accepted may take, over a slow line, until TLS is agreed upon."""
_TICK_SECONDS = 0.1


class Server(uvicorn.Server):
    """uvicorn, told apart: it says when it answers, it can retire, and a signal that it obeyed is not raised again.

    uvicorn would raise SIGTERM again after the drain, and the process would end by the signal, not with 0.
    """

    def __init__(
        self,
        targets: Sequence[str],
        on_ready: Callable[[], None],
        noting: Noting | None = None,
        certificates: Certificates | None = None,
        bounds: Bounds = USUAL,
    ) -> None:
        context = live_context(certificates) if certificates else None
        self._farewell = _Farewell(create_app(targets, noting, bounds))
        super().__init__(
            uvicorn.Config(
                self._farewell,
                http=bounded(bounds),
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                # The caller's address is the socket's: x-forwarded-for could claim any.
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=_IDLE_SECONDS,
                timeout_graceful_shutdown=_DRAIN_SECONDS,
                ssl_context_factory=(lambda *_: context) if context else None,
            )
        )
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts to answer, then says so, once."""
        if self.config.is_ssl:
            # uvicorn leaves it at asyncio's minute, in which who says nothing keeps a connection that nobody counts.
            loop: Any = asyncio.get_running_loop()
            loop.create_server = functools.partial(loop.create_server, ssl_handshake_timeout=_HANDSHAKE_SECONDS)
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a signal handler's shape
        """Stops accepting and drains; a second SIGINT does not wait."""
        self.force_exit = self.should_exit and not self._farewell.begun and sig == signal.SIGINT
        self.should_exit = True
        self._farewell.begun = False

    def retire(self) -> None:
        """Leaves to another process that has the same socket: serves its callers until they have moved there."""
        self._farewell.begun = True
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stops accepting, lets callers move where it retires, then drains; who takes no answer is dropped at last."""
        for server in self.servers:
            server.close()
        ticks = range(int(_IDLE_SECONDS / _TICK_SECONDS) + 1) if self._farewell.begun else ()
        # First of all the time in which those who were just accepted become connections.
        becoming = _HANDSHAKE_SECONDS if self.config.is_ssl else 0.0
        for tick in ticks:
            await asyncio.sleep(_TICK_SECONDS)
            is_alone = not self.server_state.connections and tick * _TICK_SECONDS >= becoming
            if is_alone or not self._farewell.begun:
                break
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            if isinstance(connection, HttpProtocol):
                connection.drop()
        # What was dropped is closed in the loop's next round.
        await asyncio.sleep(0)


class _Farewell:
    """The gateway, which from some moment on asks its callers to come again on another connection."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers."""

        async def say(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        await self._app(scope, receive, say if self.begun else send)


def run(
    sock: socket.socket,
    targets: Sequence[str],
    on_ready: Callable[[], None],
    noting: Noting | None = None,
    certificates: Certificates | None = None,
    bounds: Bounds = USUAL,
) -> None:
    """Serves the gateway on a bound socket until SIGTERM or SIGINT, then drains and returns: the process exits 0.

    SIGUSR1 retires it.

    Args:
        sock: a bound TCP or Unix socket.
        targets: the servers' gRPC targets, such as `unix:/run/consent.sock`.
        on_ready: called once, on the event loop, as soon as the gateway answers.
        noting: how the answers are noted.
        certificates: what TLS is spoken by; None for plain HTTP.
        bounds: what the gateway takes on.

    """
    server = Server(targets, on_ready, noting, certificates, bounds)
    signal.signal(signal.SIGUSR1, lambda *_: server.retire())
    server.run(sockets=[sock])
