"""A bad way to PostgreSQL: it delays, cuts, swallows, or sends one byte at a time, as it is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, urlencode, urlsplit

COMMITTED = b"COMMIT\x00"
"""The end of what PostgreSQL answers to a COMMIT that it has carried out."""
_CHUNK = 65_536
_PORT = 5432
KEEPALIVES_SECONDS = 25.0
"""What the service lets the server's keepalives take: a first after 10 seconds, then three in 5 seconds each."""


@dataclass
class Weather:
    """What the way is like. Where it is closed, whoever comes is turned away at once.

    `hurt` is called with what comes from the server and answers what is passed on; None ends the connection.
    """

    closed: bool = False
    delay_seconds: float = 0.0
    bytes_at_once: int = _CHUNK
    hurt: Callable[[bytes], bytes | None] = field(default=lambda data: data)


class Proxy:
    """Listens on loopback and passes on to the server that a URL of the tests' cluster names. Entered, it works."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._weather = Weather()
        # Set while bytes flow; what is held meanwhile is kept, in order, as a way does that is only slow.
        self._flows = threading.Event()
        self._flows.set()
        self._guard = threading.Lock()
        self._links: set[_Link] = set()
        self._forgotten: set[_Link] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def url_of(self, database: str, **parameters: str) -> str:
        """The URL of a database of the server, by this way."""
        parts = urlsplit(self._url)
        user, _, _ = parts.netloc.rpartition("@")
        asked = urlencode({"sslmode": "disable", "gssencmode": "disable", **parameters})
        return f"postgresql://{user}@127.0.0.1:{self._listener.getsockname()[1]}/{quote(database)}?{asked}"

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.clear()
        self.cut()
        self._thread.join()

    def set(self, weather: Weather) -> None:
        """From now on it is like this, for open connections too."""
        self._weather = weather

    def clear(self) -> None:
        """From now on it is a good way; what was held flows."""
        self._weather = Weather()
        self._flows.set()

    def hold(self) -> None:
        """Take what is sent, confirm it, and pass nothing on; who comes is let in."""
        self._flows.clear()

    def forget(self) -> None:
        """End what is open now in silence: nothing of it will ever pass. New ones work.

        The server finds out after a while, by the keepalives that it sends; the client has to by itself.
        """
        with self._guard:
            links, self._links = self._links, set()
        for link in links:
            link.dead = True
        self._forgotten |= links
        self._flows.set()
        found_out = threading.Timer(KEEPALIVES_SECONDS, _end_servers, (links,))
        found_out.daemon = True
        found_out.start()

    def cut(self) -> None:
        """End all connections, on both sides."""
        with self._guard:
            links, self._links = self._links, set()
        for link in links | self._forgotten:
            link.end()

    @contextmanager
    def bad(self, weather: Weather) -> Iterator[None]:
        """It is like this for the time being."""
        self.set(weather)
        try:
            yield
        finally:
            self.clear()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._weather.closed:
                client.close()
                continue
            try:
                server = self._dial()
            except OSError:
                client.close()
                continue
            link = _Link(client, server)
            with self._guard:
                self._links.add(link)
            for source, target, is_answer in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pass_on, args=(link, source, target, is_answer), daemon=True).start()

    def _dial(self) -> socket.socket:
        parts = urlsplit(self._url)
        folders = parse_qs(parts.query).get("host")
        if folders is None:
            return socket.create_connection((parts.hostname or "127.0.0.1", parts.port or _PORT))
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            server.connect(f"{folders[0]}/.s.PGSQL.{_PORT}")
        except OSError:
            server.close()
            raise
        return server

    def _pass_on(self, link: _Link, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                self._flows.wait()
                if link.dead:
                    return
                weather = self._weather
                if weather.delay_seconds:
                    threading.Event().wait(weather.delay_seconds)
                passed = weather.hurt(data) if is_answer else data
                if passed is None:
                    break
                for place in range(0, len(passed), weather.bytes_at_once):
                    target.sendall(passed[place : place + weather.bytes_at_once])
        with self._guard:
            self._links.discard(link)
        link.end()


def _end_servers(links: set[_Link]) -> None:
    for link in links:
        link.end_server()


class _Link:
    """One connection through the proxy."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self._ends = (client, server)
        self.dead = False

    def end_server(self) -> None:
        """Let the server know, and nobody else."""
        with suppress(OSError):
            self._ends[1].shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """Close both ends."""
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
