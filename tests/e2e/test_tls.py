"""TLS at both doors, on real sockets with real certificates: who is served, who is not, and what changes meanwhile."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import grpc
import httpx
import pytest
from click.testing import CliRunner
from cryptography import x509
from grpc_health.v1.health_pb2 import HealthCheckRequest
from grpc_health.v1.health_pb2_grpc import HealthStub

from server.cli import main
from server.client import ConsentClient, DeadlineExceeded, Unavailable, sms, tls_credentials
from server.demo import API_KEY, BRAND, PROFILE
from tests.e2e.authorities import Authority, Caller, Files, address, await_shown, shown, web
from tests.e2e.process import ANY_PORTS, Served, run, serving
from tests.e2e.test_grpcurl import GRPCURL
from tests.e2e.test_kill import told, verified_ledger
from tests.e2e.test_renewing import OWN_CONNECTION, Callers

PURPOSE = "transactional"
DOORS = ("grpc", "http")
ENOUGH = 100
"""Calls between one change and the next."""


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"))


@pytest.fixture(scope="module")
def encrypted(ca: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that speaks TLS, on every address of this machine: there is nothing to say it may."""
    folder = tmp_path_factory.mktemp("encrypted")
    files = Files(folder)
    files.hold(ca.issue())
    options = ("--processes", "2", "--connection-age", "1", *files.options)
    with serving(folder, "--demo", *options) as served:
        yield served


