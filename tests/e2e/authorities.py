"""Certificates of a test's own authorities, as files, and what a caller trusts and shows."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import trustme

from tests.e2e.process import Served

NAMES = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Caller:
    """A certificate that clients show, in files."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Authority:
    """One who signs certificates, into a folder."""

    folder: Path
    signer: trustme.CA = field(default_factory=trustme.CA)

    @property
    def file(self) -> Path:
        """Its own certificate."""
        path = self.folder / "ca.pem"
        if not path.exists():
            self.folder.mkdir(exist_ok=True)
            self.signer.cert_pem.write_to_path(str(path))
        return path

    def issue(self, *, days: int = 90) -> trustme.LeafCert:
        """A server's certificate, good from yesterday on for so many days."""
        begins = datetime.now(UTC) - timedelta(days=1)
        return self.signer.issue_cert(*NAMES, not_before=begins, not_after=begins + timedelta(days=days))

    def caller(self) -> Caller:
        """A client's certificate."""
        issued = self.signer.issue_cert("shop@example.com")
        made = Caller(self.file.with_name("caller.pem"), self.file.with_name("caller-key.pem"))
        made.certificate.write_bytes(chain_of(issued))
        issued.private_key_pem.write_to_path(str(made.key))
        return made

    def trusting(self, caller: Caller | None = None) -> ssl.SSLContext:
        """What an HTTP client trusts, and shows."""
        context = ssl.create_default_context(cafile=str(self.file))
        if caller:
            context.load_cert_chain(caller.certificate, caller.key)
        return context


def chain_of(issued: trustme.LeafCert) -> bytes:
    """A certificate and those of its issuers, in PEM."""
    return b"".join(pem.bytes() for pem in issued.cert_chain_pems)


@dataclass(frozen=True)
class Files:
    """The files that a server is told of."""

    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "cert.pem"

    @property
    def key(self) -> Path:
        return self.folder / "key.pem"

    @property
    def options(self) -> tuple[str, ...]:
        return "--tls-certificate", str(self.certificate), "--tls-key", str(self.key)

    def hold(self, issued: trustme.LeafCert) -> None:
        """Write them, one after the other, as tools do."""
        self.certificate.write_bytes(chain_of(issued))
        issued.private_key_pem.write_to_path(str(self.key))


def address(served: Served, door: str) -> tuple[str, int]:
    """Where one of a server's doors is."""
    host, _, port = {"grpc": served.grpc, "http": served.http.rpartition("/")[2]}[door].rpartition(":")
    return host, int(port)


def shown(served: Served, door: str) -> bytes:
    """The certificate that a door shows."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"] if door == "grpc" else ["http/1.1"])
    with socket.create_connection(address(served, door)) as plain, context.wrap_socket(plain) as encrypted:
        return encrypted.getpeercert(binary_form=True) or b""


def await_shown(served: Served, issued: trustme.LeafCert) -> None:
    """Return once both doors show this certificate."""
    wanted = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())
    for door in ("grpc", "http"):
        while shown(served, door) != wanted:
            pass


def web(served: Served, context: ssl.SSLContext) -> httpx.Client:
    """An HTTP client."""
    return httpx.Client(base_url=served.http, verify=context, trust_env=False, timeout=30)
