"""What `ConsentClient` trusts and shows, read from files; tests/e2e/test_tls.py dials with it."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
import trustme

from server.client import tls_credentials


@pytest.fixture
def ca(tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return path


def test_an_authority_is_read_from_a_file(ca: Path) -> None:
    assert isinstance(tls_credentials(ca=ca), grpc.ChannelCredentials)


def test_without_one_the_machine_s_are_read(ca: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    assert isinstance(tls_credentials(), grpc.ChannelCredentials)
    ca.write_text("nothing")
    with pytest.raises(ValueError, match="holds no certificate in PEM"):
        tls_credentials()


@pytest.mark.parametrize("given", ["certificate", "key"])
def test_a_certificate_and_its_key_go_together(ca: Path, given: str) -> None:
    with pytest.raises(ValueError, match="certificate and key together"):
        tls_credentials(ca=ca, certificate=ca if given == "certificate" else None, key=ca if given == "key" else None)


def test_files_that_are_none(ca: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        tls_credentials(ca=tmp_path / "nowhere.pem")
    with pytest.raises(ValueError, match=r"ca.pem holds no private key in PEM"):
        tls_credentials(ca=ca, certificate=ca, key=ca)