@pytest.fixture(scope="module")
def exclusive(ca: Authority, stranger: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that asks its callers for a certificate of `ca`; its own is of another authority."""
    folder = tmp_path_factory.mktemp("exclusive")
    files = Files(folder)
    files.hold(stranger.issue())
    (folder / "clients.pem").write_bytes(ca.file.read_bytes())
    with serving(folder, "--demo", "--tls-client-ca", str(folder / "clients.pem"), *files.options) as served:
        yield served


@pytest.fixture(scope="module")
def silent(exclusive: Served) -> Iterator[list[socket.socket]]:
    """Connections that say nothing, for as long as the other tests take."""
    with ExitStack() as stack:
        yield [stack.enter_context(socket.create_connection(address(exclusive, door))) for door in DOORS]


def check(served: Served, trusted: Authority, caller: Caller | None = None, timeout: float = 60) -> str:
    """Ask over gRPC by the client for internal services."""
    shown = {"certificate": caller.certificate, "key": caller.key} if caller else {}
    credentials = tls_credentials(ca=trusted.file, **shown)
    with ConsentClient(served.grpc, api_key=API_KEY, tls=credentials, timeout=timeout) as client:
        return client.check(BRAND, sms("+16505550123"), PURPOSE).reason.name


def grpcurl(served: Served, *options: str, patience: str = "10") -> subprocess.CompletedProcess[str]:
    typed = [str(GRPCURL), *options, "-connect-timeout", patience, served.grpc, "list"]
    return subprocess.run(typed, capture_output=True, text=True, check=False)


def test_the_client_and_its_credential(encrypted: Served, ca: Authority) -> None:
    assert check(encrypted, ca) == "ALLOWED_BY_RULE"


def test_grpcurl(encrypted: Served, ca: Authority, stranger: Authority) -> None:
    assert "consent.v1.ConsentService" in grpcurl(encrypted, "-cacert", str(ca.file)).stdout
    assert "certificate signed by unknown authority" in grpcurl(encrypted, "-cacert", str(stranger.file)).stderr
    assert grpcurl(encrypted, "-plaintext", patience="0.5").returncode != 0


def test_the_gateway(encrypted: Served, ca: Authority, stranger: Authority) -> None:
    assert encrypted.http.startswith("https://")
    assert "TLS is spoken" in encrypted.log
    with web(encrypted, ca.trusting()) as http:
        assert http.get("/readyz").status_code == 200
    with web(encrypted, stranger.trusting()) as http, pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY"):
        http.get("/readyz")


def test_a_client_that_does_not_trust_the_server_sends_nothing(encrypted: Served, stranger: Authority) -> None:
    with pytest.raises((Unavailable, DeadlineExceeded)):
        check(encrypted, stranger, timeout=5)


def test_a_name_that_is_not_the_certificate_s(encrypted: Served, ca: Authority) -> None:
    renamed = (("grpc.ssl_target_name_override", "consent.example"),)
    with (
        grpc.secure_channel(encrypted.grpc, tls_credentials(ca=ca.file), options=renamed) as channel,
        pytest.raises(grpc.RpcError, match="Hostname Verification Check failed"),
    ):
        HealthStub(channel).Check(HealthCheckRequest(), timeout=5)


def test_clear_text_is_not_answered(encrypted: Served) -> None:
    with grpc.insecure_channel(encrypted.grpc) as channel, pytest.raises(grpc.RpcError) as refused:
        HealthStub(channel).Check(HealthCheckRequest(), timeout=5)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(encrypted.http.replace("https", "http") + "/readyz", trust_env=False)


@pytest.mark.parametrize("door", DOORS)
def test_versions_of_tls(encrypted: Served, ca: Authority, door: str) -> None:
    for version, served in (("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)):
        context = ca.trusting()
        context.set_alpn_protocols(["h2", "http/1.1"])
        context.set_ciphers("ALL:@SECLEVEL=0")  # else the client itself would not speak what is old
        with warnings.catch_warnings(action="ignore"):
            context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
        with socket.create_connection(address(encrypted, door)) as plain:
            try:
                with context.wrap_socket(plain, server_hostname="localhost") as agreed:
                    assert (agreed.version(), served) == (version.replace("_", "."), True)
                    assert agreed.selected_alpn_protocol() == {"grpc": "h2", "http": "http/1.1"}[door]
            except OSError:
                assert not served


def test_private_sockets_stay_plain(encrypted: Served, ca: Authority) -> None:
    with web(encrypted, ca.trusting()) as http:
        path = f"/messaging_profiles/{PROFILE}/autoresp_configs"
        assert http.get(path, headers={"authorization": f"Bearer {API_KEY}"}).status_code == 200


def health(served: Served, *arguments: str, **variables: str) -> tuple[int, str]:
    files = Files(served.folder)
    own = {"CONSENT_GRPC": served.grpc, "CONSENT_TLS_CERTIFICATE": str(files.certificate)}
    environment = {**own, "CONSENT_TLS_KEY": str(files.key), **variables}
    done = CliRunner(env=environment).invoke(main, ["health", *arguments])
    return done.exit_code, done.output


def test_the_health_of_this_machine_s_server(encrypted: Served, ca: Authority) -> None:
    assert health(encrypted) == (0, f"{encrypted.grpc} serves\n")
    assert health(encrypted, "--ca", str(ca.file)) == (0, f"{encrypted.grpc} serves\n")
    assert health(encrypted, "--tls", SSL_CERT_FILE=str(ca.file)) == (0, f"{encrypted.grpc} serves\n")
    code, said = health(encrypted, CONSENT_TLS_KEY="")
    assert (code, "in clear text; --tls and --ca ask over TLS" in said) == (2, True)
    code, said = health(encrypted, "--tls")
    assert (code, "does not answer (over TLS)" in said) == (2, True)


def test_the_health_of_one_that_asks_for_certificates(exclusive: Served, ca: Authority, stranger: Authority) -> None:
    caller = ca.caller()
    shown = ("--certificate", str(caller.certificate), "--key", str(caller.key))
    assert health(exclusive, "--ca", str(stranger.file), *shown)[0] == 0
    assert health(exclusive, "--ca", str(stranger.file))[0] == 2


def test_prometheus_is_told_when_it_ends(encrypted: Served) -> None:
    told = httpx.get(f"{encrypted.admin}/metrics", trust_env=False).text
    (line,) = (line for line in told.splitlines() if line.startswith("consent_tls_certificate_not_after_seconds "))
    ends = x509.load_der_x509_certificate(shown(encrypted, "http")).not_valid_after_utc
    assert float(line.split()[1]) == ends.timestamp()


def test_what_to_try_can_be_pasted(encrypted: Served) -> None:
    told = "".join(encrypted.said)
    (line,) = (line.strip() for line in told.splitlines() if line.endswith(" list"))
    assert "-cacert" in line
    done = subprocess.run([str(GRPCURL), *line.split()[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_callers_with_a_certificate(
    exclusive: Served, silent: list[socket.socket], ca: Authority, stranger: Authority
) -> None:
    caller = ca.caller()
    assert check(exclusive, stranger, caller) == "ALLOWED_BY_RULE"
    shown = ("-cert", str(caller.certificate), "-key", str(caller.key))
    assert "consent.v1.ConsentService" in grpcurl(exclusive, "-cacert", str(stranger.file), *shown).stdout
    with web(exclusive, stranger.trusting(caller)) as http:
        assert http.get("/readyz").status_code == 200


@pytest.mark.parametrize("who", ["nobody", "a stranger"])
def test_callers_without_are_refused(exclusive: Served, stranger: Authority, who: str) -> None:
    caller = None if who == "nobody" else stranger.caller()
    with pytest.raises((Unavailable, DeadlineExceeded)):
        check(exclusive, stranger, caller, timeout=5)
    shown = ("-cert", str(caller.certificate), "-key", str(caller.key)) if caller else ()
    assert grpcurl(exclusive, "-cacert", str(stranger.file), *shown, patience="0.5").returncode != 0
    with web(exclusive, stranger.trusting(caller)) as http, pytest.raises(httpx.TransportError):
        http.get("/readyz")


def test_an_authority_that_is_replaced_lets_nobody_in_any_more(
    exclusive: Served, ca: Authority, stranger: Authority, tmp_path: Path
) -> None:
    before, after = ca.caller(), Authority(tmp_path / "after").caller()
    clients = exclusive.folder / "clients.pem"
    trust = stranger.trusting(before)
    with web(exclusive, trust) as kept:
        assert kept.get("/readyz").status_code == 200
        clients.write_bytes((tmp_path / "after" / "ca.pem").read_bytes())
        try:
            for door in DOORS:
                while not is_let_in(exclusive, door, stranger, after):
                    pass
                assert not is_let_in(exclusive, door, stranger, before)
            assert kept.get("/readyz").status_code == 200, "who is in stays until the connection ends"
        finally:
            clients.write_bytes(ca.file.read_bytes())
    for door in DOORS:
        while not is_let_in(exclusive, door, stranger, before):
            pass


def is_let_in(served: Served, door: str, trusted: Authority, caller: Caller) -> bool:
    """Whether a door goes on after the handshake with a caller."""
    try:
        if door == "grpc":
            return check(served, trusted, caller, timeout=5) == "ALLOWED_BY_RULE"
        with web(served, trusted.trusting(caller)) as http:
            return http.get("/readyz").status_code == 200
    except (Unavailable, DeadlineExceeded, httpx.TransportError):
        return False


def test_a_process_that_is_started_again_has_the_certificate_of_before(encrypted: Served, ca: Authority) -> None:
    files = Files(encrypted.folder)
    in_force = shown(encrypted, "http")
    key = files.key.read_bytes()
    files.key.unlink()
    try:
        for name, pid in encrypted.children().items():
            os.kill(pid, signal.SIGKILL)
            encrypted.successor(name, pid)
        with ConsentClient(encrypted.grpc, api_key=API_KEY, tls=tls_credentials(ca=ca.file)) as client:
            client.wait_until_serving(60)
        assert [shown(encrypted, door) for door in DOORS] == [in_force, in_force]
    finally:
        files.key.write_bytes(key)


def test_certificates_change_under_way_and_no_call_is_lost(
    encrypted: Served, ca: Authority, stranger: Authority, tmp_path: Path
) -> None:
    files = Files(encrypted.folder)
    both = tmp_path / "both.pem"
    both.write_bytes(ca.file.read_bytes() + stranger.file.read_bytes())
    trusted = ssl.create_default_context(cafile=str(both))
    credentials = tls_credentials(ca=both)
    said = len(encrypted.log)
    callers = Callers(
        lambda: grpc.secure_channel(encrypted.grpc, credentials, options=OWN_CONNECTION),
        lambda: web(encrypted, trusted),
    )
    with ThreadPoolExecutor(8) as pool:
        calling = callers.start(pool)
        try:
            callers.go_on(ENOUGH)
            for authority, is_asked in ((stranger, False), (ca, True)):
                issued = authority.issue()
                files.hold(issued)
                if is_asked:
                    encrypted.send(signal.SIGHUP)
                await_shown(encrypted, issued)
                callers.go_on(ENOUGH)
            files.key.write_text("half a k")
            while "what was in force stays" not in encrypted.log[said:]:
                callers.go_on(1)
            callers.go_on(ENOUGH)
        finally:
            callers.stop()
        for each in calling:
            each.result()
    log = encrypted.log[said:]
    assert log.count("[error") == log.count("the changed TLS files cannot be used") == 1
    assert log.count("the TLS certificate was replaced") == 2
    assert told(verified_ledger(encrypted.folder)) == dict.fromkeys(callers.told, 1)


def test_who_says_nothing_is_let_go(silent: list[socket.socket]) -> None:
    for connection in silent:
        assert connection.recv(1) == b""


def test_it_does_not_start_with_what_cannot_be_used(folder: Path, ca: Authority) -> None:
    files = Files(folder)
    files.hold(ca.issue())
    files.key.chmod(0)
    done = run(folder, "serve", *ANY_PORTS, *files.options)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Error: {files.key} (--tls-key) cannot be read: Permission denied" in done.stderr
    assert not (folder / "consent.db").exists()
