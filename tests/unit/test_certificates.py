"""TLS files: what is said of those that cannot be used, and what becomes of those that change meanwhile."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from server.gateway.tls import live_context
from server.tls import Certificates, TlsFiles, TlsUnusable, load

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CA = trustme.CA()


def leaf(*, begins: datetime = NOW - timedelta(days=10), days: int = 100, ca: trustme.CA = CA) -> trustme.LeafCert:
    return ca.issue_cert("localhost", not_before=begins, not_after=begins + timedelta(days=days))


def chain(issued: trustme.LeafCert) -> bytes:
    return b"".join(pem.bytes() for pem in issued.cert_chain_pems)


def key(issued: trustme.LeafCert) -> bytes:
    return issued.private_key_pem.bytes()


def pem(private: PrivateKeyTypes) -> bytes:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def locked(issued: trustme.LeafCert) -> bytes:
    private = load_pem_private_key(key(issued), None)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"hush"))


GOOD, OTHER = leaf(), leaf()


@dataclass
class Told:
    """A log that keeps what it is told."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    def info(self, event: str, /, **facts: object) -> None:
        self.lines.append(("info", f"{event} until {facts['expires']}"))

    def warning(self, event: str, /, **facts: object) -> None:
        self.lines.append(("warning", f"{event} at {facts['expires']}"))

    def error(self, event: str, /, **facts: object) -> None:
        self.lines.append(("error", f"{event}: {facts.get('reason', '')}"))


@dataclass
class Place:
    """A folder of TLS files, and those who look after them at a time of the test."""

    files: TlsFiles
    log: Told = field(default_factory=Told)
    now: datetime = NOW

    def put(self, issued: trustme.LeafCert) -> None:
        self.files.certificate.write_bytes(chain(issued))
        self.files.key.write_bytes(key(issued))

    def certificates(self) -> Certificates:
        return Certificates(self.files, load(self.files, self.now), self.log, lambda: self.now)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(TlsFiles(tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "ca.pem"))
    place.put(GOOD)
    CA.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return place


@pytest.mark.parametrize(
    "private", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())], ids=["rsa", "p384"]
)
def test_keys_that_both_doors_can_use(place: Place, private: PrivateKeyTypes) -> None:
    issued = CA.issue_cert("localhost", key_type=trustme.KeyType.RSA)
    place.put(issued)
    assert load(place.files, datetime.now(UTC)).key == key(issued)
    place.files.key.write_bytes(pem(private))
    with pytest.raises(TlsUnusable, match="is not that of the first certificate"):
        load(place.files, datetime.now(UTC))


def test_the_material_tells_no_key(place: Place) -> None:
    assert "PRIVATE KEY" not in repr(load(place.files, NOW))


UNUSABLE: dict[str, tuple[str, Callable[[], bytes | None], str]] = {
    "certificate missing": ("certificate", lambda: None, r"cert.pem \(--tls-certificate\) cannot be read: No such"),
    "key missing": ("key", lambda: None, r"key.pem \(--tls-key\) cannot be read: No such file"),
    "CA missing": ("client_ca", lambda: None, r"ca.pem \(--tls-client-ca\) cannot be read: No such file"),
    "certificate empty": ("certificate", lambda: b"", r"\(--tls-certificate\) holds no certificate in PEM"),
    "certificate cut": ("certificate", lambda: chain(GOOD)[:300], r"\(--tls-certificate\) holds no certificate"),
    "a key for a certificate": ("certificate", lambda: key(GOOD), r"\(--tls-certificate\) holds no certificate"),
    "CA is none": ("client_ca", lambda: b"hello", r"ca.pem \(--tls-client-ca\) holds no certificate in PEM"),
    "a certificate for a key": ("key", lambda: chain(GOOD), r"\(--tls-key\) holds no private key in PEM"),
    "key of another": ("key", lambda: key(OTHER), r"key.pem \(--tls-key\) is not that of the first certificate in"),
    "issuer first": ("certificate", lambda: CA.cert_pem.bytes() + chain(GOOD), "the server's own comes first there"),
    "key with a passphrase": ("key", lambda: locked(GOOD), r"\(--tls-key\) is encrypted: give it without a passp"),
    "key too short": ("key", lambda: pem(rsa.generate_private_key(65537, 1024)), "must be RSA of at least 2048 bits"),
    "key of a kind unknown": ("key", lambda: pem(ed25519.Ed25519PrivateKey.generate()), "elliptic on P-256 or P-384"),
    "key on another curve": ("key", lambda: pem(ec.generate_private_key(ec.SECP521R1())), "on P-256 or P-384"),
}


@pytest.mark.parametrize(("name", "content", "said"), UNUSABLE.values(), ids=UNUSABLE)
def test_files_that_cannot_be_used(place: Place, name: str, content: Callable[[], bytes | None], said: str) -> None:
    path: Path = getattr(place.files, name)
    path.unlink()
    if (written := content()) is not None:
        path.write_bytes(written)
    with pytest.raises(TlsUnusable, match=said) as refused:
        load(place.files, NOW)
    assert "PRIVATE" not in str(refused.value)


