"""The port for those who run the service: /metrics for Prometheus, /healthz (alive), /readyz (serving).

It is served by the parent process, which outlives all others, from what they report to it: no question asked here
reaches the database or a process that serves.
"""

from __future__ import annotations

import contextlib
import io
import socket
import sys
import threading
import time
from collections.abc import Iterable
from http import HTTPStatus
from multiprocessing.connection import Connection
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any, TextIO
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import structlog
from prometheus_client import CollectorRegistry, make_wsgi_app

from server.metrics.families import BUILD, SERVING
from server.metrics.metrics import Metrics
from server.metrics.reporting import describe_process, follow
from server.metrics.totals import Totals
from server.version import VERSION

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_CONNECTIONS = 32
"""At once. One more is closed unanswered, unless the oldest of them has had its time."""
_SECONDS = 10.0
"""For a request, from its first byte to the last of its answer."""
_TICK_SECONDS = 0.1
_PARENT = "parent"
_GATEWAY = ("gateway",)

log = structlog.get_logger()


class Admin:
    """Answers on a listening socket, from `start` to `stop`, out of the totals that it keeps."""

    def __init__(self, listening: socket.socket) -> None:
        self.totals = Totals()
        self.metrics = Metrics()
        self.metrics.read(BUILD, lambda: {(VERSION,): 1})
        describe_process(self.metrics, _PARENT)
        self._stopping = False
        registry = CollectorRegistry()
        registry.register(self.totals)
        self._tell_metrics = make_wsgi_app(registry)
        self._server = _Server(listening)
        self._server.set_app(self._answer)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_TICK_SECONDS,), name="consent-admin", daemon=True
        )

    def follow(self, process: Connection) -> None:
        """Take a process's reports until it has ended."""
        follow(self.totals, process)

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def leave(self) -> None:
        """Say from now on that it is not ready: nothing new is to be sent here."""
        self._stopping = True

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    @property
    def is_ready(self) -> bool:
        """Whether the gateway and a worker say that they serve, and said so lately."""
        serving = [process for process, (value,) in self.totals.newest(SERVING).items() if value]
        return not self._stopping and _GATEWAY in serving and len(serving) > 1

    def _answer(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        if method not in ("GET", "HEAD"):
            return _say(start, "405 Method Not Allowed", "only GET and HEAD", ("Allow", "GET, HEAD"))
        try:
            answer = self._tell({**environ, "REQUEST_METHOD": "GET"}, start)
        except Exception:
            log.exception("the admin port failed")
            return _say(start, "500 Internal Server Error", "failed; the log tells why")
        return answer if method == "GET" else []

    def _tell(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        match environ["PATH_INFO"]:
            case "/metrics":
                self.totals.take(_PARENT, self.metrics.report())
                answer: Iterable[bytes] = self._tell_metrics(environ, start)
                return answer
            case "/healthz":
                return _say(start, "200 OK", "ok")
            case "/readyz" if self.is_ready:
                return _say(start, "200 OK", "ok")
            case "/readyz":
                return _say(start, "503 Service Unavailable", "unavailable")
            case _:
                return _say(start, "404 Not Found", "there are /metrics, /healthz and /readyz")


def _say(start: StartResponse, status: str, text: str, *headers: tuple[str, str]) -> list[bytes]:
    start(status, [("Content-Type", "text/plain; charset=utf-8"), *headers])
    return [f"{text}\n".encode()]


class _Handler(WSGIRequestHandler):
    timeout = _SECONDS
    error_content_type = "text/plain; charset=utf-8"
    error_message_format = "%(explain)s\n"

    @property
    def request_version(self) -> str:
        """HTTP/1.0, whatever was sent: what is no request is taken for HTTP/0.9, and answered without a status."""
        return "HTTP/1.0"

    @request_version.setter
    def request_version(self, _: str) -> None:
        """What the request says of itself changes nothing."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Refuse what is no request, in words that quote nothing of it; its version too is the caller's fault."""
        status = HTTPStatus.BAD_REQUEST if code >= HTTPStatus.INTERNAL_SERVER_ERROR else HTTPStatus(code)
        super().send_error(status, status.phrase, status.phrase)

    def get_stderr(self) -> TextIO:
        """Let wsgiref tell of callers that do not take their answer where nobody reads it."""
        return io.StringIO()

    def log_message(self, *_: object) -> None:
        """Log nothing: who asks here asks every few seconds."""


class _Server(ThreadingMixIn, WSGIServer):
    """A bounded number of short connections on a socket that was bound before."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, listening: socket.socket) -> None:
        super().__init__(listening.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()
        self._guard = threading.Lock()
        self._open: dict[socket.socket, float] = {}

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer on a thread of its own, where there are not too many."""
        with self._guard:
            now = time.monotonic()
            for slow, began in self._open.items():
                if now - began > _SECONDS:
                    # Its thread wakes, and closes it.
                    with contextlib.suppress(OSError):
                        slow.shutdown(socket.SHUT_RDWR)
            is_full = len(self._open) >= _CONNECTIONS
            if not is_full:
                self._open[request] = now
        if is_full:
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection that was answered, or is not to be."""
        with self._guard:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - socketserver's shape
        """Pass over a caller that went away or dawdled."""
        if not isinstance(sys.exception(), OSError):
            log.exception("the admin port failed")
