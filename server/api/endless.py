"""Calls that have no end of their own: health watches and reflection streams.

A stopping server waits for the calls under way, so it ends these itself.
"""

from __future__ import annotations

import threading

import grpc


class EndlessCalls:
    """The calls that a stopping server cancels."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._open: set[grpc.ServicerContext] = set()
        self._ended = False

    def add(self, context: grpc.ServicerContext) -> None:
        """Let a call end with the others; at once, where they have ended."""
        with self._guard:
            ended = self._ended
            self._open.add(context)
        context.add_callback(lambda: self._forget(context))
        if ended:
            context.cancel()

    def _forget(self, context: grpc.ServicerContext) -> None:
        with self._guard:
            self._open.discard(context)

    def end(self) -> None:
        """Cancel all that are open, and those that come later."""
        with self._guard:
            self._ended = True
            calls = list(self._open)
        for context in calls:
            context.cancel()
