"""What the pages name is there: pages and headings, commands and options, settings, files and tests."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator

import click
import pytest

from server.cli import main
from server.gateway.app import VENDORS
from server.settings import SERVE
from server.storage.tables import TABLES
from server.version import VERSION
from tests.docs.pages import PAGES, ROOT, Page

each = pytest.mark.parametrize("page", PAGES, ids=str)
DOCS = {str(page): page for page in PAGES}
_CODE = re.compile(r"`(\w+)`")
_CALL = re.compile(r"(GET|POST|PUT|DELETE) /\S+")
_TEST = re.compile(r"(tests/[\w/]+\.py)(?:::(\w+))?")
# Values of the contract's enums begin so too.
_SETTING = re.compile(r"\bCONSENT_(?!STATE_|TYPE_)[A-Z_]+\b")


@each
def test_links_lead_somewhere(page: Page) -> None:
    for link in page.links:
        if re.match(r"https?://", link):
            continue
        target, _, anchor = link.partition("#")
        path = (page.path.parent / target).resolve() if target else page.path
        assert path.exists(), link
        if anchor:
            assert anchor in Page(path).anchors, link


def test_every_page_is_reached_from_the_front_page() -> None:
    reached, todo = set[str](), ["README.md"]
    while todo:
        page = DOCS[todo.pop()]
        reached.add(str(page))
        for link in page.links:
            target = (page.path.parent / link.partition("#")[0]).resolve()
            name = str(target.relative_to(ROOT)) if target.is_relative_to(ROOT) else ""
            if name in DOCS and name not in reached:
                todo.append(name)
    assert reached == set(DOCS)


def test_the_changelog_begins_with_this_version() -> None:
    told = re.findall(r"^## \[([\d.]+)\]", DOCS["CHANGELOG.md"].text, re.MULTILINE)
    assert told[0] == VERSION
    assert f"### {VERSION}\n" in DOCS["docs/upgrade.md"].text


def commands(page: Page) -> Iterator[str]:
    """Every command line of `consent` that the page shows."""
    for block in page.blocks:
        if block.language in ("", "sh"):
            for line in block.text.replace("\\\n", " ").splitlines():
                if found := re.match(r"(?:[A-Z_]+=\S+ )*(consent [^|>#]*)", line.strip().removeprefix("exec ")):
                    yield found[1]
    yield from (code for code in page.code if code.startswith("consent "))


def unknown(command: str) -> list[str]:
    """The words of a command line that are no command or option of ours."""
    words = shlex.split(command.replace("…", "").replace("<", " "))[1:]
    found: click.Command = main
    while isinstance(found, click.Group) and words and not words[0].startswith("-"):
        if words[0] not in found.commands:
            return words[:1]
        found = found.commands[words.pop(0)]
    taken = {name for parameter in found.params for name in (*parameter.opts, *parameter.secondary_opts)}
    options = [word.partition("=")[0] for word in words if word.startswith("--")]
    return [option for option in options if option not in taken | {"--help"}]


@each
def test_commands_and_their_options_exist(page: Page) -> None:
    assert {command: words for command in commands(page) if (words := unknown(command))} == {}


def test_a_command_that_is_none_is_found() -> None:
    assert unknown("consent serve --nothing 1 --grpc 127.0.0.1:0") == ["--nothing"]
    assert unknown("consent nothing") == ["nothing"]
    assert unknown("consent review nothing") == ["nothing"]


@each
def test_settings_exist(page: Page) -> None:
    assert set(_SETTING.findall(page.text)) <= {setting.variable for setting in SERVE}


@each
def test_tests_that_are_named_exist(page: Page) -> None:
    for file, name in _TEST.findall(page.text):
        assert (ROOT / file).exists(), file
        if name:
            tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, (
                f"{file}::{name}"
            )


def test_every_guarantee_names_a_test() -> None:
    lines = DOCS["docs/guarantees.md"].text.splitlines()
    rows = [line for line in lines if line.startswith("| ") and line != "| promise | held by |"]
    assert len(rows) > 20
    assert [row for row in rows if not _TEST.search(row)] == []


def test_what_is_kept_names_every_table() -> None:
    section = DOCS["docs/compliance.md"].text.split("## What is kept")[1].split("\n## ")[0]
    named = [name for row in section.splitlines() if row.startswith("| `") for name in _CODE.findall(row.split("|")[1])]
    assert sorted(named) == sorted(table._meta.table_name for table in TABLES)


def test_every_path_of_the_four_apis_is_told() -> None:
    told = set(DOCS["docs/legacy-caller.md"].code)
    four = [vendor for vendor in VENDORS if vendor.name in {"myKaarma", "Relay Network", "Telnyx", "Hi Marley"}]
    assert {
        f"{operation.method} {operation.path}" for vendor in four for operation in vendor.operations
    } - told == set()


@each
def test_paths_that_are_told_exist(page: Page) -> None:
    paths = {
        f"{operation.method} {base}{operation.path}"
        for vendor in VENDORS
        for operation in vendor.operations
        for base in vendor.bases
    }
    assert {code for code in page.code if _CALL.fullmatch(code)} - paths == set()


def test_what_the_log_is_said_to_say_stands_in_the_code() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "server").rglob("*.py"))
    told = re.findall(r"“([^”]+)”", DOCS["docs/operator.md"].text)
    assert len(told) > 5
    assert [text for text in told if text not in code] == []