def test_a_certificate_of_another_time(place: Place) -> None:
    place.put(leaf(days=10))
    with pytest.raises(TlsUnusable, match="expired at 2026-06-01 12:00 UTC"):
        load(place.files, NOW)
    place.put(leaf(begins=NOW + timedelta(hours=1)))
    with pytest.raises(TlsUnusable, match="is not valid before 2026-06-01 13:00 UTC; here it is 2026-06-01 12:00 UTC"):
        load(place.files, NOW)


def test_an_authority_of_another_time(place: Place) -> None:
    place.put(leaf(days=365 * 1000))
    with pytest.raises(TlsUnusable, match=r"all certificates in \S+ca.pem \(--tls-client-ca\) have expired"):
        load(place.files, datetime(3001, 1, 1, tzinfo=UTC))


def test_changed_files_are_taken_in_once_they_have_settled(place: Place) -> None:
    certificates = place.certificates()
    place.files.certificate.write_bytes(chain(OTHER))
    certificates.look()
    place.files.key.write_bytes(key(OTHER))
    certificates.look()
    assert certificates.newest.chain == chain(GOOD), "they may still be written"
    certificates.look()
    assert certificates.newest.chain == chain(OTHER)
    until = (NOW + timedelta(days=90)).isoformat()
    assert place.log.lines == [("info", f"the TLS certificate was replaced until {until}")]
    certificates.look()
    assert len(place.log.lines) == 1


def test_a_signal_does_not_wait(place: Place) -> None:
    certificates = place.certificates()
    place.put(OTHER)
    certificates.look(at_once=True)
    assert certificates.newest.chain == chain(OTHER)


def test_a_link_that_is_turned_is_a_change(place: Place, tmp_path: Path) -> None:
    for name, issued in (("old", GOOD), ("new", OTHER)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cert.pem").write_bytes(chain(issued))
        (tmp_path / name / "key.pem").write_bytes(key(issued))
    link = tmp_path / "link"
    link.symlink_to("old")
    place.files = TlsFiles(link / "cert.pem", link / "key.pem")
    certificates = place.certificates()
    link.unlink()
    link.symlink_to("new")
    certificates.look(at_once=True)
    assert certificates.newest.chain == chain(OTHER)


def test_files_that_became_bad_change_nothing_and_are_told_once(place: Place) -> None:
    certificates = place.certificates()
    place.files.key.unlink()
    for _ in range(5):
        certificates.look()
    assert certificates.newest.chain == chain(GOOD)
    ((level, said),) = place.log.lines
    assert (level, "what was in force stays" in said, "cannot be read" in said) == ("error", True, True)
    place.files.key.write_bytes(key(OTHER))
    for _ in range(5):
        certificates.look()
    assert "is not that of the first certificate" in place.log.lines[-1][1]
    place.put(OTHER)
    for _ in range(5):
        certificates.look()
    assert certificates.newest.chain == chain(OTHER)
    assert [level for level, _ in place.log.lines] == ["error", "error", "info"]


def test_one_that_is_not_valid_yet_is_taken_in_when_it_is(place: Place) -> None:
    certificates = place.certificates()
    later = leaf(begins=NOW + timedelta(hours=1))
    place.put(later)
    certificates.look(at_once=True)
    assert certificates.newest.chain == chain(GOOD)
    place.now += timedelta(hours=2)
    certificates.look()
    assert certificates.newest.chain == chain(later)


@pytest.mark.parametrize(("days", "notice"), [(100, timedelta(days=14)), (10, timedelta(days=2))])
def test_its_end_is_told_once_a_day_and_when_it_has_come(place: Place, days: int, notice: timedelta) -> None:
    place.put(leaf(begins=NOW, days=days))
    certificates = place.certificates()
    end = NOW + timedelta(days=days)
    place.now = end - notice - timedelta(minutes=1)
    certificates.look()
    assert place.log.lines == []
    for minutes in (0, 1, 2, 24 * 60, 24 * 60 + 1):
        place.now = end - notice + timedelta(minutes=minutes)
        certificates.look()
    assert place.log.lines == [("warning", f"the TLS certificate expires soon at {end.isoformat()}")] * 2
    for minutes in (0, 1):
        place.now = end + timedelta(minutes=minutes)
        certificates.look()
    assert place.log.lines[2:] == [("error", "the TLS certificate has expired: ")]
    place.put(leaf(begins=place.now))
    certificates.look(at_once=True)
    certificates.look()
    assert [level for level, _ in place.log.lines[3:]] == ["info"]


def test_what_openssl_refuses(place: Place) -> None:
    """An issuer whose key is too short for today's security level."""
    private = rsa.generate_private_key(65537, 1024)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "weak")])
    issuer = (
        x509.CertificateBuilder(name, name, private.public_key(), 7)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=9))
        .sign(private, hashes.SHA256())
    )
    place.files.certificate.write_bytes(chain(GOOD) + issuer.public_bytes(Encoding.PEM))
    with pytest.raises(TlsUnusable, match=r"cert.pem \(--tls-certificate\) cannot be served by: ca key too small"):
        load(place.files, NOW)


def test_the_json_door_speaks_no_old_tls(place: Place) -> None:
    context = live_context(place.certificates())
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    place.files = TlsFiles(place.files.certificate, place.files.key)
    assert live_context(place.certificates()).verify_mode is ssl.CERT_NONE
