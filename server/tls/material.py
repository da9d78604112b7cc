"""A certificate, its key and the CA of client certificates, read from files and held to each other."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from server.tls.context import server_context

MIN_RSA_BITS = 2048
LONGEST_NOTICE = timedelta(days=14)
_CERTIFICATE, _KEY, _CLIENT_CA = "--tls-certificate", "--tls-key", "--tls-client-ca"

Signature: TypeAlias = tuple[tuple[int, ...] | None, ...]


class TlsUnusable(Exception):
    """TLS cannot be served with these files; the message names the file, its setting and why."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where they are, in PEM. With `client_ca`, clients without a certificate of it are refused."""

    certificate: Path
    key: Path
    client_ca: Path | None = None

    def signature(self) -> Signature:
        """What changes whenever a file does, also where a link to it is turned elsewhere."""
        return tuple(_signature(path) for path in (self.certificate, self.key, self.client_ca) if path)


@dataclass(frozen=True, slots=True)
class Material:
    """What a door needs, in PEM, and from when until when its certificate is good."""

    chain: bytes
    key: bytes = field(repr=False)
    client_ca: bytes | None
    begins: datetime
    expires: datetime

    @property
    def notice_time(self) -> datetime:
        """When its end is near: two weeks before or, where it lives shortly, the last fifth of its life."""
        return self.expires - min(LONGEST_NOTICE, (self.expires - self.begins) / 5)


def load(files: TlsFiles, now: datetime) -> Material:
    """Read the files. Raises TlsUnusable."""
    chain, key = _read(files.certificate, _CERTIFICATE), _read(files.key, _KEY)
    leaf = _certificates(chain, files.certificate, _CERTIFICATE)[0]
    public = _public_key(key, files.key)
    if public != leaf.public_key():
        raise TlsUnusable(
            f"the key {files.key} ({_KEY}) is not that of the first certificate in {files.certificate} "
            f"({_CERTIFICATE}); the server's own comes first there, then those of its issuers"
        )
    _hold_to_time(leaf, f"the certificate {files.certificate} ({_CERTIFICATE})", now)
    client_ca = None
    if files.client_ca is not None:
        client_ca = _read(files.client_ca, _CLIENT_CA)
        if all(ca.not_valid_after_utc < now for ca in _certificates(client_ca, files.client_ca, _CLIENT_CA)):
            raise TlsUnusable(f"all certificates in {files.client_ca} ({_CLIENT_CA}) have expired")
    try:
        server_context(chain, key, client_ca)
    except ssl.SSLError as error:
        why = (error.reason or str(error)).lower().replace("_", " ")
        raise TlsUnusable(f"{files.certificate} ({_CERTIFICATE}) cannot be served by: {why}") from error
    return Material(chain, key, client_ca, leaf.not_valid_before_utc, leaf.not_valid_after_utc)


def name_in(certificate: Path) -> str | None:
    """A name that a server's certificate is for; None where it has none. Raises TlsUnusable."""
    leaf = _certificates(_read(certificate, _CERTIFICATE), certificate, _CERTIFICATE)[0]
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    found = [name.replace("*", "any") for name in names.get_values_for_type(x509.DNSName)] + addresses
    return found[0] if found else None


def _signature(path: Path) -> tuple[int, ...] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _read(path: Path, setting: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TlsUnusable(f"{path} ({setting}) cannot be read: {error.strerror}") from error


def _certificates(pem: bytes, path: Path, setting: str) -> list[x509.Certificate]:
    try:
        found = x509.load_pem_x509_certificates(pem)
        for certificate in found:
            certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise TlsUnusable(f"{path} ({setting}) holds no certificate in PEM that can be read: {error}") from error
    return found


def _public_key(pem: bytes, path: Path) -> RSAPublicKey | EllipticCurvePublicKey:
    try:
        public = load_pem_private_key(pem, password=None).public_key()
    except TypeError as error:
        raise TlsUnusable(f"the key {path} ({_KEY}) is encrypted: give it without a passphrase") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise TlsUnusable(f"{path} ({_KEY}) holds no private key in PEM that can be read") from error
    match public:
        case RSAPublicKey() if public.key_size >= MIN_RSA_BITS:
            return public
        # What BoringSSL, which grpc brings, offers in a handshake; others come up and no client is served.
        case EllipticCurvePublicKey() if isinstance(public.curve, SECP256R1 | SECP384R1):
            return public
        case _:
            raise TlsUnusable(
                f"the key {path} ({_KEY}) must be RSA of at least {MIN_RSA_BITS} bits, or elliptic on P-256 or P-384"
            )


def _hold_to_time(certificate: x509.Certificate, name: str, now: datetime) -> None:
    if certificate.not_valid_after_utc <= now:
        raise TlsUnusable(f"{name} expired at {_told(certificate.not_valid_after_utc)}")
    if certificate.not_valid_before_utc > now:
        raise TlsUnusable(
            f"{name} is not valid before {_told(certificate.not_valid_before_utc)}; here it is {_told(now)}"
        )


def _told(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
