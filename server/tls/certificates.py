"""The certificate in force, which is replaced while the service runs as soon as its files are."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from server.tls.material import Material, Signature, TlsFiles, TlsUnusable, load

POLL_SECONDS = 0.5
_REMIND_AFTER = timedelta(days=1)


class Log(Protocol):
    """Where it is told what became of the certificate."""

    def info(self, event: str, /, **facts: object) -> object:
        """Tell what is well."""
        ...

    def warning(self, event: str, /, **facts: object) -> object:
        """Tell what is to be seen to."""
        ...

    def error(self, event: str, /, **facts: object) -> object:
        """Tell what is broken."""
        ...


class Certificates:
    """The newest good certificate of some files.

    Every process of a service looks for itself, and begins with what its parent has; one of them has the `log`. Files
    that cannot be used change nothing: what was in force stays, and they are tried until they are good or changed.
    """

    def __init__(
        self,
        files: TlsFiles,
        newest: Material,
        log: Log | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._files = files
        self.newest = newest
        self._log = log
        self._clock = clock
        self._loaded: Signature | None = None
        self._seen: Signature | None = None
        self._fault = ""
        self._reminded: tuple[str, datetime] | None = None
        self._looking = threading.Lock()

    def watch(self) -> None:
        """Look after the files from now on, for as long as the process lives."""
        threading.Thread(target=self._watch, name="consent-certificates", daemon=True).start()

    def look(self, *, at_once: bool = False) -> None:
        """Take in the files where they have changed, and stayed as they are from one look to the next.

        Who writes two files writes them one after the other. `at_once` does not wait for that.
        """
        with self._looking:
            seen = self._files.signature()
            is_settled = at_once or seen == self._seen
            self._seen = seen
            if seen != self._loaded and is_settled:
                self._take(seen)
            self._remind()

    def _watch(self) -> None:
        pause = threading.Event()
        while not pause.wait(POLL_SECONDS):
            self.look()

    def _take(self, seen: Signature) -> None:
        try:
            material = load(self._files, self._clock())
        except TlsUnusable as error:
            if self._log and str(error) != self._fault:
                self._log.error("the changed TLS files cannot be used; what was in force stays", reason=str(error))
            self._fault = str(error)
            return
        self._loaded, self._fault = seen, ""
        if material != self.newest:
            self.newest = material
            self._reminded = None
            if self._log:
                self._log.info("the TLS certificate was replaced", expires=material.expires.isoformat())

    def _remind(self) -> None:
        """Tell once a day that the end is near, and that it has come."""
        now, material = self._clock(), self.newest
        if self._log is None or now < material.notice_time:
            return
        event = "the TLS certificate has expired" if now >= material.expires else "the TLS certificate expires soon"
        if self._reminded and self._reminded[0] == event and now - self._reminded[1] < _REMIND_AFTER:
            return
        self._reminded = event, now
        tell = self._log.error if now >= material.expires else self._log.warning
        tell(event, expires=material.expires.isoformat(), file=str(self._files.certificate))
