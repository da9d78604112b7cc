"""TLS to the service: whom to trust, and the certificate to show."""

from __future__ import annotations

import ssl
from pathlib import Path

import grpc

_SYSTEM_ROOTS = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where Linux distributions, the BSDs and macOS keep them. grpc alone would take a list of its own."""


def tls_credentials(
    *, ca: str | Path | None = None, certificate: str | Path | None = None, key: str | Path | None = None
) -> grpc.ChannelCredentials:
    """What `ConsentClient` takes as `tls`, read from PEM files.

    Trusted is who is signed by `ca` or, without it, by those whom this machine trusts. `certificate` and `key` are
    shown to a service that asks for them. Raises OSError for a file that cannot be read, and ValueError for one that
    holds nothing of its kind.
    """
    if (certificate is None) != (key is None):
        raise ValueError("give certificate and key together")
    roots = _read(ca, "CERTIFICATE") if ca else _system_roots()
    return grpc.ssl_channel_credentials(
        roots,
        _read(key, "PRIVATE KEY") if key else None,
        _read(certificate, "CERTIFICATE") if certificate else None,
    )


def _system_roots() -> bytes | None:
    """Those of the machine, which its owner may have added to; None, where there are none, is grpc's own list."""
    told = ssl.get_default_verify_paths().cafile
    for path in (*([told] if told else []), *_SYSTEM_ROOTS):
        if Path(path).is_file():
            return _read(path, "CERTIFICATE")
    return None


def _read(path: str | Path, what: str) -> bytes:
    found = Path(path).read_bytes()
    if f"{what}-----".encode() not in found:
        raise ValueError(f"{path} holds no {what.lower()} in PEM")
    return found
