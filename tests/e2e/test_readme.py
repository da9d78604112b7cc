"""The examples of all pages work as pasted against `make run`, and answer what they say; settings are the real ones."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import PAGES, Block, Page
from tests.e2e.settings_table import with_table

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
VARYING = {"id", "request_id", "revision", "check_time", "created_at", "updated_at"}


@dataclass(frozen=True)
class Example:
    page: Page
    command: str
    answer: str | None

    def __str__(self) -> str:
        return f"{self.page} {self.command.splitlines()[0][:60]}"


def examples() -> list[Example]:
    return [
        Example(page, block.text, after.text if after.language == "json" else None)
        for page in PAGES
        for block, after in zip(page.blocks, [*page.blocks[1:], Block("", "")], strict=False)
        if block.language == "sh"
    ]


@dataclass(frozen=True)
class Place:
    folder: Path
    grpc: str
    http: str

    def here(self, text: str) -> str:
        """An example with the addresses of this server."""
        return text.replace("127.0.0.1:50051", self.grpc).replace("127.0.0.1:8080", self.http)

    def run(self, command: str) -> str:
        local = self.here(command)
        scripts = str(Path(sys.executable).parent)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", local],
            cwd=self.folder,
            env={**os.environ, "PATH": f"{scripts}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{local}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("readme")
    (folder / "contacts.csv").write_text("id,first,last,email,mobile\nc-1,Ann,Lee,ann@example.com,+16505550199\n")
    recipe = re.search(r"^run:.*?consent (serve .*?) --database", (ROOT / "Makefile").read_text(), re.M | re.S)
    assert recipe is not None
    command = [sys.executable, "-m", "server", *shlex.split(recipe[1])]
    ports = [setting for name in ("grpc", "http", "admin") for setting in (f"--{name}", "127.0.0.1:0")]
    command += ["--database", str(folder / "demo.db"), *ports]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        ready = next(line for line in process.stdout if line.startswith("ready:"))
        grpc, http, _ = re.findall(r"127\.0\.0\.1:\d+", ready)
        yield Place(folder, grpc, http)
        process.terminate()
        process.stdout.read()
    assert process.returncode == 0


def shape(value: Any, key: str = "") -> Any:
    """The value with what varies replaced by its form: each digit by 0, each letter of a hex id by 0."""
    match value:
        case dict():
            return {name: shape(item, name) for name, item in value.items()}
        case list():
            return [shape(item, key) for item in value]
        case str() if key == "check_time":
            return "a time"
        case str() if key in ("request_id", "revision"):
            return "varies"
        case str() if key in VARYING:
            return re.sub(r"[0-9a-f]", "0", value)
        case _:
            return value


@pytest.mark.parametrize("example", examples(), ids=str)
def test_example_works_as_pasted(example: Example, place: Place) -> None:
    told = place.run(example.command)
    if example.answer is not None:
        assert shape(json.loads(told)) == shape(json.loads(example.answer))


PROGRAMS = [(page, block.text) for page in PAGES for block in page.blocks if block.language == "python"]


@pytest.mark.parametrize(("page", "program"), PROGRAMS, ids=[f"{page} {n}" for n, (page, _) in enumerate(PROGRAMS)])
def test_program_runs_as_pasted(page: Page, program: str, place: Place) -> None:
    exec(compile(place.here(program), str(page), "exec"), {"__name__": "__main__"})


def test_every_documented_api_has_a_curl_and_a_grpcurl_line() -> None:
    for title in ("myKaarma", "Relay Network", "Telnyx", "Hi Marley"):
        section = re.split(r"^#{2,3} ", README.split(f"### {title}")[1], maxsplit=1, flags=re.MULTILINE)[0]
        commands = re.findall(r"^```sh\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
        assert any(command.startswith("curl ") for command in commands), title
        assert any(command.startswith("grpcurl ") for command in commands), title


def test_settings_table_is_fresh() -> None:
    assert with_table(README) == README, "run `make generate`"
