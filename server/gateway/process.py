"""The gateway as a process of its own."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from server.gateway.app import create_app
from server.gateway.calls import DEADLINE

_DRAIN_SECONDS = int(DEADLINE) + 2
"""How long calls may take to finish: what an RPC may, and the answer's way out."""


class Server(uvicorn.Server):
    """uvicorn, told apart in two things: it says when it answers, and a signal that it obeyed is not raised again.

    uvicorn would raise SIGTERM again after the drain, and the process would end by the signal, not with 0.
    """

    def __init__(self, target: str, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                create_app(target),
                http="h11",
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                # The caller's address is the socket's: x-forwarded-for could claim any.
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=_DRAIN_SECONDS,
            )
        )
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts to answer, then says so, once."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a signal handler's shape
        """Stops accepting and drains; a second SIGINT does not wait."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def run(sock: socket.socket, target: str, on_ready: Callable[[], None]) -> None:
    """Serves the gateway on a bound socket until SIGTERM or SIGINT, then drains and returns: the process exits 0.

    Args:
        sock: a bound TCP or Unix socket.
        target: the server's gRPC target, such as `unix:/run/consent.sock`.
        on_ready: called once, on the event loop, as soon as the gateway answers.

    """
    Server(target, on_ready).run(sockets=[sock])
