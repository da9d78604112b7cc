"""The wheel in a bare environment: it is installed, says who it is, serves and answers."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from server.version import VERSION
from tests.package.bare import make_bare
from tests.package.conftest import Built
from tests.package.run import environment, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where it works: far from the tree."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def consent(built: Built, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The installed command."""
    return str(make_bare(tmp_path_factory.mktemp("bare"), built.wheel) / "consent")


@pytest.fixture(scope="module")
def served(consent: str, folder: Path) -> Iterator[tuple[str, str]]:
    """The addresses of gRPC and JSON."""
    command = [consent, "serve", "--demo", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--admin", "off"]
    process = subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        ready = next(line for line in process.stdout if line.startswith("ready:"))
        grpc, http = re.findall(r"127\.0\.0\.1:\d+", ready)
        yield grpc, f"http://{http}"
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        assert process.wait() == 0
    finally:
        process.kill()
        process.communicate()


def test_nothing_of_the_tree_is_there(consent: str, folder: Path) -> None:
    program = "import server, sys; print(server.__file__); print(*sys.path, sep='\\n')"
    told = run(str(Path(consent).with_name("python")), "-c", program, folder=folder)
    assert told.startswith(str(Path(consent).parents[1]))
    program = "import importlib.util as u; print(u.find_spec('tests'), u.find_spec('pytest'), u.find_spec('httpx'))"
    assert run(str(Path(consent).with_name("python")), "-c", program, folder=folder) == "None None None\n"


def test_it_says_who_it_is(consent: str, folder: Path) -> None:
    assert run(consent, "--version", folder=folder) == f"consent, version {VERSION}\n"


def test_it_serves_and_answers(consent: str, folder: Path, served: tuple[str, str]) -> None:
    grpc, http = served
    assert json.loads(run(consent, "health", "--target", grpc, "--wait", "10", "--json", folder=folder))["serving"]
    question = {
        "sender": "acme",
        "recipient": {"channel": "CHANNEL_SMS", "address": "+16505551234"},
        "purposes": ["transactional"],
    }
    headers = {"x-api-key": "demo-key-for-loopback-only"}
    with httpx.Client(base_url=http, headers=headers) as client:
        answer = client.post("/v1/consents:check", json=question)
        assert answer.json()["decisions"][0]["verdict"] == "VERDICT_ALLOW"
        assert client.get("/openapi.json").json()["info"]["version"] == VERSION
        assert "<style" in client.get("/docs").text
