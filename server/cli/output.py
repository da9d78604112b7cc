"""What commands print: answers on standard output, for a person or as JSON; everything else on standard error."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from typing import Protocol, TextIO

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from server.domain.model import Instant

Facts = Mapping[str, object]

_MICROSECONDS = 1_000_000
# Wider than any table: what is piped is neither wrapped nor cut.
_PIPE_WIDTH = 100_000


def word(member: Enum) -> str:
    """How a member of an enum is written on the command line: `messaging-profile`."""
    return member.name.lower().replace("_", "-")


def stamp(moment: Instant | None) -> str | None:
    """A moment as RFC 3339 in UTC, for programs."""
    if moment is None:
        return None
    return _utc(moment).isoformat(timespec="microseconds").replace("+00:00", "Z")


def minute(moment: Instant | None) -> str:
    """A moment in UTC to the minute, for a person; `-` for none."""
    return "-" if moment is None else _utc(moment).strftime("%Y-%m-%d %H:%M")


def second(moment: Instant | None) -> str:
    """A moment in UTC to the second, for a person; `-` for none."""
    return "-" if moment is None else _utc(moment).strftime("%Y-%m-%d %H:%M:%S")


def plain(text: str) -> str:
    """Text that somebody else wrote, fit for a terminal: what would steer it or turn the line is shown by its code."""
    return "".join(
        character if character.isprintable() or character == " " else character.encode("unicode_escape").decode()
        for character in text
    )


def _utc(moment: Instant) -> datetime:
    seconds, microseconds = divmod(moment, _MICROSECONDS)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds)


def print_json(value: object) -> None:
    """Print one JSON document and a line feed on standard output."""
    print_line(orjson.dumps(value).decode())


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]], none: str) -> None:
    """Print a table on standard output, or say `none` on standard error where it has no rows."""
    if not rows:
        note(none)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, title in enumerate(titles):
        # The first column is what other commands take: it must be there to be copied.
        table.add_column(title, overflow="fold", no_wrap=place == 0)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    _print(table)


def print_text(*lines: Text) -> None:
    """Print lines on standard output, coloured and wrapped where that is a terminal."""
    _print(Text("\n").join(lines))


def _print(content: Table | Text) -> None:
    page = io.StringIO()
    _console(sys.stdout, page).print(content)
    print_line("\n".join(line.rstrip() for line in page.getvalue().splitlines()))


def print_line(text: str) -> None:
    """Print a line on standard output. Raises click.ClickException where it cannot be written."""
    try:
        click.echo(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise click.ClickException(f"the command was done, but its answer cannot be written: {error}") from error


def note(text: str) -> None:
    """Tell the person something that no program reads."""
    click.echo(text, err=True)


class Meter(Protocol):
    """Shows how far a long command is; what it tells of meanwhile stands above the bar."""

    def advance(self, position: int, detail: str) -> None:
        """Show that `position` of the total is done."""
        ...

    def note(self, text: str) -> None:
        """Tell the person something."""
        ...


@contextmanager
def meter(total: int | None) -> Iterator[Meter]:
    """Show progress on standard error where that is a terminal; without a total, that there is some."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield _Silent()
        return
    extent = (BarColumn(), TaskProgressColumn()) if total else (SpinnerColumn(),)
    columns = (*extent, TextColumn("{task.description}", markup=False), TimeRemainingColumn())
    with Progress(*columns, console=_console(sys.stderr), transient=True) as progress:
        yield _Bar(progress, total)


class _Silent:
    def advance(self, position: int, detail: str) -> None:
        """Show nothing."""

    def note(self, text: str) -> None:
        note(text)


class _Bar:
    def __init__(self, progress: Progress, total: int | None) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=total)

    def advance(self, position: int, detail: str) -> None:
        self._progress.update(self._task, completed=position, description=detail)

    def note(self, text: str) -> None:
        self._progress.console.print(text, soft_wrap=True)


def _console(stream: TextIO | None, file: TextIO | None = None) -> Console:
    """A console for `stream` that sends no control codes but to a terminal, and no colours where NO_COLOR is set.

    With `file`, what is meant for `stream` is written there.
    """
    terminal = stream is not None and stream.isatty()
    return Console(
        file=file or stream,
        force_terminal=terminal,
        color_system="auto" if terminal and not os.environ.get("NO_COLOR") else None,
        width=shutil.get_terminal_size().columns if terminal else _PIPE_WIDTH,
        markup=False,
        emoji=False,
        highlight=False,
    )
