"""The Dockerfile, read as a builder reads it: what it copies is there, what it runs exists, what it sets is known."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from server.cli import main
from server.settings import SERVE, read_settings
from server.storage.engines import sqlite_path
from tests.package.conftest import ROOT, Built, build


@dataclass(frozen=True)
class Step:
    """One instruction, its lines joined."""

    name: str
    text: str

    @property
    def words(self) -> list[str]:
        return self.text.split()

    @property
    def argv(self) -> list[str]:
        """The command, where it is written as JSON."""
        found: list[str] = json.loads(self.text[self.text.index("[") :])
        return found


def steps() -> list[list[Step]]:
    """The instructions of each stage."""
    lines = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.M)
    joined = re.sub(r"\\\n\s*", "", lines).splitlines()
    stages: list[list[Step]] = []
    for name, _, text in (line.partition(" ") for line in joined if line):
        if name == "FROM":
            stages.append([])
        stages[-1].append(Step(name, text))
    return stages


BUILD, RUNS = steps()


def those(stage: list[Step], name: str) -> list[Step]:
    return [step for step in stage if step.name == name]


def the(stage: list[Step], name: str) -> Step:
    (found,) = those(stage, name)
    return found


COPIED = [source for step in those(BUILD, "COPY") for source in step.words[:-1]]
VARIABLES = dict(word.split("=", 1) for word in the(RUNS, "ENV").words)
FOUND = {found.setting.name: found for found in read_settings({}, VARIABLES).found}


def test_both_stages_have_the_same_python() -> None:
    assert the(BUILD, "FROM").words == [*the(RUNS, "FROM").words, "AS", "build"]


def test_only_what_is_copied_reaches_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert [line for line in lines if not line.startswith(("#", "!", "**/"))] == ["*"]
    assert {line.removeprefix("!/") for line in lines if line.startswith("!")} == {Path(name).name for name in COPIED}


def test_what_is_copied_builds_the_wheel(built: Built, tmp_path: Path) -> None:
    context = tmp_path / "context"
    context.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, context / source.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, context)
    assert build(context, tmp_path / "dist", "wheel").files == built.files


def test_no_compiler_is_asked_for() -> None:
    installs = re.findall(r"pip [^&]*\binstall\b[^&]*", " ".join(step.text for step in [*BUILD, *RUNS]))
    assert installs
    assert all("--only-binary :all:" in install for install in installs)
    assert not re.search(r"apt-get|gcc|build-essential", " ".join(step.text for step in [*BUILD, *RUNS]))


def test_the_image_holds_what_the_first_stage_installed() -> None:
    assert [step.words for step in those(RUNS, "COPY")] == [["--from=build", "/opt/consent", "/opt/consent"]]
    assert VARIABLES["PATH"].startswith("/opt/consent/bin:")


def test_it_runs_as_nobody_else() -> None:
    user, group = map(int, the(RUNS, "USER").text.split(":"))
    assert user >= 10_000
    made = the(RUNS, "RUN").text
    assert f"groupadd --gid {group} consent" in made
    assert f"useradd --uid {user} --gid {group} " in made


def commands() -> list[list[str]]:
    started = [*the(RUNS, "ENTRYPOINT").argv, *the(RUNS, "CMD").argv]
    *shell, asked = the(RUNS, "HEALTHCHECK").argv
    assert shell == ["sh", "-c"]
    return [started, asked.removesuffix(" || exit 1").split()]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_a_command_exists(command: list[str]) -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert command[0] in scripts
    assert isinstance(main, click.Group)
    found = main.commands[command[1]]
    assert set(command[2:]) <= {name for parameter in found.params for name in parameter.opts}


def test_what_it_sets_are_settings_and_allowed() -> None:
    assert {name for name in VARIABLES if name.startswith("CONSENT_")} <= {setting.variable for setting in SERVE}
    assert [found.fault for found in FOUND.values() if found.fault] == []


def test_it_serves_nobody_in_clear_text_unless_told_so() -> None:
    told = read_settings({}, VARIABLES).faults
    assert len(told) == 1
    assert "--tls-certificate" in told[0]
    assert read_settings({}, {**VARIABLES, "CONSENT_INSECURE_PLAINTEXT": "on"}).faults == []


def test_data_is_in_the_volume() -> None:
    volume = the(RUNS, "VOLUME").text
    assert sqlite_path(FOUND["database"].value).parent == Path(volume)
    assert the(RUNS, "WORKDIR").text == volume


def test_it_exposes_what_it_listens_on() -> None:
    addresses = [FOUND[name].value for name in ("grpc", "http", "admin")]
    assert [address.host for address in addresses] == ["0.0.0.0"] * 3
    assert the(RUNS, "EXPOSE").words == [str(address.port) for address in addresses]


def test_it_is_asked_to_stop_as_the_service_expects() -> None:
    assert the(RUNS, "STOPSIGNAL").text == "SIGTERM"
