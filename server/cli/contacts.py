"""`consent contact`."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import click

from server.cli.contact_file import ContactFile
from server.cli.contact_import import ContactImport
from server.cli.csv_file import FileUnusable
from server.cli.output import Meter, meter, note, print_json, print_line
from server.cli.session import Unusable, database_option, json_option, session, tenant_option
from server.domain.errors import StorageUnavailable

_STANDARD_INPUT = "<stdin>"


@click.group()
def contact() -> None:
    """Bring in customers.

    An opt-out by e-mail finds its mobile number through them.
    """


@contact.command(
    "import",
    epilog="""Example of a file:

    \b
    id,first,last,email,mobile
    17,Ann,Lee,ann@example.com,+1 650 555 1234
    18,Bob,,bob@example.com,

    \b
    Examples:
      consent contact import customers.csv --tenant acme
      export-customers | consent contact import - --tenant acme --json
    """,
)
@click.argument("file", metavar="FILE.csv", type=click.File("rb"))
@tenant_option
@database_option
@json_option
@click.pass_context
def import_contacts(context: click.Context, file: BinaryIO, tenant: str, database: str, as_json: bool) -> None:
    """Make or update contacts from a CSV file.

    FILE.csv may be - for standard input. The file is UTF-8 text, its columns separated by commas. Its first line names
    them, in any order: id, first, last, email and mobile, and external_id where there is one; other columns are passed
    over. A contact whose id is known gets the row's values; an empty cell empties the value. Mobiles without + and a
    country code are read by the tenant's country.

    A bad row is told on standard error by its line and reason and changes nothing; the good ones are kept, so a file
    can be mended and imported again. Exit code 0: all rows were good; 1: some were bad; 2: the file, the settings or
    the database cannot be used.
    """
    with session(database) as opened, file_told(file):
        place = opened.tenant(tenant)
        rows = ContactFile(file)
        if rows.ignored:
            note(f"columns passed over: {', '.join(map(repr, rows.ignored))}")
        run = ContactImport(place, rows.fields)
        with meter(size_of(file)) as bar:
            _run(run, rows, bar, file.tell if size_of(file) else lambda: 0)
        rows.detach()
    _tell(run, as_json)
    context.exit(1 if run.counts["bad"] else 0)


def _run(run: ContactImport, rows: ContactFile, bar: Meter, position: Callable[[], int]) -> None:
    try:
        for bad in run.run(rows):
            for row in bad:
                bar.note(f"line {row.line}: {row.reason}")
            bar.advance(position(), f"{run.counts.total():,} rows, {run.counts['bad']:,} bad")
    except (StorageUnavailable, FileUnusable, KeyboardInterrupt):
        bar.note(f"stopped: the rows to line {run.last_line} are kept; importing the whole file again is safe")
        raise


def _tell(run: ContactImport, as_json: bool) -> None:
    if as_json:
        print_json(dict(run.counts))
        return
    told = ", ".join(f"{count:,} {outcome}" for outcome, count in run.counts.items())
    total = run.counts.total()
    print_line(f"{total:,} {'row' if total == 1 else 'rows'}: {told}")


@contextmanager
def file_told(file: BinaryIO) -> Iterator[None]:
    """Name the file where it cannot be used. Raises Unusable."""
    try:
        yield
    except FileUnusable as error:
        name = getattr(file, "name", _STANDARD_INPUT)
        raise Unusable(f"{'standard input' if name == _STANDARD_INPUT else name}: {error}") from error


def size_of(file: BinaryIO) -> int | None:
    """The bytes of a regular file; None for a pipe or a terminal."""
    try:
        status = os.fstat(file.fileno())
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None
