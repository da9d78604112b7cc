"""Documentation that cannot rot: every command and option says what it is for, and every example can be parsed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from server.cli import main


def _walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from _walk(child, (*path, name))


COMMANDS = list(_walk(main, ()))
NAMES = [" ".join(path) or "consent" for path, _ in COMMANDS]


def test_the_issue_s_commands_are_there() -> None:
    assert {" ".join(path) for path, command in COMMANDS if not isinstance(command, click.Group)} >= {
        "serve",
        "health",
        "migrate",
        "copy",
        "tenant create",
        "tenant list",
        "sender create",
        "sender list",
        "sender update",
        "credential create",
        "credential list",
        "credential revoke",
        "credential rotate",
        "contact import",
        "purpose create",
        "purpose list",
        "purpose update",
        "check",
        "record",
        "history",
        "inbound",
        "review list",
        "review resolve",
        "verify",
        "forget",
        "hold",
        "person",
        "scrub",
        "import",
        "export",
        "backup",
        "restore",
        "new-epoch",
        "prune",
        "revert",
    }


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=NAMES)
def test_every_command_and_option_has_help(path: tuple[str, ...], command: click.Command) -> None:
    assert command.help, "the command has no docstring"
    assert not path or not command.get_short_help_str(60).endswith("..."), (
        "the first sentence is cut in the list of commands"
    )
    text = CliRunner().invoke(main, [*path, "--help"]).output
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{parameter.name} has no help"
        else:
            words = text.partition("Options:")[0]
            shown = str(parameter.metavar or parameter.name).upper()
            assert words.upper().count(shown) > 1, f"{shown} is not explained"


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=NAMES)
def test_examples_name_commands_and_options_that_exist(path: tuple[str, ...], command: click.Command) -> None:
    known = {" ".join(found): child for found, child in COMMANDS}
    for example in re.findall(r"\bconsent ((?:\w+ )?\w+ .*)", command.epilog or ""):
        words = shlex.split(example.partition(" < ")[0])
        name = words[0] if words[0] in known and not isinstance(known[words[0]], click.Group) else " ".join(words[:2])
        options = {option for parameter in known[name].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize("name", [name for name in NAMES if name != "consent"])
def test_help_needs_no_database(name: str) -> None:
    result = CliRunner(env={"CONSENT_DATABASE": "/nowhere/at/all.db"}).invoke(main, [*name.split(), "-h"])
    assert result.exit_code == 0
    assert "Usage:" in result.output
