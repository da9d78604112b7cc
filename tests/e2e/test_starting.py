"""What `consent serve` says before it serves: its ports, or in one line why it cannot start."""

from __future__ import annotations

import base64
import json
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from server.demo import API_KEY, PROFILE
from tests.e2e.accounts import web
from tests.e2e.process import ANY_PORTS, DATABASE, Served, key_file, run, serving

OTHER_KEY = "other:" + base64.b64encode(bytes(32)).decode()


def refused_to_serve(folder: Path, *arguments: str, database: str = DATABASE, **changes: str) -> str:
    """Serve what cannot be served: exit 2, the reason on standard error, nothing on standard output."""
    done = run(folder, "serve", "--database", database, *(arguments or ANY_PORTS), **changes)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("Error: ") == 1
    return done.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database that was brought to head, and its key; copy it before doing it harm."""
    folder = tmp_path_factory.mktemp("made")
    assert run(folder, "tenant", "create", "acme", "--database", DATABASE).returncode == 0
    return folder


@pytest.fixture
def database(made: Path, folder: Path) -> Path:
    """A copy of that database in a folder of this test."""
    for name in (DATABASE, key_file(made).name):
        (folder / name).write_bytes((made / name).read_bytes())
    return folder / DATABASE


def test_the_chosen_ports_are_printed(served: Served) -> None:
    for address in (served.grpc, served.http.removeprefix("http://")):
        host, _, port = address.rpartition(":")
        assert host == "127.0.0.1"
        socket.create_connection((host, int(port))).close()
    assert len(served.said) == 1


@pytest.mark.parametrize("setting", ["--grpc", "--http"])
def test_a_port_that_another_server_has(served: Served, folder: Path, setting: str) -> None:
    taken = served.grpc if setting == "--grpc" else served.http.removeprefix("http://")
    other = "--http" if setting == "--grpc" else "--grpc"
    port = taken.rpartition(":")[2]
    said = refused_to_serve(folder, setting, taken, other, "127.0.0.1:0")
    assert f"port {port} on 127.0.0.1 cannot be bound: another server has it" in said
    assert list(folder.iterdir()) == [], "nothing is made by a server that does not start"
    with web(served) as http:
        assert http.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--grpc", "127.0.0.1:70000"), "--grpc must be HOST:PORT with a port from 0 to 65535"),
        (("--http", "nowhere"), "--http must be HOST:PORT with a port from 0 to 65535"),
        (("--insecure-plaintext", "--grpc", "203.0.113.1:0", *ANY_PORTS[2:]), "port 0 on 203.0.113.1 cannot be bound"),
        (("--grpc", "127.0.0.1:50999", "--http", "127.0.0.1:50999"), "give each its own port"),
        (("--demo", "--grpc", "0.0.0.0:0", "--http", "127.0.0.1:0"), "loopback addresses only"),
        (("--demo", "--grpc", "127.0.0.1:0", "--http", "[::]:0"), "loopback addresses only"),
    ],
)
def test_addresses_that_cannot_be_served(folder: Path, arguments: tuple[str, ...], reason: str) -> None:
    assert reason in refused_to_serve(folder, *arguments)
    assert list(folder.iterdir()) == []


def test_what_is_served_in_clear_text_is_told(folder: Path) -> None:
    said = refused_to_serve(folder, "--insecure-plaintext", "--grpc", "203.0.113.1:0", *ANY_PORTS[2:])
    assert "other machines are served in clear text" in said
    assert "places='--grpc 203.0.113.1:0'" in said


def test_a_folder_that_is_not_there(folder: Path) -> None:
    assert "nowhere/c.db" in refused_to_serve(folder, database="nowhere/c.db")


def test_a_folder_that_cannot_be_written(folder: Path) -> None:
    (folder / "sealed").mkdir(mode=0o500)
    assert "Permission denied" in refused_to_serve(folder, database="sealed/c.db")


def test_a_database_that_is_read_only(database: Path) -> None:
    database.chmod(0o444)
    before = database.read_bytes()
    assert "cannot be opened for writing" in refused_to_serve(database.parent)
    assert database.read_bytes() == before


def test_a_database_in_a_folder_that_is_read_only(database: Path) -> None:
    database.parent.chmod(0o500)
    assert "cannot be opened for writing" in refused_to_serve(database.parent)


def test_a_file_that_is_no_database(folder: Path) -> None:
    (folder / DATABASE).write_text("to whom it may concern\n" * 1000)
    assert "is no SQLite database" in refused_to_serve(folder, CONSENT_SERVICE_KEY=OTHER_KEY)
    assert (folder / DATABASE).read_text().startswith("to whom")


def test_a_folder_is_no_database(folder: Path) -> None:
    (folder / DATABASE).mkdir()
    assert "cannot be opened" in refused_to_serve(folder, CONSENT_SERVICE_KEY=OTHER_KEY)


def test_a_database_of_another_engine(folder: Path) -> None:
    assert "postgresql://, not mysql://" in refused_to_serve(folder, database="mysql://localhost/consent")


def test_postgresql_without_a_service_key(folder: Path) -> None:
    said = refused_to_serve(folder, database="postgres://consent:hidden@localhost/consent")
    assert "set CONSENT_SERVICE_KEY" in said
    assert "openssl rand" in said
    assert "hidden" not in said


def test_a_newer_schema(database: Path) -> None:
    with closing(sqlite3.connect(database)) as file, file:
        file.execute("INSERT INTO schema_migrations VALUES (999, 0)")
    assert "the database has schema version 999" in refused_to_serve(database.parent)


def test_an_unknown_service_key(database: Path) -> None:
    said = refused_to_serve(database.parent, CONSENT_SERVICE_KEY=OTHER_KEY)
    assert "made under the service key" in said
    assert OTHER_KEY.partition(":")[2] not in said


def test_another_secret_under_a_known_key_id(database: Path) -> None:
    key = key_file(database.parent)
    key.write_text(key.read_text().partition(":")[0] + OTHER_KEY[5:])
    assert "made under the service key" in refused_to_serve(database.parent)


def test_a_lost_service_key(database: Path) -> None:
    key_file(database.parent).unlink()
    assert "is missing: restore" in refused_to_serve(database.parent)
    assert not key_file(database.parent).exists(), "no new key takes its place"


@pytest.mark.parametrize("text", ["", "nothing", "id:####", "id:c2hvcnQ="])
def test_a_service_key_that_is_none(database: Path, text: str) -> None:
    key_file(database.parent).write_text(text)
    assert "service key" in refused_to_serve(database.parent)


def test_a_service_key_that_cannot_be_read(database: Path) -> None:
    key_file(database.parent).chmod(0o000)
    assert "cannot be read" in refused_to_serve(database.parent)


def test_a_folder_that_cannot_be_entered(database: Path) -> None:
    database.parent.chmod(0o600)
    try:
        assert "Permission denied" in refused_to_serve(database.parent.parent, database=f"{database}")
    finally:
        database.parent.chmod(0o700)


def test_the_service_key_is_the_owners_alone(database: Path) -> None:
    made = run(database.parent, "tenant", "create", "x", "--database", "other.db")
    assert made.returncode == 0
    assert (database.parent / "other.db.key").stat().st_mode & 0o777 == 0o600


def test_settings_by_environment(folder: Path) -> None:
    with serving(
        folder,
        ports=(),
        CONSENT_DATABASE=f"sqlite:///{folder / 'named.db'}",
        CONSENT_GRPC="127.0.0.1:0",
        CONSENT_HTTP="localhost:0",
        CONSENT_DEMO="1",
        CONSENT_LOG_FORMAT="json",
        CONSENT_LOG_LEVEL="info",
        CONSENT_ACCESS_LOG="all",
        CONSENT_SERVICE_KEY=OTHER_KEY,
    ) as served:
        with web(served) as http:
            headers = {"authorization": f"Bearer {API_KEY}"}
            assert http.get(f"/messaging_profiles/{PROFILE}/autoresp_configs", headers=headers).status_code == 200
        assert any(API_KEY in line for line in served.said)
    lines = [json.loads(line) for line in served.log.splitlines() if line.startswith("{")]
    assert any(line["level"] == "info" and line.get("status") == 200 for line in lines)
    assert API_KEY not in served.log
    assert sorted(path.name for path in folder.glob("named*")) == ["named.db"]


def test_options_come_before_the_environment(home: Path) -> None:
    with serving(home, CONSENT_GRPC="nonsense", CONSENT_HTTP="nonsense") as served:
        assert served.said[-1].startswith("ready: ")


def test_it_starts_again_where_it_stopped(folder: Path) -> None:
    for _ in range(2):
        with serving(folder, "--demo") as served:
            pass
    assert served.log.count("applied migration m0001_initial") == 1
